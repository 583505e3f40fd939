"""``repowright bench translation stubs``: a set before anything is translated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from repowright.tui.commands.translation.options import bench_in, cases_at, data_options, names_of, sandbox_options, say

if TYPE_CHECKING:
    from repowright.agent.workflows.translate.checks import Bench
    from repowright.benchmarks.translation.cases import CaseSet
    from repowright.benchmarks.translation.stubs import StubRow


@click.command(epilog="\b\nExample:\n  repowright bench translation stubs --data crust --project fleur")
@data_options
@sandbox_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object a project.")
def stubs(data: str, chosen: tuple[str, ...], sandbox: str, jobs: int, as_json: bool) -> None:
    """Compile interfaces as they are, and find the tests that pass on them.

    Tells the crates each needs: stood in for (tier B), taken out because nobody uses them, or not here (tier C).
    """
    import asyncio
    import dataclasses
    import json

    from repowright.benchmarks.translation.stubs import stub_table

    cases = cases_at(data)
    with bench_in(sandbox, jobs) as bench:
        rows = asyncio.run(_rows(bench, cases, names_of(cases, chosen)))
    click.echo("\n".join(json.dumps(dataclasses.asdict(row)) for row in rows) if as_json else stub_table(rows))


async def _rows(bench: Bench, cases: CaseSet, names: tuple[str, ...]) -> list[StubRow]:
    from repowright.benchmarks.translation.stubs import try_stubs

    rows = []
    for name in names:
        say(name)
        rows.append(await try_stubs(bench, cases.case(name)))
    return rows
