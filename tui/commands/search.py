"""``repowright search``: nodes by meaning, code by text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from repowright.tui.graph_source import GRAPH, code_options, json_option

if TYPE_CHECKING:
    from repowright.graph.find import Mode

_HELP = f"""Search a graph: what code is for, symbols, and text in code.

{GRAPH} Words are searched as features, and as symbols and text.
"""


@click.command(
    help=_HELP,
    epilog='\b\nExamples:\n  repowright search . "merge query filters"\n'
    '  repowright search . --term QuerySet.filter --in "db/**/*.py"\n'
    "  repowright search . --in django/db/models/query.py --lines 90-120",
)
@click.argument("source", metavar="GRAPH")
@click.argument("words", nargs=-1)
@click.option(
    "--mode",
    type=click.Choice(["auto", "features", "snippets"]),
    default="auto",
    show_default=True,
    help="Rank nodes by words, find symbols and text in code, or both.",
)
@click.option("--feature", "features", multiple=True, metavar="WORDS", help="What the code is for; may be repeated.")
@click.option("--scope", "scopes", multiple=True, metavar="AREA[/CATEGORY]", help="Stay below; may be repeated.")
@click.option("--term", "terms", multiple=True, help="A symbol, path or text to find in code; may be repeated.")
@click.option("--in", "pattern", default="**/*", metavar="PATH", help="A path, the end of one, or a pattern.")
@click.option("--lines", metavar="FIRST-LAST", help="Show these lines of the file that --in names.")
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True, help="Most nodes shown.")
@code_options
@json_option
def search(
    source: str,
    words: tuple[str, ...],
    mode: Mode,
    features: tuple[str, ...],
    scopes: tuple[str, ...],
    terms: tuple[str, ...],
    pattern: str,
    lines: str | None,
    limit: int,
    repo: Path | None,
    revision: str | None,
    as_json: bool,
) -> None:
    from repowright.graph.find import SearchNode, find
    from repowright.tui.graph_source import open_named, search_index, sources, write

    said = " ".join(words)
    wanted = SearchNode(
        mode=mode,
        feature_terms=features,
        search_scopes=scopes,
        search_terms=((said,) if said and mode != "features" else ()) + terms,
        line_nums=_lines(lines),
        file_path_or_pattern=pattern,
        text=said,
    )
    rpg, folder = open_named(source)
    code = sources(folder, repo, revision)
    index = search_index(source, rpg, code) if wanted.asks and mode != "snippets" else None
    found = find(rpg, wanted, sources=code, searcher=index.search if index else None, limit=limit)
    write(found.as_json() if as_json else found.text())


def _lines(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    first, _, last = text.partition("-")
    try:
        return int(first), int(last or first)
    except ValueError as err:
        raise click.BadParameter(f"{text} are no lines; write 10-20", param_hint="--lines") from err
