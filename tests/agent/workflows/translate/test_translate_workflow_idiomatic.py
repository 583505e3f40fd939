from __future__ import annotations

from pathlib import Path

import pytest
from scripted_translator import Question, Translator, translating
from small_c_projects import QUEUE, CProject
from small_translations import need_rust
from translations import Studio

from repowright.agent.events import ReplyRejected
from repowright.agent.events import Warning as Warned
from repowright.agent.workflows.translate.idiomatic.designing import problems_of
from repowright.agent.workflows.translate.linking import Key

BARE = CProject("ring", QUEUE.c, solution=QUEUE.solution)
INTERFACE = QUEUE.interface["src/ring.rs"]
ASKED = tuple(Key("ring.c", f"ring_{name}") for name in ("new", "push", "pop", "free"))
FIELDS = """{"c": "items", "rust": "items", "how": "slice", "length": "limit"},
  {"c": "head", "rust": "head", "how": "same"}, {"c": "count", "rust": "count", "how": "same"}"""
SPEC = f"""
```json
{{"types": [{{"c": "struct ring", "rust": "Ring", "fields": [{FIELDS}]}}]}}
```
"""


def _fenced(code: str, spec: str = SPEC) -> str:
    return f"```rust\n{code}```\n{spec}"


@pytest.mark.bubblewrap
@pytest.mark.timeout(240)
def test_a_safe_interface_is_designed_filled_and_proved_by_the_c_programs(tmp_path: Path) -> None:
    need_rust()

    def say(question: Question, right: str) -> str | None:
        if question.items:
            return None
        designs = (INTERFACE.replace("Vec<i32>", "*mut i32"), INTERFACE.replace("Vec<i32>", "Vector<i32>"), INTERFACE)
        return _fenced(designs[question.turn])

    studio, model = Studio(tmp_path), Translator(BARE.solution, say)
    with translating(model) as url:
        end = studio.translate(url, BARE, idiomatic=True)
    assert (end.status, end.units_verified, end.units_total) == ("done", 3, 3)
    found = studio.translation
    assert found.interface == "designed" and found.metrics.unsafe.total == 0
    assert {step.check: step.verdict for step in found.ladder}["swap"] == "passed"
    first, second = studio.told.of(ReplyRejected)
    assert "raw pointers" in first.problems[0] and "Vector" in second.problems[0]
    assert (studio.out / "src/lib.rs").read_text().startswith("#![forbid(unsafe_code)]")
    request = str(model.requests[0]["messages"][1]["content"])
    (cluster,) = found.clusters
    (trip,) = cluster.round_trips
    assert cluster.accepted and (cluster.name, cluster.unsafe_before, cluster.unsafe_after) == ("struct ring", 5, 0)
    assert (trip.ran, trip.failed, trip.not_compared) == (200, 0, ())
    assert "typedef struct ring {" in request and "static size_t place" in request and "push %d: %d" in request


@pytest.mark.bubblewrap
@pytest.mark.timeout(240)
def test_without_a_usable_design_the_crate_is_typed_as_c_is(tmp_path: Path) -> None:
    need_rust()
    studio, model = Studio(tmp_path), Translator(BARE.solution, lambda question, right: "No.")
    with translating(model) as url:
        end = studio.translate(url, BARE, idiomatic=True, unit_repairs=0)
    assert (end.status, studio.translation.interface, studio.translation.metrics.written) == ("failing", "generated", 0)
    assert any("typed as C is" in event.message for event in studio.told.of(Warned))
    assert "*mut" in (studio.out / "src/ring.rs").read_text()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("pub fn push", "pub fn enter", "nothing stands for the C function ring_push"),
        ("Vec<i32>", "*const i32", "raw pointers"),
        ("impl Ring", "unsafe impl Send for Ring {}\nimpl Ring", "unsafe code"),
        ("impl Ring", "#[test]\nfn own() {}\nimpl Ring", "the test own"),
        ("impl Ring {", "impl Ring {{", "this is no Rust"),
    ],
)
def test_an_interface_that_will_not_do_is_told_why(old: str, new: str, told: str) -> None:
    assert problems_of(INTERFACE.encode(), "src/ring.rs", ASKED) == []
    wrong = INTERFACE.replace(old, new, 1).encode()
    assert any(told in problem for problem in problems_of(wrong, "src/ring.rs", ASKED))
