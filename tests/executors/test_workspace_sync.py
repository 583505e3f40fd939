from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from repowright.executors import Limits, Sandbox, SandboxError
from repowright.executors.trees import File, Snapshot, Synced, TransferBounds, Tree
from repowright.executors.workspace import HostWorkspace, Tracked

LIMITS = Limits(wall_s=10, cpu_s=10, memory_mb=256, pids=32, disk_mb=16, output_bytes=100_000)
TREE: Tree = {"pack/a.py": b"a", "pack/b.py": b"b", "run.sh": File(b"#!/bin/sh\necho ran\n", executable=True)}


def code(sandbox: Sandbox, text: str) -> list[str]:
    return [sandbox.python, "-c", text]


def test_the_first_transfer_sends_all_and_the_next_only_what_differs(sandbox: Sandbox) -> None:
    with sandbox.open(LIMITS) as box:
        first = box.sync(TREE)
        assert (first.sent, first.removed, first.kept) == (("pack/a.py", "pack/b.py", "run.sh"), (), 0)
        assert box.sync(TREE) == Synced((), (), 3, 0)
        changed = {"pack/a.py": b"new", "run.sh": TREE["run.sh"]}
        assert box.sync(changed) == Synced(("pack/a.py",), ("pack/b.py",), 1, 3)
        assert box.get(["pack/a.py", "pack/b.py"]) == {"pack/a.py": b"new"}


def test_the_executable_bit_goes_in_and_comes_back(sandbox: Sandbox) -> None:
    with sandbox.open(LIMITS) as box:
        box.put({"put.sh": File(b"#!/bin/sh\necho put\n", executable=True)})
        assert box.run(["./put.sh"], LIMITS).stdout == "put\n"
        box.sync(TREE)
        assert box.run(["./run.sh"], LIMITS).stdout == "ran\n"
        assert box.run(["./pack/a.py"], LIMITS).exit_code == 126 or sandbox.name != "docker"
        assert box.snapshot().files["run.sh"] == TREE["run.sh"]
        assert box.sync({**TREE, "run.sh": b"#!/bin/sh\necho ran\n"}).sent == ("run.sh",)


def test_what_a_command_changed_is_sent_again_and_what_it_made_stays(sandbox: Sandbox) -> None:
    with sandbox.open(LIMITS) as box:
        box.sync(TREE)
        text = "import os; open('pack/a.py', 'w').write('x'); os.unlink('pack/b.py'); open('built', 'w').write('1')"
        assert box.run(code(sandbox, text), LIMITS).exit_code == 0
        assert box.sync(TREE).sent == ("pack/a.py", "pack/b.py")
        assert box.get(["pack/a.py", "pack/b.py", "built"]) == {"pack/a.py": b"a", "pack/b.py": b"b", "built": b"1"}


def test_changes_are_what_commands_did_since_the_last_transfer(sandbox: Sandbox) -> None:
    text = """
import os
open('pack/a.py', 'w').write('x'); os.unlink('pack/b.py'); os.chmod('run.sh', 0o644)
os.makedirs('deep/er'); open('deep/er/new', 'w').write('n')
os.symlink('/etc/passwd', 'link'); os.symlink('/etc', 'folder'); os.mkfifo('pipe')
open(b'bad\\xff', 'w').write('1')
"""
    with sandbox.open(LIMITS) as box:
        box.sync(TREE)
        assert not box.changes().changed
        assert box.run(code(sandbox, text), LIMITS).exit_code == 0
        found = box.changes()
        assert found.changed == {
            "pack/a.py": File(b"x"),
            "deep/er/new": File(b"n"),
            "run.sh": File(b"#!/bin/sh\necho ran\n"),
        }
        assert found.removed == ("pack/b.py",)


def test_a_snapshot_goes_into_another_box_and_nothing_else_stays(sandbox: Sandbox) -> None:
    with sandbox.open(LIMITS) as box:
        box.put({**TREE, "data": b"1"})
        kept = box.snapshot()
    with sandbox.open(LIMITS) as box:
        text = "import os; os.mkdir('left'); open('left/x', 'w'); os.symlink('/etc', 'pack'); os.mkdir('data')"
        assert box.run(code(sandbox, text), LIMITS).exit_code == 0
        done = box.restore(kept)
        assert (set(done.sent), set(done.removed)) == (set(kept.files), {"left", "pack", "data"})
        assert box.snapshot().digest == kept.digest
        shown = box.run(code(sandbox, "import os; print(sorted(os.listdir()))"), LIMITS).stdout
        assert shown == "['data', 'pack', 'run.sh']\n"
        assert box.restore(kept) == Synced((), (), 4, 0)


def test_snapshots_cannot_be_changed() -> None:
    workspace = Snapshot({"a": File(b"1")})
    assert workspace.digest != Snapshot({"a": File(b"1", executable=True)}).digest
    with pytest.raises(AttributeError):
        workspace.files = {}  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("open('big', 'wb').truncate(15 << 20)", TransferBounds(bytes=1_000_000)),
        ("[open(f'f{n}', 'w') for n in range(300)]", TransferBounds(files=100)),
        ("import os\nfor n in range(200):\n os.mkdir('d'); os.chdir('d')", TransferBounds()),
        ("open('big', 'wb').write(b'x' * 2_000_000)", TransferBounds(bytes=1_000_000)),
    ],
    ids=["sparse", "many", "deep", "large"],
)
def test_what_passes_a_bound_is_refused(isolated: Sandbox, text: str, bounds: TransferBounds) -> None:
    with isolated.open(LIMITS) as box:
        assert box.run(code(isolated, text), LIMITS).exit_code == 0
        with pytest.raises(SandboxError):
            box.changes(bounds)
        with pytest.raises(SandboxError):
            box.snapshot(bounds)


def test_sync_never_writes_through_a_planted_link(sandbox: Sandbox) -> None:
    with sandbox.open(LIMITS) as box:
        box.sync({"pack/a": b"1", "b": b"1"})
        moves = [("pack", "away"), ("b", "c")]
        text = f"import os\nfor old, new in {moves}: os.rename(old, new); os.symlink(new, old)"
        assert box.run(code(sandbox, text), LIMITS).exit_code == 0
        assert box.sync({"b": b"2"}).sent == ("b",)
        assert box.get(["c", "b", "away/a"]) == {"c": b"1", "b": b"2", "away/a": b"1"}
        with pytest.raises(SandboxError, match="cannot write"):
            box.sync({"b": b"2", "pack/a": b"2"})
        assert box.get(["away/a"]) == {"away/a": b"1"}


def test_paths_that_leave_the_workspace_are_refused(sandbox: Sandbox) -> None:
    with sandbox.open(LIMITS) as box:
        for path in ("../up", "/etc/x", "a/../../b"):
            with pytest.raises(SandboxError, match="workspace"):
                box.sync({path: b""})
            with pytest.raises(SandboxError, match="workspace"):
                box.restore(Snapshot({path: File(b"")}))


def test_mirroring_leaves_nothing_hidden_behind_a_file_that_looks_right(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "kept").write_text("1", encoding="utf-8")
    workspace = Tracked(HostWorkspace(root))
    tree = {"a": b"1", "f/b": b"2", "f/c": b"3", "g/d": b"4", "s": b"5"}
    workspace.put(tree)
    os.link(root / "a", outside / "second name")
    (root / "f").chmod(0o777)
    (root / "g/d").chmod(0o600)
    (root / "s").unlink()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "s"))
    os.symlink(outside, root / "out")
    done = workspace.mirror(tree, TransferBounds())
    assert set(done.sent) == set(tree)
    assert (root / "a").stat().st_nlink == 1
    assert (root / "g/d").stat().st_mode & 0o777 == 0o644
    assert sorted(path.name for path in root.iterdir()) == ["a", "f", "g", "s"]
    assert sorted(path.name for path in outside.iterdir()) == ["kept", "second name"]
    assert workspace.mirror(tree, TransferBounds()) == Synced((), (), 5, 0)


def test_mirroring_removes_folders_that_were_locked_up(tmp_path: Path) -> None:
    workspace = Tracked(HostWorkspace(tmp_path))
    (tmp_path / "locked" / "inner").mkdir(parents=True)
    (tmp_path / "locked" / "inner" / "file").write_text("x", encoding="utf-8")
    (tmp_path / "locked" / "inner").chmod(0)
    (tmp_path / "locked").chmod(0)
    workspace.mirror({}, TransferBounds())
    assert list(tmp_path.iterdir()) == []
