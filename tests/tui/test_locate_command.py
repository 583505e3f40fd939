from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from repowright.tui.cli import cli

CODE = '"""Carts."""\n\n\nclass Cart:\n    def total(self):\n        """Sum the prices."""\n        return 0\n'


def locate(*arguments: str, said: str | bytes = "") -> Result:
    return CliRunner().invoke(cli, ["locate", *arguments], input=said)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "cart.py").write_text(CODE)
    (tmp_path / "shop" / "stock.py").write_text("def reserve(item):\n    pass\n")
    return tmp_path


def test_a_table_says_what_and_why(folder: Path) -> None:
    done = locate("--repo", str(folder), "--text", "Cart.total is wrong")
    assert done.exit_code == 0, done.output
    assert "  1. shop/cart.py:Cart.total  5-7\n     named with its class or module in the title" in done.stdout
    assert done.stdout.startswith("Files\n  1. shop/cart.py\n")


@pytest.mark.parametrize("way", ["file", "text", "input"])
def test_the_issue_comes_in_three_ways(folder: Path, tmp_path: Path, way: str) -> None:
    issue = tmp_path / "issue.md"
    issue.write_text("the sum of prices is wrong")
    given = {"file": ("--issue", str(issue)), "text": ("--text", issue.read_text()), "input": ("-",)}[way]
    done = locate("--repo", str(folder), *given, "--json", "--top", "1", said=issue.read_text())
    found = json.loads(done.stdout)
    assert [each["qualname"] for each in found["functions"]] == ["Cart.total"]
    assert {each["path"] for each in found["files"]} == {"shop/cart.py"}


def test_a_changed_file_is_seen(folder: Path) -> None:
    assert "restock" not in locate("--repo", str(folder), "--text", "restock the shelf").stdout
    (folder / "shop" / "stock.py").write_text("def restock(shelf):\n    pass\n")
    found = locate("--repo", str(folder), "--text", "restock the shelf", "--json").stdout
    assert json.loads(found)["functions"][0]["qualname"] == "restock"


@pytest.mark.parametrize("part", ["features", "deps", "mentions"])
def test_parts_can_be_left_out(folder: Path, part: str) -> None:
    assert locate("--repo", str(folder), "--text", "Cart.total", "--without", part).exit_code == 0


def test_a_folder_without_source_answers_nothing(tmp_path: Path) -> None:
    done = locate("--repo", str(tmp_path), "--text", "Cart.total")
    assert (done.exit_code, done.stdout) == (0, "nothing in the repository answers\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "give the issue once"),
        (("--text", "a", "-"), "give the issue once"),
        (("--text", "  "), "is empty"),
        (("-",), "is empty"),
        (("--issue", "{folder}/none.md"), "none.md"),
        (("--issue", "{folder}/shop"), "shop"),
        (("--text", "a", "--top", "0"), "0"),
        (("--text", "a", "--without", "graph"), "graph"),
    ],
)
def test_bad_input_is_one_line_and_code_2(folder: Path, arguments: tuple[str, ...], words: str) -> None:
    done = locate("--repo", str(folder), *(each.format(folder=folder) for each in arguments))
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1 and words in done.stderr


@pytest.mark.parametrize("content", [b"\xff\xfe\x00binary", b"a\0b", b"x" * 4_000_001])
def test_an_issue_that_is_no_text_is_refused(folder: Path, content: bytes) -> None:
    issue = folder / "issue.bin"
    issue.write_bytes(content)
    done = locate("--repo", str(folder), "--issue", str(issue))
    assert done.exit_code == 2 and "issue.bin" in done.stderr and done.stderr.count("\n") == 1


def test_no_folder_is_refused(folder: Path) -> None:
    for path in (folder / "none", folder / "shop" / "cart.py"):
        done = locate("--repo", str(path), "--text", "a")
        assert done.exit_code == 2 and done.stderr.count("\n") == 1


def test_an_issue_of_a_megabyte_is_read(folder: Path) -> None:
    issue = folder / "issue.md"
    issue.write_text("Cart.total is wrong\n" + "log line 42\n" * 90_000)
    done = locate("--repo", str(folder), "--issue", str(issue), "--json")
    assert json.loads(done.stdout)["functions"][0]["qualname"] == "Cart.total"
