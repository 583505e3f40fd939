"""The table of the control arms, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from repowright.benchmarks.repocraft.control.results import ArmRun

_HEAD = "| project | arm | tasks | passed | % | not passed, by state | dropped tests, by reason | CPU s |"
_RULE = "|---|---|--:|--:|--:|---|---|--:|"


def markdown_table(rows: Sequence[ArmRun]) -> str:
    """Return one line an arm; a line that is not as it must be ends with a mark."""
    return "\n".join((_HEAD, _RULE, *(_line(row) for row in rows)))


def _line(row: ArmRun) -> str:
    count, passed = len(row.result.verdicts), row.result.passed
    share = f"{100 * passed / count:.1f}" if count else "-"
    states = {state: number for state, number in row.states.items() if state != "passed"}
    mark = "" if row.as_it_must else " not as it must be"
    cells = [row.result.project, row.result.arm, str(count), str(passed), share + mark]
    cells += [_listed(states), _listed(row.reasons), f"{row.record.cpu_s:.0f}"]
    return f"| {' | '.join(cells)} |"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
