from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from repowright.graph.encode import Means, encode, evolve, load_graph
from repowright.graph.errors import SchemaError, SchemaTooNew, StoreError, StoreLocked
from repowright.graph.store import FileRow, GroupRow, LiftRow, Store, cached_store, default_store, is_stored_graph
from repowright.graph.store.schema import SCHEMA
from repowright.repo_tools.snapshot import MemorySnapshot

ALONE = Means(workers=0)


def row(number: int, path: str, is_test: bool = False, error: str = "") -> FileRow:
    return FileRow(number, path, "c" * 40, "python/1.1.py", 3, 4, 5, is_test, error, b"")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "g.rpg", create=True)


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    path = tmp_path / "filled.rpg"
    encode(MemorySnapshot({"a.py": b"def f(): pass\n"}), path, means=ALONE)
    return path


def test_what_is_put_is_read_again(store: Store) -> None:
    with store.writing():
        store.put_meta({"name": "shop"})
        store.put_files([row(2, "b.py"), row(1, "a.py", is_test=True, error="bad")])
        store.put_facts([("k", b"1")])
        store.put_contributions([(1, b"m", b"n", b"e")])
        store.put_modules([("py:a", 1), ("py:a", 2)])
        store.put_names([("f", 1, "f"), ("f", 2, "A.f")])
        store.put_nodes([(1, b"nodes"), (2, b"more")])
        store.put_edges([(1, b"edges")])
        store.put_lookups([(1, b"12345678")])
        store.put_groups([GroupRow("Core", "Cart", ("a.py", "b.py"))])
        store.put_lifts([LiftRow("h", "sum prices", "m-1")])
        store.put_blobs("index", {"a.py": b"words"})
    with Store(store.path, read_only=True) as other, other.reading():
        assert other.meta() == {"name": "shop"}
        assert other.files() == {"a.py": row(1, "a.py", is_test=True, error="bad"), "b.py": row(2, "b.py")}
        assert (other.facts("k"), other.facts("x")) == (b"1", None)
        assert (other.contribution(1), other.entries("a.py"), other.entries("b.py")) == ((b"m", b"n", b"e"), b"e", None)
        assert sorted(other.module_paths("py:a")) == ["a.py", "b.py"]
        assert sorted(other.definers("f")) == [("a.py", "f"), ("b.py", "A.f")]
        assert list(other.segments()) == [("a.py", b"nodes", b"edges"), ("b.py", b"more", None)]
        assert list(other.lookups()) == [(1, b"12345678")]
        assert other.groups() == [GroupRow("Core", "Cart", ("a.py", "b.py"))]
        assert other.lifts() == {"h": LiftRow("h", "sum prices", "m-1")}
        assert (other.blob("index", "a.py"), other.blob("index", "c.py")) == (b"words", None)
        assert other.blobs("index") == {"a.py": b"words"}


def test_what_is_removed_is_gone(store: Store) -> None:
    with store.writing():
        store.put_files([row(1, "a.py"), row(2, "b.py")])
        store.put_nodes([(1, b"x"), (2, b"y")])
        store.put_facts([("k", b"1"), ("l", b"2")])
        store.put_modules([("py:a", 1)])
        store.put_names([("f", 1, "f")])
        store.put_blobs("index", {"a": b"1"})
    with store.writing():
        store.remove_files([1])
        store.put_modules([], [("py:a", 1)])
        store.put_names([], [("f", 1, "f")])
        store.prune_facts(["l"])
        store.remove_blobs("index", ["a"])
    with store.reading():
        assert list(store.files()) == ["b.py"] and store.nodes(1) is None
        assert store.module_paths("py:a") == [] and store.definers("f") == []
        assert (store.facts("k"), store.facts("l")) == (None, b"2")
        assert store.blobs("index") == {}


def test_block_that_raises_changes_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.writing():
        store.put_meta({"name": "shop"})
        raise RuntimeError
    with store.reading():
        assert store.meta() == {}


def test_second_writer_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repowright.graph.store.connection._PATIENCE_S", 0.05)
    with (
        Store(store.path) as other,
        store.writing(),
        pytest.raises(StoreLocked, match="another process"),
        other.writing(),
    ):
        raise AssertionError("both write")


@pytest.mark.parametrize("content", [b"", b"not a database at all", b"SQLite format 3\0" + b"\xff" * 5000])
def test_file_that_is_no_store(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "g.rpg"
    path.write_bytes(content)
    with pytest.raises((StoreError, SchemaError), match=r"g\.rpg"):
        Store(path)


def test_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(SchemaError, match="no stored graph"):
        Store(path, create=True)
    assert path.read_bytes() == before


@pytest.mark.parametrize(("version", "error"), [(SCHEMA + 1, SchemaTooNew), (0, SchemaError)])
def test_store_of_another_schema(filled: Path, version: int, error: type[Exception]) -> None:
    with sqlite3.connect(filled) as database:
        database.execute(f"PRAGMA user_version = {version}")
    database.close()
    with pytest.raises(error, match="schema"):
        Store(filled)


def test_damage_is_told_as_damage(filled: Path) -> None:
    content = filled.read_bytes()
    filled.write_bytes(content[:8192] + b"\xaa" * (len(content) - 8192))
    with pytest.raises(StoreError, match="damaged"):
        load_graph(filled)


def test_rows_that_are_no_rows_are_told_as_damage(filled: Path) -> None:
    with sqlite3.connect(filled) as database:
        database.execute("UPDATE nodes SET data = x'c1'")
    database.close()
    with pytest.raises(StoreError, match="damaged"):
        load_graph(filled)


def test_truncated_store(filled: Path) -> None:
    content = filled.read_bytes()
    filled.write_bytes(content[: len(content) // 2])
    with pytest.raises(StoreError):
        load_graph(filled)


def test_missing_store_is_not_made_by_evolving(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no stored graph"):
        evolve(tmp_path / "none.rpg", MemorySnapshot({}))
    assert not (tmp_path / "none.rpg").exists()


def test_interrupted_first_encoding_leaves_no_graph(tmp_path: Path) -> None:
    Store(tmp_path / "g.rpg", create=True).close()
    with pytest.raises(StoreError, match="no graph yet"):
        load_graph(tmp_path / "g.rpg")


KILLED = """
import sys, time
from pathlib import Path
from repowright.graph.encode import Means, encode
from repowright.repo_tools.snapshot import MemorySnapshot
def slowly(stage, done, of):
    if stage == "resolve" and done == 3:
        print("now", flush=True)
        time.sleep(60)
files = {f"m{n}.py": b"def f%d(): pass" % n for n in range(30)}
encode(MemorySnapshot(files), Path(sys.argv[1]), means=Means(workers=0, progress=slowly))
"""


def test_killed_update_leaves_the_old_graph(filled: Path) -> None:
    before = load_graph(filled)
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(filled)], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"now\n"
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    assert load_graph(filled) == before
    encode(MemorySnapshot({"a.py": b"def f(): pass\n"}), filled, means=ALONE)
    assert load_graph(filled) == before


def test_default_place_is_kept_out_of_the_repository(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "a.py").write_text("x = 1\n")
    encoded = encode(tmp_path, means=ALONE)
    assert encoded.store_path == tmp_path / ".repowright" / "graph.rpg" == default_store(tmp_path)
    status = ["git", "-C", str(tmp_path), "status", "--porcelain", "--untracked-files=all"]
    assert subprocess.run(status, capture_output=True, text=True, check=True).stdout == "?? a.py\n"


def test_folder_that_was_there_keeps_its_other_files_in_sight(tmp_path: Path) -> None:
    (tmp_path / ".repowright").mkdir()
    (tmp_path / ".repowright" / "graph.json").write_text("{}")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    default_store(tmp_path).write_bytes(b"")
    status = ["git", "-C", str(tmp_path), "status", "--porcelain", "--untracked-files=all"]
    assert subprocess.run(status, capture_output=True, text=True, check=True).stdout == "?? .repowright/graph.json\n"


def test_folder_that_cannot_be_written_is_stored_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    repository = tmp_path / "repo"
    repository.mkdir()
    (repository / ".repowright").write_text("in the way")
    place = default_store(repository)
    assert place == cached_store(repository) and place.is_relative_to(tmp_path / "cache")
    assert place.parent.is_dir()


def test_stored_graphs_are_told_by_their_first_bytes(filled: Path, tmp_path: Path) -> None:
    (tmp_path / "g.json").write_text("{}")
    assert is_stored_graph(filled) and not is_stored_graph(tmp_path / "g.json")
    with pytest.raises(StoreError, match="cannot be read"):
        is_stored_graph(tmp_path / "none")


def test_readers_see_the_old_graph_while_another_process_writes(filled: Path) -> None:
    with Store(filled) as writer, writer.writing():
        writer.put_meta({"name": "another"})
        assert load_graph(filled).root.name == "memory"
    assert load_graph(filled).root.name == "another"
    assert time.time() > os.stat(filled).st_mtime
