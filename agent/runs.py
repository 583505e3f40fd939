"""The runs of a user: where they live, and how one is found, listed and removed."""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from repowright.agent.errors import RunDamaged, RunNotFound, UserError
from repowright.agent.manifest import Status, Workflow, read_manifest
from repowright.agent.run import Run, is_run
from repowright.agent.run_lock import lock_run

LAST = "last"
_KINDS: Mapping[Workflow, str] = {
    "generate": "a generation",
    "evaluate": "an evaluation",
    "resolve": "a resolution",
    "chat": "a conversation",
    "translate": "a translation",
}


@dataclass(frozen=True)
class RunSummary:
    """One line of the list of runs; ``problem`` says why a damaged one cannot be opened."""

    id: str
    folder: Path
    title: str = ""
    model: str = ""
    created: float = 0.0
    status: Status | None = None
    out: str = ""
    problem: str = ""


def runs_root(environ: Mapping[str, str]) -> Path:
    """Return the folder of the runs: below ``REPOWRIGHT_HOME``, else in the user's data folder."""
    home = environ.get("REPOWRIGHT_HOME", "")
    if home:
        return Path(home).expanduser().absolute() / "runs"
    from platformdirs import user_data_path

    return user_data_path("repowright", appauthor=False) / "runs"


def find_run(name: str, root: Path) -> Run:
    """Open a run by its id, the start of its id, its folder, or ``last``.

    Raises
    ------
    RunNotFound
        If there is none, or several ids start so; near ids are named.
    RunDamaged
        If its manifest cannot be used.
    """
    return Run.open(find_run_folder(name, root))


def find_run_of(workflow: Workflow, name: str, root: Path) -> Run:
    """Open a run of one kind; see ``find_run``.

    Raises
    ------
    RunNotFound
        If there is none, or it is of another kind.
    RunDamaged
        If its manifest cannot be used.
    """
    run = find_run(name, root)
    found = run.manifest.workflow
    if found != workflow:
        hint = f"go on with it by repowright runs resume {run.id}"
        raise RunNotFound(f"the run {run.id} is {_KINDS[found]}, not {_KINDS[workflow]}", hint)
    return run


def find_run_folder(name: str, root: Path) -> Path:
    """Return the folder that ``find_run`` opens; also that of a damaged run.

    Raises
    ------
    RunNotFound
        As ``find_run``.
    """
    ids = [path.name for path in _folders(root)]
    if name == LAST and ids:
        return root / ids[-1]
    if name in ids:
        return root / name
    as_path = Path(name).expanduser()
    if is_run(as_path):
        return as_path.resolve()
    starting = [identifier for identifier in ids if name and identifier.startswith(name)]
    if len(starting) == 1:
        return root / starting[0]
    if as_path.is_dir():
        raise RunDamaged(f"{name} is no run: it has no manifest.json", "see repowright runs list")
    raise RunNotFound(f"no run {name}", _advice(name, starting, ids))


def find_recording(name: str, root: Path) -> Path:
    """Return the folder of a recording: any folder, or run, with a manifest and a record.

    Raises
    ------
    RunNotFound
        If there is none of that name.
    RunDamaged
        If its manifest cannot be used or it holds no record.
    """
    folder = find_run_folder(name, root)
    read_manifest(folder)
    if not (folder / "record").is_dir():
        raise RunDamaged(
            f"{folder} holds no record to replay", "name a run, or a folder with manifest.json and record/"
        )
    return folder


def workflow_of(name: str, root: Path) -> Workflow:
    """Return what the run of a name does; ``generate`` where it cannot be told, and opening it says why.

    Parameters
    ----------
    name
        As ``find_run`` takes it.
    """
    try:
        return find_run(name, root).manifest.workflow
    except UserError:
        return "generate"


def list_runs(root: Path) -> list[RunSummary]:
    """Return every run below ``root``, oldest first; damaged ones with their problem."""
    return [_summary(folder) for folder in _folders(root)]


def remove(folder: Path, root: Path) -> None:
    """Remove a run, damaged or not, and all that it holds; what was delivered stays.

    Raises
    ------
    RunNotFound
        If the folder is not one of the runs below ``root``.
    RunBusy
        If a process works on it.
    """
    if folder.resolve().parent != root.resolve():
        raise RunNotFound(f"{folder} is not among the runs in {root}", "remove it by hand")
    with lock_run(folder):
        shutil.rmtree(folder)


def _folders(root: Path) -> list[Path]:
    try:
        return sorted(path for path in root.iterdir() if path.is_dir())
    except OSError:
        return []


def _summary(folder: Path) -> RunSummary:
    try:
        run = Run.open(folder)
    except RunDamaged as err:
        return RunSummary(folder.name, folder, problem=err.message)
    manifest = run.manifest
    return RunSummary(
        run.id, folder, manifest.title, manifest.settings.model, manifest.created, run.status, manifest.out
    )


def _advice(name: str, starting: list[str], ids: list[str]) -> str:
    if starting:
        return f"several start so: {', '.join(starting[:3])}"
    near = difflib.get_close_matches(name, ids, n=3, cutoff=0.4)
    if near:
        return f"near: {', '.join(near)}"
    return "see repowright runs list" if ids else "there are no runs yet"
