"""Runs of translations as rows of a report: each crate judged once, its verdict kept under what was judged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from repowright.agent.errors import RunDamaged, RunNotFound
from repowright.agent.run import Run
from repowright.agent.runs import find_run, list_runs
from repowright.agent.workflows.translate.checks import Bench, CheckName
from repowright.benchmarks.translation.cases import Case, CaseSet
from repowright.benchmarks.translation.crust import plain_name
from repowright.benchmarks.translation.errors import CaseUnknown
from repowright.benchmarks.translation.preparing import CRATE
from repowright.benchmarks.translation.rows import ProjectRow, row_of, subject_of, translation_of
from repowright.benchmarks.translation.verdict import ProjectVerdict, judge, with_swap

SKIPPED = frozenset({"target", ".git"})
RULES = "5"
"""Changes with what a verdict says, so that those of another version are made anew."""
_VERDICT = TypeAdapter(ProjectVerdict)
Told = Callable[[str], None]


class Verdicts:
    """Verdicts in a folder, by the files they were made of."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, case: Case, answer: Mapping[str, bytes]) -> ProjectVerdict | None:
        """The verdict of exactly these files, if there is one."""
        try:
            return _VERDICT.validate_json(self._place(case, answer).read_bytes())
        except (OSError, ValidationError):
            return None

    def put(self, case: Case, answer: Mapping[str, bytes], verdict: ProjectVerdict) -> None:
        """Keep a verdict."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._place(case, answer).write_bytes(_VERDICT.dump_json(verdict, indent=1))

    def _place(self, case: Case, answer: Mapping[str, bytes]) -> Path:
        seal = hashlib.sha256(RULES.encode())
        for files in (answer, case.crate, case.program.files):
            parts = [[path, hashlib.sha256(files[path]).hexdigest()] for path in sorted(files)]
            seal.update(json.dumps(parts).encode())
        return self._folder / f"{case.name}-{seal.hexdigest()[:16]}.json"


def runs_at(places: Sequence[str], root: Path) -> list[Run]:
    """Return the translations that some names mean, the last one of each project.

    Parameters
    ----------
    places
        Each a run, a folder of runs, or the folder of a benchmark, whose runs lie in ``root``.

    Raises
    ------
    RunNotFound
        If a name means none.
    """
    found: dict[str, Run] = {}
    for place in places:
        for run in _runs_of(place, root):
            if run.manifest.workflow == "translate":
                found[subject_of(run)] = run
    return [found[name] for name in sorted(found)]


def _runs_of(place: str, root: Path) -> list[Run]:
    folder = Path(place)
    if not folder.is_dir() or (folder / "manifest.json").is_file():
        return [find_run(place, root)]
    below = [summary.folder for summary in list_runs(folder) if not summary.problem]
    if not below:
        outs = {path / CRATE for path in folder.absolute().iterdir() if path.is_dir()}
        below = [each.folder for each in list_runs(root) if each.out and Path(each.out) in outs]
    if not below:
        raise RunNotFound(f"{place} holds no run, and none delivers there", "name runs, or a folder of runs")
    return [Run.open(each) for each in below]


async def judged_rows(
    bench: Bench, cases: CaseSet, runs: Sequence[Run], kept: Verdicts, told: Told
) -> tuple[ProjectRow, ...]:
    """Judge the crate of each run, unless that was done before, and return the rows.

    Parameters
    ----------
    told
        Gets a line on each project that is judged.

    Raises
    ------
    SandboxError
        If no box can be had.
    CaseUnknown, RunDamaged
        If a run is of no project of the set, or its files cannot be read.
    """
    rows = []
    names = {plain_name(name): name for name in cases.names()}
    for run in runs:
        subject = subject_of(run)
        if plain_name(subject) not in names:
            raise CaseUnknown(f"{run.id} is of {subject}, which is not in the set", "name the set with --data")
        case = cases.case(names[plain_name(subject)])
        verdict = await _judged(bench, case, run, kept, told)
        rows.append(row_of(case.name, run, verdict))
    return tuple(rows)


async def _judged(bench: Bench, case: Case, run: Run, kept: Verdicts, told: Told) -> ProjectVerdict | None:
    """The verdict on what a run delivered; ``None`` where nothing lies there."""
    answer = files_of(run.out)
    if not answer:
        return None
    verdict = kept.get(case, answer)
    if verdict is None:
        told(f"{case.name}: judged in the sandbox")
        verdict = await judge(bench, case, answer)
        kept.put(case, answer, verdict)
    translation = translation_of(run)
    step = next((each for each in translation.ladder if each.check == CheckName.SWAP), None) if translation else None
    return with_swap(verdict, swapped=step is not None and step.verdict == "passed", told=step.told if step else "none")


def files_of(folder: Path) -> dict[str, bytes]:
    """Read the files of a crate; what builds leave is none of them.

    Raises
    ------
    RunDamaged
        If one cannot be read.
    """
    if not folder.is_dir():
        return {}
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    names = ((path.relative_to(folder), path) for path in found)
    try:
        return {name.as_posix(): path.read_bytes() for name, path in names if not SKIPPED & set(name.parts)}
    except OSError as err:
        raise RunDamaged(f"{folder} cannot be read: {err.strerror}", "check its permissions") from err
