from __future__ import annotations

import sys
from pathlib import Path

import pytest

from repowright.executors import (
    BubblewrapSandbox,
    Ended,
    Limits,
    Sandbox,
    SandboxLost,
    TestOutcome,
    TestReport,
    run_pytest,
)
from repowright.executors.images.runtime import running_interpreter
from repowright.executors.sandbox import Box

LIMITS = Limits(wall_s=20, cpu_s=20, memory_mb=256, pids=32, disk_mb=16)
CODE = b"def sign(x):\n    if x < 0:\n        return -1\n    return 1\n"
SUITE = b"""
import json
import pytest
from code_under_test import sign


def test_passes():
    assert sign(3) == 1


def test_fails():
    assert sign(-3) == 1, object()


def test_raises(tmp_path):
    json.loads((tmp_path / "absent").read_text())


@pytest.mark.parametrize("number", [1, -1])
def test_each(number):
    assert sign(number) == number


@pytest.mark.skip(reason="not today")
def test_skipped(): pass


@pytest.mark.xfail(reason="known")
def test_expected(): assert 0


@pytest.fixture
def broken():
    yield
    raise ValueError("teardown")


def test_teardown(broken): pass


class TestGroup:
    def test_method(self): print("noise")
"""
PROJECT = b"[tool.pytest.ini_options]\npythonpath = ['src']\n"
FILES = {"src/code_under_test.py": CODE, "tests/test_sign.py": SUITE, "pyproject.toml": PROJECT}


def outcomes(report: TestReport) -> dict[str, str]:
    return {result.test.partition("::")[2]: str(result.outcome) for result in report.results}


@pytest.fixture(scope="module")
def report(sandbox: Sandbox) -> TestReport:
    return run_pytest(sandbox, FILES, limits=LIMITS)


def test_each_test_has_its_outcome(report: TestReport) -> None:
    assert outcomes(report) == {
        "test_passes": "passed",
        "test_fails": "failed",
        "test_raises": "failed",
        "test_each[1]": "passed",
        "test_each[-1]": "passed",
        "test_skipped": "skipped",
        "test_expected": "skipped",
        "test_teardown": "error",
        "TestGroup::test_method": "passed",
    }
    assert (report.exit_code, report.ended, report.passed) == (1, Ended.EXITED, False)


def test_messages_and_tracebacks_read_the_same_in_every_sandbox(report: TestReport) -> None:
    found = {result.test.rpartition("::")[2]: result for result in report.results}
    assert found["test_fails"].message == "AssertionError: <object object at 0x...>"
    assert found["test_fails"].detail == (
        "tests/test_sign.py:12: in test_fails\n"
        "    assert sign(-3) == 1, object()\n"
        "E   AssertionError: <object object at 0x...>\n"
        "E   assert -1 == 1\n"
        "E    +  where -1 = sign(-3)"
    )
    missing = "FileNotFoundError: [Errno 2] No such file or directory: '<tmp>/test_raises0/absent'"
    assert found["test_raises"].message == missing
    assert "<python>/pathlib" in found["test_raises"].detail
    assert found["test_skipped"].message == "not today"
    assert found["test_expected"].message == "expected to fail: known"
    assert found["test_teardown"].message == "ValueError: teardown"


def test_two_runs_say_the_same(sandbox: Sandbox, report: TestReport) -> None:
    again = run_pytest(sandbox, FILES, limits=LIMITS)
    assert [(r.test, r.message, r.detail) for r in again.results] == [
        (r.test, r.message, r.detail) for r in report.results
    ]
    assert again.output == report.output


def test_a_healthy_suite_passes_and_can_be_narrowed(sandbox: Sandbox) -> None:
    report = run_pytest(sandbox, FILES, ["tests/test_sign.py::test_passes"], LIMITS)
    assert (report.passed, outcomes(report), report.exit_code) == (True, {"test_passes": "passed"}, 0)


def test_a_file_that_cannot_be_collected_is_an_error_of_that_file(sandbox: Sandbox) -> None:
    files = {"tests/test_bad.py": b"import absent_module\n", "tests/test_worse.py": b"def broken(:\n"}
    report = run_pytest(sandbox, files, limits=LIMITS)
    found = {result.test: result for result in report.results}
    assert sorted(found) == ["tests/test_bad.py", "tests/test_worse.py"]
    assert {result.outcome for result in report.results} == {TestOutcome.ERROR}
    assert found["tests/test_bad.py"].message == "ModuleNotFoundError: No module named 'absent_module'"
    assert found["tests/test_worse.py"].message.startswith("SyntaxError: ")
    assert (report.exit_code, report.passed) == (2, False)


def test_a_selection_that_matches_nothing_is_an_error(sandbox: Sandbox) -> None:
    report = run_pytest(sandbox, FILES, ["tests/test_sign.py::test_absent"], LIMITS)
    assert report.exit_code == 4
    assert [result.outcome for result in report.results] == [TestOutcome.ERROR]
    assert "not found: tests/test_sign.py::test_absent" in report.results[0].message


def test_an_empty_suite_does_not_pass(sandbox: Sandbox) -> None:
    report = run_pytest(sandbox, {"code.py": b""}, limits=LIMITS)
    assert (report.results, report.exit_code, report.passed) == ((), 5, False)


def test_a_workspace_that_hides_pytest_is_an_error(sandbox: Sandbox) -> None:
    report = run_pytest(sandbox, {"pytest.py": b"print('3 passed')\n", "test_a.py": b""}, limits=LIMITS)
    assert (report.exit_code, report.passed) == (0, False)
    assert [result.outcome for result in report.results] == [TestOutcome.ERROR]


def test_coverage_counts_executed_and_missing_lines_of_the_folder(sandbox: Sandbox) -> None:
    files = {**FILES, "src/never.py": b"x = 1\ny = 2\n"}
    report = run_pytest(sandbox, files, ["tests/test_sign.py::test_passes"], LIMITS, coverage_of="src")
    assert report.passed
    assert report.coverage is not None
    assert {path: (lines.executed, lines.missing) for path, lines in report.coverage.items()} == {
        "src/code_under_test.py": ((1, 2, 4), (3,)),
        "src/never.py": ((), (1, 2)),
    }


def test_results_before_a_time_limit_are_kept(sandbox: Sandbox) -> None:
    suite = b"import time\ndef test_first(): pass\ndef test_second(): assert 0\ndef test_third(): time.sleep(60)\n"
    report = run_pytest(sandbox, {"test_slow.py": suite}, limits=Limits(wall_s=2.5, memory_mb=256))
    assert outcomes(report) == {"test_first": "passed", "test_second": "failed", "test_third": "error"}
    assert report.results[2].message == "still running when the time limit ended the run"
    assert report.ended is Ended.TIME


def test_a_lost_box_is_tried_again_in_a_new_one(sandbox: Sandbox) -> None:
    class Losing:
        name = sandbox.name
        python = sandbox.python

        def __init__(self, losses: int) -> None:
            self.losses = losses

        def open(self, limits: Limits) -> Box:
            if self.losses:
                self.losses -= 1
                raise SandboxLost("gone")
            return sandbox.open(limits)

        def close(self) -> None:
            raise AssertionError

    assert run_pytest(Losing(2), {"test_a.py": b"def test_a(): pass\n"}, limits=LIMITS).passed
    with pytest.raises(SandboxLost):
        run_pytest(Losing(3), {"test_a.py": b"def test_a(): pass\n"}, limits=LIMITS)


def test_coverage_of_the_whole_workspace_leaves_out_files_that_are_gone(sandbox: Sandbox) -> None:
    files = {"gone.py": b"x = 1\n", "test_a.py": b"import gone, os\ndef test_a(): os.unlink(gone.__file__)\n"}
    report = run_pytest(sandbox, files, limits=LIMITS, coverage_of=".")
    assert report.passed
    assert report.coverage is not None
    assert list(report.coverage) == ["test_a.py"]


@pytest.mark.bubblewrap
def test_a_copied_interpreter_runs_in_a_box(cache: Path) -> None:
    sandbox = BubblewrapSandbox(cache, interpreter=running_interpreter())
    version = tuple(sys.version_info[:3])
    suite = f"import ssl, sqlite3, sys\ndef test_a(): assert sys.version_info[:3] == {version}\n"
    assert run_pytest(sandbox, {"test_a.py": suite.encode()}, limits=LIMITS).passed
    sandbox.close()
