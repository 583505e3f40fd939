"""``repowright bench repocraft report``: the figures, beside control arms and published rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from repowright.benchmarks.repocraft.report.model import Report

_EPILOG = """\b
Examples:
  repowright bench repocraft report ./evaluation --control ./control --repo ./httpeasy
  repowright bench repocraft report ours/result.json theirs/result.json --control ./control
  repowright bench repocraft report --repo ./httpeasy --project requests --json
"""
_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command(epilog=_EPILOG)
@click.argument("results", nargs=-1, type=click.Path(path_type=Path), metavar="[RESULT]...")
@click.option(
    "--ceiling", type=click.Path(path_type=Path), help="The real project, evaluated: what passes are divided by."
)
@click.option("--control", type=_FOLDER, help="Folder of the control arms.")
@click.option("--repo", "repository", type=_FOLDER, help="The repository: its size, coverage and novelty are measured.")
@click.option("--real", type=_FOLDER, help="Sources of the real project, measured beside it; the pinned release.")
@click.option("--without-real", is_flag=True, help="Measure no real project beside the repository.")
@click.option("--project", default="", metavar="NAME", help="Whose repository it is, if the results do not say.")
@click.option("--graph", type=_FILE, help="The repository's graph; it is encoded if not given.")
@click.option("--tree", type=_FILE, help="Reference features; those of the benchmark if not given.")
@click.option("--tasks", type=_FILE, multiple=True, help="File of tasks, for their descriptions; may be repeated.")
@click.option(
    "--out", type=_FOLDER, default=Path("report"), show_default=True, help="Folder of report.html, .json and .md."
)
@click.option("--json", "as_json", is_flag=True, help="The report as one JSON object.")
def report(as_json: bool, out: Path, **given: Any) -> None:
    """Lay results beside control arms and published rows.

    RESULT is the folder of an evaluation, its result.json, or the file of a control arm. The ceiling that passes
    are divided by is the real project judged the same way (--ceiling), else its own tests.
    """
    from repowright.benchmarks.repocraft.report.gather import gather
    from repowright.benchmarks.repocraft.report.inputs import Paths
    from repowright.benchmarks.repocraft.report.inputs import given as read
    from repowright.benchmarks.repocraft.report.writing import write_report

    found = gather(read(Paths(**given)))
    written = write_report(found, out)
    click.echo(found.model_dump_json(by_alias=True) if as_json else _told(found))
    click.echo(f"written: {written.html}, {written.json.name}, {written.markdown.name}", err=True)


def _told(found: Report) -> str:
    from repowright.benchmarks.repocraft.report.cells import interval, percent
    from repowright.tui.amounts import count, printable

    lines = []
    for project in found.projects:
        lines.append(f"{project.alias} ({project.project})")
        for row in project.rows:
            told = [("pass", row.passed), ("vote", row.voted), ("coverage", row.coverage)]
            figures = [f"{name} {share.percent:.1f} % [{interval(share)}]" for name, share in told if share]
            figures += [f"{percent(row.of_ceiling)} % of the ceiling"] if row.of_ceiling is not None else []
            figures += [count(row.lines, "line")] if row.lines is not None else []
            lines.append(f"  {printable(row.system)}{' (control)' * (row.kind == 'control')}: {', '.join(figures)}")
        lines += [f"  {printable(remark)}" for remark in project.remarks]
    return "\n".join(lines)
