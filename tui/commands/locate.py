"""``repowright locate``: from an issue to the code it is about."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from repowright.graph.locate.located import Located, Ranked

LARGEST_ISSUE = 4_000_000
"""Bytes; what is longer is no issue."""

_EPILOG = """\b
Examples:
  repowright locate --repo . --issue issue.md
  repowright locate --repo ~/src/django --text "QuerySet.union() ignores ordering" --top 5
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
@click.option("--json", "as_json", is_flag=True, help="The answer as one JSON object.")
def locate(
    folder: Path,
    issue: Path | None,
    text: str | None,
    source: str | None,
    top: int,
    without: tuple[str, ...],
    as_json: bool,
) -> None:
    """Rank the files, classes and functions that an issue is about, without a model.

    The text comes from --issue, --text or, with -, from standard input. The stored graph of the folder is made or
    brought up to date first.
    """
    said = _said(issue, text, source)
    found = _located(folder, said, top, without)
    click.echo(_json(found) if as_json else _table(found))


def _located(folder: Path, said: str, top: int, without: tuple[str, ...]) -> Located:
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
    return Locator(corpus).locate(said, top, frozenset(without))


def _said(issue: Path | None, text: str | None, source: str | None) -> str:
    if sum(given is not None for given in (issue, text, source)) != 1:
        raise click.UsageError("give the issue once: --issue FILE, --text TEXT, or - for standard input")
    if text is not None:
        said = text
    else:
        content = issue.read_bytes() if issue is not None else sys.stdin.buffer.read(LARGEST_ISSUE + 1)
        said = _decoded(content, str(issue) if issue is not None else "standard input")
    if not said.strip():
        raise click.UsageError("the text of the issue is empty; say what is wrong")
    return said


def _decoded(content: bytes, name: str) -> str:
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


def _table(found: Located) -> str:
    blocks = [
        _block(title, ranked)
        for title, ranked in (("Files", found.files), ("Classes", found.classes), ("Functions", found.functions))
        if ranked
    ]
    return "\n\n".join(blocks) or "nothing in the repository answers"


def _block(title: str, ranked: tuple[Ranked, ...]) -> str:
    lines = [title]
    for place, each in enumerate(ranked, 1):
        lines.append(f"{place:>3}. {each.label}" + (f"  {each.first}-{each.last}" if each.qualname else ""))
        lines += [f"     {'; '.join(each.evidence)}"] if each.evidence else []
    return "\n".join(lines)
