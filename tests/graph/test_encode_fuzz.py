from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest
from histories import module

from repowright.benchmarks.speed.mutations import monsters, mutated
from repowright.graph.encode import Means, encode, update
from repowright.graph.model import RPG, NodeKind
from repowright.graph.serial import from_json, to_json
from repowright.graph.store import Store
from repowright.graph.tags import UNPARSED
from repowright.repo_tools.errors import SnapshotError
from repowright.repo_tools.snapshot import MemorySnapshot

ALONE = Means(workers=0)
HERE = Path(__file__).parents[2]


def files_of(graph: RPG) -> set[str]:
    return {node.path for node in graph.nodes(NodeKind.FILE)}


def test_mutated_source_never_stops_encoding_and_no_file_is_lost(tmp_path: Path) -> None:
    random = Random(11)
    seeds = [path.read_bytes() for path in sorted((HERE / "graph").glob("*.py"))] + [
        module(random, {}) for _ in range(9)
    ]
    endings = [".py", ".py", ".py", ".c", ".h", ".rs", ".go", ".js", ".ts", ".tsx", ".java"]
    files = {f"pkg/f{n}{random.choice(endings)}": mutated(random, random.choice(seeds)) for n in range(250)}
    encoded = encode(MemorySnapshot(files), tmp_path / "g.rpg")
    graph = encoded.graph()
    assert files_of(graph) == files.keys()
    assert not [error for error in encoded.report.errors if error[1].startswith("cannot be")]
    assert from_json(to_json(graph)) == graph


def test_monsters_are_encoded_in_bounded_time(tmp_path: Path) -> None:
    files = monsters(line=1_000_000)
    encoded = encode(MemorySnapshot(files), tmp_path / "g.rpg", means=ALONE)
    assert files_of(encoded.graph()) == files.keys()
    assert not [error for error in encoded.report.errors if error[1].startswith("cannot be")]
    assert encoded.report.total_seconds < 60


class Unreadable(MemorySnapshot):
    """Files of which some cannot be read, as on a failing disk or without permission."""

    def read(self, path: str) -> bytes:
        if "secret" in path:
            raise SnapshotError("cannot be read: Permission denied")
        return super().read(path)


def test_unreadable_file_is_a_node_with_its_error_until_it_can_be_read(tmp_path: Path) -> None:
    files = {"secret.py": b"def f(): pass\n", "open.py": b"from secret import f\nf()\n"}
    with Store(tmp_path / "g.rpg", create=True) as store:
        report = update(store, Unreadable(files), (), ALONE)
        assert report.errors == (("secret.py", "cannot be read: Permission denied"),)
        again = update(store, Unreadable(files), (), ALONE)
        assert again.read == 1 and not again.changed
    graph = encode(Unreadable(files), tmp_path / "h.rpg", means=ALONE).graph()
    node = graph.find("secret.py")
    assert node is not None and node.tags == (UNPARSED,) and node.doc == "cannot be read: Permission denied"
    graph = encode(MemorySnapshot(files), tmp_path / "h.rpg", means=ALONE).graph()
    assert graph.find("secret.py", "f") is not None
    changed = files | {"secret.py": b"def g(): pass\n"}
    graph = encode(Unreadable(changed), tmp_path / "h.rpg", means=ALONE).graph()
    assert graph.find("secret.py", "f") is None and graph.find("open.py") is not None


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read every file")
def test_file_without_permission_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "a.py").chmod(0)
    report = encode(tmp_path, means=ALONE).report
    assert report.errors == (("a.py", "cannot be read: Permission denied"),)


def test_strange_trees_on_disk(tmp_path: Path) -> None:
    (tmp_path / "x.py").mkdir()
    (tmp_path / "x.py" / "two words.py").write_text("def f(): pass\n")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.py").symlink_to(tmp_path / "self.py")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.py")).write_text("")
    (tmp_path / "new\nline.py").write_text("")
    encoded = encode(tmp_path, means=ALONE)
    assert files_of(encoded.graph()) == {"x.py/two words.py"}
    assert [name for name, _ in encoded.report.unfit] == ["bad\\udcff.py", "new\\nline.py"] or [
        name for name, _ in encoded.report.unfit
    ] == ["new\\nline.py", "bad\\udcff.py"]
