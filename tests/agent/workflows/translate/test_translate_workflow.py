from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lexicon_project import LEXICON
from scripted_translator import Question, Translator, translating
from small_c_projects import QUEUE, TURNS
from small_translations import need_rust
from translations import Studio

from repowright.agent.errors import UserError
from repowright.agent.events import RunEnd
from repowright.agent.workflows.translate.languages import PairUnknown
from repowright.agent.workflows.translate.records import UnitState
from repowright.agent.workflows.translate.workflow import BadFrame
from repowright.executors import SandboxUnavailable
from repowright.repo_tools.c_source.errors import CSourceError

pytestmark = pytest.mark.bubblewrap

NOWHERE = "http://127.0.0.1:9/v1"


@dataclass
class Done:
    """One translation that came to its end, which several tests look at."""

    studio: Studio
    model: Translator
    end: RunEnd


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    need_rust()
    studio, model = Studio(tmp_path_factory.mktemp("queue")), Translator(QUEUE.solution)
    with translating(model) as url:
        yield Done(studio, model, studio.translate(url, QUEUE))


def test_a_project_with_an_interface_and_tests_is_translated(queue: Done) -> None:
    end, found = queue.end, queue.studio.translation
    assert (end.status, end.exit_code, end.units_verified, end.units_total) == ("done", 0, 3, 3)
    assert {unit.state for unit in found.units} == {UnitState.VERIFIED}
    assert len(queue.model.requests) == found.metrics.requests == 3
    assert (found.metrics.tests_passed, found.metrics.tests_vacuous, found.metrics.unsafe.total) == (2, 1, 0)
    assert {step.check: step.verdict for step in found.ladder}["swap"] == "passed"
    assert [(each.name, each.code) for each in found.refused] == [("ring_free", "not-in-interface")]


def test_crate_and_report_lie_where_they_were_asked_for(queue: Done) -> None:
    studio = queue.studio
    assert (studio.out / "tests/ring.rs").read_text() == QUEUE.tests["ring.rs"]
    assert "vec![0; limit]" in (studio.out / "src/ring.rs").read_text()
    assert "**Translated.**" in studio.report and studio.report == (studio.out / "TRANSLATION.md").read_text()


def test_requests_hold_what_a_unit_needs_and_little_else(queue: Done) -> None:
    new, push = (str(body["messages"][1]["content"]) for body in queue.model.requests[:2])
    assert "int ring_push(ring_t *ring, int value) {" in push and "Returns 0 where the ring is full." in push
    assert "size_t head, count, limit;" in push and "static size_t place" in push
    assert "fn first_in_first_out" in push and "ring_push(ring, i * 10)" in push
    assert "int ring_pop(ring_t *ring, int fallback) {" not in push and "if (limit == 0" not in push
    assert "#define RING_MOST 1000" in new and "#define" not in push


@pytest.mark.timeout(240)
def test_recording_replays_to_the_same_crate_and_to_no_other_project(queue: Done, tmp_path: Path) -> None:
    again = Studio(tmp_path)
    assert again.translate(NOWHERE, QUEUE, replay=queue.studio.run.folder).exit_code == 0
    assert (again.out / "src/ring.rs").read_bytes() == (queue.studio.out / "src/ring.rs").read_bytes()
    assert len(queue.model.requests) == 3
    with pytest.raises(UserError, match="made of other files"):
        Studio(tmp_path / "other").translate(NOWHERE, TURNS, replay=queue.studio.run.folder)


@pytest.mark.timeout(240)
def test_without_an_interface_the_c_programs_prove_the_rust(tmp_path: Path) -> None:
    need_rust()

    def say(question: Question, right: str) -> str | None:
        wrong = question.names == ("calls_made",) and question.turn == 0
        return right.replace("{ calls }", "{ calls + 1 }") if wrong else None

    studio, model = Studio(tmp_path), Translator(TURNS.solution, say)
    with translating(model) as url:
        end = studio.translate(url, TURNS)
    assert (end.status, end.units_verified) == ("done", 3)
    found = studio.translation
    units = {unit.name: unit for unit in found.units}
    assert units["turns.c:is_even and 1 more"].items == ("src/turns.rs::is_even", "src/turns.rs::is_odd")
    assert units["turns.c:calls_made"].attempts == 2
    assert units["legacy.c:legacy"].state is UnitState.COMPILED
    told = "".join(str(body["messages"][1]["content"]) for body in model.requests)
    assert "line 2 of its output is '19 -1' instead of '18 -1'" in told
    assert "legacy.c is read without of_another_machine.h" in told
    assert [(each.name, each.code) for each in found.refused] == [("sum_of", "varargs")]
    assert any(each.path == "legacy.c" and "of_another_machine.h" in each.reason for each in found.notes)
    edges = json.loads(studio.run.graph.read_text())["edges"]
    assert sum(edge.get("name") == "translated_from" for edge in edges) == 5


@pytest.mark.timeout(240)
def test_a_project_of_several_files_is_translated_dependencies_first(tmp_path: Path) -> None:
    need_rust()
    studio, model = Studio(tmp_path), Translator(LEXICON.solution)
    with translating(model) as url:
        end = studio.translate(url, LEXICON)
    assert (end.status, end.units_verified, end.tests_passed) == ("done", 7, 2)
    order = [unit.items[0] for unit in studio.translation.units]
    assert order.index("src/tokenizer.rs::token_next") < order.index("src/trie.rs::Trie::read")
    asked = {
        str(body["messages"][1]["content"]).split("\n")[0]: body["messages"][1]["content"] for body in model.requests
    }
    read = asked["# C to be translated: src/trie.c:trie_read"]
    assert "pub fn token_next(text: &[u8], mut at: usize) -> Token;" in read and "pub enum TokenKind" in read
    assert "at.children[slot(c)].get_or_insert_with" in read and "IS_DIGIT" not in read
    assert "#define IS_DIGIT(c)" in asked["# C to be translated: src/tokenizer.c:token_next"]
    assert "typedef int (*load_fn)(int);" in asked["# C to be translated: src/lru.c:cache_get"]


def test_a_folder_without_c_is_told_in_one_line(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    (tmp_path / "project/c").mkdir(parents=True)
    (tmp_path / "project/c/notes.txt").write_text("no C")
    with pytest.raises(CSourceError, match="no C file below c"):
        studio.translate(NOWHERE, type(QUEUE)("none", {}))
    assert not studio.runs.exists()


def test_an_interface_that_does_not_compile_ends_before_any_model(tmp_path: Path) -> None:
    need_rust()
    broken = {**QUEUE.interface, "src/ring.rs": QUEUE.interface["src/ring.rs"].replace("Vec<i32>", "Vector<i32>")}
    project = type(QUEUE)("ring", QUEUE.c, broken, QUEUE.tests, QUEUE.solution)
    with pytest.raises(BadFrame, match=r"do not compile.*Vector"):
        Studio(tmp_path).translate(NOWHERE, project)


def test_an_unknown_pair_of_languages_is_told(tmp_path: Path) -> None:
    with pytest.raises(PairUnknown, match="c to cobol"):
        Studio(tmp_path).translate(NOWHERE, QUEUE, target="cobol")


def test_a_sandbox_without_a_compiler_is_told_and_nothing_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CARGO_HOME", raising=False)
    monkeypatch.delenv("RUSTUP_HOME", raising=False)
    studio = Studio(tmp_path)
    with pytest.raises(SandboxUnavailable) as caught:
        studio.translate(NOWHERE, QUEUE)
    assert "\n" not in str(caught.value) and not studio.runs.exists()
