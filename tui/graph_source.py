"""What the commands on graphs have in common: the graph they name, and where its code is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from repowright.tui.amounts import printable

if TYPE_CHECKING:
    from repowright.graph.explore import Exploration
    from repowright.graph.fetch import Fetching
    from repowright.graph.model import RPG
    from repowright.graph.search import SearchIndex
    from repowright.graph.sources import Sources

F = TypeVar("F", bound=Callable[..., object])
K = TypeVar("K", bound=StrEnum)

# As in amounts.printable, but code keeps its lines and tabs.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

GRAPH = "GRAPH is a stored graph (.rpg), a graph.json, a folder that holds one, a run, or last."


def code_options(command: F) -> F:
    """Add the options that say where code is read from."""
    repo = click.option(
        "--repo",
        type=click.Path(path_type=Path, exists=True),
        help="The repository to read code from; by default the folder that the graph lies in.",
    )
    at = click.option("--at", "revision", metavar="REV", help="Read code at this git revision, not from the work tree.")
    return repo(at(command))


def json_option(command: F) -> F:
    """Add the option for output that programs read."""
    return click.option("--json", "as_json", is_flag=True, help="The answer as one JSON object.")(command)


def open_named(source: str) -> tuple[RPG, Path | None]:
    """Return the graph that an argument names, and the folder of its code as far as that is known."""
    from repowright.graph.opening import find_graph, open_graph

    found = find_graph(Path(source))
    if found is not None:
        return open_graph(Path(source)), found.folder
    return _of_run(source)


def sources(folder: Path | None, repo: Path | None, revision: str | None) -> Sources:
    """Return where code is read from: a revision, a work tree, or nowhere."""
    from repowright.graph.sources import NoSources, SnapshotSources

    root = repo or folder
    if revision is not None:
        from repowright.repo_tools.git_objects import GitObjects
        from repowright.repo_tools.snapshot_revision import RevisionSnapshot

        return SnapshotSources(RevisionSnapshot(GitObjects.find(root or Path()), revision))
    if root is None:
        return NoSources()
    from repowright.repo_tools.snapshot_tree import WorkTreeSnapshot

    return SnapshotSources(WorkTreeSnapshot(root))


def search_index(source: str, rpg: RPG, code: Sources) -> SearchIndex:
    """Return the index of a graph that `open_named` gave, with the words of its code where that is at hand."""
    from repowright.graph.opening import find_graph
    from repowright.graph.searching import graph_index, stored_index
    from repowright.graph.sources import SnapshotSources
    from repowright.graph.store import is_stored_graph

    found = find_graph(Path(source))
    if found is not None and is_stored_graph(found.path) and isinstance(code, SnapshotSources):
        return stored_index(found.path, rpg, code.snapshot)
    return graph_index(rpg, code)


def named_kinds(names: Sequence[str], kinds: type[K], option: str) -> list[K]:
    """Return the kinds of these names.

    Raises
    ------
    click.BadParameter
        If there is no such kind; it lists those there are.
    """
    known = {kind.value: kind for kind in kinds}
    wrong = next((name for name in names if name not in known), None)
    if wrong is not None:
        raise click.BadParameter(f"no kind {wrong}; the kinds are {', '.join(known)}", param_hint=option)
    return [known[name] for name in names]


def write_found(found: Fetching | Exploration, as_json: bool) -> None:
    """Print what was found; what was not goes to standard error, unless JSON holds it already."""
    if as_json:
        write(found.as_json())
        return
    if known := found.text(problems=False):
        write(known)
    for problem in found.problems:
        click.echo(f"repowright: {printable(problem)}", err=True)


def write(text: str) -> None:
    """Print an answer whose text may come from anywhere; nothing in it drives the terminal."""
    click.echo(_CONTROL.sub("\ufffd", text))


def _of_run(source: str) -> tuple[RPG, Path | None]:
    import os

    from repowright.agent.runs import find_run, runs_root
    from repowright.graph.serial import load

    run = find_run(source, runs_root(os.environ))
    if not run.graph.is_file():
        raise click.UsageError(f"the run {run.id} has no graph yet")
    return load(run.graph), None
