from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from repowright.graph.serial import save
from repowright.tui.cli import cli
from tests.graph.library import SOURCES, at, build_library


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with its graph in the usual place."""
    for path, text in SOURCES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    (tmp_path / ".repowright").mkdir()
    save(build_library(), tmp_path / ".repowright" / "graph.json")
    return tmp_path


def test_search_reads_the_code_beside_the_graph(folder: Path) -> None:
    done = invoke("search", str(folder), "has no title")
    assert done.exit_code == 0
    assert "22 |" in done.stdout and "check, lines 21-22" in done.stdout


def test_search_takes_the_arguments_of_the_paper(folder: Path) -> None:
    scope = ("--scope", "Storage/Disk", "--limit", "1")
    done = invoke("search", str(folder), "--mode", "features", "--feature", "book", *scope, "--json")
    found = json.loads(done.stdout)
    assert len(found["matches"]) == 1 and found["matches"][0]["card"]["area"].startswith("Storage")
    done = invoke("search", str(folder), "--in", "store.py", "--lines", "11-12")
    assert '12 |         return "book"' in done.stdout


def test_fetch_shows_code_and_ends_with_1_if_something_is_missing(folder: Path) -> None:
    done = invoke("fetch", str(folder), "Store.load", "nobody")
    assert done.exit_code == 1
    assert 'return "book"' in done.stdout and "nobody" not in done.stdout
    assert done.stderr.startswith("repowright: no node answers to 'nobody'")
    done = invoke("fetch", str(folder), "Store.load", "nobody", "--json")
    assert [each["reference"] for each in json.loads(done.stdout)["missing"]] == ["nobody"]


def test_a_graph_away_from_its_code_needs_a_repository(folder: Path, tmp_path: Path) -> None:
    lone = tmp_path / "lone.json"
    save(build_library(), lone)
    assert "no source" in invoke("fetch", str(lone), "Store.load").stdout
    assert 'return "book"' in invoke("fetch", str(lone), "Store.load", "--repo", str(folder)).stdout


def test_explore_walks(folder: Path) -> None:
    done = invoke("explore", str(folder), "main", "--depth", "1", "--dependency", "calls", "--entity", "class")
    assert done.stdout.splitlines()[1:] == [
        "  calls library/store.py:DiskStore [class, lines 15-17] at line 5: keep books on disk"
    ]


def test_impact_and_paths(folder: Path) -> None:
    assert "6 nodes affected" in invoke("graph", "impact", str(folder), "Store.save").stdout
    done = invoke("graph", "paths", str(folder), "main", "Store.load", "-k", "1", "--json")
    assert len(json.loads(done.stdout)["paths"]) == 1
    done = invoke("graph", "paths", str(folder), "main", "library/store.py:check")
    assert done.exit_code == 1 and "no dependency leads" in done.stdout


def test_diff_ends_as_diff_does(folder: Path, tmp_path: Path) -> None:
    other = build_library()
    other.remove(at(other, "library/cli.py:main"))
    save(other, tmp_path / "other.json")
    same = invoke("graph", "diff", str(folder), str(folder))
    assert (same.exit_code, same.stdout) == (0, "the graphs are the same\n")
    done = invoke("graph", "diff", str(folder), str(tmp_path / "other.json"))
    assert done.exit_code == 1 and "  - function main" in done.stdout


def test_render_writes_a_page(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert invoke("graph", "render", str(folder), "--html", "-o", str(page)).exit_code == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_text_of_a_graph_does_not_drive_the_terminal(tmp_path: Path) -> None:
    rpg = build_library()
    rpg.update(at(rpg, "library/cli.py:main"), feature="clear \x1b[2J the screen \u202e")
    save(rpg, tmp_path / "graph.json")
    shown = invoke("fetch", str(tmp_path), "main").stdout
    assert "\x1b" not in shown and "\u202e" not in shown and "clear" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("search", "GRAPH"), "names no terms"),
        (("search", "GRAPH", "--in", "store.py", "--lines", "a-b"), "are no lines"),
        (("search", "GRAPH", "x", "--scope", "Nowhere"), "no node answers"),
        (("fetch", "GRAPH"), "name an ENTITY"),
        (("explore", "GRAPH", "main", "--dependency", "loves"), "no kind loves"),
        (("explore", "GRAPH", "main", "--depth", "-2"), "--depth"),
        (("graph", "impact", "GRAPH", "save"), "2 nodes answer"),
        (("graph", "impact", "GRAPH", "main", "--depth", "0"), "asks for nothing"),
        (("graph", "paths", "GRAPH", "main", "library/cli.py"), "lie in each other"),
        (("graph", "diff", "GRAPH", "nothing.json"), "no run nothing.json"),
        (("fetch", "GRAPH", "main", "--at", "v1"), "not a git repository"),
        (("fetch", "GRAPH", "main", "--repo", "nowhere"), "does not exist"),
    ],
)
def test_bad_input_is_one_line_and_code_2(folder: Path, arguments: tuple[str, ...], words: str) -> None:
    done = invoke(*(str(folder) if each == "GRAPH" else each for each in arguments))
    assert done.exit_code == 2
    assert words in done.stderr and done.stderr.count("\n") == 1 and done.stdout == ""


def test_a_file_that_is_no_graph_is_refused(tmp_path: Path) -> None:
    (tmp_path / "graph.json").write_text("[]")
    done = invoke("search", str(tmp_path), "x")
    assert done.exit_code == 2 and "no graph" in done.stderr
