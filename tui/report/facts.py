"""What the report says, gathered from the events of a run in one pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from repowright.agent import events as e

NO_STAGE = "before the stages"


@dataclass
class StageCost:
    """What one stage took: calls answered by the endpoint, their tokens and money, and its time."""

    name: str
    title: str
    seconds: float = 0.0
    calls: int = 0
    reused: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0

    @property
    def tokens(self) -> int:
        """Prompt and completion together."""
        return self.prompt_tokens + self.completion_tokens


@dataclass
class Facts:
    """The events of a run, sorted by what a reader asks.

    Of what is told several times (a unit, a file, the findings of a stage) the last telling counts.
    """

    start: e.RunStart | None = None
    end: e.RunEnd | None = None
    failure: e.Failure | None = None
    stages: dict[str, StageCost] = field(default_factory=dict)
    units: dict[str, e.UnitEnd] = field(default_factory=dict)
    files: dict[str, e.FileWritten] = field(default_factory=dict)
    findings: dict[str, e.LintRound] = field(default_factory=dict)
    decisions: list[e.Decision] = field(default_factory=list)
    attributions: list[e.Attribution] = field(default_factory=list)
    repairs: list[e.Repair] = field(default_factory=list)
    rejected_tests: list[e.TestsRejected] = field(default_factory=list)
    rejected_replies: list[e.ReplyRejected] = field(default_factory=list)
    retries: list[e.LlmRetry] = field(default_factory=list)
    sandbox_runs: list[e.SandboxRun] = field(default_factory=list)
    tasks: dict[str, e.TaskEnd] = field(default_factory=dict)
    commits: list[e.Commit] = field(default_factory=list)
    warnings: list[e.Warning] = field(default_factory=list)

    @property
    def ordered_units(self) -> list[e.UnitEnd]:
        """The units, failing ones first, then by place."""
        return sorted(self.units.values(), key=lambda unit: (unit.state == "verified", unit.path, unit.name))

    @property
    def open_findings(self) -> list[e.LintRound]:
        """Stages whose last check still found something."""
        return [found for found in self.findings.values() if found.findings]

    @property
    def contained(self) -> list[e.SandboxRun]:
        """Sandbox runs that a limit ended."""
        return [run for run in self.sandbox_runs if run.ended != "exited"]

    @property
    def total(self) -> StageCost:
        """All stages together."""
        whole = StageCost("total", "")
        for stage in self.stages.values():
            whole.seconds += stage.seconds
            whole.calls += stage.calls
            whole.reused += stage.reused
            whole.prompt_tokens += stage.prompt_tokens
            whole.completion_tokens += stage.completion_tokens
            whole.usd += stage.usd
        return whole


def gather(events: Iterable[e.Event]) -> Facts:
    """Sort the events of a run, resumed ones included, into facts."""
    facts = Facts()
    stage = NO_STAGE
    for event in events:
        if isinstance(event, e.StageStart):
            stage = event.stage
            facts.stages.setdefault(stage, StageCost(stage, event.title))
        _place(facts, event, stage)
    return facts


def _place(facts: Facts, event: e.Event, stage: str) -> None:
    match event:
        case e.RunStart():
            # The end of an earlier attempt is not the end of a resumed run.
            facts.start, facts.end, facts.failure = event, None, None
        case e.RunEnd():
            facts.end = event
        case e.Failure():
            facts.failure = event
        case e.StageEnd():
            facts.stages.setdefault(event.stage, StageCost(event.stage, "")).seconds += event.seconds
        case e.LlmReply():
            _charge(facts.stages.setdefault(stage, StageCost(stage, "")), event)
        case e.UnitEnd():
            facts.units[event.unit] = event
        case e.TaskEnd():
            facts.tasks[event.task] = event
        case e.FileWritten():
            facts.files[event.path] = event
        case e.LintRound():
            facts.findings[event.stage] = event
        case _:
            _collect(facts, event)


def _collect(facts: Facts, event: e.Event) -> None:
    match event:
        case e.Decision():
            facts.decisions.append(event)
        case e.Attribution():
            facts.attributions.append(event)
        case e.Repair():
            facts.repairs.append(event)
        case e.TestsRejected():
            facts.rejected_tests.append(event)
        case e.ReplyRejected():
            facts.rejected_replies.append(event)
        case e.LlmRetry():
            facts.retries.append(event)
        case e.SandboxRun():
            facts.sandbox_runs.append(event)
        case e.Commit():
            facts.commits.append(event)
        case e.Warning():
            facts.warnings.append(event)


def _charge(cost: StageCost, reply: e.LlmReply) -> None:
    if reply.source != "endpoint":
        cost.reused += 1
        return
    cost.calls += 1
    cost.prompt_tokens += reply.prompt_tokens
    cost.completion_tokens += reply.completion_tokens
    cost.usd += reply.usd
