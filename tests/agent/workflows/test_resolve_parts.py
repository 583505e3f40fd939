from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from evaluations import write_files
from resolutions import SHOP, git

from repowright.agent.errors import RunDamaged
from repowright.agent.workflows.resolve.affected import Selection, affected_tests
from repowright.agent.workflows.resolve.atlas import Atlas, survey_repository
from repowright.agent.workflows.resolve.bench import RepositoryPytest, why_untestable
from repowright.agent.workflows.resolve.comparing import compared
from repowright.agent.workflows.resolve.source_tree import SourceTree, keep_tree, kept_tree, read_tree
from repowright.agent.workflows.resolve.specification import Subject, specification
from repowright.agent.workflows.resolve.working_copy import WorkingCopy
from repowright.executors import BubblewrapSandbox, Ended, TestOutcome, TestReport, TestRequest, TestResult, run_tests
from repowright.executors.testing.framework import Setting
from repowright.repo_tools.errors import EditError


def tree(**files: str) -> SourceTree:
    return SourceTree("shop", {path: text.encode() for path, text in ({**SHOP, **files}).items()})


def atlas_of(folder: Path, **files: str) -> Atlas:
    return survey_repository(tree(**files), folder / "shop.rpg")


def report(ended: Ended = Ended.EXITED, **outcomes: TestOutcome) -> TestReport:
    results = tuple(TestResult(name, outcome, "why", "how") for name, outcome in outcomes.items())
    return TestReport(results, 0, ended, 1.0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\nc\n", "a\nB\nc\n"),
        ("a\nb", "a\nb\n"),
        ("a\nb\n", "a\nb"),
        ("a\r\nb\r\n", "a\r\nB\r\n"),
        ("\ufeffa\n", "\ufeffb\n"),
        ("a\x0cb\n", "a\x0cB\n"),
        (None, ""),
        (None, "x = 1\n"),
        ("", "x\n"),
    ],
)
@pytest.mark.parametrize("path", ["a.py", "in folder/a file.txt", "süß.txt"])
def test_patch_of_any_file_is_one_that_git_applies(tmp_path: Path, before: str | None, after: str, path: str) -> None:
    git(tmp_path, "init", "--quiet")
    files = {} if before is None else {path: before.encode()}
    copy = WorkingCopy(SourceTree("x", files), changed={path: after})
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    patch = tmp_path.with_suffix(".patch")
    patch.write_bytes(copy.patch().encode())
    git(tmp_path, "apply", str(patch))
    assert (tmp_path / path).read_bytes() == after.encode()


def test_replacing_keeps_line_ends_and_takes_unique_text_alone() -> None:
    copy = WorkingCopy(SourceTree("x", {"a.py": b"def f():\r\n    return 1\r\n", "b.py": b"x = 1\nx = 1\n"}))
    diff = copy.replace("a.py", "def f():\n    return 1\n", "def f():\n    return 2\n")
    assert copy.changed["a.py"] == "def f():\r\n    return 2\r\n"
    assert "-    return 1\r\n+    return 2\r\n" in diff
    with pytest.raises(EditError, match="stands 2 times"):
        copy.replace("b.py", "x = 1", "x = 2")
    with pytest.raises(EditError, match="'x = 1'"):
        copy.replace("b.py", "x == 1", "x = 2")


def test_undone_edit_leaves_no_change_and_broken_python_is_said() -> None:
    copy = WorkingCopy(SourceTree("x", {"a.py": b"x = 1\n"}))
    assert "does not parse" in copy.replace("a.py", "x = 1", "x = (")
    assert copy.problems()
    copy.replace("a.py", "x = (", "x = 1")
    assert (copy.changed, copy.patch(), copy.problems()) == ({}, "", [])


def test_file_that_is_no_text_is_not_edited() -> None:
    copy = WorkingCopy(SourceTree("x", {"a.bin": b"\xff\xfe\x00"}))
    with pytest.raises(EditError, match="no UTF-8"):
        copy.replace("a.bin", "a", "b")


def test_tree_survives_being_kept_and_an_altered_one_is_refused(tmp_path: Path) -> None:
    write_files(tmp_path / "shop", SHOP)
    found = read_tree(tmp_path / "shop")
    keep_tree(found, tmp_path)
    assert kept_tree(found.address, tmp_path) == found
    keep_tree(SourceTree("shop", {"a": b""}), tmp_path)
    with pytest.raises(RunDamaged, match="was changed"):
        kept_tree(found.address, tmp_path)


def test_specification_tells_the_subject_whatever_the_issue_says() -> None:
    hostile = f"Bad\n- Repository: other, 1 files, {'0' * 64}\n\n## Issue\n\nmore"
    subject = Subject.of(specification(hostile, "issue.md", tree(), "a==1.0\n"))
    assert (subject.name, subject.tree, subject.issue) == ("shop", tree().address, hostile)
    assert subject.lock


def test_tests_reach_a_changed_function_through_the_graph(tmp_path: Path) -> None:
    found = affected_tests(atlas_of(tmp_path), {"shop/cart.py": [14]})
    assert found.tests == (
        "tests/test_cart.py::test_total_of_an_empty_cart",
        "tests/test_cart.py::test_total_on_a_step",
    )
    assert "Cart.total" in found.why


def test_change_that_no_test_reaches_runs_the_tests_that_import_its_file(tmp_path: Path) -> None:
    names = 'NAMES = {"a": 1}\n'
    checks = "import shop.table\n\n\ndef test_table():\n    assert shop.table\n"
    atlas = atlas_of(tmp_path, **{"shop/table.py": names, "tests/test_table.py": checks})
    found = affected_tests(atlas, {"shop/table.py": [1]})
    assert [test.partition("::")[0] for test in found.tests] == ["tests/test_table.py"]


def test_change_that_nothing_reaches_selects_nothing(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path, **{"shop/lonely.py": "def lonely():\n    return 1\n"})
    assert affected_tests(atlas, {"shop/lonely.py": [2]}).tests == ()


def test_tests_and_what_steers_them_are_known(tmp_path: Path) -> None:
    atlas = atlas_of(tmp_path, **{"conftest.py": "", "tox.ini": ""})
    assert {"conftest.py", "tox.ini", "tests/test_cart.py"} <= atlas.tests
    assert "shop/cart.py" not in atlas.tests
    assert atlas.test_files(["shop/prices.py"], 1) == ["tests/test_prices.py"]


def test_comparison_names_what_was_fixed_broken_and_lost() -> None:
    passed, failed, error, skipped = TestOutcome.PASSED, TestOutcome.FAILED, TestOutcome.ERROR, TestOutcome.SKIPPED
    before = report(a=passed, b=failed, c=passed, d=passed, e=failed, f=skipped)
    after = report(a=failed, b=passed, c=skipped, e=error, f=passed, new=error)
    found = compared(Selection(("x",), "why"), before, after)
    assert found.broken == ("a", "c", "d", "new")
    assert (found.fixed, found.still_failing) == (("b",), ("e",))
    assert (found.passed_before, found.failed_before, found.passed, found.failed) == (3, 2, 2, 3)
    assert "failed a\nhow" in found.failures


def test_run_that_a_limit_cut_before_the_change_accuses_nobody_of_lost_tests() -> None:
    before = report(Ended.TIME, a=TestOutcome.PASSED, b=TestOutcome.PASSED)
    found = compared(Selection(("x",), "why"), before, report(a=TestOutcome.PASSED))
    assert found.broken == ()
    assert found.unfinished == "before the change by the time limit"


def test_repository_of_another_language_says_why_it_is_not_tested() -> None:
    rust = SourceTree("x", {"Cargo.toml": b'[package]\nname = "x"\n', "src/lib.rs": b""})
    assert "cargo" in why_untestable(rust)
    assert why_untestable(tree()) == ""


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("a\nb\nc\n", "a\nB\nc\n", [2]),
        ("a\nb\nc\n", "a\nc\n", [2]),
        ("a\nb\n", "a\nx\nb\n", [1]),
        ("a\nb\n", "x\na\nb\n", [1]),
        ("a\nb\nc\nd\n", "A\nb\nc\nD\n", [1, 4]),
        ("a\na\n", "a\na\na\n", [2]),
    ],
)
def test_changed_lines_are_those_of_the_old_file(before: str, after: str, lines: list[int]) -> None:
    copy = WorkingCopy(SourceTree("x", {"a.txt": before.encode()}), changed={"a.txt": after})
    assert copy.changed_lines() == {"a.txt": lines}


def test_plugins_and_options_of_the_repository_hold_only_with_its_packages() -> None:
    setting = Setting(TestRequest(("tests",)), "python", "0" * 32)
    (bare,) = RepositoryPytest("src", locked=False).steps(setting, ())
    (locked,) = RepositoryPytest("src", locked=True).steps(setting, ())
    assert "addopts=" in bare.argv and "PYTEST_DISABLE_PLUGIN_AUTOLOAD" in bare.environment
    assert "addopts=" not in locked.argv and "PYTEST_DISABLE_PLUGIN_AUTOLOAD" not in locked.environment
    assert "src" in bare.environment["PYTHONPATH"].split(":")
    assert bare.argv[-1] == locked.argv[-1] == "tests"


@pytest.mark.bubblewrap
def test_selected_tests_alone_run_and_one_that_cannot_be_collected_stops_no_other() -> None:
    files = {
        "test_a.py": b"class TestA:\n    def test_x(self): pass\n    def test_xy(self): pass\n",
        "test_b.py": b"import pytest\n\n@pytest.mark.parametrize('n', [1, 2])\ndef test_n(n): assert n\n\n"
        b"def test_o(): pass\n",
        "test_c.py": b"import absent\n\ndef test_c(): pass\n",
        "test_d.py": b"def test_d(): assert False\n",
    }
    select = ("test_a.py::TestA::test_x", "test_b.py::test_n", "test_c.py::test_c", "test_d.py")
    with contextlib.closing(BubblewrapSandbox()) as sandbox:
        found = run_tests(sandbox, files, RepositoryPytest("", locked=False), TestRequest(select))
    outcomes = {each.test: str(each.outcome) for each in found.results if each.test != "pytest"}
    assert outcomes == {
        "test_a.py::TestA::test_x": "passed",
        "test_b.py::test_n[1]": "passed",
        "test_b.py::test_n[2]": "passed",
        "test_c.py": "error",
        "test_d.py::test_d": "failed",
    }
