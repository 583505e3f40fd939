from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from workshop import Workshop

from repowright.agent.events import Attribution, Repair, TestsRejected


def judge(blame: str, culprit: str) -> str:
    return json.dumps({"blame": blame, "culprit": culprit, "reason": "the specification says so"})


def unit_of(user: str) -> str:
    found = re.search(r"def (add_\d+)", user)
    return found[1] if found else ""


def test_wrong_code_is_blamed_by_votes_and_mended_with_tools(workshop: Workshop) -> None:
    def mistakes(system: str, user: str) -> str | None:
        if "write the code" in system and unit_of(user) == "add_2":
            return '```python\ndef add_2(value: int) -> int:\n    """Return value plus 2."""\n    return value - 2\n```'
        if "decide what is to blame" in system:
            return judge("code", "add_2")
        if "mend the code" in system:
            code = 'def add_2(value: int) -> int:\n    """Return value plus 2."""\n    return value + 2\n'
            calls = [
                {"name": "fetch", "arguments": {"entity": "src/adders/file_0.py:add_2"}},
                {"name": "edit_function", "arguments": {"name": "add_2", "code": code}},
                {"name": "run_tests", "arguments": {}},
            ]
            return f"```json\n{json.dumps(calls)}\n```"
        return None

    end = workshop.start(4, mistakes=mistakes)
    assert (end.status, end.units_verified) == ("done", 4)
    (verdict,) = workshop.told.of(Attribution)
    assert verdict.verdict == "code" and len(verdict.votes) == 2
    (repair,) = workshop.told.of(Repair)
    assert repair.fixed and repair.target == "code"


def test_wrong_test_is_mended_and_the_code_left_alone(workshop: Workshop) -> None:
    right = "from adders.file_0 import add_1\n\n\ndef test_adds() -> None:\n    assert add_1(1) == 2\n"

    def mistakes(system: str, user: str) -> str | None:
        if "write the unit tests" in system and unit_of(user) == "add_1":
            return f"```python\n{right.replace('== 2', '== 3')}```"
        if "decide what is to blame" in system:
            return judge("test", "add_1")
        return f"```python\n{right}```" if "mend the tests" in system else None

    end = workshop.start(4, mistakes=mistakes)
    assert end.status == "done"
    assert "add_1(1) == 2" in (workshop.out / "tests/unit/test_file_0_add_1.py").read_text()
    assert [event.target for event in workshop.told.of(Repair)] == ["test"]


def test_contradictory_specification_is_revised_and_the_unit_written_anew(workshop: Workshop) -> None:
    def mistakes(system: str, user: str) -> str | None:
        mine = unit_of(user) == "add_3"
        if "write the code" in system and mine and "exactly" not in user:
            return '```python\ndef add_3(value: int) -> int:\n    """Return value plus 3."""\n    return value\n```'
        if "decide what is to blame" in system:
            return judge("plan", "add_3")
        if "mend the specification" in system:
            return '```python\ndef add_3(value: int) -> int:\n    """Return value plus 3 exactly."""\n    ...\n```'
        return None

    end = workshop.start(4, mistakes=mistakes)
    assert end.status == "done"
    assert "plus 3 exactly" in (workshop.out / "src/adders/file_0.py").read_text()
    assert "plus 3 exactly" in (workshop.out / "graph.json").read_text()


def test_blamed_dependency_is_mended_with_the_tests_of_its_users(workshop: Workshop) -> None:
    wrong = 'def add_0(value: int) -> int:\n    """Return value plus 0."""\n    return value + (value == 2)\n'

    def mistakes(system: str, user: str) -> str | None:
        unit = unit_of(user)
        if "write the code" in system and unit == "add_0":
            return f"```python\n{wrong}```"
        if "write the unit tests" in system and unit == "add_4":
            test = "def test_adds() -> None:\n    assert add_4(2) == 6\n"
            return f"```python\nfrom adders.file_1 import add_4\n\n\n{test}```"
        if "decide what is to blame" in system:
            return judge("code", "add_0")
        if "mend the code" in system and unit == "add_0":
            right = wrong.replace(" + (value == 2)", "")
            calls = [
                {"name": "edit_function", "arguments": {"name": "add_0", "code": right}},
                {"name": "run_tests", "arguments": {}},
            ]
            return json.dumps(calls)
        return None

    end = workshop.start(6, mistakes=mistakes)
    assert (end.status, end.units_verified) == ("done", 6)
    assert "value == 2" not in (workshop.out / "src/adders/file_0.py").read_text()
    log = subprocess.run(["git", "log", "--format=%s"], cwd=workshop.out, capture_output=True, text=True, check=True)
    assert "Mend add_0 in src/adders/file_0.py" in log.stdout


def test_unit_that_cannot_be_mended_is_delivered_with_its_failing_test(workshop: Workshop) -> None:
    def mistakes(system: str, user: str) -> str | None:
        if "write the code" in system and unit_of(user) == "add_2":
            return '```python\ndef add_2(value: int) -> int:\n    """Return value plus 2."""\n    return value - 2\n```'
        if "decide what is to blame" in system:
            return judge("code", "add_2")
        return "I cannot." if "mend the code" in system else None

    end = workshop.start(4, mistakes=mistakes, unit_repairs=2)
    assert (end.status, end.exit_code, end.units_verified) == ("failing", 1, 3)
    assert (workshop.out / "tests/unit/test_file_0_add_2.py").is_file()
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    assert subprocess.run(run, cwd=workshop.out, capture_output=True, check=False).returncode == 1


def test_test_that_passes_on_a_stub_is_rejected(workshop: Workshop) -> None:
    idle = "\n\ndef test_idle() -> None:\n    assert callable(add_1)\n"
    real = "from adders.file_0 import add_1\n\n\ndef test_adds() -> None:\n    assert add_1(1) == 2\n"

    def mistakes(system: str, user: str) -> str | None:
        if "write the unit tests" in system and unit_of(user) == "add_1":
            return f"```python\n{real}{idle}```"
        return None

    end = workshop.start(4, mistakes=mistakes)
    assert end.status == "done"
    (rejected,) = workshop.told.of(TestsRejected)
    assert rejected.tests == ["test_idle"]
    assert "test_idle" not in (workshop.out / "tests/unit/test_file_0_add_1.py").read_text()


def test_tests_of_a_blamed_dependency_are_mended_where_they_alone_still_fail(workshop: Workshop) -> None:
    wrong = 'def add_0(value: int) -> int:\n    """Return value plus 0."""\n    return value + 1\n'
    right = "from adders.file_0 import add_0\n\n\ndef test_adds() -> None:\n    assert add_0(1) == 1\n"

    def mistakes(system: str, user: str) -> str | None:
        unit = unit_of(user)
        if unit == "add_0" and "write the code" in system:
            return f"```python\n{wrong}```"
        if unit == "add_0" and "write the unit tests" in system:
            return f"```python\n{right.replace('== 1', '== 2')}```"
        if unit == "add_0" and "mend the code" in system:
            code = wrong.replace("value + 1", "value")
            calls = [
                {"name": "edit_function", "arguments": {"name": "add_0", "code": code}},
                {"name": "run_tests", "arguments": {}},
            ]
            return json.dumps(calls) if "value + 1\n" in user.rpartition("# Its code now")[2] else "It is right now."
        if "decide what is to blame" in system:
            return judge("test" if "# The unit: add_0" in user else "code", "add_0")
        return f"```python\n{right}```" if "mend the tests" in system else None

    end = workshop.start(6, mistakes=mistakes)
    assert (end.status, end.units_verified) == ("done", 6)
    assert "add_0(1) == 1" in (workshop.out / "tests/unit/test_file_0_add_0.py").read_text()
    (repair,) = workshop.told.of(Repair)
    assert (repair.name, repair.target, repair.fixed) == ("add_4", "add_0", True)
    assert [verdict.name for verdict in workshop.told.of(Attribution)] == ["add_4", "add_0"]


@pytest.mark.parametrize("unusable", [False, True])
def test_edit_that_was_never_run_is_run_and_an_unusable_one_is_not_kept(workshop: Workshop, unusable: bool) -> None:
    wrong = 'def add_2(value: int) -> int:\n    """Return value plus 2."""\n    return value - 2\n'
    edited = wrong.replace("- 2", "+ missing_name" if unusable else "+ 2")

    def mistakes(system: str, user: str) -> str | None:
        if "write the code" in system and unit_of(user) == "add_2":
            return f"```python\n{wrong}```"
        if "decide what is to blame" in system:
            return judge("code", "add_2")
        if "mend the code" in system:
            return json.dumps([{"name": "edit_function", "arguments": {"name": "add_2", "code": edited}}])
        return None

    end = workshop.start(4, mistakes=mistakes, unit_repairs=1)
    delivered = (workshop.out / "src/adders/file_0.py").read_text()
    assert end.status == ("failing" if unusable else "done")
    assert ("return value - 2" if unusable else "return value + 2") in delivered
    assert "missing_name" not in delivered
