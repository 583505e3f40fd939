from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from repowright.benchmarks.repocraft.report.errors import ResultUnreadable
from repowright.benchmarks.repocraft.report.results import read_controls, read_evaluation
from repowright.benchmarks.repocraft.verdicts import ArmResult, State, TaskVerdict
from repowright.tui.cli import cli

TREE = '{"Carts": ["Sum of prices", "Adding items"], "Stock": ["Reserving items"]}'
CODE = (
    'def total(cart):\n    """Sum the prices of the items."""\n    return sum(cart)\n\n\n'
    'def add(cart, item):\n    """Add an item to the cart."""\n    cart.append(item)\n'
)


def an_arm(arm: str, state: State) -> str:
    verdicts = tuple(TaskVerdict(task=f"requests-{number}", state=state) for number in range(3))
    return ArmResult(arm=arm, project="requests", sandbox="local", verdicts=verdicts).model_dump_json()


def report(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["bench", "repocraft", "report", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "result.json").write_text(an_arm("ours", State.PASSED))
    (tmp_path / "run" / "means.json").write_text('{"judge_model": "j", "calls": 3, "terms": {"votes": 5}, "later": 1}')
    (tmp_path / "control").mkdir()
    for arm, state in (("real", State.PASSED), ("stubbed", State.FAILED), ("empty", State.NOT_IMPORTABLE)):
        (tmp_path / "control" / f"requests.{arm}.json").write_text(an_arm(arm, state))
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "cart.py").write_text(CODE)
    (tmp_path / "tree.json").write_text(TREE)
    return tmp_path


def test_a_result_with_controls_and_code_becomes_three_files(folder: Path) -> None:
    code = ("--repo", folder / "repo", "--real", folder / "repo", "--tree", folder / "tree.json")
    done = report(folder / "run", "--control", folder / "control", *code, "--out", folder / "out")
    assert done.exit_code == 0, done.output
    assert "  ours: pass 100.0 % [44 to 100]" in done.stdout and "100.0 % of the ceiling, 4 lines" in done.stdout
    assert "real (control): pass 100.0 % [44 to 100], coverage" in done.stdout
    assert "empty (control): pass 0.0 %" in done.stdout
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["report.html", "report.json", "report.md"]
    assert not (folder / "repo" / ".repowright").exists()


def test_the_real_project_judged_the_same_way_is_the_ceiling(folder: Path) -> None:
    (folder / "copy").mkdir()
    states = (State.PASSED, State.NOT_LOCATED, State.PASSED)
    verdicts = tuple(TaskVerdict(task=f"requests-{number}", state=state) for number, state in enumerate(states))
    judged = ArmResult(arm="copy", project="requests", sandbox="local", verdicts=verdicts)
    (folder / "copy" / "result.json").write_text(judged.model_dump_json())
    done = report(
        folder / "run", "--ceiling", folder / "copy", "--control", folder / "control", "--out", folder / "out"
    )
    assert "ours: pass 100.0 % [44 to 100], 150.0 % of the ceiling" in done.stdout, done.output
    assert "real, judged the same way (control): pass 66.7 %" in done.stdout
    assert "Ceiling: the real project, judged the same way" in (folder / "out" / "report.md").read_text()


def test_json_is_the_report_on_one_line(folder: Path) -> None:
    done = report(folder / "run" / "result.json", "--out", folder / "out", "--json")
    found = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert found == json.loads((folder / "out" / "report.json").read_text())
    assert found["projects"][0]["judging"][0] | {"judge_model": "j", "calls": 3} == found["projects"][0]["judging"][0]


def test_code_alone_can_be_reported(folder: Path) -> None:
    code = ("--repo", folder / "repo", "--project", "HttpEasy", "--tree", folder / "tree.json", "--without-real")
    done = report(*code, "--out", folder / "out", "--json")
    (project,) = json.loads(done.stdout)["projects"]
    row = project["rows"][0]
    assert (project["project"], row["system"], row["lines"], row["features"]) == ("requests", "not evaluated", 4, 2)
    assert row["coverage"]["hits"] == 2
    assert any("real project was not measured" in remark for remark in project["remarks"])


def test_what_cannot_be_covered_is_still_sized(folder: Path) -> None:
    done = report("--repo", folder / "repo", "--project", "unheard-of", "--out", folder / "out", "--json")
    (project,) = json.loads(done.stdout)["projects"]
    assert project["rows"][0]["lines"] == 4 and project["rows"][0]["coverage"] is None
    left_out = [remark for remark in project["remarks"] if "unheard-of is none of the six projects" in remark]
    assert [remark.partition(":")[0] for remark in left_out] == [
        "Coverage and novelty are left out",
        "The real project was not measured",
    ]


@pytest.mark.parametrize("package", ["sklearn.cluster", "onnxruntime", "bpe_openai"])
def test_without_the_extra_a_report_says_what_is_left_out(
    folder: Path, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    code = ("--repo", folder / "repo", "--project", "requests", "--without-real")
    done = report(folder / "run", *code, "--out", folder / "out", "--json")
    (project,) = json.loads(done.stdout)["projects"]
    row = project["rows"][0]
    assert row["lines"] == 4 and row["passed"]["percent"] == 100
    told = [remark for remark in project["remarks"] if "pip install 'repowright[repocraft]'" in remark]
    assert (row["coverage"] is None) == bool(told) == (package != "bpe_openai")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no result: Invalid JSON"),
        ("[]", "is no result: Input should be an object"),
        ("{}", "is no result: at arm: Field required"),
        (an_arm("a", State.PASSED).replace("passed", "perfect"), "at verdicts.0.state: Input should be"),
        (an_arm("a", State.PASSED).replace('"verdicts"', '"judgements"'), "at verdicts: Field required"),
        (an_arm("a", State.PASSED).replace("requests-1", "requests-0"), "judges task requests-0 twice"),
        ("\xff\x00", "is no result"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_malformed_result_is_one_clear_line(tmp_path: Path, text: str | None, words: str) -> None:
    if text is not None:
        (tmp_path / "result.json").write_text(text, encoding="latin-1")
    with pytest.raises(ResultUnreadable, match=words) as failure:
        read_evaluation(tmp_path)
    assert "\n" not in str(failure.value) and str(tmp_path / "result.json") in str(failure.value)
    done = report(tmp_path, "--out", tmp_path / "out")
    assert done.exit_code == 2 and done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["means.json", "tasks.json"])
def test_what_lies_beside_a_result_must_be_whole_too(folder: Path, name: str) -> None:
    (folder / "run" / name).write_text('{"calls": "many"}')
    with pytest.raises(ResultUnreadable, match=name):
        read_evaluation(folder / "run")


def test_a_malformed_control_arm_is_named(folder: Path) -> None:
    (folder / "control" / "requests.real.json").write_text("{")
    with pytest.raises(ResultUnreadable, match=r"requests\.real\.json"):
        read_controls(folder / "control", "requests")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "nothing to report on"),
        (("--repo", "repo"), "do not say whose code"),
        (("--repo", "nowhere", "--project", "requests"), "nowhere is no folder"),
        (("--repo", "repo", "--project", "requests", "--tree", "nothing.json"), r"nothing\.json cannot be read"),
        (("run", "--control", "nowhere"), "no folder of control arms"),
    ],
)
def test_what_is_missing_is_said(
    folder: Path, arguments: tuple[str, ...], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    done = report(*arguments)
    assert done.exit_code == 2 and done.stderr.startswith("repowright: ") and done.stderr.count("\n") == 1
    assert re.search(words, done.stderr)
