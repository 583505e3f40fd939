"""How a run ended, in a few aligned lines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from repowright.agent.events import RunEnd
from repowright.agent.manifest import Workflow
from repowright.tui.amounts import count, duration, money, printable, tokens

_VERDICTS = {
    "done": "done",
    "failing": "delivered with failing units",
    "stopped": "stopped where you asked",
    "interrupted": "interrupted",
    "error": "ended by an error",
    "budget": "stopped at the budget",
}


_DELIVERED: Mapping[Workflow, str] = {"evaluate": "result", "resolve": "patch", "translate": "crate"}


def delivered_as(workflow: Workflow) -> str:
    """Return what the result of a run is called."""
    return _DELIVERED.get(workflow, "project")


def verdict(end: RunEnd) -> str:
    """Return how the run ended, in words."""
    return _VERDICTS[end.status]


def summary_lines(end: RunEnd, run: str, report: Path | None, workflow: Workflow) -> list[str]:
    """Return the closing lines of a run."""
    used = tokens(end.prompt_tokens + end.completion_tokens)
    failed = f", {end.tests_failed} fail" if end.tests_failed else ""
    units = f"{end.units_verified} of {count(end.units_total, 'unit')} verified"
    tests = f"{count(end.tests_passed, 'test')} pass{'es' if end.tests_passed == 1 else ''}{failed}"
    tasks = f"{end.tasks_passed} of {count(end.tasks_total, 'task')} passed, {end.tasks_voted} voted for"
    rows = [
        (delivered_as(workflow), end.out),
        ("units", units if end.units_total else ""),
        ("tasks", tasks if end.tasks_total else ""),
        ("tests", tests if end.tests_passed or end.tests_failed else ""),
        ("coverage", f"{end.line_coverage:.0%} of the lines" if end.line_coverage is not None else ""),
        ("cost", f"{used} tokens, {money(end.usd)}, {duration(end.seconds)}"),
        ("report", str(report) if report else ""),
        ("run", run),
        ("go on", end.resume),
    ]
    return [verdict(end), *(f"  {name:<9} {printable(value)}" for name, value in rows if value)]
