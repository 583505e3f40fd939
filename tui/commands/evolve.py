"""``repowright evolve``: a graph follows its repository."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repowright.graph.encode import Encoded
    from repowright.repo_tools.git_objects import GitObjects
    from repowright.repo_tools.snapshot import Snapshot

_EPILOG = """\b
Examples:
  repowright evolve .repowright/graph.rpg --repo .
  repowright evolve graph.json --repo . --from v1.0 --to v1.1
  repowright evolve graph.rpg --repo ~/src/flask --from HEAD~40 --to HEAD --each
"""


@click.command(epilog=_EPILOG)
@click.argument("graph", type=click.Path(path_type=Path))
@click.option("--repo", type=click.Path(path_type=Path), required=True, help="The repository, bare or not.")
@click.option("--from", "start", metavar="REV", help="Begin at this commit; where the graph is by default.")
@click.option("--to", "end", metavar="REV", help="End at this commit; HEAD where --from is given.")
@click.option("--worktree", is_flag=True, help="End at the files as they lie on the disk; so without revisions.")
@click.option("--each", is_flag=True, help="Walk commit by commit along first parents and print what each costs.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a step.")
def evolve(
    graph: Path, repo: Path, start: str | None, end: str | None, worktree: bool, each: bool, as_json: bool
) -> None:
    """Bring GRAPH to another state of its repository.

    GRAPH is a stored graph or its JSON. What comes out is what encoding that state anew would give.
    """
    if worktree and (start or end or each):
        raise click.UsageError("--worktree takes no revisions")
    if each and not (start or end):
        raise click.UsageError("--each needs --from or --to")
    from repowright.tui import update_view

    steps = _steps(graph, repo, start, end, each)
    for name, found in steps:
        if as_json:
            click.echo(update_view.as_json(found.report, graph=str(graph), step=name))
        elif each:
            click.echo(update_view.cost_line(name, found.report))
        else:
            update_view.warn(found.report)
            click.echo(f"{graph} at {name}: {update_view.summary(found.report)}")


def _steps(graph: Path, repo: Path, start: str | None, end: str | None, each: bool) -> Iterator[tuple[str, Encoded]]:
    from repowright.repo_tools.git_objects import GitObjects
    from repowright.repo_tools.snapshot_revision import RevisionSnapshot
    from repowright.repo_tools.snapshot_tree import WorkTreeSnapshot

    if start is None and end is None:
        yield "work tree", _evolved(graph, WorkTreeSnapshot(repo))
        return
    objects = GitObjects.find(_existing(repo))
    revisions = _walk(graph, objects, start, end) if each else [rev for rev in (start, end) if rev]
    if not each and end is None:
        revisions.append("HEAD")
    for revision in [objects.commit(revision) for revision in revisions]:
        snapshot = RevisionSnapshot(objects, revision)
        try:
            yield revision, _evolved(graph, snapshot)
        finally:
            snapshot.close()


def _walk(graph: Path, objects: GitObjects, start: str | None, end: str | None) -> list[str]:
    """Return the first commit, for the graph to be brought to, and those after it."""
    from repowright.graph.errors import EncodeError

    first = start or _revision_of(graph)
    if not first:
        raise EncodeError(f"{graph} does not say which commit it is of", "give --from")
    begin = objects.commit(first)
    return [begin, *objects.first_parents(begin, objects.commit(end or "HEAD"))]


def _revision_of(graph: Path) -> str:
    from repowright.graph.store import Store, is_stored_graph

    if not is_stored_graph(graph):
        return ""
    with Store(graph, read_only=True) as store, store.reading():
        return store.meta().get("revision", "")


def _evolved(graph: Path, snapshot: Snapshot) -> Encoded:
    from repowright.graph.encode import Means
    from repowright.graph.encode import evolve as evolved_graph
    from repowright.graph.encode.json_graphs import evolve_json
    from repowright.graph.store import is_stored_graph
    from repowright.tui.update_view import progress

    means = Means(progress=progress())
    act = evolved_graph if is_stored_graph(graph) else evolve_json
    return act(graph, snapshot, means)


def _existing(repo: Path) -> Path:
    from repowright.repo_tools.errors import SnapshotError

    if not repo.is_dir():
        raise SnapshotError(f"{repo} is not a folder", "give a repository")
    return repo
