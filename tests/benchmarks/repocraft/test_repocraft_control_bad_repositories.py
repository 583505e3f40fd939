from __future__ import annotations

from collections.abc import Iterator

import pytest
from given_up import WITHOUT, given_up

from repowright.benchmarks.repocraft.control.batches import Item
from repowright.benchmarks.repocraft.control.overlay import overlaid
from repowright.benchmarks.repocraft.control.running import Conditions, run_items
from repowright.benchmarks.repocraft.verdicts import State, TaskVerdict
from repowright.executors import Sandbox, SandboxUnavailable, choose
from repowright.executors.choose import Preference

TEST = "tests/test_calc.py::test_adds"
TESTS = {"tests/test_calc.py": b"from calc import add\n\n\ndef test_adds():\n    assert add(1, 2) == 3\n"}
GOOD = b"def add(a, b):\n    return a + b\n"
WRONG = b"def add(a, b):\n    return a - b\n"
CLAIM = b"print('===== 1 passed in 0.01s =====')\n"
JUNIT = b"""
import pathlib
text = '<testsuite tests="1" failures="0"><testcase classname="tests.test_calc" name="test_adds"/></testsuite>'
for name in ("junit.xml", "report.xml", "test-results.xml"):
    pathlib.Path(name).write_text(text)
"""
LIE = b"""
import pytest

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    result = yield
    report = result.get_result()
    report.outcome, report.longrepr = "passed", None
"""
PATCH = b"""
import _pytest.reports
original = _pytest.reports.TestReport.from_item_and_call.__func__

def lie(cls, item, call):
    report = original(cls, item, call)
    report.outcome, report.longrepr = "passed", None
    return report

_pytest.reports.TestReport.from_item_and_call = classmethod(lie)
"""
HANG = b"import time\ntime.sleep(600)\n"
LOOP = b"def add(a, b):\n    while True:\n        pass\n"
LEAVE = b"import os\n\n\ndef add(a, b):\n    os._exit(0)\n"
EAT = b"def add(a, b):\n    return len(bytearray(b'x') * (3 << 30))\n"
PATIENT = Conditions(test_s=60, memory_mb=512, disk_mb=64)
SHORT = Conditions(test_s=8, memory_mb=512, disk_mb=64)

BAD = {
    "empty": ({}, State.NOT_IMPORTABLE, "No module named 'calc'"),
    "another package": ({"other.py": GOOD}, State.NOT_IMPORTABLE, "No module named 'calc'"),
    "does not parse": ({"calc/__init__.py": b"def add(:\n"}, State.NOT_IMPORTABLE, "SyntaxError"),
    "raises on import": ({"calc.py": b"1 / 0\n"}, State.NOT_IMPORTABLE, "ZeroDivisionError"),
    "lacks the name": ({"calc.py": b"def plus(a, b):\n    return a + b\n"}, State.NOT_IMPORTABLE, "cannot import"),
    "wrong": ({"calc.py": WRONG}, State.FAILED, "assert"),
    "hangs on import": ({"calc.py": HANG}, State.TIMEOUT, "time limit"),
    "hangs in the test": ({"calc.py": LOOP}, State.TIMEOUT, "time limit"),
    "eats memory": ({"calc.py": EAT}, None, ""),
    "leaves in the test": ({"calc.py": LEAVE}, State.ERROR, "before the test finished"),
    "leaves on import": ({"calc.py": CLAIM + b"import os\nos._exit(0)\n"}, State.NOT_IMPORTABLE, "before"),
    "exits on import": ({"calc.py": CLAIM + b"raise SystemExit(0)\n"}, None, ""),
    "leaves at the end": ({"calc.py": b"import atexit, os\natexit.register(os._exit, 0)\n" + WRONG}, State.FAILED, ""),
    "claims a pass": ({"calc.py": CLAIM + WRONG}, State.FAILED, "assert"),
    "writes its own report": ({"calc.py": JUNIT + WRONG}, State.FAILED, "assert"),
    "lies in conftest": ({"calc.py": WRONG, "conftest.py": LIE, "tests/conftest.py": LIE}, State.FAILED, "assert"),
    "lies from the package": ({"calc.py": PATCH + WRONG}, State.ERROR, "cannot pass"),
    "stands in for pytest": ({"calc.py": WRONG, "pytest.py": CLAIM, "_pytest.py": CLAIM}, State.FAILED, "assert"),
    "stands in for json": ({"calc.py": WRONG, "json.py": CLAIM + b"import os\nos._exit(0)\n"}, State.FAILED, "assert"),
    "deselects": ({"calc.py": WRONG, "pytest.ini": b"[pytest]\naddopts = --deselect tests\n"}, State.FAILED, "assert"),
    "brings the test": ({"calc.py": WRONG, "tests/test_calc.py": b"def test_adds(): pass\n"}, State.FAILED, "assert"),
}  # fmt: skip


def usable(name: Preference) -> Sandbox:
    if name in given_up():
        pytest.skip(f"{WITHOUT} names {name}")
    try:
        return choose(name)
    except SandboxUnavailable as err:
        pytest.fail(f"{name} cannot be used here: {err}; {WITHOUT}={name} leaves its tests out")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("docker", marks=pytest.mark.docker),
        pytest.param("bubblewrap", marks=pytest.mark.bubblewrap),
    ],
)
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    made = usable(request.param)
    yield made
    made.close()


def verdict_on(
    sandbox: Sandbox,
    repository: dict[str, bytes],
    tests: dict[str, bytes] | None = None,
    conditions: Conditions = PATIENT,
) -> TaskVerdict:
    files = overlaid(repository, tests or TESTS)
    (found,) = run_items(sandbox, files, [Item("t", (TEST,))], ["calc"], conditions).verdicts
    return found


def test_a_good_repository_passes(sandbox: Sandbox) -> None:
    found = verdict_on(sandbox, {"calc/__init__.py": GOOD})
    assert (found.state, found.tests_passed, found.tests_failed) == (State.PASSED, 1, 0)


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_repository_fails_and_the_reason_is_named(sandbox: Sandbox, kind: str) -> None:
    repository, state, said = BAD[kind]
    found = verdict_on(sandbox, dict(repository), conditions=SHORT if kind.startswith("hangs") else PATIENT)
    assert found.state is not State.PASSED
    assert found.detail
    if state is not None:
        assert (found.state, said in found.detail) == (state, True), found


@pytest.mark.parametrize(
    "body",
    [
        b"import urllib.request; urllib.request.urlopen('http://93.184.216.34/', timeout=3)",
        b"import socket; socket.getaddrinfo('example.com', 80)",
        b"import tkinter; tkinter.Tk()",
        b"import os; assert os.environ['DISPLAY']",
    ],
)
def test_a_test_that_needs_network_or_display_fails_by_name(sandbox: Sandbox, body: bytes) -> None:
    tests = {"tests/test_calc.py": b"def test_adds():\n    " + body + b"\n"}
    found = verdict_on(sandbox, {"calc.py": GOOD}, tests)
    assert found.state is State.FAILED
    assert found.detail.startswith(TEST)


def test_a_library_outside_of_the_repository_does_not_answer(sandbox: Sandbox) -> None:
    source = b"import pathlib, sys\nplace = pathlib.Path('/tmp/elsewhere')\nplace.mkdir()\n"
    source += b"(place / 'calc.py').write_text('def add(a, b): return a + b')\nsys.path.insert(0, str(place))\n"
    tests = {"tests/test_calc.py": TESTS["tests/test_calc.py"], "conftest.py": source}
    found = verdict_on(sandbox, {"other.py": b""}, tests)
    assert (found.state, "outside of the repository" in found.detail) == (State.FAILED, True), found


def test_one_bad_task_costs_no_other_its_pass(sandbox: Sandbox) -> None:
    repository = {
        "calc.py": GOOD,
        "slow.py": LOOP,
        "gone.py": LEAVE,
    }
    tests = {
        f"tests/test_{name}.py": f"from {name} import add\n\n\ndef test_adds():\n    assert add(1, 2) == 3\n".encode()
        for name in ("calc", "gone", "slow", "lost")
    } | {"tests/test_first.py": TESTS["tests/test_calc.py"]}
    items = [Item(name, (f"tests/test_{name}.py::test_adds",)) for name in ("calc", "first", "gone", "lost", "slow")]
    items += [Item("renamed", ("tests/test_calc.py::test_multiplies",)), Item("no file", ("tests/test_x.py::test_a",))]
    found = run_items(sandbox, {**repository, **tests}, items, ["calc", "slow", "gone"], SHORT, jobs=1)
    assert {each.task: each.state for each in found.verdicts} == {
        "calc": State.PASSED,
        "first": State.PASSED,
        "gone": State.ERROR,
        "lost": State.NOT_IMPORTABLE,
        "slow": State.TIMEOUT,
        "renamed": State.NOT_COLLECTED,
        "no file": State.NOT_COLLECTED,
    }
    assert found.cpu_s > 0
