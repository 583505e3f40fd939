"""A session is a run: its folder, lock, record and events; found again by the folder it works in."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Literal

from repowright.agent.atomic import write_atomically
from repowright.agent.chat.ledger_file import FILE, Kept
from repowright.agent.errors import RunDamaged, RunNotFound, UserError
from repowright.agent.manifest import write_manifest
from repowright.agent.run import Run
from repowright.agent.runs import RunSummary, find_run, list_runs
from repowright.agent.settings import Settings
from repowright.agent.spec import Spec, title_of

WORKFLOW: Literal["chat"] = "chat"
_LOCK_FILE = "requirements.lock"
_UNTITLED = "Chat in "


def new_session(
    project: Path, settings: Settings, runs: Path, clock: Callable[[], float] = time.time, replay: Path | None = None
) -> Run:
    """Make the run of a new session in a folder.

    Raises
    ------
    UserError
        If the folder is none, or no run can be made.
    """
    folder = project.expanduser().resolve()
    if not folder.is_dir():
        raise UserError(f"{project} is not a folder", "name the folder of a project")
    title = f"{_UNTITLED}{folder.name or 'root'}"
    spec = Spec(title, f"{title}\n", "a conversation")
    return Run.create(runs, spec, settings, folder, clock, replay, workflow=WORKFLOW)


def find_session(name: str, runs: Path) -> Run:
    """Open a session by its id or the start of it.

    Raises
    ------
    RunNotFound
        If there is none, or the run of that name is no session.
    """
    run = find_run(name, runs)
    if run.manifest.workflow != WORKFLOW:
        raise RunNotFound(f"the run {run.id} is no chat", "see repowright runs list")
    return run


def session_named(name: str, project: Path, runs: Path) -> Run | None:
    """Return the session to go on with; ``None`` where a new one is to be made.

    Parameters
    ----------
    name
        As ``find_session`` takes it; ``last`` for the newest of the project, if it has one; empty for a new one.

    Raises
    ------
    RunNotFound
        If there is no such session.
    """
    if name == "last":
        return last_session(project, runs)
    return find_session(name, runs) if name else None


def sessions_of(project: Path, runs: Path) -> list[RunSummary]:
    """Return the sessions of a folder, newest first."""
    folder = str(project.expanduser().resolve())
    mine = [each for each in list_runs(runs) if each.out == folder and not each.problem]
    return [each for each in reversed(mine) if _is_session(each.folder)]


def last_session(project: Path, runs: Path) -> Run | None:
    """Return the newest session of a folder; ``None`` if it has none."""
    found = sessions_of(project, runs)
    return Run.open(found[0].folder) if found else None


def keep_lock(run: Run, lock: str) -> None:
    """Keep the project's dependencies beside the session, for those who go on with it; an empty text changes nothing.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    if lock:
        write_atomically(run.folder / _LOCK_FILE, lock.encode())


def kept_lock(run: Run) -> str:
    """Return the dependencies that a session was opened with; empty if it had none."""
    path = run.folder / _LOCK_FILE
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def entitle(run: Run, text: str) -> None:
    """Give a session that has no title yet one from what the user said first."""
    if run.manifest.title.startswith(_UNTITLED):
        run.manifest = run.manifest.model_copy(update={"title": title_of(text)})
        write_manifest(run.folder, run.manifest)


def fork_session(run: Run, clock: Callable[[], float] = time.time) -> Run:
    """Copy a session, which may be under way, into a new one that waits for nothing.

    Raises
    ------
    RunDamaged
        If a part of it cannot be copied.
    """
    spec = run.spec()
    manifest = run.manifest
    runs = run.folder.parent
    fork = Run.create(runs, spec, _settings(run), Path(manifest.out), clock, workflow=WORKFLOW)
    fork.manifest = fork.manifest.model_copy(update={"title": manifest.title, "settings": manifest.settings})
    write_manifest(fork.folder, fork.manifest.model_copy(update={"status": "stopped"}))
    try:
        if run.event_log.is_file():
            shutil.copy2(run.event_log, fork.event_log)
        _copy_ledger(run.folder / FILE, fork.folder / FILE)
        keep_lock(fork, kept_lock(run))
        # The state first: all that it names is there already, and stays.
        _copy_database(run.checkpoints, fork.checkpoints)
        for name in ("artifacts", "record"):
            if (run.folder / name).is_dir():
                shutil.copytree(run.folder / name, fork.folder / name, ignore=shutil.ignore_patterns(".*"))
    except (OSError, sqlite3.Error) as err:
        raise RunDamaged(f"the session {run.id} cannot be copied: {err}", "free some space and try again") from err
    return fork


def _settings(run: Run) -> Settings:
    return Settings.model_validate(run.manifest.settings.model_dump())


def _copy_ledger(source: Path, target: Path) -> None:
    if source.is_file():
        kept = Kept.model_validate_json(source.read_bytes()).model_copy(update={"waiting": (), "allowed": ()})
        target.write_text(kept.model_dump_json(indent=1), encoding="utf-8")


def _copy_database(source: Path, target: Path) -> None:
    if not source.is_file():
        return
    with closing(sqlite3.connect(source)) as before, closing(sqlite3.connect(target)) as after:
        before.backup(after)


def _is_session(folder: Path) -> bool:
    return Run.open(folder).manifest.workflow == WORKFLOW
