"""``repowright explore``: what nodes need and what needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from repowright.tui.exit_codes import ExitCode
from repowright.tui.graph_source import GRAPH, json_option

if TYPE_CHECKING:
    from repowright.graph.explore import Direction

_HELP = f"""Walk from nodes along their dependencies.

{GRAPH} ENTITY is anything that fetch takes. Downstream is what it needs, upstream what needs it.
"""


@click.command(
    help=_HELP,
    epilog="\b\nExamples:\n  repowright explore . QuerySet.filter --direction upstream\n"
    "  repowright explore . --feature Database --depth 1 --dependency contains",
)
@click.argument("source", metavar="GRAPH")
@click.argument("entities", metavar="ENTITY...", nargs=-1)
@click.option("--feature", "features", multiple=True, metavar="PATH", help="An area, Area/Category or phrase.")
@click.option(
    "--direction",
    type=click.Choice(["upstream", "downstream", "both"]),
    default="downstream",
    show_default=True,
    help="What it needs, what needs it, or both.",
)
@click.option("--depth", type=click.IntRange(-1), default=2, show_default=True, help="Edges to go; -1 for all.")
@click.option("--entity", "kinds", multiple=True, metavar="KIND", help="Walk only to nodes of this kind.")
@click.option("--dependency", "dependencies", multiple=True, metavar="KIND", help="Walk only along edges of this kind.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=60, show_default=True, help="Most edges shown.")
@json_option
def explore(
    source: str,
    entities: tuple[str, ...],
    features: tuple[str, ...],
    direction: Direction,
    depth: int,
    kinds: tuple[str, ...],
    dependencies: tuple[str, ...],
    limit: int,
    as_json: bool,
) -> int:
    from repowright.graph.explore import explore as explored
    from repowright.graph.kinds import EdgeKind, NodeKind
    from repowright.tui.graph_source import named_kinds, open_named, write_found

    if not entities and not features:
        raise click.UsageError("name an ENTITY or a --feature")
    nodes, edges = named_kinds(kinds, NodeKind, "--entity"), named_kinds(dependencies, EdgeKind, "--dependency")
    rpg, _ = open_named(source)
    found = explored(rpg, entities, features, direction, depth, nodes, edges, limit=limit)
    write_found(found, as_json)
    return ExitCode.FAILING if found.problems else ExitCode.DONE
