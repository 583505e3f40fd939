"""``repowright fetch``: what a graph knows of named nodes, and their code."""

from __future__ import annotations

from pathlib import Path

import click

from repowright.tui.exit_codes import ExitCode
from repowright.tui.graph_source import GRAPH, code_options, json_option

_HELP = f"""Show nodes by name: facts, outline and code.

{GRAPH} ENTITY is an id, a path, path:Class.method, path:LINE, path:FIRST-LAST, a dotted name, Class.method, a bare
name that exists once, or an area.
"""


@click.command(
    help=_HELP,
    epilog="\b\nExamples:\n  repowright fetch . QuerySet.filter\n"
    "  repowright fetch graph.json db/models/query.py:90 --repo ./django\n\n"
    "Ends with 1 if an entity cannot be found; the others are shown all the same.",
)
@click.argument("source", metavar="GRAPH")
@click.argument("entities", metavar="ENTITY...", nargs=-1)
@click.option("--feature", "features", multiple=True, metavar="PATH", help="An area, Area/Category or phrase.")
@click.option("--limit", type=click.IntRange(1, 5000), default=200, show_default=True, help="Most lines of one entity.")
@code_options
@json_option
def fetch(
    source: str,
    entities: tuple[str, ...],
    features: tuple[str, ...],
    limit: int,
    repo: Path | None,
    revision: str | None,
    as_json: bool,
) -> int:
    from repowright.graph.fetch import fetch as fetched
    from repowright.tui.graph_source import open_named, sources, write_found

    if not entities and not features:
        raise click.UsageError("name an ENTITY or a --feature")
    rpg, folder = open_named(source)
    found = fetched(rpg, entities, features, sources=sources(folder, repo, revision), most_lines=limit)
    write_found(found, as_json)
    return ExitCode.FAILING if found.problems else ExitCode.DONE
