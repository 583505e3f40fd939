"""``repowright locate``: from an issue to the code it is about."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repowright.tui.model_options import model_options

if TYPE_CHECKING:
    from repowright.graph.locate.located import Located
    from repowright.repo_tools.snapshot_tree import WorkTreeSnapshot

LARGEST_ISSUE = 4_000_000
"""Bytes; what is longer is no issue."""

_CANDIDATES = 20
"""Length of the lists that a model chooses from."""

_EPILOG = """\b
Examples:
  repowright locate --repo . --issue issue.md
  repowright locate --repo ~/src/django --text "QuerySet.union() ignores ordering" --top 5
  repowright locate --repo . --issue issue.md --model gpt-5-mini --budget 200ktok
  gh issue view 12 | repowright locate --repo . - --json
"""


@click.command(epilog=_EPILOG)
@click.option("--repo", "folder", type=click.Path(path_type=Path), required=True, help="Folder of the repository.")
@click.option("--issue", type=click.Path(path_type=Path), help="File that holds the text of the issue.")
@click.option("--text", help="The text of the issue.")
@click.argument("source", required=False, type=click.Choice(["-"]), metavar="[-]")
@click.option("--top", type=click.IntRange(1, 200), default=10, show_default=True, help="Length of each list.")
@click.option(
    "--without",
    type=click.Choice(["features", "deps", "mentions"]),
    multiple=True,
    help="Rank without words of features, without dependencies, or without what the text names; may be repeated.",
)
@model_options
@click.option("--json", "as_json", is_flag=True, help="The answer as one JSON object.")
def locate(
    folder: Path,
    issue: Path | None,
    text: str | None,
    source: str | None,
    top: int,
    without: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Rank the files, classes and functions that an issue is about.

    The text comes from --issue, --text or, with -, from standard input. The stored graph of the folder is made or
    brought up to date first. With --model (or --replay) a model then reads the candidates and chooses among them, in
    at most seven replies; without, the answer is the same each time and costs nothing.
    """
    said = _said(issue, text, source)
    found = _located(folder, said, top, frozenset(without), options)
    click.echo(_json(found) if as_json else found.text)


def _located(folder: Path, said: str, top: int, without: frozenset[str], options: dict[str, Any]) -> Located:
    from repowright.graph.encode import Means, encode
    from repowright.graph.locate.locator import Locator
    from repowright.graph.locate.reading import stored_corpus
    from repowright.graph.store import Store
    from repowright.repo_tools.snapshot_tree import WorkTreeSnapshot
    from repowright.tui import update_view

    snapshot = WorkTreeSnapshot(folder)
    encoded = encode(folder, means=Means(progress=update_view.progress()))
    update_view.warn(encoded.report)
    with Store(encoded.store_path) as store:
        corpus = stored_corpus(store, snapshot)
    asked = options["model"] is not None or options["replay"] is not None
    found = Locator(corpus).locate(said, max(top, _CANDIDATES) if asked else top, without)
    return _judged(found, said, snapshot, encoded.store_path, without, top, options) if asked else found


def _judged(
    found: Located,
    said: str,
    snapshot: WorkTreeSnapshot,
    store: Path,
    without: frozenset[str],
    top: int,
    options: dict[str, Any],
) -> Located:
    """Let a model choose among what was found, and say on standard error what that took."""
    import asyncio

    from repowright.agent.workflows.locate.ranking import joined
    from repowright.agent.workflows.locate.session import locate_folder, locate_with_model
    from repowright.agent.workflows.locate.workflow import Task
    from repowright.graph.encode import load_graph
    from repowright.graph.sources import SnapshotSources
    from repowright.tui.amounts import count
    from repowright.tui.model_options import model_settings

    settings = model_settings(options)
    rpg = load_graph(store)
    files, functions = ([each.label for each in ranked] for ranked in (found.files, found.functions))
    task = Task(snapshot.name, said, rpg, SnapshotSources(snapshot), files, functions, without)
    done = asyncio.run(locate_with_model(task, settings, locate_folder(store), options["replay"]))
    judged, cost = done.judged, done.cost
    picked = (
        count(len(judged.picks), "function") if judged.picks else "nothing, so this is the answer of retrieval alone"
    )
    click.echo(
        f"{count(judged.turns, 'reply', 'replies')}, {cost.tokens:,} tokens paid for; the model names {picked}",
        err=True,
    )
    return joined(found, judged, rpg, top)


def _said(issue: Path | None, text: str | None, source: str | None) -> str:
    if sum(given is not None for given in (issue, text, source)) != 1:
        raise click.UsageError("give the issue once: --issue FILE, --text TEXT, or - for standard input")
    if text is not None:
        said = text
    else:
        content = issue.read_bytes() if issue is not None else sys.stdin.buffer.read(LARGEST_ISSUE + 1)
        said = decoded_issue(content, str(issue) if issue is not None else "standard input")
    if not said.strip():
        raise click.UsageError("the text of the issue is empty; say what is wrong")
    return said


def decoded_issue(content: bytes, name: str) -> str:
    """Return the text of an issue; what is no text, or no issue by its size, is a usage error."""
    if len(content) > LARGEST_ISSUE:
        raise click.UsageError(f"{name} has more than {LARGEST_ISSUE:,} bytes; cut it to the issue itself")
    try:
        said = content.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise click.UsageError(f"{name} is no text: byte {err.start} is not UTF-8") from err
    if "\0" in said:
        raise click.UsageError(f"{name} is no text: it holds NUL bytes")
    return said


def _json(found: Located) -> str:
    import dataclasses
    import json

    return json.dumps(dataclasses.asdict(found), ensure_ascii=False)
