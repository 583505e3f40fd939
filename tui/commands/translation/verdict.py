"""``repowright bench translation verdict``: crates that anybody wrote, judged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from repowright.tui.commands.translation.options import bench_in, cases_at, data_options, names_of, sandbox_options, say

if TYPE_CHECKING:
    from repowright.agent.workflows.translate.checks import Bench
    from repowright.benchmarks.translation.cases import CaseSet
    from repowright.benchmarks.translation.verdict import ProjectVerdict

_EPILOG = """\b
Examples:
  repowright bench translation verdict --data crust --answers ./answers
  repowright bench translation verdict --data rustine --project bst --json
"""


@click.command(epilog=_EPILOG)
@data_options
@click.option(
    "--answers",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with one crate a project, by its name; the set's own answers if not given.",
)
@sandbox_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object a project.")
def verdict(data: str, chosen: tuple[str, ...], answers: Path | None, sandbox: str, jobs: int, as_json: bool) -> None:
    """Judge translated crates by the set's own rule, and by the stricter one."""
    import asyncio
    import dataclasses
    import json

    cases = cases_at(data)
    with bench_in(sandbox, jobs) as bench:
        found = asyncio.run(_verdicts(bench, cases, names_of(cases, chosen), answers))
    if as_json:
        click.echo("\n".join(json.dumps(dataclasses.asdict(each)) for each in found))
    else:
        click.echo(_table(found))


async def _verdicts(bench: Bench, cases: CaseSet, names: tuple[str, ...], answers: Path | None) -> list[ProjectVerdict]:
    from repowright.benchmarks.translation.judging import files_of
    from repowright.benchmarks.translation.verdict import judge

    found = []
    for name in names:
        case = cases.case(name)
        answer = files_of(answers / name) if answers else case.answer
        say(f"{name}: {len(answer)} files" if answer else f"{name}: no answer")
        found.append(await judge(bench, case, answer))
    return found


def _table(verdicts: list[ProjectVerdict]) -> str:
    from repowright.benchmarks.translation.verdict import summed
    from repowright.tui.amounts import printable

    lines = ["| project | builds | passes | strict | why not |", "| --- | --- | --- | --- | --- |"]
    for each in verdicts:
        marks = " | ".join("yes" if mark else "no" for mark in (each.builds, each.official, each.strict))
        lines.append(f"| {each.name} | {marks} | {printable('; '.join(each.reasons))[:160].replace('|', '/')} |")
    total = summed(verdicts)
    told = f"{total.builds} build, {total.official} pass, {total.strict} strictly"
    return "\n".join([*lines, "", f"{total.projects} projects: {told}."])
