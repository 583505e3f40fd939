from __future__ import annotations

import pytest

from repowright.executors.testing.report import TestOutcome, TestResult
from repowright.executors.testing.selection import Selection, numbered, unnumbered


@pytest.mark.parametrize("name", ["a/b.py::C::d", "a/b.py::C", "a/b.py", "a", "a/", "./a", "."])
def test_a_selection_holds_what_stands_in_it(name: str) -> None:
    assert Selection([name]).holds("a/b.py::C::d")


@pytest.mark.parametrize("test", ["a.py::b[1]", "a.py::b[x/y::z]", "a.py::b(int)[1]"])
def test_a_test_is_selected_with_all_its_parameters(test: str) -> None:
    assert Selection(["a.py::b"]).holds(test)
    assert Selection(["a.py::b"]).missing([test]) == ()


@pytest.mark.parametrize("name", ["a/b.py::C::e", "a/b", "b.py", "a/b.py::C::d[1]"])
def test_a_selection_does_not_hold_what_only_looks_alike(name: str) -> None:
    assert not Selection([name]).holds("a/b.py::C::d")


def test_an_empty_selection_holds_everything_and_misses_nothing() -> None:
    assert Selection(()).holds("a")
    assert Selection(()).missing([]) == ()


def test_what_was_selected_and_not_found_is_missing() -> None:
    assert Selection(["a.js::g > x", "a.js::g", "b.js", "."]).missing(["a.js::g > y"]) == ("a.js::g > x", "b.js")


def test_numbers_are_added_and_taken_away() -> None:
    names = [result.test for result in numbered([TestResult("a", TestOutcome.PASSED)] * 3)]
    assert names == ["a", "a #2", "a #3"]
    assert [unnumbered(name) for name in names] == ["a"] * 3
