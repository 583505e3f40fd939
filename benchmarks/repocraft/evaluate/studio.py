"""What every step of an evaluation works with: the run's means, passed as LangGraph's run-scoped context."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from repowright.agent.artifacts import ArtifactStore
from repowright.agent.errors import BudgetSpent, ModelError, ModelRefused, ReplayMiss, ReplyInvalid
from repowright.agent.events import Event, EventBus
from repowright.agent.llm import Gateway
from repowright.agent.settings import Settings
from repowright.benchmarks.repocraft.evaluate.atlas import Atlas
from repowright.benchmarks.repocraft.evaluate.bench import EvaluationBench
from repowright.benchmarks.repocraft.evaluate.context import GoldContext
from repowright.benchmarks.repocraft.evaluate.renaming import RenamedTests
from repowright.benchmarks.repocraft.evaluate.terms import Terms
from repowright.benchmarks.repocraft.tasks import Task


@dataclass
class Studio:
    """The means of one evaluation.

    Parameters
    ----------
    contexts
        What stands around the real tests, by task.
    plugins
        Modules of pytest plugins that are there for the tests.
    gateway, judge
        The ways to the model that localises and adapts, and to the one that votes.
    renamed
        The real tests under the repository's name, where nothing else is adapted; else none.
    clock
        Seconds, for how long a task took.
    halt
        The error that made a branch stop asking: its siblings finish, what they paid for is kept, and the run
        then ends with this error and can be resumed.
    """

    settings: Settings
    terms: Terms
    tasks: Mapping[str, Task]
    contexts: Mapping[str, GoldContext]
    plugins: tuple[str, ...]
    atlas: Atlas
    gateway: Gateway
    judge: Gateway
    events: EventBus
    store: ArtifactStore
    bench: EvaluationBench
    renamed: RenamedTests
    clock: Callable[[], float]
    halt: Exception | None = None
    began: dict[str, float] = field(default_factory=dict)

    def emit(self, event: Event) -> None:
        self.events.emit(event)

    def halts(self, error: Exception) -> bool:
        """Return whether an error ends the run; one that a single task's request met does not."""
        if isinstance(error, ReplyInvalid | ModelRefused):
            return False
        if not isinstance(error, BudgetSpent | ModelError | ReplayMiss):
            return False
        self.halt = self.halt or error
        return True

    def raise_halt(self) -> None:
        """Raise the error a branch met, now that its siblings' results are in the checkpoint."""
        if self.halt is not None:
            raise self.halt
