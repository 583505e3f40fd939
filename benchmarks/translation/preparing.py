"""A project of a set laid out for a translation, and the run that was begun for it, if one was."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from repowright.agent.errors import RunDamaged
from repowright.agent.run import Run
from repowright.agent.runs import list_runs
from repowright.agent.workflows.translate.delivering import RECORD
from repowright.agent.workflows.translate.session import Asked
from repowright.benchmarks.translation.cases import Case, CaseSet
from repowright.benchmarks.translation.errors import CaseUnknown
from repowright.benchmarks.translation.offline import offline

CRATE = "crate"
FINISHED = frozenset({"done", "failing"})


@dataclass(frozen=True)
class Project:
    """One project of a set, with its place in the folder of a benchmark: ``NAME/c``, ``NAME/rust``, ``NAME/crate``."""

    case: Case
    folder: Path

    @property
    def out(self) -> Path:
        """Where its translation goes."""
        return self.folder / CRATE

    def asked(self, target: str = "rust", *, idiomatic: bool = False) -> Asked:
        """Write its files and return what shall be translated; the interface comes with stand-ins for other crates."""
        name = self.case.name
        source = _written(self.case.program.files, self.folder / "c" / name)
        interface = self.folder / "rust" / name if self.case.crate else None
        if interface is not None:
            _written(offline(self.case.crate).files, interface)
        return Asked(source, self.out, target=target, interface=interface, idiomatic=idiomatic)

    def earlier(self, runs: Path) -> Run | None:
        """The last run that was begun for it and can be opened."""
        mine = [each for each in list_runs(runs) if each.out and Path(each.out) == self.out.absolute()]
        for summary in reversed(mine):
            try:
                return Run.open(summary.folder)
            except RunDamaged:
                continue
        return None


def chosen_names(cases: CaseSet, chosen: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the chosen names of a set in its order, all of them where none is chosen.

    Raises
    ------
    CaseUnknown
        If one of them is not in the set.
    """
    known = cases.names()
    unknown = [name for name in chosen if name not in known]
    if unknown:
        near = difflib.get_close_matches(unknown[0], known, 1)
        hint = f"near: {near[0]}" if near else f"there are {len(known)} others"
        raise CaseUnknown(f"there is no project {unknown[0]!r} here", hint)
    return tuple(name for name in known if not chosen or name in chosen)


def is_finished(run: Run) -> bool:
    """Tell whether a run delivered: what is left of it is not to be tried again."""
    return run.status in FINISHED and (run.folder / RECORD).is_file()


def _written(files: Mapping[str, bytes], folder: Path) -> Path:
    for path, data in files.items():
        place = folder / PurePosixPath(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return folder
