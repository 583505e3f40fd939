"""``repowright graph``: the graph of a run or a file, checked and drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from repowright.tui.exit_codes import ExitCode

if TYPE_CHECKING:
    from repowright.graph.lint import Finding
    from repowright.graph.model import RPG
    from repowright.graph.render import Level

_FORMATS = ("tree", "mermaid", "svg", "html")


@click.group(epilog="\b\nExample:\n  repowright graph show last\n  repowright graph render graph.json --format mermaid")
def graph() -> None:
    """Check, show and draw a graph.

    GRAPH is a graph.json, a folder that holds one, a run, or last.
    """


@graph.command(epilog="\b\nExample:\n  repowright graph check last --stage interfaces\n\nEnds with 1 on errors.")
@click.argument("source", metavar="GRAPH")
@click.option("--stage", default="code", show_default=True, help="Check as after this stage.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding.")
def check(source: str, stage: str, as_json: bool) -> int:
    """Check a plan without a model and list what is wrong with it."""
    from repowright.graph.lint import STAGES, lint

    if stage not in STAGES:
        raise click.BadParameter(f"no stage {stage}; the stages are {', '.join(STAGES)}", param_hint="--stage")
    findings = lint(_load(source), stage)
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
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file; standard output else.")
def render(source: str, form: str, level: Level, output: Path | None) -> None:
    """Draw the graph as a tree, Mermaid, SVG, or a page that can be explored."""
    text = _drawn(_load(source), form, level)
    if output is None:
        click.echo(text.rstrip("\n"))
        return
    output.write_text(text, encoding="utf-8")
    click.echo(output, err=True)


def _load(source: str) -> RPG:
    import os

    from repowright.agent.runs import find_run, runs_root
    from repowright.graph.serial import load

    path = Path(source)
    for place in (path, path / "graph.json", path / ".repowright" / "graph.json"):
        if place.is_file():
            return load(place)
    run = find_run(source, runs_root(os.environ))
    if not run.graph.is_file():
        raise click.UsageError(f"the run {run.id} has no graph yet")
    return load(run.graph)


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
