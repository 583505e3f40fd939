from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from repowright.graph.encode import load_graph
from repowright.graph.model import RPG
from repowright.graph.serial import load, save
from repowright.graph.store import Store
from repowright.repo_tools.git import GitRepository
from repowright.tui.cli import cli

CART = b"from shop.money import total\n\ndef pay(cart):\n    return total(cart)\n"
MONEY = b"def total(cart):\n    return sum(cart)\n"


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("REPOWRIGHT_DEBUG", raising=False)
    monkeypatch.chdir(tmp_path)
    yield


@pytest.fixture
def shop(tmp_path: Path) -> list[str]:
    """Three commits of a repository at ``shop``."""
    repository = GitRepository.init(tmp_path / "shop")
    steps: list[dict[str, bytes | None]] = [
        {"shop/__init__.py": b"", "shop/cart.py": CART, "shop/money.py": MONEY, "app.js": b"function go() {}\n"},
        {"shop/money.py": MONEY + b"\ndef tax(cart):\n    return total(cart) / 5\n"},
        {"shop/money.py": None, "shop/coins.py": MONEY, "shop/cart.py": CART.replace(b"money", b"coins")},
    ]
    return [repository.commit(files, f"Step {n}", "", "A", "a@b.c", 1_700_000_000 + n) for n, files in enumerate(steps)]


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli, arguments)
    return done.exit_code, done.stdout, done.stderr


def test_encode_stores_a_graph_and_says_what_it_has(shop: list[str]) -> None:
    code, out, _ = run("encode", "shop")
    assert code == 0 and "shop/.repowright/graph.rpg: 4 files" in out and "4 parsed" in out
    graph = load_graph(Path("shop/.repowright/graph.rpg"))
    assert graph.root.name == "shop" and graph.find("shop/coins.py", "total") is not None
    code, out, _ = run("encode", "shop")
    assert code == 0 and "0 read" in out and "0 resolved" in out


def test_encode_writes_json_for_programs(shop: list[str]) -> None:
    code, out, err = run("encode", "shop", "--out", "g.json", "--lang", "python", "--json")
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert (told["files"], told["graph"], told["model_calls"]) == (3, "g.json", 0)
    assert load(Path("g.json")) == load_graph(Path("shop/.repowright/graph.rpg"))
    assert load(Path("g.json")).root.tags == ("language-python",)


def test_encode_stores_the_graph_where_it_is_told(shop: list[str]) -> None:
    code, out, _ = run("encode", "shop", "--out", "here.rpg")
    assert code == 0 and out.startswith("here.rpg: ") and not Path("shop/.repowright").exists()


def test_evolve_follows_the_commits(shop: list[str]) -> None:
    run("encode", "shop", "--out", "g.rpg")
    code, out, _ = run("evolve", "g.rpg", "--repo", "shop", "--from", shop[0], "--to", shop[2], "--each")
    lines = out.splitlines()
    assert code == 0 and [line[:12] for line in lines] == [sha[:12] for sha in shop]
    assert "1 read" in lines[1] and "0 calls" in lines[1] and " ms " in lines[1]
    run("encode", "shop", "--out", "clean.rpg")
    assert load_graph(Path("g.rpg")) == load_graph(Path("clean.rpg"))


def test_evolve_goes_on_from_where_the_graph_is(shop: list[str]) -> None:
    run("encode", "shop", "--out", "g.rpg")
    run("evolve", "g.rpg", "--repo", "shop", "--to", shop[0])
    code, out, _ = run("evolve", "g.rpg", "--repo", "shop", "--to", "HEAD", "--each", "--json")
    told = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and [step["revision"] for step in told] == shop
    assert told[2]["removed"] == 1 and "resolve" in told[2]["seconds"]


def test_evolve_reads_the_work_tree(shop: list[str]) -> None:
    run("encode", "shop")
    Path("shop/shop/new.py").write_text("def fresh(): pass\n")
    code, out, _ = run("evolve", "shop/.repowright/graph.rpg", "--repo", "shop", "--worktree")
    assert code == 0 and "1 read" in out
    assert load_graph(Path("shop/.repowright/graph.rpg")).find("shop/new.py", "fresh") is not None


def test_evolve_writes_json_anew(shop: list[str]) -> None:
    run("encode", "shop", "--out", "g.json", "--lang", "python")
    code, _, _ = run("evolve", "g.json", "--repo", "shop", "--to", shop[0])
    graph = load(Path("g.json"))
    assert code == 0 and graph.find("shop/money.py") is not None and graph.find("app.js") is None
    run("evolve", "g.json", "--repo", "shop", "--to", shop[2])
    run("encode", "shop", "--out", "clean.json", "--lang", "python")
    assert Path("g.json").read_bytes() == Path("clean.json").read_bytes()


def test_broken_file_is_named_on_standard_error(shop: list[str]) -> None:
    Path("shop/shop/bad.py").write_text("def f(:\n  (\n")
    code, out, err = run("encode", "shop")
    assert code == 0 and "5 files" in out and "shop/bad.py: line 1" in err


def damaged(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\xaa" * (len(content) - 100))


def newer(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["encode", "nowhere"], "nowhere does not exist"),
        (["encode", "file.txt"], "file.txt is not a folder"),
        (["encode", "shop", "--out", "no/such/g.json"], "does not exist"),
        (["encode", "shop", "--out", "shop"], "is a folder"),
        (["encode", "shop", "--lang", "cobol"], "no language 'cobol'"),
        (["encode", "shop", "--model", "m"], "--model is for --lift model"),
        (["evolve", "none.rpg", "--repo", "shop"], "none.rpg cannot be read"),
        (["evolve", "file.txt", "--repo", "shop"], "file.txt holds no graph"),
        (["evolve", "g.rpg", "--repo", "nowhere", "--to", "HEAD"], "nowhere is not a folder"),
        (["evolve", "g.rpg", "--repo", "nowhere"], "nowhere does not exist"),
        (["evolve", "g.rpg", "--repo", "plain", "--to", "HEAD"], "plain is not a git repository"),
        (["evolve", "g.rpg", "--repo", "shop", "--to", "v9"], "no revision 'v9'"),
        (["evolve", "g.rpg", "--repo", "shop", "--from=-x"], "'-x' is no revision"),
        (["evolve", "g.rpg", "--repo", "shop", "--each"], "--each needs"),
        (["evolve", "g.rpg", "--repo", "shop", "--worktree", "--to", "HEAD"], "--worktree takes no revisions"),
        (["evolve", "g.rpg", "--repo", "shop", "--from", "HEAD", "--to", "HEAD~1", "--each"], "first-parent line"),
        (["evolve", "damaged.rpg", "--repo", "shop"], "damaged.rpg"),
        (["evolve", "newer.rpg", "--repo", "shop"], "newer version"),
        (["evolve", "other.json", "--repo", "shop"], "schema"),
        (["evolve", "plan.json", "--repo", "shop"], "no repository"),
    ],
)
def test_bad_input_is_one_line_and_code_two(shop: list[str], arguments: list[str], words: str) -> None:
    Path("file.txt").write_text("hello")
    Path("plain").mkdir()
    for name in ("g.rpg", "damaged.rpg", "newer.rpg"):
        run("encode", "shop", "--out", name)
    damaged(Path("damaged.rpg"))
    newer(Path("newer.rpg"))
    Path("other.json").write_text('{"schema": "repowright.rpg/9"}')
    Path("plan.json").write_text('{"schema": "repowright.rpg/1", "nodes": [], "edges": []}')
    code, out, err = run(*arguments)
    assert code == 2 and out == "" and words in err and err.count("\n") == 1


def test_plan_is_not_evolved(shop: list[str]) -> None:
    plan = RPG.new("plan")
    from repowright.graph.model import NodeKind

    plan.add(NodeKind.FEATURE, "sell things", plan.root.id)
    save(plan, Path("plan.json"))
    before = Path("plan.json").read_bytes()
    code, _, err = run("evolve", "plan.json", "--repo", "shop")
    assert code == 2 and "holds a plan" in err and Path("plan.json").read_bytes() == before


def test_graph_that_another_process_works_on(shop: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repowright.graph.store.connection._PATIENCE_S", 0.05)
    run("encode", "shop", "--out", "g.rpg")
    with Store(Path("g.rpg")) as other, other.writing():
        code, out, err = run("evolve", "g.rpg", "--repo", "shop")
    assert (code, out) == (2, "") and "another process works on g.rpg" in err


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write everywhere")
def test_place_that_cannot_be_written(shop: list[str]) -> None:
    Path("locked").mkdir()
    Path("locked").chmod(0o500)
    for out in ("locked/g.json", "locked/g.rpg"):
        code, _, err = run("encode", "shop", "--out", out)
        assert code == 2 and out in err


def test_no_change_needs_neither_the_graph_nor_a_grammar(shop: list[str]) -> None:
    run("encode", "shop")
    command = "cli.main(['encode', 'shop'])"
    code = f"from repowright.tui.cli import cli; import sys\ntry: {command}\nfinally: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    loaded = set(done.stdout.split())
    assert "0 read" in done.stdout and not {"networkx", "numpy", "langgraph", "pydantic"} & loaded
