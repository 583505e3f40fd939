"""Rust as the workflow sees it: the seam's protocol, kept by the modules that know Rust."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from repowright.agent.workflows.translate.answers.asked import AnswerReading, Asked
from repowright.agent.workflows.translate.answers.blocks import find_blocks
from repowright.agent.workflows.translate.answers.placing import place_block
from repowright.agent.workflows.translate.answers.reading import read_answer
from repowright.agent.workflows.translate.checks.bench import Bench
from repowright.agent.workflows.translate.checks.conversions import Converting
from repowright.agent.workflows.translate.encoding import EncodedC
from repowright.agent.workflows.translate.frame import MANIFEST, check_interface, frame_of, has_tests, settled_heads
from repowright.agent.workflows.translate.idiomatic.accepting import Whole, accept
from repowright.agent.workflows.translate.idiomatic.designing import Design, design
from repowright.agent.workflows.translate.idiomatic.standing import designed_conversions
from repowright.agent.workflows.translate.judging import Judge
from repowright.agent.workflows.translate.measuring import climb_all, metrics
from repowright.agent.workflows.translate.reach import TestReach
from repowright.agent.workflows.translate.readiness import reaches
from repowright.agent.workflows.translate.records import Judgement, LadderStep, Metrics
from repowright.agent.workflows.translate.rust_excerpts import current_text, needed_items, shown_file
from repowright.agent.workflows.translate.slots import Frame, Slot, tests_of
from repowright.agent.workflows.translate.standing_in import stand_ins
from repowright.agent.workflows.translate.target import Ending, Judging, Placed, Wishes, Words
from repowright.agent.workflows.translate.wanted import StandIn
from repowright.graph.kinds import NodeKind
from repowright.repo_tools.rust_source import ItemKind, read_items

if TYPE_CHECKING:
    from repowright.agent.events import EventBus
    from repowright.agent.llm import Record, Replay
    from repowright.agent.workflows.resolve.source_tree import SourceTree
    from repowright.agent.workflows.translate.idiomatic.cluster_record import ClusterRecord
    from repowright.agent.workflows.translate.originals import Originals
    from repowright.agent.workflows.translate.studio import Files, Layout, Studio

_KINDS = {ItemKind.STATIC: NodeKind.GLOBAL, ItemKind.CONST: NodeKind.CONSTANT}


class RustViews:
    """What a request shows of a crate."""

    task = "translate/_task"
    remark = "//"

    def file(self, text: str, items: Sequence[str], c_text: str) -> str:
        """A file without most bodies."""
        return shown_file(text, items, c_text)

    def others(self, files: Mapping[str, bytes], wanted: Wishes, c_text: str) -> str:
        """Types, constants and signatures of other modules."""
        return needed_items(files, wanted, c_text)

    def dependencies(self, files: Mapping[str, bytes]) -> str:
        """The lines of the manifest that name crates."""
        return dependencies(files)


class RustTarget:
    """Rust."""

    name = "rust"
    suffix = ".rs"
    toolchains: tuple[str, ...] = ("c", "rust")
    prompts = "translate"
    designs = True
    words = Words(
        "In the C program in place of the C it behaves otherwise",
        "A C program with this Rust in place of the C",
        "the crate",
    )
    views = RustViews()

    def check_interface(self, interface: SourceTree) -> None:
        """As ``frame.check_interface``."""
        check_interface(interface)

    def judge(self, bench: Bench, record: Record, replay: Replay | None, events: EventBus, wall_s: float) -> Judging:
        """A judge of crates."""
        return Judge(bench, record, replay, events, wall_s)

    def frame(self, encoded: EncodedC, originals: Originals, designed: Mapping[str, bytes] | None) -> Frame:
        """As ``frame.frame_of``."""
        return frame_of(encoded, originals, designed)

    def reaches(self, frame: Frame) -> tuple[TestReach, ...]:
        """As ``readiness.reaches``."""
        return reaches(frame)

    def has_tests(self, frame: Frame) -> bool:
        """As ``frame.has_tests``."""
        return has_tests(frame)

    def stand_ins(self, encoded: EncodedC, slots: Collection[Slot]) -> tuple[StandIn, ...]:
        """As ``standing_in.stand_ins``."""
        return stand_ins(encoded, slots)

    def asked(self, frame: Frame, wanted: Wishes, files: Mapping[str, bytes], origin: str) -> Asked:
        """What is asked of a crate: its own files, and whether they may hold unsafe code."""
        own = {path: data for path, data in files.items() if path.endswith(self.suffix) and path not in frame.tests}
        texts = {path: data.decode("utf-8", "replace") for path, data in own.items()}
        return Asked(texts, wanted, tests_of(frame), origin, frame.allows_unsafe, frame.allows_unsafe)

    def read(self, answer: str, asked: Asked, finish_reason: str) -> AnswerReading:
        """As ``answers.read_answer``."""
        return read_answer(answer, asked, finish_reason)

    def answered(self, answer: str, asked: Asked) -> dict[str, tuple[str, ...]]:
        """Which items an answer holds, by the file its blocks belong to."""
        found: dict[str, list[str]] = {}
        for block in find_blocks(answer).blocks:
            path = place_block(block, asked)
            has = {item.path for item in read_items(block.text.encode()).items}
            found.setdefault(path, []).extend(item for item in asked.wanted.get(path, ()) if item in has)
        return {path: tuple(dict.fromkeys(items)) for path, items in found.items() if items}

    def current_text(self, files: Mapping[str, bytes], wanted: Wishes) -> str:
        """As ``rust_excerpts.current_text``."""
        return current_text(files, wanted)

    def settled(self, files: Mapping[str, bytes], wanted: Wishes) -> dict[str, bytes]:
        """The files of items without the remark above initial values."""
        return {path: settled_heads(files[path], items) for path, items in wanted.items()}

    def placed(self, data: bytes) -> Mapping[str, Placed]:
        """Lines of the items of a file."""
        source = read_items(data)
        text = source.text.encode()
        found: dict[str, Placed] = {}
        for path in dict.fromkeys(each.path for each in source.items):
            item = source.find(path)
            if item is None:
                continue
            last = text[: item.declared.end].count(b"\n") + 1
            kind = _KINDS.get(item.kind, NodeKind.FUNCTION)
            found[path] = Placed(item.name, item.line, max(item.line, last), kind)
        return found

    async def design(self, studio: Studio, encoded: EncodedC) -> tuple[Files, Design | None]:
        """As ``idiomatic.designing.design``."""
        return await design(studio, encoded)

    def converting(self, studio: Studio, layout: Layout, designed: str) -> Converting | None:
        """As ``idiomatic.standing.designed_conversions``."""
        return designed_conversions(layout, studio.kept(designed, Design)) if designed else None

    async def climb(self, studio: Studio, layout: Layout, files: Files, now: Judgement) -> list[LadderStep]:
        """As ``measuring.climb_all``."""
        return await climb_all(studio.judge, studio.record, layout.frame, files, now)

    async def accept(self, studio: Studio, layout: Layout, designed: str, end: Ending) -> tuple[ClusterRecord, ...]:
        """As ``idiomatic.accepting.accept``."""
        found = studio.kept(designed, Design) if designed else Design()
        return await accept(studio, layout, found, Whole(end.files, end.now, end.units, end.steps))

    def metrics(self, studio: Studio, layout: Layout, end: Ending) -> Metrics:
        """As ``measuring.metrics``."""
        usd = studio.gateway.ledger.spent.usd
        return metrics(layout, end.files, end.now, end.units, end.steps, studio.record, studio.judge.vacuous, usd)


def dependencies(files: Mapping[str, bytes]) -> str:
    """The lines of a manifest that name crates; empty where there are none."""
    lines = files.get(MANIFEST, b"").decode("utf-8", "replace").splitlines()
    found: list[str] = []
    inside = False
    for line in lines:
        if line.startswith("["):
            inside = line.strip() == "[dependencies]"
        elif inside and line.strip() and not line.lstrip().startswith("#"):
            found.append(line.strip())
    return "\n".join(found)
