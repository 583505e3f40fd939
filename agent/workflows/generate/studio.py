"""What every stage works with: the run's means, passed as LangGraph's run-scoped context, never as state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from repowright.agent.artifacts import ArtifactStore
from repowright.agent.errors import BudgetSpent, ModelError, ReplayMiss
from repowright.agent.events import Event, EventBus
from repowright.agent.llm import Gateway
from repowright.agent.run import Run
from repowright.agent.settings import Settings
from repowright.agent.workflows.generate.code.evidence import TestBench
from repowright.agent.workflows.generate.plan import Library, Plan
from repowright.repo_tools.history import History


@dataclass
class Studio:
    """The means of one run.

    Parameters
    ----------
    epoch
        Seconds since the epoch that the commits count from: the same run gives the same commits.
    clock
        Seconds, for how long a stage took.
    halt
        The error that made a branch stop asking: its siblings finish, what they paid for is kept, and the run
        then ends with this error and can be resumed.
    """

    run: Run
    spec: str
    out: Path
    settings: Settings
    gateway: Gateway
    events: EventBus
    store: ArtifactStore
    library: Library
    bench: TestBench
    history: History
    epoch: int
    clock: Callable[[], float]
    halt: Exception | None = None
    _last: tuple[str, Plan] | None = field(default=None, repr=False)
    _scratch: tuple[str, Plan] | None = field(default=None, repr=False)
    _began: dict[str, float] = field(default_factory=dict, repr=False)

    def emit(self, event: Event) -> None:
        self.events.emit(event)

    def halts(self, error: Exception) -> bool:
        """Return whether an error ends the run; it is kept until the branches beside it have finished."""
        if not isinstance(error, BudgetSpent | ModelError | ReplayMiss):
            return False
        if self.halt is None:
            self.halt = error
        return True

    def raise_halt(self) -> None:
        """Raise the error a branch met, now that its siblings' results are in the checkpoint."""
        if self.halt is not None:
            raise self.halt

    def load(self, address: str) -> Plan:
        """Return the plan at an address; callers that change it take a copy."""
        if self._last is None or self._last[0] != address:
            self._last = (address, Plan.load(self.store, address))
        return self._last[1]

    def scratch(self, address: str) -> Plan:
        """Return a plan to try answers on; each trial leaves it as it found it."""
        if self._scratch is None or self._scratch[0] != address:
            self._scratch = (address, self.load(address).copy())
        return self._scratch[1]

    def save(self, plan: Plan) -> str:
        address = plan.save(self.store)
        self._last = (address, plan)
        return address

    def stage_began(self, stage: str) -> None:
        self._began[stage] = self.clock()

    def stage_seconds(self, stage: str) -> float:
        """Return how long a stage took in this sitting; 0 for one that began in an earlier one."""
        began = self._began.get(stage)
        return self.clock() - began if began is not None else 0.0
