from __future__ import annotations

from repowright.executors import Ended, TestOutcome, TestReport, TestResult
from repowright.executors.testing.assertions import idle_tests

SUITE = b"""
import pytest

def compare(a): assert a
def indirect(a): compare(a)
def loop_one(): loop_two()
def loop_two(): loop_one()

def test_asserts(): assert 1
def test_nothing(): sum([1])
def test_raises():
    with pytest.raises(ValueError): int("x")
def test_calls(): indirect(1)
def test_goes_round(): loop_one()
async def test_waits(): pass
@pytest.mark.parametrize("n", [1])
def test_each(n): print(n)
class TestGroup:
    def test_method(self): self.assertEqual(1, 1)
    def test_idle(self): pass
"""


def report(*names: str) -> TestReport:
    results = tuple(TestResult(f"test_a.py::{name}", TestOutcome.PASSED) for name in names)
    return TestReport(results, 0, Ended.EXITED, 1.0)


def test_passed_tests_without_an_assertion_are_named() -> None:
    names = ["test_asserts", "test_nothing", "test_raises", "test_calls", "test_goes_round", "test_waits"]
    found = idle_tests(
        {"test_a.py": SUITE}, report(*names, "test_each[1]", "TestGroup::test_method", "TestGroup::test_idle")
    )
    idle = ["test_nothing", "test_goes_round", "test_waits", "test_each[1]", "TestGroup::test_idle"]
    assert found == tuple(f"test_a.py::{name}" for name in idle)


def test_files_that_are_unknown_or_no_python_name_nothing() -> None:
    assert idle_tests({}, report("test_a")) == ()
    assert idle_tests({"test_a.py": b"def broken(:"}, report("test_a")) == ()
    assert idle_tests({"test_a.py": b"x = 1\n"}, report("test_a")) == ()
