"""What every step of a translation works with: the run's means, passed as LangGraph's run-scoped context."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import ormsgpack
from pydantic import BaseModel

from repowright.agent import prompts
from repowright.agent.artifacts import ArtifactStore
from repowright.agent.events import Event, EventBus, StageEnd, StageStart
from repowright.agent.llm import Gateway, Record, Request
from repowright.agent.run import Run
from repowright.agent.settings import Settings
from repowright.agent.workflows.translate.answers.asked import Asked
from repowright.agent.workflows.translate.checks.crate import CProgram, c_program
from repowright.agent.workflows.translate.context import Context
from repowright.agent.workflows.translate.encoding import EncodedC
from repowright.agent.workflows.translate.originals import Originals
from repowright.agent.workflows.translate.slots import Frame
from repowright.agent.workflows.translate.stages import STAGES
from repowright.agent.workflows.translate.survey import survey
from repowright.agent.workflows.translate.target import Judging, Target
from repowright.agent.workflows.translate.tasks import Plan, plan_tasks
from repowright.executors import Sandbox

M = TypeVar("M", bound=BaseModel)
Files = dict[str, bytes]


@dataclass(frozen=True)
class Layout:
    """All that follows from the C without a model, worked out once a sitting."""

    encoded: EncodedC
    frame: Frame
    plan: Plan
    context: Context
    origin: str
    """Text of the C, against which literals of answers are held."""
    target: Target

    def asked(self, wanted: Mapping[str, tuple[str, ...]], files: Mapping[str, bytes]) -> Asked:
        """What a model is asked to write, in a state of the crate."""
        return self.target.asked(self.frame, wanted, files, self.origin)


@dataclass
class Studio:
    """The means of one translation.

    Parameters
    ----------
    clock
        Seconds, for how long a stage took.
    idiomatic
        Whether an interface is designed where none is given.
    """

    run: Run
    originals: Originals
    settings: Settings
    gateway: Gateway
    events: EventBus
    store: ArtifactStore
    record: Record
    sandbox: Sandbox
    judge: Judging
    target: Target
    clock: Callable[[], float]
    idiomatic: bool = False
    began: float | None = None
    """When this sitting's first unit began."""
    _layout: tuple[str, Layout] | None = None

    def emit(self, event: Event) -> None:
        self.events.emit(event)

    @contextmanager
    def stage(self, name: str, total: int = 0) -> Iterator[None]:
        """Tell when a stage begins and when it is done."""
        self.emit(StageStart(stage=name, title=dict(STAGES)[name], total=total))
        began = self.clock()
        yield
        self.emit(StageEnd(stage=name, seconds=self.clock() - began))

    def encoded(self, compiled: str) -> EncodedC:
        """Return the C in the graph."""
        encoded = survey(self.originals.project, compiled, self.store, self.run.folder)
        self.judge.program = _program(encoded)
        return encoded

    def layout(self, compiled: str, designed: str = "") -> Layout:
        """Return what follows from what the compiler said.

        Parameters
        ----------
        compiled
            Address that `survey.compile_all` returned.
        designed
            Address of the interface that was designed; empty where none was.
        """
        key = f"{compiled} {designed}"
        if self._layout is None or self._layout[0] != key:
            encoded = self.encoded(compiled)
            frame = self.target.frame(encoded, self.originals, self.kept_files(designed) if designed else None)
            context = Context(encoded, frame, self.target.reaches(frame), self.target.views)
            plan = plan_tasks(encoded, frame)
            self._layout = key, Layout(encoded, frame, plan, context, context.origin(), self.target)
        return self._layout[1]

    def keep(self, record: BaseModel) -> str:
        """Keep a record and return its address."""
        return self.store.put_text(record.model_dump_json())

    def kept(self, address: str, model: type[M]) -> M:
        """Return the record kept under an address."""
        return model.model_validate_json(self.store.get_text(address))

    def keep_files(self, files: Mapping[str, bytes]) -> str:
        """Keep a state of the crate and return its address."""
        return self.store.put(ormsgpack.packb(dict(sorted(files.items()))))

    def kept_files(self, address: str) -> Files:
        """Return the state of the crate kept under an address."""
        files: Files = ormsgpack.unpackb(self.store.get(address))
        return files

    def request(self, name: str, holes: Mapping[str, object], subject: str) -> Request:
        """Return a request made of the prompt of this name in the folder of the target language."""
        prompt = f"{self.target.prompts}/{name}"
        messages = prompts.render(prompt, holes)
        return Request(
            task=f"translate.{name}",
            prompt_hash=prompts.prompt_hash(prompt),
            messages=messages,
            max_tokens=_room(messages[1].content),
            temperature=self.settings.temperature,
            subject=subject,
        )


def _program(encoded: EncodedC) -> CProgram:
    """The C project as something that is built and run, without the files that do not compile here."""
    broken = [each.path for each in (*encoded.refused, *encoded.notes) if not each.name and each.code in _BROKEN]
    return c_program(encoded.project.files, broken)


_BROKEN = frozenset({"missing-header", "preprocessing", "syntax", "unparsed", "unread"})


def _room(shown: str) -> int:
    """Tokens an answer may have: thinking ahead, and more where more is shown."""
    return min(_MOST_TOKENS, _LEAST_TOKENS + len(shown) // 6)


_LEAST_TOKENS, _MOST_TOKENS = 16_000, 48_000
