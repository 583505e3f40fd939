from __future__ import annotations

from pathlib import Path

import pytest
from scripted_translator import Question, Said, Translator, translating
from small_c_projects import QUEUE
from small_translations import need_rust
from translations import Studio

from repowright.agent.events import ReplyRejected
from repowright.agent.workflows.translate.records import UnitState

pytestmark = pytest.mark.bubblewrap

EMPTY_RING = "if self.count == 0 {"
REPLACED = {
    "stub-left": (EMPTY_RING, f"todo!();\n        {EMPTY_RING}"),
    "changed-signature": ("fallback: i32) -> i32", "fallback: i64) -> i64"),
    "new-unsafe": ("self.items[self.head];", "unsafe { *self.items.get_unchecked(self.head) };"),
    "calls-c": ("impl Ring", 'extern "C" { fn ring_pop(); }\n\nimpl Ring'),
    "hard-coded-expectations": (EMPTY_RING, f"if fallback == 987654 {{ return 987654; }}\n        {EMPTY_RING}"),
    "edited-tests": ("```rust\n", "```rust\n#[test]\nfn own() {}\n\n"),
    "starts-a-process": (EMPTY_RING, f'let _ = std::process::Command::new("true");\n        {EMPTY_RING}'),
}
"""By the kind of the refusal: what of the right answer is replaced by what."""
SAID = {
    "empty": Said(""),
    "declined": Said("I would rather write this in C."),
    "missing": Said("src/ring.rs\n```rust\nimpl Ring {\n    fn other(&self) {}\n}\n```"),
}
DOES_NOT_COMPILE = (EMPTY_RING, "if self.nothing_of_the_kind() {")
FAILS_A_TEST = ("self.count -= 1;", "self.count -= 0;")


@pytest.fixture(autouse=True)
def _rust() -> None:
    need_rust()


def _erring(ways: list[Said | tuple[str, str]]) -> Translator:
    """A model that writes ``pop`` in each of these ways, then rightly."""

    def say(question: Question, right: str) -> Said | None:
        if question.names != ("pop",) or question.turn >= len(ways):
            return None
        way = ways[question.turn]
        if isinstance(way, Said):
            return way
        assert right.count(way[0]) == 1
        return Said(right.replace(*way))

    return Translator(QUEUE.solution, say)


@pytest.mark.timeout(120)
def test_every_bad_answer_is_refused_by_name_told_and_counted(tmp_path: Path) -> None:
    kinds = [*SAID, *REPLACED]
    filtered = Said("that is not allowed", "content_filter")
    studio, model = Studio(tmp_path), _erring([*SAID.values(), *REPLACED.values(), filtered])
    with translating(model) as url:
        end = studio.translate(url, QUEUE, unit_repairs=len(kinds) + 1)
    assert end.status == "done"
    pop = next(unit for unit in studio.translation.units if unit.items == ("src/ring.rs::Ring::pop",))
    assert (pop.state, pop.attempts) == (UnitState.VERIFIED, len(kinds) + 2)
    assert set(kinds) <= set(pop.faults)
    assert studio.translation.faults["declined"] == 2
    assert all(f"refused for {kind}" in studio.report for kind in kinds)
    rejected = [event for event in studio.told.events if isinstance(event, ReplyRejected)]
    assert len(rejected) == len(kinds) + 1
    last = [str(body["messages"][1]["content"]) for body in model.requests if "Ring::pop`" in str(body)]
    assert "decides by '987654', which only the tests know" in "".join(last)
    assert (studio.out / "tests/ring.rs").read_text() == QUEUE.tests["ring.rs"]


@pytest.mark.timeout(120)
def test_odd_forms_are_used_and_broken_code_is_repaired(tmp_path: Path) -> None:
    def say(question: Question, right: str) -> Said | None:
        code = right.partition("```rust\n")[2].removesuffix("\n```")
        if question.names == ("new",):
            return Said(f"Here it is.\n\n```rust\n{code}\n```")
        if question.names == ("push",):
            return Said(f"```rust\nfn main() {{}}\n```\n\n{right}\n\n{right}")
        if len(question.body["messages"]) > 2:
            return Said(right[right.index("let value") :])
        ways = {0: DOES_NOT_COMPILE, 1: FAILS_A_TEST}
        if question.turn in ways:
            return Said(right.replace(*ways[question.turn]))
        return Said(right[: right.index("let value")], "length")

    studio, model = Studio(tmp_path), Translator(QUEUE.solution, say)
    with translating(model) as url:
        end = studio.translate(url, QUEUE)
    assert end.status == "done"
    pop = next(unit for unit in studio.translation.units if unit.items == ("src/ring.rs::Ring::pop",))
    assert (pop.attempts, pop.faults) == (3, ("cut-off",))
    assert {"no-header", "several-blocks"} <= studio.translation.form.keys()
    told = [str(body["messages"][1]["content"]) for body in model.requests]
    assert any("nothing_of_the_kind" in text and "E0599" in text for text in told)
    assert any("The test `" in text and "first_in_first_out" in text and "panicked" in text for text in told)


@pytest.mark.timeout(120)
def test_a_unit_that_never_passes_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    def say(question: Question, right: str) -> Said | None:
        if question.names == ("push",):
            return Said(right.replace("self.items[at] = value;", "self.items[at] = nothing_of_the_kind;"))
        return None

    studio, model = Studio(tmp_path), Translator(QUEUE.solution, say)
    with translating(model) as url:
        end = studio.translate(url, QUEUE, unit_repairs=1)
    assert (end.status, end.exit_code) == ("failing", 1)
    states = {unit.items[0].rpartition("::")[2]: unit for unit in studio.translation.units}
    assert states["push"].state is UnitState.STUB and "nothing_of_the_kind" in states["push"].reason
    assert states["new"].state is UnitState.VERIFIED and states["pop"].state is UnitState.COMPILED
    assert studio.translation.metrics.builds and studio.translation.metrics.tests_passed == 1
    assert "unimplemented!()" in (studio.out / "src/ring.rs").read_text()
    assert "**In part.**" in studio.report


@pytest.mark.timeout(120)
def test_a_test_that_an_earlier_unit_breaks_is_mended_with_all_it_reaches(tmp_path: Path) -> None:
    def say(question: Question, right: str) -> Said | None:
        mending = "behaves otherwise than it should" in question.text
        wrong = "new" in question.names and not mending
        return Said(right.replace("vec![0; limit]", "vec![0; limit + 1]")) if wrong else None

    studio, model = Studio(tmp_path), Translator(QUEUE.solution, say)
    with translating(model) as url:
        end = studio.translate(url, QUEUE, unit_repairs=1)
    assert (end.status, end.units_verified, end.tests_passed) == ("done", 3, 2)
    mend = str(model.requests[-1]["messages"][1]["content"])
    assert "`src/ring.rs::Ring::new`" in mend and "vec![0; limit + 1]" in mend and "first_in_first_out" in mend
    assert "vec![0; limit]" in (studio.out / "src/ring.rs").read_text()
