"""What judges of every language share: each state is judged once, and what was said of it is kept with the run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from repowright.agent.events import EventBus, SandboxRun
from repowright.agent.events import Warning as Warned
from repowright.agent.llm import Record, Replay
from repowright.agent.workflows.translate.checks.bench import Bench
from repowright.agent.workflows.translate.checks.crate import CProgram
from repowright.agent.workflows.translate.records import Judgement

KIND = "check"


class RecordedJudge(ABC):
    """Keeps what checks say.

    Parameters
    ----------
    wall_s
        Seconds one run of tests may take.
    """

    def __init__(self, bench: Bench, record: Record, replay: Replay | None, events: EventBus, wall_s: float) -> None:
        self._bench = bench
        self._record = record
        self._replay = replay
        self._events = events
        self._wall_s = wall_s
        self.program: CProgram | None = None
        """The C project; ``None`` as long as nobody has read it."""
        self.vacuous: frozenset[str] = frozenset()
        """Tests that pass on stubs: they show nothing."""

    @property
    def bench(self) -> Bench:
        """Where it runs them."""
        return self._bench

    @abstractmethod
    def verdict(self, found: Judgement) -> object:
        """What must be equal for a replay to have come to the same as its recording."""

    async def _once(self, key: str, subject: str, judging: Callable[[], Awaitable[Judgement]]) -> Judgement:
        """What the checks say of a state, from this run's record if it is there."""
        kept = self._record.get_text(KIND, key)
        if kept is not None:
            return Judgement.model_validate_json(kept)
        found = self._as_recorded(key, await judging(), subject)
        self._record.put_text(KIND, key, found.model_dump_json())
        return found

    def _as_recorded(self, key: str, found: Judgement, subject: str) -> Judgement:
        """The recorded words where a replay comes to the same: they are in the requests that follow."""
        told = self._replay.get_text(KIND, key) if self._replay else None
        if told is None:
            return found
        recorded = Judgement.model_validate_json(told)
        if self.verdict(recorded) == self.verdict(found):
            return recorded
        self._events.emit(Warned(message=f"the checks of {subject} ended otherwise than in the recording"))
        return found

    def _emit(
        self, purpose: str, subject: str, ended: str, seconds: float, passed: int = 0, failed: int = 0, skipped: int = 0
    ) -> None:
        self._events.emit(
            SandboxRun(
                purpose=purpose,
                subject=subject,
                backend=self._bench.backend,
                ended=ended,
                seconds=seconds,
                passed=passed,
                failed=failed,
                skipped=skipped,
            )
        )
