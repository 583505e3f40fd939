from __future__ import annotations

from pathlib import Path

import pytest
from resolutions import (
    EDIT,
    FIXED,
    HAND_IN,
    PRICES,
    SHOWN,
    TEST_PATH,
    TRY,
    Clinic,
    fixer,
    git,
    repository,
)
from scripted_fixer import call, stage_of
from scripted_judge import served

from repowright.agent.errors import SpecError, UserError
from repowright.agent.events import Decision, FileWritten, SandboxRun, StageEnd, Warning
from repowright.agent.workflows.resolve.records import Verdict

pytestmark = pytest.mark.bubblewrap


def test_issue_becomes_a_tested_patch_that_git_applies(tmp_path: Path) -> None:
    clinic, shop, model = Clinic(tmp_path), repository(tmp_path / "shop"), fixer()
    with served(model) as url:
        end = clinic.resolve(url, shop)
    assert (end.status, end.exit_code, end.tests_failed) == ("done", 0, 0)
    assert Path(end.out) == clinic.run.folder / "fix.patch"
    found = clinic.resolution
    assert (found.verdict, found.reproduced, found.rounds) == (Verdict.RESOLVED, "yes", 1)
    assert found.files == ("shop/prices.py", TEST_PATH)
    assert found.suspects[0].entity == "shop/prices.py:rounded"
    assert "1200 == 1250" in found.reproduction.failure
    assert git(shop, "status", "--porcelain") == ""
    git(shop, "apply", end.out)
    assert (shop / "shop/prices.py").read_text() == FIXED
    assert "def test_rounds_up" in (shop / TEST_PATH).read_text()


def test_affected_tests_alone_run_before_and_after(tmp_path: Path) -> None:
    clinic, shop, model = Clinic(tmp_path), repository(tmp_path / "shop"), fixer()
    with served(model) as url:
        clinic.resolve(url, shop)
    tests = clinic.resolution.tests
    assert tests.selected[0] == TEST_PATH
    assert set(tests.selected[1:]) == {
        "tests/test_cart.py::test_total_of_an_empty_cart",
        "tests/test_cart.py::test_total_on_a_step",
        "tests/test_prices.py::test_rounded_on_a_step",
    }
    assert (tests.passed_before, tests.failed_before, tests.passed, tests.failed) == (3, 1, 4, 0)
    assert tests.fixed == (f"{TEST_PATH}::test_rounds_up",)
    assert "shop/prices.py:rounded" in tests.why


def test_run_tells_its_stages_and_writes_a_report(tmp_path: Path) -> None:
    clinic, shop, model = Clinic(tmp_path), repository(tmp_path / "shop"), fixer()
    with served(model) as url:
        clinic.resolve(url, shop)
    assert [event.stage for event in clinic.told.of(StageEnd)] == ["locate", "reproduce", "edit", "verify", "deliver"]
    assert [event.path for event in clinic.told.of(FileWritten)] == ["shop/prices.py", TEST_PATH]
    assert [event.what for event in clinic.told.of(Decision)][-1] == "resolved"
    assert {event.purpose for event in clinic.told.of(SandboxRun)} >= {
        "reproduction",
        "tests of the copy",
        "before the change",
    }
    for words in ("rounded() cuts the remainder off.", "| pass | 3 | 4 |", "1200 instead of 1250", "standard library"):
        assert words in clinic.report
    assert clinic.run.manifest.workflow == "resolve"


def test_change_that_breaks_a_test_is_worked_on_again(tmp_path: Path) -> None:
    wrong = call("replace", path="shop/prices.py", old="amount - amount % step", new="amount - amount % step + step")
    right = call(
        "replace",
        path="shop/prices.py",
        old="amount - amount % step + step",
        new="(amount + step // 2) // step * step",
    )
    model = fixer(edit=[[wrong], [HAND_IN]], mend=[[call("diff")], [right], [HAND_IN]])
    clinic, shop = Clinic(tmp_path), repository(tmp_path / "shop")
    with served(model) as url:
        end = clinic.resolve(url, shop)
    assert end.exit_code == 0
    assert (clinic.resolution.verdict, clinic.resolution.rounds) == (Verdict.RESOLVED, 2)
    mend = next(str(body["messages"][1]["content"]) for body in model.requests if stage_of(body) == "mend")
    assert "test_total_of_an_empty_cart" in mend
    assert "amount % step + step" in mend
    git(shop, "apply", end.out)
    assert (shop / "shop/prices.py").read_text() == FIXED


def test_fix_that_never_passes_is_delivered_as_failing_without_its_test(tmp_path: Path) -> None:
    harmless = call("replace", path="shop/prices.py", old='"""Prices."""', new='"""All prices."""')
    again = call("replace", path="shop/prices.py", old='"""All prices."""', new='"""Each price."""')
    model = fixer(edit=[[harmless], [HAND_IN]], mend=[[again], [HAND_IN]])
    clinic, shop = Clinic(tmp_path), repository(tmp_path / "shop")
    with served(model) as url:
        end = clinic.resolve(url, shop)
    assert (end.status, end.exit_code) == ("failing", 1)
    found = clinic.resolution
    assert (found.verdict, found.reproduced, found.rounds) == (Verdict.FAILING, "still fails", 3)
    assert found.files == ("shop/prices.py",)
    assert "the test of the issue does not pass" in model.told("edit")
    assert "do not apply it as it is" in clinic.report
    git(shop, "apply", "--check", end.out)


def test_without_a_test_of_the_issue_the_patch_says_so(tmp_path: Path) -> None:
    model = fixer(reproduce=[[call("cannot_reproduce", reason="it is a matter of taste")]], edit=[[EDIT], [HAND_IN]])
    clinic, shop = Clinic(tmp_path), repository(tmp_path / "shop")
    with served(model) as url:
        end = clinic.resolve(url, shop)
    assert end.exit_code == 0
    assert clinic.resolution.verdict is Verdict.UNREPRODUCED
    assert clinic.resolution.tests.passed == 3
    assert "it is a matter of taste" in clinic.report


def test_test_that_passes_or_cannot_run_is_no_reproduction(tmp_path: Path) -> None:
    passing = call("try_test", path=TEST_PATH, code="def test_x():\n    assert True\n")
    broken = call("try_test", path=TEST_PATH, code="import nowhere\n\n\ndef test_x():\n    assert nowhere\n")
    empty = call("try_test", path=TEST_PATH, code="x = 1\n")
    old = call("try_test", path="tests/test_cart.py", code="def test_x():\n    assert False\n")
    model = fixer(reproduce=[[passing, SHOWN], [broken, SHOWN], [empty, old], [TRY], [SHOWN]])
    clinic, shop = Clinic(tmp_path), repository(tmp_path / "shop")
    with served(model) as url:
        end = clinic.resolve(url, shop)
    told = model.told("reproduce")
    for words in ("it passes", "the test itself cannot be run", "no test function", "is there already", "not taken"):
        assert words in told
    assert (end.exit_code, clinic.resolution.verdict) == (0, Verdict.RESOLVED)


def test_model_that_only_talks_ends_with_no_patch(tmp_path: Path) -> None:
    model = fixer(locate=["hm"], reproduce=["hm"], edit=["hm"])
    clinic, shop = Clinic(tmp_path), repository(tmp_path / "shop")
    with served(model) as url:
        end = clinic.resolve(url, shop)
    assert (end.status, end.exit_code) == ("failing", 1)
    found = clinic.resolution
    assert (found.verdict, found.files) == (Verdict.NO_PATCH, ())
    assert found.suspects, "retrieval alone names functions"
    assert (clinic.run.folder / "fix.patch").read_bytes() == b""
    assert "There is no patch" in clinic.report


def test_edits_outside_the_code_are_refused_and_said(tmp_path: Path) -> None:
    hostile = [
        call("create", path="../evil.py", content="x = 1\n"),
        call("create", path="/etc/evil", content="x\n"),
        call("create", path=".github/workflows/evil.yml", content="on: push\n"),
        call("create", path=".git/hooks/pre-commit", content="#!/bin/sh\n"),
        call("create", path="conftest.py", content="collect_ignore = ['tests']\n"),
        call("replace", path="tests/test_cart.py", old="== 25", new="== 99"),
        call("replace", path=TEST_PATH, old="1250", new="1200"),
        call("replace", path="shop/prices.py", old="amount", new="sum"),
        call("replace", path="shop/nothing.py", old="a", new="b"),
        call("run_tests", tests=["--co"]),
    ]
    model = fixer(edit=[hostile, [EDIT], [HAND_IN]])
    clinic, shop = Clinic(tmp_path), repository(tmp_path / "shop")
    with served(model) as url:
        end = clinic.resolve(url, shop)
    assert model.told("edit").count("error:") >= len(hostile)
    assert clinic.resolution.files == ("shop/prices.py", TEST_PATH)
    assert end.exit_code == 0
    assert not (tmp_path / "evil.py").exists()


def test_without_its_packages_the_patch_is_handed_over_unverified(tmp_path: Path) -> None:
    needing = f"import absent_package\n{PRICES}"
    shop = repository(tmp_path / "shop", shop_prices=needing)
    model = fixer(reproduce=[[TRY], [call("cannot_reproduce", reason="absent_package is not installed")]])
    clinic = Clinic(tmp_path)
    with served(model) as url:
        end = clinic.resolve(url, shop)
    assert (end.status, end.exit_code) == ("failing", 1)
    found = clinic.resolution
    assert found.verdict is Verdict.UNVERIFIED
    assert "absent_package" in found.why_unverified
    assert "UNVERIFIED" in clinic.report
    assert any("not verified" in event.message for event in clinic.told.of(Warning))
    git(shop, "apply", end.out)
    assert "(amount + step // 2)" in (shop / "shop/prices.py").read_text()


def test_change_that_was_not_handed_in_counts_as_it_stands(tmp_path: Path) -> None:
    model = fixer(edit=[[EDIT], "that should do", "really"])
    clinic, shop = Clinic(tmp_path), repository(tmp_path / "shop")
    with served(model) as url:
        end = clinic.resolve(url, shop)
    assert (end.exit_code, clinic.resolution.verdict) == (0, Verdict.RESOLVED)
    assert "The model does not say." in clinic.report


def test_patch_holds_for_work_that_is_not_committed(tmp_path: Path) -> None:
    shop = repository(tmp_path / "shop")
    (shop / "shop/prices.py").write_text(f"{PRICES}\n\nEXTRA = 1\n")
    clinic, model = Clinic(tmp_path), fixer()
    with served(model) as url:
        end = clinic.resolve(url, shop)
    git(shop, "apply", end.out)
    assert (shop / "shop/prices.py").read_text() == f"{FIXED}\n\nEXTRA = 1\n"


def test_empty_issue_and_empty_folder_begin_no_run(tmp_path: Path) -> None:
    clinic, shop = Clinic(tmp_path), repository(tmp_path / "shop")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SpecError, match="is empty"):
        clinic.resolve("http://127.0.0.1:9/v1", shop, issue=" \n")
    with pytest.raises(UserError, match="no files"):
        clinic.resolve("http://127.0.0.1:9/v1", tmp_path / "empty")
    assert not clinic.runs.exists()
