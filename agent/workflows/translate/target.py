"""The seam of the workflow: everything its steps ask of the language that is written.

The steps themselves (`workflow`, `studio`, `translating`, `asking`, `mending`, `delivering`, `session`) know this
protocol, C, and nothing of any target language.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pydantic import BaseModel

from repowright.agent.workflows.translate.answers.asked import AnswerReading, Asked
from repowright.agent.workflows.translate.checks.bench import Bench
from repowright.agent.workflows.translate.checks.crate import CProgram
from repowright.agent.workflows.translate.encoding import EncodedC
from repowright.agent.workflows.translate.reach import TestReach
from repowright.agent.workflows.translate.slots import Frame, Slot
from repowright.agent.workflows.translate.wanted import Mended, StandIn, Wanted
from repowright.graph.kinds import NodeKind

if TYPE_CHECKING:
    from repowright.agent.events import EventBus
    from repowright.agent.llm import Record, Replay
    from repowright.agent.workflows.resolve.source_tree import SourceTree
    from repowright.agent.workflows.translate.checks.conversions import Converting
    from repowright.agent.workflows.translate.idiomatic.cluster_record import ClusterRecord
    from repowright.agent.workflows.translate.originals import Originals
    from repowright.agent.workflows.translate.records import Judgement, LadderStep, Metrics, UnitRecord
    from repowright.agent.workflows.translate.studio import Files, Layout, Studio

Wishes = Mapping[str, tuple[str, ...]]
"""Paths of items by the path of their file."""


@dataclass(frozen=True)
class Words:
    """What differs from language to language in what is told.

    Parameters
    ----------
    in_unit, in_whole
        Stand before a difference to C, where a unit and where all of it is judged.
    whole
        What the whole is called.
    """

    in_unit: str
    in_whole: str
    whole: str


@dataclass(frozen=True)
class Placed:
    """Where an item stands in its file, lines counted from 1."""

    name: str
    line: int
    last_line: int
    kind: NodeKind


@dataclass(frozen=True)
class Ending:
    """What is delivered: the state at the end and what the checks and the units came to."""

    files: Files
    now: Judgement
    units: tuple[UnitRecord, ...]
    steps: tuple[LadderStep, ...]


class Judging(Protocol):
    """Runs the checks on states of a translation; each state is asked once, its answer kept with the run."""

    program: CProgram | None
    """The C project; ``None`` as long as nobody has read it."""
    vacuous: frozenset[str]
    """Tests that pass on stubs: they show nothing."""

    @property
    def bench(self) -> Bench:
        """Where it runs them."""

    async def judged(self, frame: Frame, files: Mapping[str, bytes], wanted: Wanted) -> Judgement:
        """Check one state; raises ``SandboxError`` if no box can be had."""

    async def ruled(self, frame: Frame, files: Mapping[str, bytes]) -> Mended:
        """Return what rules make of a state that does not build; raises ``SandboxError``."""


class Views(Protocol):
    """What a request shows of the translation."""

    @property
    def task(self) -> str:
        """Prompt that holds the material of a task."""

    @property
    def remark(self) -> str:
        """What a remark of one line begins with."""

    def file(self, text: str, items: Sequence[str], c_text: str) -> str:
        """A file with the items to be written in full; ``c_text`` is what is translated."""

    def others(self, files: Mapping[str, bytes], wanted: Wishes, c_text: str) -> str:
        """What other files have that the task may use."""

    def dependencies(self, files: Mapping[str, bytes]) -> str:
        """What it may use beside the standard library; empty for nothing."""


class Target(Protocol):
    """A language that is written."""

    @property
    def name(self) -> str:
        """As ``--to`` names it."""

    @property
    def suffix(self) -> str:
        """Of its files."""

    @property
    def toolchains(self) -> tuple[str, ...]:
        """What the sandbox must have."""

    @property
    def prompts(self) -> str:
        """Folder of its prompts."""

    @property
    def designs(self) -> bool:
        """Whether the model can design an interface first."""

    @property
    def words(self) -> Words:
        """Its words."""

    @property
    def views(self) -> Views:
        """What its requests show."""

    def check_interface(self, interface: SourceTree) -> None:
        """Raise ``UserError`` where a given interface has nothing to be written."""

    def judge(self, bench: Bench, record: Record, replay: Replay | None, events: EventBus, wall_s: float) -> Judging:
        """Return what checks its states; one run of tests may take ``wall_s`` seconds."""

    def frame(self, encoded: EncodedC, originals: Originals, designed: Mapping[str, bytes] | None) -> Frame:
        """Return the interface that was given or designed, else a skeleton made without a model."""

    def reaches(self, frame: Frame) -> tuple[TestReach, ...]:
        """Return what each test may call."""

    def has_tests(self, frame: Frame) -> bool:
        """Tell whether there is any test."""

    def stand_ins(self, encoded: EncodedC, slots: Collection[Slot]) -> tuple[StandIn, ...]:
        """Return which of the written items can take the place of C."""

    def asked(self, frame: Frame, wanted: Wishes, files: Mapping[str, bytes], origin: str) -> Asked:
        """Return what a model is asked to write in a state; ``origin`` is the text of the C."""

    def read(self, answer: str, asked: Asked, finish_reason: str) -> AnswerReading:
        """Read one answer."""

    def answered(self, answer: str, asked: Asked) -> dict[str, tuple[str, ...]]:
        """Return which of the items asked for an answer holds."""

    def current_text(self, files: Mapping[str, bytes], wanted: Wishes) -> str:
        """Return the items as they stand."""

    def settled(self, files: Mapping[str, bytes], wanted: Wishes) -> dict[str, bytes]:
        """Return the files of items without the remark that these are not written."""

    def placed(self, data: bytes) -> Mapping[str, Placed]:
        """Return where each item of a file stands, by its path."""

    async def design(self, studio: Studio, encoded: EncodedC) -> tuple[Files, BaseModel | None]:
        """Let the model design an interface; nothing where that fails."""

    def converting(self, studio: Studio, layout: Layout, designed: str) -> Converting | None:
        """Return what makes the converters of a design, whose address is ``designed``; nothing where there are none."""

    async def climb(self, studio: Studio, layout: Layout, files: Files, now: Judgement) -> list[LadderStep]:
        """Run the checks of the whole that the units did not, and tell all of them."""

    async def accept(self, studio: Studio, layout: Layout, designed: str, end: Ending) -> tuple[ClusterRecord, ...]:
        """Judge what was designed; ``designed`` is the address of the design's record, empty for none."""

    def metrics(self, studio: Studio, layout: Layout, end: Ending) -> Metrics:
        """Return the figures."""
