"""What every step of a resolution works with: the run's means, passed as LangGraph's run-scoped context."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from repowright.agent import prompts
from repowright.agent.artifacts import ArtifactStore
from repowright.agent.events import Event, EventBus, StageEnd, StageStart
from repowright.agent.llm import Gateway, Request
from repowright.agent.run import Run
from repowright.agent.settings import Settings
from repowright.agent.workflows.resolve.atlas import Atlas
from repowright.agent.workflows.resolve.bench import ResolveBench
from repowright.agent.workflows.resolve.specification import Subject
from repowright.agent.workflows.resolve.stages import STAGES

M = TypeVar("M", bound=BaseModel)


@dataclass
class Studio:
    """The means of one resolution.

    Parameters
    ----------
    untestable
        Why no tests can be run; empty if they may.
    clock
        Seconds, for how long a stage took.
    """

    run: Run
    subject: Subject
    settings: Settings
    atlas: Atlas
    gateway: Gateway
    events: EventBus
    store: ArtifactStore
    bench: ResolveBench
    untestable: str
    clock: Callable[[], float]

    def emit(self, event: Event) -> None:
        self.events.emit(event)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Tell when a stage begins and when it is done."""
        self.emit(StageStart(stage=name, title=dict(STAGES)[name]))
        began = self.clock()
        yield
        self.emit(StageEnd(stage=name, seconds=self.clock() - began))

    def keep(self, record: BaseModel) -> str:
        """Keep a record and return its address."""
        return self.store.put_text(record.model_dump_json())

    def kept(self, address: str, model: type[M]) -> M:
        """Return the record kept under an address, or an empty one where there is none."""
        return model.model_validate_json(self.store.get_text(address)) if address else model()

    def request(self, name: str, holes: dict[str, object], max_tokens: int) -> Request:
        """Return a request made of the prompt ``resolve/<name>``."""
        prompt = f"resolve/{name}"
        return Request(
            task=f"resolve.{name}",
            prompt_hash=prompts.prompt_hash(prompt),
            messages=prompts.render(prompt, holes),
            max_tokens=max_tokens,
            temperature=self.settings.temperature,
            subject=self.subject.title,
        )
