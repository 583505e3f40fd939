"""``repowright graph``: the graph of a run or a file, checked and drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from repowright.tui.exit_codes import ExitCode
from repowright.tui.graph_source import json_option

if TYPE_CHECKING:
    from repowright.graph.lint import Finding
    from repowright.graph.model import RPG
    from repowright.graph.render import Level

_FORMATS = ("tree", "mermaid", "svg", "html")


@click.group(epilog="\b\nExample:\n  repowright graph show last\n  repowright graph render graph.json --format mermaid")
def graph() -> None:
    """Check, show, draw and compare graphs, and ask what depends on what.

    GRAPH is a stored graph (.rpg), a graph.json, a folder that holds one, a run, or last.
    """


@graph.command(epilog="\b\nExample:\n  repowright graph check last --stage interfaces\n\nEnds with 1 on errors.")
@click.argument("source", metavar="GRAPH")
@click.option(
    "--stage", help="Check as after this stage of a plan; by default as a finished plan, or as encoded source."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding.")
def check(source: str, stage: str | None, as_json: bool) -> int:
    """Check a graph without a model and list what is wrong with it."""
    from repowright.graph.lint import ENCODED, STAGES, lint, stage_of

    names = [*STAGES, ENCODED]
    if stage is not None and stage not in names:
        raise click.BadParameter(f"no stage {stage}; the stages are {', '.join(names)}", param_hint="--stage")
    rpg = _load(source)
    findings = lint(rpg, stage or stage_of(rpg))
    for finding in findings:
        click.echo(_as_json(finding) if as_json else _as_line(finding))
    errors = sum(finding.severity == "error" for finding in findings)
    from repowright.tui.amounts import count

    click.echo(f"{count(errors, 'error')}, {count(len(findings) - errors, 'warning')}", err=True)
    return ExitCode.FAILING if errors else ExitCode.DONE


@graph.command(epilog="\b\nExample:\n  repowright graph show ./todo")
@click.argument("source", metavar="GRAPH")
def show(source: str) -> None:
    """Print the graph as a tree."""
    click.echo(_drawn(_load(source), "tree", "unit").rstrip("\n"))


@graph.command(epilog="\b\nExample:\n  repowright graph render last --format html -o graph.html")
@click.argument("source", metavar="GRAPH")
@click.option("--format", "form", type=click.Choice(_FORMATS), default="html", show_default=True)
@click.option(
    "--level",
    type=click.Choice(["area", "file", "unit"]),
    default="file",
    show_default=True,
    help="What a box of mermaid or svg stands for.",
)
@click.option("--html", "page", is_flag=True, help="The same as --format html.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file; standard output else.")
def render(source: str, form: str, level: Level, page: bool, output: Path | None) -> None:
    """Draw the graph as a tree, Mermaid, SVG, or a page that can be explored."""
    text = _drawn(_load(source), "html" if page else form, level)
    if output is None:
        click.echo(text.rstrip("\n"))
        return
    output.write_text(text, encoding="utf-8")
    click.echo(output, err=True)


@graph.command(epilog="\b\nExample:\n  repowright graph impact . QuerySet.filter --depth 2")
@click.argument("source", metavar="GRAPH")
@click.argument("entity", metavar="NODE")
@click.option("--depth", type=click.IntRange(-1), default=3, show_default=True, help="Steps to go; -1 for all.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Most nodes shown.")
@json_option
def impact(source: str, entity: str, depth: int, limit: int, as_json: bool) -> None:
    """List who is affected if a node changes, tests apart.

    NODE is anything that fetch takes: a path, path:Class.method, path:LINE, a name.
    """
    from repowright.graph.impact import impact as reached
    from repowright.tui.graph_source import open_named, write

    found = reached(open_named(source)[0], entity, depth, limit=limit)
    write(found.as_json() if as_json else found.text())


@graph.command(epilog="\b\nExample:\n  repowright graph paths . cli.main QuerySet.filter -k 5\n\nEnds with 1 if none.")
@click.argument("source", metavar="GRAPH")
@click.argument("start", metavar="A")
@click.argument("goal", metavar="B")
@click.option("-k", "count", type=click.IntRange(1, 50), default=3, show_default=True, help="How many paths.")
@click.option("--dependency", "dependencies", multiple=True, metavar="KIND", help="Walk only along edges of this kind.")
@json_option
def paths(source: str, start: str, goal: str, count: int, dependencies: tuple[str, ...], as_json: bool) -> int:
    """Show the shortest ways on which A depends on B, with the lines that prove them."""
    from repowright.graph.kinds import DEPENDENCY_KINDS, EdgeKind
    from repowright.graph.paths import paths as shortest
    from repowright.tui.graph_source import named_kinds, open_named, write

    kinds = named_kinds(dependencies, EdgeKind, "--dependency")
    found = shortest(open_named(source)[0], start, goal, count, kinds or DEPENDENCY_KINDS)
    write(found.as_json() if as_json else found.text())
    return ExitCode.DONE if found.paths else ExitCode.FAILING


@graph.command(epilog="\b\nExample:\n  repowright graph diff before.rpg after.rpg\n\nEnds with 1 if they differ.")
@click.argument("before", metavar="GRAPH1")
@click.argument("after", metavar="GRAPH2")
@json_option
def diff(before: str, after: str, as_json: bool) -> int:
    """Show what was added, removed, changed and moved between two graphs, by file."""
    from repowright.graph.diff import diff as compared
    from repowright.tui.graph_source import open_named, write

    found = compared(open_named(before)[0], open_named(after)[0])
    write(found.as_json() if as_json else found.text())
    return ExitCode.DONE if found.same else ExitCode.FAILING


def _load(source: str) -> RPG:
    from repowright.tui.graph_source import open_named

    return open_named(source)[0]


def _drawn(rpg: RPG, form: str, level: Level) -> str:
    from repowright.graph import render as draw

    if form == "tree":
        return draw.tree(rpg)
    if form == "html":
        return draw.html(rpg)
    return draw.mermaid(rpg, level) if form == "mermaid" else draw.svg(rpg, level)


def _as_line(finding: Finding) -> str:
    from repowright.tui.amounts import printable

    return f"{finding.severity:<8} {finding.code:<24} {printable(finding.message)}"


def _as_json(finding: Finding) -> str:
    import json
    from dataclasses import asdict

    return json.dumps(asdict(finding), sort_keys=True)
