"""``repowright bench translation report``: translations beside published rates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from repowright.tui.commands.translation.options import bench_in, cases_at, sandbox_options, say

if TYPE_CHECKING:
    from repowright.benchmarks.translation.report import Report

_EPILOG = """\b
Examples:
  repowright bench translation report ./work --data crust
  repowright bench translation report 20261123-181504-libqueue-to-rust --data ./CRUST-bench --json
"""


@click.command(epilog=_EPILOG)
@click.argument("places", nargs=-1, required=True, metavar="RUN...")
@click.option("--data", required=True, metavar="PLACE", help="The set that the runs are of, as run takes it.")
@click.option("--title", default="Translations", show_default=True, help="First line of the report.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("report"),
    show_default=True,
    help="Folder of report.md and report.json, and of the verdicts.",
)
@click.option(
    "--solved",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Which other systems solved which project: tabs between rbench and solved_by.",
)
@sandbox_options
@click.option("--json", "as_json", is_flag=True, help="The report as one JSON object.")
def report(
    places: tuple[str, ...],
    data: str,
    title: str,
    out: Path,
    solved: Path | None,
    sandbox: str,
    jobs: int,
    as_json: bool,
) -> None:
    """Judge what runs delivered, add it up, and lay it beside published rates.

    RUN is a run, a folder of runs, or the folder of run; of several runs of a project the last counts. What is
    judged once is not judged again.
    """
    written = write_report(places, data, title, out, sandbox, jobs, solved)
    from repowright.benchmarks.translation.report import markdown

    click.echo(written.model_dump_json(indent=1) if as_json else markdown(written))
    say(f"written: {out / 'report.md'}, {out / 'report.json'}")


def write_report(
    places: tuple[str, ...], data: str, title: str, out: Path, sandbox: str, jobs: int, solved: Path | None = None
) -> Report:
    """Make the report, and write it below ``out``."""
    import asyncio
    import os

    from repowright.agent.runs import runs_root
    from repowright.benchmarks.translation.crust import CrustData
    from repowright.benchmarks.translation.judging import Verdicts, judged_rows, runs_at
    from repowright.benchmarks.translation.published import CRUST
    from repowright.benchmarks.translation.report import markdown, report_of

    cases = cases_at(data)
    runs = runs_at(places, runs_root(os.environ))
    with bench_in(sandbox, jobs) as bench:
        rows = asyncio.run(judged_rows(bench, cases, runs, Verdicts(out / "verdicts"), say))
    made = report_of(title, rows, CRUST if isinstance(cases, CrustData) else (), solved)
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.md").write_text(markdown(made), encoding="utf-8")
    (out / "report.json").write_text(made.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return made
