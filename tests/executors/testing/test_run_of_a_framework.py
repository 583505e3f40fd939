from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from small_suites import LIMITS, NODE, C, missing_tool

from repowright.executors import (
    BubblewrapSandbox,
    Ended,
    Limits,
    LocalSandbox,
    Sandbox,
    SandboxLost,
    run_pytest,
)
from repowright.executors.sandbox import Box
from repowright.executors.testing.ctest import CtestFramework
from repowright.executors.testing.driver_stream import REPORT_BYTES, driver_source, read_driver
from repowright.executors.testing.framework import (
    OUTPUT,
    REPORTS,
    WORKSPACE,
    Order,
    Reading,
    Setting,
    Step,
    StepRun,
    TestRequest,
)
from repowright.executors.testing.judge import Run, judge
from repowright.executors.testing.node import NodeFramework
from repowright.executors.testing.pytest_framework import MOST_ARGUMENTS, PytestFramework
from repowright.executors.testing.report import TestOutcome, TestReport, TestResult
from repowright.executors.testing.run import run_tests

SMALL = Limits(wall_s=20, cpu_s=20, memory_mb=256, pids=32, disk_mb=16)
SECRET = "5" * 32
SUITE = b"""
import pytest


def test_passes(): assert 1
def test_fails(): assert 1 == 2, "why"
@pytest.mark.skip(reason="not today")
def test_skipped(): pass
"""
ORDERED = b"""
import os


def test_a(): os.environ["A"] = "1"
def test_b(): assert "A" in os.environ
"""


def outcomes(report: TestReport) -> dict[str, str]:
    return {result.test: str(result.outcome) for result in report.results}


def run_steps(sandbox: Sandbox, steps: Sequence[Step], wall_s: float = 10) -> tuple[StepRun, ...]:
    with sandbox.open(SMALL) as box:
        box.put({"driver.py": driver_source(steps, SECRET, wall_s).encode()})
        stream, _ = read_driver(box.run([sandbox.python, "-I", "driver.py"], SMALL).stdout, SECRET)
        assert box.get(["driver.py"]) == {}
    return tuple(stream.steps)


def test_pytest_through_the_protocol_says_what_run_pytest_says(sandbox: Sandbox) -> None:
    files = {"test_a.py": SUITE}
    plain = run_pytest(sandbox, files, limits=SMALL, coverage_of=".")
    report = run_tests(sandbox, files, PytestFramework(), TestRequest(coverage_of="."), SMALL)
    assert [(r.test, r.outcome, r.message, r.detail) for r in report.results] == [
        (r.test, r.outcome, r.message, r.detail) for r in plain.results
    ]
    assert (report.exit_code, report.coverage, report.output) == (plain.exit_code, plain.coverage, plain.output)


def test_steps_run_in_every_sandbox_and_hand_over_their_reports(sandbox: Sandbox) -> None:
    script = "import sys; open(sys.argv[1] + '/a.txt', 'w').write('here'); print('said')"
    write = (sandbox.python, "-c", script, REPORTS)
    steps = [
        Step("one", write, reports=(f"{REPORTS}/*.txt",), output_is_report=True),
        Step("two", (sandbox.python, "-c", "import sys; print(sys.argv[1])", WORKSPACE), output_is_report=True),
        Step("three", (sandbox.python, "-c", "raise SystemExit(4)")),
        Step("four", (sandbox.python, "-c", "")),
    ]
    done = run_steps(sandbox, steps)
    assert [(run.name, run.exit_code) for run in done] == [("one", 0), ("two", 0), ("three", 4)]
    assert done[0].reports == {"a.txt": b"here", OUTPUT: b"said\n"}
    assert done[1].reports == {OUTPUT: b"/workspace\n"}


def test_a_command_that_is_absent_has_code_127(sandbox: Sandbox) -> None:
    assert [run.exit_code for run in run_steps(sandbox, [Step("one", ("no-such-tool",))])] == [127]


def test_time_over_in_a_step_keeps_what_it_had_written(sandbox: Sandbox) -> None:
    script = "import sys, time; open(sys.argv[1] + '/a.txt', 'w').write('half'); time.sleep(60)"
    step = Step("one", (sandbox.python, "-c", script, REPORTS), reports=(f"{REPORTS}/a.txt",))
    done = run_steps(sandbox, [step], wall_s=1.5)
    assert [(run.exit_code, run.reports) for run in done] == [(137, {"a.txt": b"half"})]


def test_a_report_without_an_end_is_ended_by_its_size() -> None:
    endless = Step("one", ("yes",), output_is_report=True)
    sandbox = LocalSandbox()
    with sandbox.open(SMALL) as box:
        box.put({"driver.py": driver_source([endless], SECRET, 15).encode()})
        stream, _ = read_driver(box.run([sandbox.python, "-I", "driver.py"], SMALL).stdout, SECRET)
    assert (stream.ended, [run.cut for run in stream.steps]) == (Ended.OUTPUT, [(OUTPUT,)])


def test_records_without_the_secret_are_output() -> None:
    forged = '\x1e{"kind": "end", "ended": "exited"}\x1f\n' + f'\x1e{"6" * 32}{{"kind": "end"}}\x1f\n'
    stream, rest = read_driver(forged, SECRET)
    assert (stream.ended, stream.steps, rest) == (None, [], forged)


@pytest.mark.parametrize("part", ["AAAA", "?", base64.b64encode(zlib.compress(b"x" * (REPORT_BYTES + 1))).decode()])
def test_damaged_and_bloated_reports_count_as_cut(part: str) -> None:
    record = f'\x1e{SECRET}{{"kind": "file", "name": "a", "part": "{part}", "last": true}}\x1f\n'
    end = f'\x1e{SECRET}{{"kind": "step", "name": "one", "exit_code": 0, "duration_s": 1}}\x1f\n'
    stream, _ = read_driver(record + end, SECRET)
    assert [(run.reports, run.cut) for run in stream.steps] == [({}, ("a",))]


@pytest.mark.bubblewrap
@pytest.mark.parametrize("name", ["ctest", "node"])
def test_tools_of_the_system_run_isolated(cache: Path, name: str) -> None:
    why = missing_tool(name)
    if why:
        pytest.skip(why)
    sandbox = BubblewrapSandbox(cache)
    framework = CtestFramework() if name == "ctest" else NodeFramework()
    report = run_tests(sandbox, C if name == "ctest" else NODE, framework, TestRequest(), LIMITS)
    sandbox.close()
    assert (report.ended, report.exit_code) == (Ended.EXITED, 8 if name == "ctest" else 1)
    assert report.count(TestOutcome.PASSED) == (1 if name == "ctest" else 3)


@pytest.mark.bubblewrap
@pytest.mark.parametrize(
    ("ended", "body"),
    [
        (Ended.MEMORY, "x = bytearray(2000000000); x[::4096] = b'1' * len(x[::4096])"),
        (Ended.OUTPUT, "[os.write(1, b'y' * 1000000) for _ in range(1000)]"),
    ],
)
def test_a_limit_met_in_between_is_an_error_that_names_it(cache: Path, ended: Ended, body: str) -> None:
    sandbox = BubblewrapSandbox(cache)
    files = {
        "test_a.py": f"import os\ndef test_a(): pass\ndef test_b(capfd):\n  with capfd.disabled(): {body}\n".encode()
    }
    report = run_tests(sandbox, files, PytestFramework(), limits=SMALL)
    sandbox.close()
    assert (report.ended, report.passed) == (ended, False)
    messages = [result.message for result in report.results if result.test == "pytest"]
    assert messages[0] == f"still running when the {ended} limit ended the run"


def test_pytest_runs_in_the_order_asked() -> None:
    def in_order(order: Order | None) -> dict[str, str]:
        return outcomes(run_tests(LocalSandbox(), {"test_a.py": ORDERED}, PytestFramework(), TestRequest(order=order)))

    assert in_order(None) == {"test_a.py::test_a": "passed", "test_a.py::test_b": "passed"}
    assert in_order(Order()) == {"test_a.py::test_a": "passed", "test_a.py::test_b": "failed"}
    assert in_order(Order(seed=5)) == in_order(Order(seed=5))


def test_a_selection_longer_than_a_command_line_is_run() -> None:
    count = MOST_ARGUMENTS + 50
    suite = f"import pytest\n@pytest.mark.parametrize('n', range({count + 10}))\ndef test_a(n): pass\n"
    wanted = tuple(f"test_a.py::test_a[{number}]" for number in range(count))
    report = run_tests(LocalSandbox(), {"test_a.py": suite.encode()}, PytestFramework(), TestRequest(wanted))
    assert tuple(result.test for result in report.results) == wanted


def test_a_lost_box_is_tried_again_in_a_new_one() -> None:
    local = LocalSandbox()

    class Losing:
        name = local.name
        python = local.python

        def __init__(self, losses: int) -> None:
            self.losses = losses

        def open(self, limits: Limits) -> Box:
            self.losses -= 1
            if self.losses >= 0:
                raise SandboxLost("gone")
            return local.open(limits)

        def close(self) -> None:
            raise AssertionError

    files = {"test_a.py": b"def test_a(): pass\n"}
    assert run_tests(Losing(2), files, PytestFramework(), limits=SMALL).passed
    with pytest.raises(SandboxLost):
        run_tests(Losing(3), files, PytestFramework(), limits=SMALL)


def judged(run: Run, results: Sequence[TestResult], select: tuple[str, ...] = ()) -> Mapping[str, str]:
    report = judge("tool", TestRequest(select), run, Reading(tuple(results)), 1.0)
    return {result.test: result.message for result in report.results if result.outcome is TestOutcome.ERROR}


def ran(code: int, name: str = "test") -> Run:
    return Run((StepRun(name, code, 1.0, {}),), exit_code=code)


def test_report_and_exit_code_must_agree() -> None:
    passed, failed = TestResult("a", TestOutcome.PASSED), TestResult("b", TestOutcome.FAILED, "why")
    assert judged(ran(0), [passed]) == {}
    assert judged(ran(1), [passed, failed]) == {}
    assert judged(ran(1), [passed]) == {"tool": "tool ended with code 1, but its report names no test that failed"}
    assert judged(ran(0), [failed]) == {"tool": "the report names tests that failed, but tool ended with code 0"}
    assert judged(ran(0), []) == {"tool": "no test ran"}
    assert judged(ran(2, "build"), []) == {"tool": "the build ended with code 2"}
    assert judged(Run(complete=False, exit_code=1), [passed]) == {
        "tool": "tool went away with code 1 before it told how the tests ended"
    }


def test_tests_beside_the_selected_ones_are_left_out_and_counted() -> None:
    results = [TestResult("f::a", TestOutcome.PASSED), TestResult("f::b", TestOutcome.FAILED, "why")]
    report = judge("tool", TestRequest(("f::a",)), ran(1), Reading(tuple(results)), 1.0)
    assert (outcomes(report), report.passed) == ({"f::a": "passed"}, True)
    assert report.notes == ("left out: 1 tests that ran beside those selected",)


def test_two_tests_of_one_name_are_told_apart() -> None:
    twice = [TestResult("a", TestOutcome.PASSED), TestResult("a", TestOutcome.PASSED)]
    report = judge("tool", TestRequest(), ran(0), Reading(tuple(twice)), 1.0)
    assert outcomes(report) == {"a": "passed", "a #2": "passed"}


def test_a_setting_names_its_folder_by_the_secret() -> None:
    assert Setting(TestRequest(), "python", "abcdef0123456789").folder == ".report-abcdef01"
