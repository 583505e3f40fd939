"""A run of another workflow that a call begins: asked for first, told as progress, gone on with after a kill."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from repowright.agent.chat.tools.tool import Site
from repowright.agent.chat.wishes import Wish
from repowright.agent.events import Event, RunEnd, RunStart, StageProgress, StageStart, Subscriber, UnitEnd
from repowright.agent.run import Run

Begin = Callable[[Sequence[Subscriber]], Awaitable[RunEnd]]
GoOn = Callable[[Run, Sequence[Subscriber]], Awaitable[RunEnd]]


async def sub_run(wish: Wish, begin: Begin, go_on: GoOn, site: Site) -> RunEnd:
    """Begin a run once it is allowed, or go on with the one that this call had begun when its sitting was killed.

    Parameters
    ----------
    wish
        What the user is asked.
    begin, go_on
        Drive the run to its end.

    Raises
    ------
    Refused
        If it was not allowed.
    AgentError, SandboxError, GraphError, RepoToolsError
        If the run could not begin, or ended early.
    """
    begun = site.done("run-id")
    progress = _Progress(site)
    if begun is not None and (site.desk.runs / begun).is_dir():
        end = await go_on(Run.open(site.desk.runs / begun), [progress])
    else:
        await site.permit(wish)
        end = await begin([progress])
    # What a run returns is not stamped; only its events name it.
    return end.model_copy(update={"run": progress.run})


class _Progress:
    """Tells a run's stages as the progress of the call."""

    def __init__(self, site: Site) -> None:
        self.run = ""
        self._site = site
        self._stage = ""

    def __call__(self, event: Event) -> None:
        self.run = event.run
        if isinstance(event, RunStart):
            self._site.keep("run-id", event.run)
        elif isinstance(event, StageStart):
            self._stage = event.title
            self._site.progress(event.title, 0, event.total)
        elif isinstance(event, StageProgress):
            self._site.progress(self._stage, event.done, event.total)
        elif isinstance(event, UnitEnd):
            self._site.progress(f"{event.state} {event.name}")


def ended(end: RunEnd) -> str:
    """Return how a run ended, in words for the model."""
    lines = [f"the run {end.run} ended: {end.status}"]
    if end.out:
        lines.append(f"delivered in {end.out}")
    if end.units_total:
        lines.append(f"{end.units_verified} of {end.units_total} units verified")
    if end.tests_passed or end.tests_failed:
        lines.append(f"tests: {end.tests_passed} passed, {end.tests_failed} failed")
    return "\n".join([*lines, *([f"go on with: {end.resume}"] if end.resume else [])])
