"""``repowright bench translation oracle``: would the harness notice a fault at all?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from repowright.tui.commands.translation.options import bench_in, cases_at, names_of, sandbox_options, say

if TYPE_CHECKING:
    from repowright.agent.workflows.translate.checks import Bench, CProgram
    from repowright.benchmarks.translation.proving import ProofRow

_EPILOG = """\b
Examples:
  repowright bench translation oracle ./queue ./trie
  repowright bench translation oracle --data crust --project c_string --mutants 20
"""


@click.command(epilog=_EPILOG)
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="[DIR]...")
@click.option("--data", metavar="PLACE", help="A set of projects, as the other commands take it.")
@click.option("--project", "chosen", multiple=True, metavar="NAME", help="One project of the set; may be repeated.")
@click.option("--mutants", type=click.IntRange(0), default=40, show_default=True, help="Of each project, at most.")
@sandbox_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object a project.")
def oracle(
    folders: tuple[Path, ...],
    data: str | None,
    chosen: tuple[str, ...],
    mutants: int,
    sandbox: str,
    jobs: int,
    as_json: bool,
) -> None:
    """Compare C projects with themselves and with mutants of them, and run their programs under sanitizers."""
    import asyncio
    import dataclasses
    import json

    from repowright.benchmarks.translation.proving import proof_table

    programs = _programs(folders, data, chosen)
    with bench_in(sandbox, jobs) as bench:
        rows = asyncio.run(_proofs(bench, programs, mutants))
    click.echo("\n".join(json.dumps(dataclasses.asdict(row)) for row in rows) if as_json else proof_table(rows))


def _programs(folders: tuple[Path, ...], data: str | None, chosen: tuple[str, ...]) -> dict[str, CProgram]:
    from repowright.agent.workflows.translate.checks import c_program
    from repowright.benchmarks.translation.judging import files_of

    found = {folder.resolve().name: c_program(files_of(folder)) for folder in folders}
    if data is not None:
        cases = cases_at(data)
        found |= {name: cases.case(name).program for name in names_of(cases, chosen)}
    if not found:
        raise click.UsageError("name folders of C, or a set with --data")
    return found


async def _proofs(bench: Bench, programs: dict[str, CProgram], mutants: int) -> list[ProofRow]:
    from repowright.benchmarks.translation.proving import prove_row

    rows = []
    for name, program in programs.items():
        rows.append(await prove_row(bench, name, program, mutants))
        row = rows[-1]
        told = f"{row.noticed} of {row.mutants} mutants noticed, {row.by_calls} of {row.called} by calls"
        say(f"{name}: {row.identity} in {row.cases} calls; {told}")
    return rows
