"""The folders a translation is made of, as they stood when its run began, kept in the run's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from repowright.agent.atomic import write_atomically
from repowright.agent.errors import RunDamaged, UserError
from repowright.agent.workflows.resolve.source_tree import SourceTree, keep_tree, kept_tree
from repowright.repo_tools.c_source.project import CProject, project_of, read_project
from repowright.repo_tools.snapshot_tree import WorkTreeSnapshot

_LEFT_OUT = "left_out.json"
_PAIRS = TypeAdapter(tuple[tuple[str, str], ...])
_SOURCE, _INTERFACE, _TESTS = "source", "interface", "tests"
_BUILT = frozenset({"target", ".git", "__pycache__"})


@dataclass(frozen=True)
class Originals:
    """What is translated and what is given for it.

    Parameters
    ----------
    left_out
        Files of the C project that were not read, each with the reason.
    interface, tests
        Of the target language; ``None`` where none are given.
    """

    source: SourceTree
    left_out: tuple[tuple[str, str], ...]
    interface: SourceTree | None = None
    tests: SourceTree | None = None

    @property
    def project(self) -> CProject:
        """The C files and what can be said of them without compiling."""
        return project_of(self.source.name, self.source.files, self.left_out)


def read_originals(
    folder: Path, interface: Path | None = None, tests: Path | None = None, suffix: str = ".rs", language: str = "Rust"
) -> Originals:
    """Read the folders.

    Raises
    ------
    RepoToolsError
        If one is no folder, or there is no C in the first.
    UserError
        If there is no file of that ending in one of the others.
    """
    project = read_project(folder)
    source = SourceTree(project.name, project.files)
    given = [_read_given(each, suffix, language) if each is not None else None for each in (interface, tests)]
    return Originals(source, project.left_out, *given)


def _read_given(folder: Path, suffix: str, language: str) -> SourceTree:
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder", f"name the folder that holds the {suffix} files")
    snapshot = WorkTreeSnapshot(folder)
    names = [entry.path for entry in snapshot.listing(_is_wanted, {}, unread=True).files]
    files = {path: snapshot.read(path) for path in names}
    if not any(path.endswith(suffix) for path in files):
        raise UserError(f"no {language} file below {folder}", f"name the folder that holds the {suffix} files")
    return SourceTree(folder.resolve().name, files)


def _is_wanted(path: str) -> bool:
    return _BUILT.isdisjoint(path.split("/"))


def keep_originals(originals: Originals, folder: Path) -> None:
    """Keep them in a run's folder."""
    write_atomically(folder / _LEFT_OUT, _PAIRS.dump_json(originals.left_out))
    trees = ((_SOURCE, originals.source), (_INTERFACE, originals.interface), (_TESTS, originals.tests))
    for name, tree in trees:
        if tree is not None:
            (folder / name).mkdir(exist_ok=True)
            keep_tree(tree, folder / name)


def kept_originals(folder: Path, source: str, interface: str, tests: str) -> Originals:
    """Return what was kept; the texts are the addresses of the trees, empty where there is none.

    Raises
    ------
    RunDamaged
        If something is missing or was changed.
    """
    try:
        left_out = _PAIRS.validate_json((folder / _LEFT_OUT).read_bytes())
    except (OSError, ValueError) as err:
        raise RunDamaged(f"{folder / _LEFT_OUT} cannot be read", "start a new run") from err
    given = [
        kept_tree(address, folder / name) if address else None
        for name, address in ((_INTERFACE, interface), (_TESTS, tests))
    ]
    return Originals(kept_tree(source, folder / _SOURCE), left_out, *given)
