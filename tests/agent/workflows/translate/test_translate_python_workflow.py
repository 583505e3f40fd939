from __future__ import annotations

import json
from pathlib import Path

import pytest
from scripted_translator import Question, Said, Translator, translating
from small_python_projects import COUNTER, SHELF
from translations import Studio

from repowright.agent.errors import UserError
from repowright.agent.workflows.translate.records import UnitState

pytestmark = pytest.mark.bubblewrap

NOWHERE = "http://127.0.0.1:9/v1"


def told(model: Translator) -> str:
    return "".join(str(body["messages"][1]["content"]) for body in model.requests)


@pytest.mark.timeout(240)
def test_a_project_becomes_a_package_and_its_recording_replays(tmp_path: Path) -> None:
    def say(question: Question, right: str) -> str | None:
        if question.turn == 0 and question.names == ("hash_text",):
            return right.replace(" & 0xFFFFFFFF", "")
        if question.turn == 0 and question.names == ("count_words",):
            return right.replace("count = inside", "import ctypes\n    count = inside")
        return None

    studio, model = Studio(tmp_path / "first"), Translator(SHELF.solution, say)
    with translating(model) as url:
        end = studio.translate(url, SHELF, target="python")
    found = studio.translation
    assert (end.status, end.exit_code, end.units_verified, end.units_total) == ("done", 0, 10, 10)
    units = {unit.name: unit for unit in found.units}
    assert units["words.c:hash_text"].attempts == units["words.c:count_words"].attempts == 2
    assert units["words.c:count_words"].faults == ("calls-c",)
    assert "Called as C was called it behaves otherwise: hash_text([" in told(model)
    assert "must not be there: `import ctypes`" in told(model)
    steps = {step.check: step for step in found.ladder}
    assert steps["differential"].verdict == "passed" and {"ring_pop", "reverse"} <= set(steps["differential"].functions)
    assert found.target == "python" and "unsafe" not in studio.report and "lines of C, of Python" in studio.report
    edges = json.loads(studio.run.graph.read_text())["edges"]
    assert sum(edge.get("name") == "translated_from" for edge in edges) == 10

    again = Studio(tmp_path / "again")
    asked = len(model.requests)
    assert again.translate(NOWHERE, SHELF, target="python", replay=studio.run.folder).exit_code == 0
    assert (again.out / "c/words.py").read_bytes() == (studio.out / "c/words.py").read_bytes()
    assert len(model.requests) == asked
    with pytest.raises(UserError, match="made of other files"):
        Studio(tmp_path / "other").translate(NOWHERE, COUNTER, target="python", replay=studio.run.folder)


@pytest.mark.timeout(240)
def test_a_given_interface_is_filled_until_its_tests_pass(tmp_path: Path) -> None:
    def say(question: Question, right: str) -> str | Said | None:
        if question.names == ("count_words",) and question.turn:
            return right.replace("```python\n", "```python\nimport re\n\n")
        return Said(right.partition("total *")[0], "length") if question.names == ("hash_text",) else None

    studio, model = Studio(tmp_path), Translator(COUNTER.solution, say)
    with translating(model) as url:
        end = studio.translate(url, COUNTER, target="python")
    found = studio.translation
    units = {unit.name: unit for unit in found.units}
    assert (units["words.c:count_words"].state, units["words.c:count_words"].attempts) == (UnitState.VERIFIED, 2)
    assert "undefined name 're'" in told(model)
    assert units["words.c:hash_text"].state is UnitState.STUB and "cut-off" in units["words.c:hash_text"].faults
    assert (end.status, found.metrics.tests_passed, found.metrics.tests_failed) == ("failing", 1, 1)
    assert found.metrics.tests_vacuous == 1 and found.interface == "given"
    text = (studio.out / "counter/words.py").read_text()
    assert 'raise NotImplementedError("later")' in text and text.startswith("import re\n")
