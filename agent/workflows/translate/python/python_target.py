"""Python as the workflow sees it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from pydantic import BaseModel

from repowright.agent.workflows.translate.answers.asked import AnswerReading, Asked
from repowright.agent.workflows.translate.answers.blocks import find_blocks
from repowright.agent.workflows.translate.answers.placing import place_block
from repowright.agent.workflows.translate.checks.bench import Bench
from repowright.agent.workflows.translate.encoding import EncodedC
from repowright.agent.workflows.translate.python.frame import check_interface, frame_of, has_tests, is_own_code, reaches
from repowright.agent.workflows.translate.python.judging import PythonJudge
from repowright.agent.workflows.translate.python.reading import PYTHON, names_in, read_answer
from repowright.agent.workflows.translate.python.views import PythonViews, current_text
from repowright.agent.workflows.translate.reach import TestReach
from repowright.agent.workflows.translate.records import (
    Judgement,
    LadderStep,
    Metrics,
    UnitState,
    UnsafeFigures,
)
from repowright.agent.workflows.translate.slots import Frame, Slot, tests_of
from repowright.agent.workflows.translate.target import Ending, Judging, Placed, Wishes, Words
from repowright.agent.workflows.translate.wanted import StandIn
from repowright.graph.kinds import NodeKind
from repowright.repo_tools.python_items import read_source

if TYPE_CHECKING:
    from repowright.agent.events import EventBus
    from repowright.agent.llm import Record, Replay
    from repowright.agent.workflows.resolve.source_tree import SourceTree
    from repowright.agent.workflows.translate.idiomatic.cluster_record import ClusterRecord
    from repowright.agent.workflows.translate.originals import Originals
    from repowright.agent.workflows.translate.studio import Files, Layout, Studio

_ASSERTION = re.compile(r"^\s*assert\b", re.MULTILINE)
_MOST_PROBLEMS = 20


class PythonTarget:
    """Python."""

    name = "python"
    suffix = ".py"
    toolchains: tuple[str, ...] = ("c",)
    prompts = "translate_python"
    designs = False
    words = Words("Called as C was called it behaves otherwise", "Called as C was called", "the package")
    views = PythonViews()

    def check_interface(self, interface: SourceTree) -> None:
        """As ``frame.check_interface``."""
        check_interface(interface)

    def judge(self, bench: Bench, record: Record, replay: Replay | None, events: EventBus, wall_s: float) -> Judging:
        """A judge of packages."""
        return PythonJudge(bench, record, replay, events, wall_s)

    def frame(self, encoded: EncodedC, originals: Originals, designed: Mapping[str, bytes] | None) -> Frame:
        """As ``frame.frame_of``; nothing is designed for Python."""
        return frame_of(encoded, originals)

    def reaches(self, frame: Frame) -> tuple[TestReach, ...]:
        """As ``frame.reaches``."""
        return reaches(frame)

    def has_tests(self, frame: Frame) -> bool:
        """As ``frame.has_tests``."""
        return has_tests(frame)

    def stand_ins(self, encoded: EncodedC, slots: Collection[Slot]) -> tuple[StandIn, ...]:
        """Every function: its signature follows from that of C."""
        functions = encoded.links.functions
        found = {slot.origin: slot for slot in slots if slot.origin is not None and slot.origin in functions}
        return tuple(StandIn(found[key].path, found[key].item, key.name, True) for key in sorted(found))

    def asked(self, frame: Frame, wanted: Wishes, files: Mapping[str, bytes], origin: str) -> Asked:
        """What is asked of a package: its own files."""
        own = {path: data.decode("utf-8", "replace") for path, data in files.items() if is_own_code(path)}
        return Asked(own, wanted, tests_of(frame), origin)

    def read(self, answer: str, asked: Asked, finish_reason: str) -> AnswerReading:
        """As ``reading.read_answer``."""
        return read_answer(answer, asked, finish_reason)

    def answered(self, answer: str, asked: Asked) -> dict[str, tuple[str, ...]]:
        """Which items an answer holds, by the file its blocks belong to."""
        found: dict[str, list[str]] = {}
        for block in find_blocks(answer, PYTHON).blocks:
            path, has = place_block(block, asked, names_in), names_in(block.text)
            found.setdefault(path, []).extend(item for item in asked.wanted.get(path, ()) if item in has)
        return {path: tuple(dict.fromkeys(items)) for path, items in found.items() if items}

    def current_text(self, files: Mapping[str, bytes], wanted: Wishes) -> str:
        """As ``views.current_text``."""
        return current_text(files, wanted)

    def settled(self, files: Mapping[str, bytes], wanted: Wishes) -> dict[str, bytes]:
        """Nothing: no remark stands above what is not written."""
        return {}

    def placed(self, data: bytes) -> Mapping[str, Placed]:
        """Lines of the items of a file."""
        items = read_source(data.decode("utf-8", "replace")).items
        return {
            each.path: Placed(
                each.name,
                each.first,
                each.last,
                NodeKind.GLOBAL if each.is_variable else NodeKind.FUNCTION,
            )
            for each in items
        }

    async def design(self, studio: Studio, encoded: EncodedC) -> tuple[Files, BaseModel | None]:
        """Nothing: Python's types are objects already."""
        return {}, None

    async def accept(self, studio: Studio, layout: Layout, designed: str, end: Ending) -> tuple[ClusterRecord, ...]:
        """Nothing, since nothing was designed."""
        return ()

    def converting(self, studio: Studio, layout: Layout, designed: str) -> None:
        """Nothing is designed for Python."""

    async def climb(self, studio: Studio, layout: Layout, files: Files, now: Judgement) -> list[LadderStep]:
        """All checks as steps; those of the whole ran before."""
        if not now.builds:
            return [_step("compile", "failed", f"{len(now.errors)} errors", now.errors)]
        steps = [_step("parse", "passed", "every file parses"), _step("compile", "passed", "every module is imported")]
        tests = f"{len(now.passed)} tests pass, {len(now.failing)} fail, {len(now.pending)} stop in a stub"
        bad = bool(now.failing or now.pending)
        verdict = "failed" if bad else "passed" if now.passed else "skipped"
        told = tests if now.ran else "there is no test"
        steps.append(_step("tests", verdict if now.ran else "skipped", told, [each.test for each in now.failing]))
        verdict = "failed" if now.differences else "passed" if now.swapped else "skipped"
        told = now.swap or "nothing was called as C was called"
        return [*steps, _step("differential", verdict, told, now.differences, now.reached)]

    def metrics(self, studio: Studio, layout: Layout, end: Ending) -> Metrics:
        """The figures; none of them is about unsafe code."""
        replies, now = list(studio.record.replies()), end.now
        project = layout.encoded.project
        c_files = [path for path in project.files if path.endswith((".c", ".h")) and path not in project.tests]
        asserted = {
            each.test.rpartition("::")[2]: len(_ASSERTION.findall(each.text)) for each in layout.context.reaches
        }
        idle = {name.rpartition("::")[2] for name in studio.judge.vacuous}
        passed = {name.rpartition("::")[2] for name in now.passed}
        return Metrics(
            c_lines=_lines([project.files[path] for path in c_files]),
            rust_lines=_lines([data for path, data in end.files.items() if is_own_code(path)]),
            units=len(layout.plan.tasks),
            written=sum(unit.state is not UnitState.STUB for unit in end.units),
            verified=sum(unit.state is UnitState.VERIFIED for unit in end.units),
            refused=len(layout.plan.left_out) + sum(not each.name for each in layout.encoded.refused),
            builds=now.builds,
            tests_total=len(now.passed) + len(now.failing) + len(now.pending),
            tests_passed=len(now.passed),
            tests_failed=len(now.failing) + len(now.pending),
            tests_vacuous=len(studio.judge.vacuous),
            assertions=sum(count for name, count in asserted.items() if name not in idle),
            assertions_passed=sum(count for name, count in asserted.items() if name in passed),
            unsafe=UnsafeFigures(),
            requests=len(replies),
            prompt_tokens=sum(reply.usage.prompt_tokens for reply in replies),
            completion_tokens=sum(reply.usage.completion_tokens for reply in replies),
            usd=studio.gateway.ledger.spent.usd,
            seconds=sum(reply.seconds for reply in replies),
        )


def _step(
    check: str, verdict: str, told: str, problems: Collection[str] = (), functions: tuple[str, ...] = ()
) -> LadderStep:
    return LadderStep(
        check=check, verdict=verdict, told=told, problems=tuple(problems)[:_MOST_PROBLEMS], functions=functions
    )


def _lines(files: Collection[bytes]) -> int:
    """Lines that are not empty."""
    return sum(bool(line.strip()) for data in files for line in data.decode("utf-8", "replace").splitlines())
