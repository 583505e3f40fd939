"""What an update of a graph did, for people and for programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from repowright.tui.amounts import count, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from repowright.graph.encode.report import UpdateReport

_MOST_ERRORS = 10
_EVERY = 50


def progress() -> Callable[[str, int, int], None]:
    """Return a listener that keeps one line of standard error up to date, if that is a terminal."""
    shown = sys.stderr.isatty()

    def tell(stage: str, done: int, of: int) -> None:
        if shown and (done % _EVERY == 0 or done == of):
            click.echo(f"\r\x1b[K{stage} {done:,} of {of:,} files", err=True, nl=False)
            if done == of:
                click.echo("\r\x1b[K", err=True, nl=False)

    return tell


def summary(report: UpdateReport) -> str:
    """Return what an update did, in a few lines."""
    size = f"{count(report.files, 'file')}, {count(report.nodes, 'node')}, {count(report.edges, 'edge')}"
    work = [
        f"{report.read:,} read",
        f"{report.parsed:,} parsed",
        f"{report.resolved:,} resolved",
        f"{report.removed:,} removed",
        f"{report.renamed:,} renamed",
    ]
    lines = [
        size,
        f"files: {', '.join(work)}; {report.others:,} are no source",
        f"nodes: {_change(report.nodes_added, report.nodes_removed, report.nodes_changed)}",
        f"edges: {_change(report.edges_added, report.edges_removed, report.edges_changed)}",
        f"time: {report.total_seconds:.2f} s; model calls: {report.model_calls}",
    ]
    return "\n".join(lines)


def cost_line(name: str, report: UpdateReport) -> str:
    """Return what one commit cost, as one line of a table."""
    return (
        f"{name[:12]:<12} {report.read:>5} read {report.parsed:>5} parsed {report.resolved:>5} resolved "
        f"{report.total_seconds * 1000:>7.0f} ms {report.model_calls:>3} calls  "
        f"nodes {_change(report.nodes_added, report.nodes_removed, report.nodes_changed)}  "
        f"edges {_change(report.edges_added, report.edges_removed, report.edges_changed)}"
    )


def as_json(report: UpdateReport, **more: Any) -> str:
    """Return the report as one line of JSON."""
    import json
    from dataclasses import asdict

    body = asdict(report) | {"seconds": dict(report.seconds), **more}
    return json.dumps(body, sort_keys=True, ensure_ascii=False)


def warn(report: UpdateReport) -> None:
    """Name on standard error what could not be read whole, and what is not in the graph at all."""
    for path, problem in report.errors[:_MOST_ERRORS]:
        click.echo(f"{printable(path)}: {printable(problem)}", err=True)
    if len(report.errors) > _MOST_ERRORS:
        click.echo(f"and {count(len(report.errors) - _MOST_ERRORS, 'more file')} with errors; see --json", err=True)
    for path, problem in report.unfit:
        click.echo(f"{printable(path)} is left out: {problem}", err=True)


def _change(added: int, removed: int, changed: int) -> str:
    return f"+{added:,} -{removed:,} ~{changed:,}"
