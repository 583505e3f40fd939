"""What the live view shows, as a pure function of the events so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from repowright.agent import events as e
from repowright.tui.lines import line_of

RECENT = 12

Progress = Literal["pending", "running", "done"]


@dataclass(frozen=True)
class StageView:
    """One stage; ``seconds`` is known once it is done in this process."""

    name: str
    title: str
    state: Progress = "pending"
    started: float = 0.0
    seconds: float | None = None
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class UnitView:
    """One unit that is being worked on since ``started`` (seconds since the epoch)."""

    unit: str
    name: str
    path: str
    started: float


@dataclass(frozen=True)
class Counts:
    """Tests of one subject as its last run found them; errors count as failed."""

    passed: int = 0
    failed: int = 0


@dataclass(frozen=True)
class ViewState:
    """Everything on the screen; ``apply`` gives the next one."""

    stages: tuple[StageView, ...] = ()
    start: e.RunStart | None = None
    end: e.RunEnd | None = None
    failure: e.Failure | None = None
    begun: float = 0.0
    now: float = 0.0
    running: tuple[UnitView, ...] = ()
    units: tuple[e.UnitEnd, ...] = ()
    tests: tuple[tuple[str, Counts], ...] = ()
    calls: int = 0
    waiting: int = 0
    reused: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0
    budget: e.BudgetLevel | None = None
    recent: tuple[tuple[float, str], ...] = field(default=())

    @classmethod
    def of_stages(cls, stages: tuple[tuple[str, str], ...]) -> ViewState:
        """Return the state before the first event, every stage (name, title) pending."""
        return cls(stages=tuple(StageView(name, title) for name, title in stages))

    def apply(self, event: e.Event) -> ViewState:
        """Return the state after ``event``."""
        state = replace(self, now=max(self.now, event.ts), begun=self.begun or event.ts)
        change = _CHANGES.get(event.type)
        if change is not None:
            state = change(state, event)
        line = "" if event.type in _QUIET else line_of(event)
        return replace(state, recent=(*state.recent, (event.ts, line))[-RECENT:]) if line else state

    @property
    def stage(self) -> StageView | None:
        """The stage that runs now."""
        return next((stage for stage in self.stages if stage.state == "running"), None)

    @property
    def passed(self) -> int:
        """Tests that passed in the last run of their subject."""
        return sum(counts.passed for _, counts in self.tests)

    @property
    def failed(self) -> int:
        """Tests that failed in the last run of their subject."""
        return sum(counts.failed for _, counts in self.tests)

    @property
    def tokens(self) -> int:
        """Tokens asked and answered at the endpoint by this process."""
        return self.prompt_tokens + self.completion_tokens

    def seconds_left(self, now: float) -> float | None:
        """Estimate the seconds left of the running stage from its pace; ``None`` before its first unit."""
        stage = self.stage
        if stage is None or stage.done < 1 or stage.total < stage.done:
            return None
        return (now - stage.started) / stage.done * (stage.total - stage.done)


def _run_start(state: ViewState, event: e.RunStart) -> ViewState:
    return replace(state, start=event, begun=event.ts)


def _stage_start(state: ViewState, event: e.StageStart) -> ViewState:
    begun = StageView(event.stage, event.title, "running", event.ts, total=event.total)
    names = [stage.name for stage in state.stages]
    if event.stage not in names:
        return replace(state, stages=(*state.stages, begun))
    place = names.index(event.stage)
    # A resumed run does not tell of the stages it finished earlier.
    before = tuple(replace(stage, state="done") for stage in state.stages[:place])
    return replace(state, stages=(*before, begun, *state.stages[place + 1 :]))


def _on_stage(state: ViewState, name: str, change: Callable[[StageView], StageView]) -> ViewState:
    stages = tuple(change(stage) if stage.name == name else stage for stage in state.stages)
    return replace(state, stages=stages)


def _stage_progress(state: ViewState, event: e.StageProgress) -> ViewState:
    return _on_stage(state, event.stage, lambda stage: replace(stage, done=event.done, total=event.total))


def _stage_end(state: ViewState, event: e.StageEnd) -> ViewState:
    def ended(stage: StageView) -> StageView:
        return replace(stage, state="done", seconds=event.seconds, done=stage.total)

    return replace(_on_stage(state, event.stage, ended), running=())


def _unit_start(state: ViewState, event: e.UnitStart) -> ViewState:
    others = tuple(unit for unit in state.running if unit.unit != event.unit)
    return replace(state, running=(*others, UnitView(event.unit, event.name, event.path, event.ts)))


def _unit_end(state: ViewState, event: e.UnitEnd) -> ViewState:
    running = tuple(unit for unit in state.running if unit.unit != event.unit)
    units = tuple(unit for unit in state.units if unit.unit != event.unit)
    return replace(state, running=running, units=(*units, event))


def _llm_call(state: ViewState, _: e.LlmCall) -> ViewState:
    return replace(state, waiting=state.waiting + 1)


def _llm_reply(state: ViewState, event: e.LlmReply) -> ViewState:
    state = replace(state, waiting=max(0, state.waiting - 1))
    if event.source != "endpoint":
        return replace(state, reused=state.reused + 1)
    return replace(
        state,
        calls=state.calls + 1,
        prompt_tokens=state.prompt_tokens + event.prompt_tokens,
        completion_tokens=state.completion_tokens + event.completion_tokens,
        usd=state.usd + event.usd,
    )


def _sandbox_run(state: ViewState, event: e.SandboxRun) -> ViewState:
    if event.purpose in _UNCOUNTED:
        return state
    counts = Counts(event.passed, event.failed + event.errors)
    if event.purpose == "final":
        return replace(state, tests=((_WHOLE_SUITE, counts),))
    if any(subject == _WHOLE_SUITE for subject, _ in state.tests):
        return state
    others = tuple(item for item in state.tests if item[0] != event.subject)
    return replace(state, tests=(*others, (event.subject, counts)))


def _task_end(state: ViewState, event: e.TaskEnd) -> ViewState:
    passed = event.state == "passed"
    others = tuple(item for item in state.tests if item[0] != event.task)
    ended = replace(state, tests=(*others, (event.task, Counts(int(passed), int(not passed)))))
    done = len(ended.tests)
    return _on_stage(ended, "tasks", lambda stage: replace(stage, done=done))


def _budget(state: ViewState, event: e.BudgetLevel) -> ViewState:
    return replace(state, budget=event)


def _failure(state: ViewState, event: e.Failure) -> ViewState:
    return replace(state, failure=event)


def _run_end(state: ViewState, event: e.RunEnd) -> ViewState:
    return replace(state, end=event, running=(), waiting=0)


_WHOLE_SUITE = "the whole suite"
# On stubs, and before a change, tests are meant to fail; a regression run repeats tests that are counted already; tasks
# tell themselves.
_UNCOUNTED = frozenset({"stub gate", "regression", "adapted test", "reproduction", "before the change"})
_QUIET = frozenset({"stage.progress", "unit.start", "llm.reply"})
_CHANGES: dict[str, Callable[..., ViewState]] = {
    "run.start": _run_start,
    "stage.start": _stage_start,
    "stage.progress": _stage_progress,
    "stage.end": _stage_end,
    "unit.start": _unit_start,
    "unit.end": _unit_end,
    "llm.call": _llm_call,
    "llm.reply": _llm_reply,
    "sandbox.run": _sandbox_run,
    "task.end": _task_end,
    "budget": _budget,
    "error": _failure,
    "run.end": _run_end,
}
