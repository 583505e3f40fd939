from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from repowright.benchmarks.localisation.__main__ import main
from repowright.benchmarks.localisation.cases import (
    STRATA,
    Case,
    CasesError,
    Level,
    Prediction,
    read_cases,
    read_predictions,
)
from repowright.benchmarks.localisation.corpora import git_folder
from repowright.benchmarks.localisation.running import Setup, run
from repowright.benchmarks.localisation.scoring import compare, hit, score, scores
from repowright.benchmarks.localisation.training import Lesson, held_out
from repowright.benchmarks.localisation.with_model import drawn
from repowright.graph.locate.table import Table

CART = "class Cart:\n    def total(self):\n        return sum(self.prices)\n\n    def add(self, item):\n        pass\n"
FIXED = CART.replace("sum(self.prices)", "sum(self.prices) - self.secret_discount_of_the_fix")


def git(folder: Path, *arguments: str) -> str:
    settings = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgSign=false")
    done = subprocess.run(
        ["git", *settings, *arguments], cwd=folder, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip()


@pytest.fixture
def repositories(tmp_path: Path) -> Path:
    """A folder of clones with one repository: a fault, then its fix."""
    clone = tmp_path / "clones" / "org+shop"
    (clone / "tests").mkdir(parents=True)
    git(clone, "init", "-q")
    (clone / "cart.py").write_text(CART)
    (clone / "stock.py").write_text("def reserve(item):\n    pass\n")
    (clone / "tests" / "test_cart.py").write_text("def test_total():\n    pass\n")
    for text in (CART, FIXED):
        (clone / "cart.py").write_text(text)
        git(clone, "add", ".")
        git(clone, "commit", "-qm", "a state")
    return tmp_path / "clones"


def row(name: str, commit: str, text: str = "total is wrong") -> dict[str, object]:
    return {
        "instance_id": name,
        "dataset": "small",
        "repo": "org/shop",
        "base_commit": commit,
        "problem_statement": text,
        "gold_files": ["cart.py"],
        "gold_functions": ["cart.py:Cart.total"],
        "gold_classes": ["cart.py:Cart"],
        "leak": {"func": True},
    }


@pytest.fixture
def cases(repositories: Path, tmp_path: Path) -> Path:
    commit = git(repositories / "org+shop", "rev-parse", "HEAD~1")
    path = tmp_path / "cases.jsonl"
    texts = ("Cart.total is wrong", "secret discount")
    path.write_text("".join(json.dumps(row(f"c{n}", commit, text)) + "\n" for n, text in enumerate(texts)))
    return path


def test_a_run_sees_the_commit_alone_and_is_resumed(repositories: Path, cases: Path, tmp_path: Path) -> None:
    setup, out = Setup(repositories, tmp_path / "bags.db"), tmp_path / "predictions.jsonl"
    first, *_ = read_cases(cases)
    assert list(run([first], setup, out, 1)) == ["c0"]
    assert list(run(read_cases(cases), setup, out, 1)) == ["c1"]
    found = read_predictions(out)
    assert found["c0"].ranked["function"][0] == "cart.py:Cart.total"
    assert found["c0"].ranked["class"] == ("cart.py:Cart",)
    assert "tests/test_cart.py" not in found["c0"].ranked["file"]
    assert "secret" not in out.read_text() and "wrong" not in out.read_text()


def test_the_commands_run_score_and_report(repositories: Path, cases: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    common = ["--cases", str(cases)]
    shell = CliRunner()
    done = shell.invoke(main, ["run", *common, "--repos", str(repositories), "--out", str(out), "--jobs", "1"])
    assert done.exit_code == 0, done.output
    predicted = ["--predictions", str(out / "predictions.jsonl"), "--against", str(out / "predictions.jsonl")]
    told = shell.invoke(main, ["score", *common, *predicted])
    assert "function n=2" in told.output and "+0.0 [+0.0, +0.0] against the other run" in told.output
    assert shell.invoke(main, ["report", *common, *predicted, "--title", "<A & B>", "--out", str(out)]).exit_code == 0
    assert "<h1>&lt;A &amp; B&gt;</h1>" in (out / "report.html").read_text()
    figures = json.loads((out / "report.json").read_text())
    assert figures["scores"]["all cases"]["file"]["cases"] == 2


def test_both_metrics_are_told_apart() -> None:
    gold, ranked = frozenset({"a", "b"}), ("x", "a", "b")
    assert [hit(gold, ranked, 2, metric) for metric in ("all", "any", "recall")] == [0, 1, 0.5]
    assert [hit(gold, ranked, 3, metric) for metric in ("all", "any", "recall")] == [1, 1, 1]


def test_scores_leave_out_what_has_no_gold_and_count_what_is_missing(cases: Path) -> None:
    first, second = read_cases(cases)
    second = replace(second, gold={**second.gold, "function": frozenset()})
    found = score([first, second], {}, "function")
    assert (found.cases, found.at["all"], found.mrr) == (1, (0.0,) * 4, 0.0)
    right = {"c0": Prediction("c0", {"file": (), "class": (), "function": ("x", "cart.py:Cart.total")}, 0.0)}
    found = score([first], right, "function")
    assert (found.at["all"], found.mrr) == ((0.0, 100.0, 100.0, 100.0), 0.5)
    assert compare([first], right, {}, "function").points == 100
    assert list(scores([first], right)) == ["all cases", f"names {STRATA[1]}"]


def test_clones_are_found_by_several_names(tmp_path: Path) -> None:
    for place in ("me+shop/repo", "org__other", "third/part/.git"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "HEAD").write_text("ref")
    assert git_folder(tmp_path, "org/shop") == tmp_path / "me+shop" / "repo"
    assert git_folder(tmp_path, "org/other") == tmp_path / "org__other"
    assert git_folder(tmp_path, "third/part") == tmp_path / "third" / "part" / ".git"
    with pytest.raises(CasesError, match="no clone of org/none"):
        git_folder(tmp_path, "org/none")


@pytest.mark.parametrize("text", ["no json", '{"instance_id": "x"}', "[]", '{"instance_id": 3, "gold_files": 4}'])
def test_a_line_that_is_no_case_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text("\n" + text)
    with pytest.raises(CasesError, match="line 2 of"):
        read_cases(path)


def a_lesson(name: str, repository: str, good: str) -> Lesson:
    """Ten candidates; in the column ``good`` the right one stands out."""
    random = np.random.default_rng(int(name))
    values = random.random((10, 2)).astype(np.float32)
    gold = np.zeros(10, bool)
    gold[4] = True
    values[4, ("a", "b").index(good)] = 2.0
    labels = tuple(f"{name}:{place}" for place in range(10))
    return Lesson(name, repository, labels, Table(np.arange(10), ("a", "b"), values), gold)


def test_a_model_learns_from_other_repositories_alone() -> None:
    pytest.importorskip("scipy", reason="training needs SciPy, the dependency group train")
    lessons = [a_lesson(str(n), f"org/{n % 2}", "a" if n % 2 else "b") for n in range(20)]
    found = held_out(lessons, 0.03)
    # What distinguishes the one repository's answers is not what distinguishes the other's.
    assert sum(found[str(n)][0] == f"{n}:4" for n in range(20)) < 8
    found = held_out([a_lesson(str(n), f"org/{n % 2}", "a") for n in range(20)], 0.03)
    assert all(found[str(n)][0] == f"{n}:4" for n in range(20))
    blind = held_out([a_lesson(str(n), f"org/{n % 2}", "a") for n in range(20)], 0.03, lambda name: name == "b")
    assert sum(blind[str(n)][0] == f"{n}:4" for n in range(20)) < 10


def test_the_module_says_what_is_wrong_on_one_line(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text("nonsense\n")
    command = [sys.executable, "-m", "repowright.benchmarks.localisation", "score"]
    done = subprocess.run(
        [*command, "--cases", str(path), "--predictions", str(path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0 and done.stderr.count("\n") == 1 and "line 1 of" in done.stderr


def test_draw_is_the_same_whatever_the_order_of_the_cases() -> None:
    gold: dict[Level, frozenset[str]] = {
        "file": frozenset(["a.py"]),
        "class": frozenset(),
        "function": frozenset(["a.py:f"]),
    }
    cases = [Case(f"case-{number}", "lite", "o/n", "c", "text", STRATA[2], gold) for number in range(40)]
    without = replace(cases[0], id="no-function", gold={**gold, "function": frozenset()})
    first = drawn([*cases, without], 12)
    assert first == drawn([without, *reversed(cases)], 12)
    assert len(first) == 12 and without not in drawn([*cases, without], 41)
