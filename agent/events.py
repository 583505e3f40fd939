"""One typed stream that tells what a run does.

The command line prints it, ``--json`` writes it as JSON lines, the app draws it, the report is made
from it and the benchmarks score from it. The engine never prints.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from repowright.agent.chat.events import (
    ApprovalAsk,
    ApprovalDecided,
    ChatDelta,
    ChatReply,
    ChatUser,
    Compaction,
    ContextLevel,
    FileChange,
    GraphState,
    ModeChanged,
    Note,
    PlanChanged,
    QueueChanged,
    Rewound,
    TestsReport,
    ToolCalled,
    ToolProgress,
    ToolResult,
    TurnEnd,
    TurnStart,
)
from repowright.agent.event_base import BaseEvent


class RunStart(BaseEvent):
    type: Literal["run.start"] = "run.start"
    title: str
    model: str
    endpoint: str = ""
    """Host and port alone: never a key, a path or a query."""
    sandbox: str
    out: str
    budget: str = ""
    source: Literal["live", "replay"] = "live"
    resumed: bool = False


class StageStart(BaseEvent):
    type: Literal["stage.start"] = "stage.start"
    stage: str
    title: str
    total: int = 0
    """Units of work in the stage (files, units, areas); 0 if not known."""


class StageProgress(BaseEvent):
    type: Literal["stage.progress"] = "stage.progress"
    stage: str
    done: int
    total: int


class StageEnd(BaseEvent):
    type: Literal["stage.end"] = "stage.end"
    stage: str
    seconds: float
    graph: str = ""
    """Content hash of the graph the stage left."""
    open_findings: int = 0


class UnitStart(BaseEvent):
    type: Literal["unit.start"] = "unit.start"
    unit: str
    """Node id."""
    name: str
    path: str


class UnitEnd(BaseEvent):
    type: Literal["unit.end"] = "unit.end"
    unit: str
    name: str
    path: str
    state: Literal["verified", "failed"]
    tests: int
    attempts: int
    reason: str = ""


class LlmCall(BaseEvent):
    type: Literal["llm.call"] = "llm.call"
    task: str
    """Which prompt: ``generate.code.tests`` and so on."""
    subject: str
    """What it is about: a unit, file or area name."""
    key: str


class LlmReply(BaseEvent):
    type: Literal["llm.reply"] = "llm.reply"
    task: str
    subject: str
    key: str
    source: Literal["endpoint", "replay", "record"]
    """endpoint: asked now; replay: from the recording; record: this run had it already."""
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0
    usd: float = 0.0
    seconds: float
    tries: int = 1


class LlmRetry(BaseEvent):
    type: Literal["llm.retry"] = "llm.retry"
    task: str
    subject: str
    reason: str
    wait_s: float


class ReplyRejected(BaseEvent):
    type: Literal["reply.rejected"] = "reply.rejected"
    task: str
    subject: str
    problems: list[str]
    round: int


class LintRound(BaseEvent):
    type: Literal["lint"] = "lint"
    stage: str
    round: int
    findings: list[str]


class Decision(BaseEvent):
    type: Literal["decision"] = "decision"
    stage: str
    subject: str
    what: str
    why: str
    evidence: list[str] = Field(default_factory=list)


class SandboxRun(BaseEvent):
    type: Literal["sandbox.run"] = "sandbox.run"
    purpose: str
    """stub gate, unit tests, regression, integration, final."""
    subject: str
    backend: str
    ended: str
    seconds: float
    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0


class TestsRejected(BaseEvent):
    __test__ = False
    type: Literal["tests.rejected"] = "tests.rejected"
    unit: str
    name: str
    tests: list[str]
    reason: str


class Vote(BaseModel):
    model_config = ConfigDict(frozen=True)

    blame: Literal["code", "test", "environment", "plan"]
    culprit: str
    reason: str


class Attribution(BaseEvent):
    type: Literal["attribution"] = "attribution"
    unit: str
    name: str
    failing: list[str]
    votes: list[Vote]
    verdict: str
    culprit: str


class Repair(BaseEvent):
    type: Literal["repair"] = "repair"
    unit: str
    name: str
    target: str
    """What was repaired: code, test, plan; or a dependency's name."""
    attempt: int
    fixed: bool


class TaskEnd(BaseEvent):
    type: Literal["task.end"] = "task.end"
    task: str
    """Id of a benchmark's task."""
    state: str
    """``passed``, or why not."""
    detail: str = ""
    votes: list[bool] = Field(default_factory=list)
    """Whether the capability is there, by judgement."""
    seconds: float = 0.0


class FileWritten(BaseEvent):
    type: Literal["file.write"] = "file.write"
    path: str
    lines: int


class Commit(BaseEvent):
    type: Literal["commit"] = "commit"
    sha: str
    subject: str


class BudgetLevel(BaseEvent):
    type: Literal["budget"] = "budget"
    spent: str
    limit: str
    level: Literal["ok", "warn", "stop"]


class Warning(BaseEvent):
    type: Literal["warning"] = "warning"
    message: str


class Failure(BaseEvent):
    type: Literal["error"] = "error"
    error: str
    message: str
    hint: str = ""


class RunEnd(BaseEvent):
    type: Literal["run.end"] = "run.end"
    status: Literal["done", "failing", "stopped", "interrupted", "error", "budget"]
    exit_code: int
    out: str = ""
    units_verified: int = 0
    units_total: int = 0
    tasks_passed: int = 0
    """Of a benchmark, as the two below."""
    tasks_voted: int = 0
    tasks_total: int = 0
    tests_passed: int = 0
    tests_failed: int = 0
    line_coverage: float | None = None
    """Share of the generated code's lines that its tests execute, 0 to 1."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0
    seconds: float = 0.0
    resume: str = ""
    """The command that goes on from here; empty when there is nothing left."""


Event = Annotated[
    RunStart | StageStart | StageProgress | StageEnd | UnitStart | UnitEnd | LlmCall | LlmReply | LlmRetry
    | ReplyRejected | LintRound | Decision | SandboxRun | TestsRejected | Attribution | Repair | TaskEnd
    | FileWritten | Commit | BudgetLevel | Warning | Failure | RunEnd
    | ChatUser | ChatDelta | ChatReply | TurnStart | TurnEnd | ToolCalled | ToolProgress | ToolResult | FileChange
    | TestsReport | ApprovalAsk | ApprovalDecided | QueueChanged | ModeChanged | PlanChanged | Compaction | Rewound
    | ContextLevel | GraphState | Note,
    Field(discriminator="type"),
]  # fmt: skip

EVENT: TypeAdapter[Event] = TypeAdapter(Event)


def parse_event(line: str | bytes) -> Event:
    """Read one JSON line back into its event."""
    return EVENT.validate_json(line)


def json_schema() -> dict[str, Any]:
    """The JSON Schema every line of ``--json`` and ``events.jsonl`` satisfies."""
    return EVENT.json_schema()


Subscriber = Callable[[Event], None]


class EventBus:
    """Stamps each event with the run and the time and hands it to every subscriber.

    Parameters
    ----------
    run
        The run's id.
    clock
        Seconds since the epoch.
    """

    def __init__(self, run: str, clock: Callable[[], float]) -> None:
        self._run = run
        self._clock = clock
        self._subscribers: list[Subscriber] = []

    def subscribe(self, subscriber: Subscriber) -> None:
        self._subscribers.append(subscriber)

    def emit(self, event: Event) -> Event:
        stamped = event.model_copy(update={"ts": self._clock(), "run": self._run})
        for subscriber in self._subscribers:
            subscriber(stamped)
        return stamped
