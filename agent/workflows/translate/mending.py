"""The whole crate mended: what is wrong when all is written, asked about with everything they reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from repowright.agent.errors import ModelRefused
from repowright.agent.events import Repair, ReplyRejected
from repowright.agent.workflows.translate.asking import ask
from repowright.agent.workflows.translate.callees import with_callees
from repowright.agent.workflows.translate.records import FailedTest
from repowright.agent.workflows.translate.studio import Layout, Studio
from repowright.agent.workflows.translate.tasks import Task
from repowright.agent.workflows.translate.translating import Version, checked
from repowright.agent.workflows.translate.wanted import Wanted

MOST_TESTS = 3
"""Failing tests that are shown at once."""
MOST_ITEMS = 40


async def mend(studio: Studio, layout: Layout, now: Version, wanted: Wanted, number: int) -> Version:
    """Ask once about what is still wrong, and return the better of what was and what came of it.

    Parameters
    ----------
    wanted
        The checks of the whole crate.
    number
        Of the round.

    Raises
    ------
    AgentError
        If the model cannot be used or the budget is spent.
    SandboxError
        If no box can be had.
    """
    chosen = _rotated(now.judgement.failing, number)[:MOST_TESTS]
    task = _task(layout, chosen, now)
    holes = {
        **layout.context.holes(task, now.files),
        "current": studio.target.current_text(now.files, task.wanted),
        "problems": "\n\n".join(_problems(layout, chosen, now)),
    }
    request = replace(studio.request("mend", holes, task.name), sample=number)
    try:
        reply = await studio.gateway.complete(request)
    except ModelRefused as err:
        studio.emit(ReplyRejected(task=request.task, subject=task.name, problems=[err.message], round=number + 1))
        return now
    changed = studio.target.answered(reply.text, layout.asked(task.wanted, now.files))
    answered = await ask(studio.gateway, studio.target, request, layout.asked(changed, now.files)) if changed else None
    better = now
    if answered is not None and answered.reading.usable:
        files = now.files | {path: text.encode() for path, text in answered.reading.files.items()}
        version = await checked(studio, layout, files, wanted)
        if version.judgement.rank > now.judgement.rank and set(now.judgement.passed) <= set(version.judgement.passed):
            better = version
    fixed = not better.judgement.failing and not better.judgement.differences
    studio.emit(Repair(unit=task.name, name=task.name, target="crate", attempt=number + 1, fixed=fixed))
    return better


def _rotated(failing: Sequence[FailedTest], number: int) -> list[FailedTest]:
    """The failing tests, each round beginning with others, so that one that cannot be mended hides no other."""
    start = number * MOST_TESTS % max(1, len(failing))
    return [*failing[start:], *failing[:start]]


def _problems(layout: Layout, failing: Sequence[FailedTest], now: Version) -> list[str]:
    told = [f"The test `{each.test}` fails:\n\n```text\n{each.told}\n```" for each in failing]
    return told + [f"{layout.target.words.in_whole}: {each}" for each in now.judgement.differences]


def _task(layout: Layout, failing: Sequence[FailedTest], now: Version) -> Task:
    """Everything that failing tests, or else the C programs, reach, as one task."""
    names = {each.test.rpartition("::")[2] for each in failing}
    reached = [each for each in layout.context.reaches if each.test.rpartition("::")[2] in names]
    called = set(now.judgement.reached) if not failing else set()
    direct = {slot for each in reached for slot in each.slots}
    direct |= {slot for slot in layout.frame.slots if slot.origin is not None and slot.origin.name in called}
    direct = direct or set(layout.frame.slots)
    slots = with_callees(layout, direct)[:MOST_ITEMS]
    members = tuple(dict.fromkeys(slot.origin for slot in slots if slot.origin is not None))
    helpers = dict.fromkeys(key for task in layout.plan.tasks if set(task.slots) & set(slots) for key in task.helpers)
    label = f"failing tests: {', '.join(sorted(names))[:80]}" if names else "the C programs"
    return Task(label, members, tuple(helpers), tuple(slots))
