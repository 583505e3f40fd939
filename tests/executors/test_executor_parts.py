from __future__ import annotations

import multiprocessing
import os
import struct
import time
from pathlib import Path

import pytest

from repowright.executors import Ended, Limits, Outcome, SandboxError, SandboxUnavailable, TestOutcome
from repowright.executors.bubblewrap.slots import take_slot
from repowright.executors.cache import cache_root
from repowright.executors.choose import available, choose
from repowright.executors.docker.client import FrameSource
from repowright.executors.docker.ownership import DEADLINE, is_orphan, owner_labels
from repowright.executors.images.names import image_name
from repowright.executors.images.runtime import prepare_runtime
from repowright.executors.images.tools import MINIMUM_PYTHON, PINS
from repowright.executors.limits.capture import STDERR, STDOUT, Capture, Chunk, collect
from repowright.executors.testing.normalise import normalise
from repowright.executors.testing.pytest import make_report
from repowright.executors.testing.report_stream import plugin_source, read_stream
from repowright.executors.workspace import HostWorkspace

SECRET = "s3cret"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/workspace/pack/a.py:3: in f", "pack/a.py:3: in f"),
        ("rootdir: /workspace", "rootdir: ."),
        ("/workspace-two/a", "/workspace-two/a"),
        ("<Thing object at 0x7f3a2b1c9d00>", "<Thing object at 0x...>"),
        ("mask = 0xff", "mask = 0xff"),
        ("../usr/lib/python3.11/json/decoder.py:355: in decode", "<python>/json/decoder.py: in decode"),
        ('File "/opt/python/lib/python3.12/ast.py", line 52, in parse', 'File "<python>/ast.py", in parse'),
        ("/opt/venv/lib/python3.11/site-packages/x/y.py:7: E", "<site-packages>/x/y.py: E"),
        ("<frozen importlib._bootstrap>:1204: in _gcd", "<frozen importlib._bootstrap>: in _gcd"),
        ("/tmp/pytest-of-nobody/pytest-0/test_a0/f", "<tmp>/test_a0/f"),
        ("open('/tmp/tmpab12cd_9/f')", "open('<tmp>/f')"),
        ("run /usr/bin/python3.11 -c", "run python -c"),
        ("3 passed in 0.12s", "3 passed in N s"),
        ("    f(x)\n    ~^^^\nE  bad", "    f(x)\nE  bad"),
    ],
)
def test_text_is_freed_of_what_changes_between_runs(text: str, expected: str) -> None:
    assert normalise(text) == expected


def test_long_lines_are_normalised_in_linear_time() -> None:
    started = time.monotonic()
    for text in ("x" * 200_000, "/" * 200_000, "a/" * 100_000, "^" * 200_000 + "x", "." * 200_000):
        normalise(text)
    assert time.monotonic() - started < 5


def test_frames_are_joined_however_they_arrive() -> None:
    import socket

    wire = b"".join(
        struct.pack(">BxxxL", stream, len(data)) + data
        for stream, data in [(1, b"one"), (2, b"two"), (1, b""), (1, b"3")]
    )
    for size in (1, 3, 7, 100):
        ours, theirs = socket.socketpair()
        source = FrameSource(ours)
        capture = Capture(100)
        for start in range(0, len(wire), size):
            capture.add(source.feed(wire[start : start + size]))
        assert (capture.text(STDOUT), capture.text(STDERR)) == ("one3", "two")
        source.close()
        theirs.close()


def test_a_capture_keeps_head_and_tail_around_a_mark() -> None:
    capture = Capture(10)
    capture.add([Chunk(STDOUT, b"aaaaaaaa"), Chunk(STDOUT, b"bbbbbbbb"), Chunk(STDOUT, b"lost")])
    assert capture.full
    assert capture.text(STDOUT) == "aaaaa\n[... 6 bytes cut ...]\nbbbbb"


class Script:
    def __init__(self, *steps: list[Chunk] | None) -> None:
        self.steps = list(steps)

    def read(self, timeout_s: float) -> list[Chunk] | None:
        if not self.steps:
            time.sleep(timeout_s)
            return []
        return self.steps.pop(0)


def test_collecting_names_the_first_limit_and_keeps_what_was_written_before_the_kill() -> None:
    kills: list[str] = []
    quiet = Script([Chunk(STDOUT, b"a")], [], [Chunk(STDERR, b"b")], None)
    captured = collect(quiet, 10, 100, lambda: None, lambda: kills.append("x"))
    assert (captured.ended, captured.stdout, captured.stderr, kills) == (Ended.EXITED, "a", "b", [])
    captured = collect(Script([Chunk(STDOUT, b"a")]), 10, 100, lambda: Ended.PIDS, lambda: kills.append("x"))
    assert (captured.ended, captured.stdout, kills) == (Ended.PIDS, "a", ["x"])
    captured = collect(Script([Chunk(STDOUT, b"a")]), 0.1, 100, lambda: None, lambda: kills.append("x"))
    assert (captured.ended, captured.stdout, kills) == (Ended.TIME, "a", ["x", "x"])


def test_records_are_told_from_output_that_looks_like_them() -> None:
    record = '{"kind": "start", "test": "a"}'
    output = f"head\n\x1e{SECRET}{record}\x1f\ntail \x1eother{record}\x1f \x1e{SECRET}not json\x1f"
    stream, rest = read_stream(output, SECRET)
    assert stream.running == "a"
    assert rest == f"head\ntail \x1eother{record}\x1f \x1e{SECRET}not json\x1f"


def test_a_report_whose_counts_do_not_add_up_is_an_error() -> None:
    result = '{"kind":"result","test":"t","outcome":"passed","message":"","detail":"","duration_s":0}'
    end = '{"kind":"end","exit_code":0,"counts":{"passed":2,"failed":0,"error":0,"skipped":0}}'
    output = "".join(f"\x1e{SECRET}{record}\x1f\n" for record in (result, end))
    report = make_report(Outcome(0, output, "", 1.0), SECRET)
    assert [found.outcome for found in report.results] == [TestOutcome.PASSED, TestOutcome.ERROR]
    assert not report.passed


def test_the_plugin_compiles_with_its_settings_filled_in() -> None:
    text = plugin_source(SECRET, "src'\"\\")
    names: dict[str, object] = {}
    exec(compile(text, "report", "exec"), names)
    assert (names["SECRET"], names["COVERAGE_OF"]) == (SECRET, "src'\"\\")


def test_labels_tell_orphans_from_boxes_in_use() -> None:
    mine = owner_labels(1000.0, 60.0)
    assert not is_orphan(mine, 1059.0)
    assert is_orphan(mine, 1061.0)
    pid = str(os.getpid())
    owner = mine["repowright.owner"]
    restarted = {**mine, "repowright.owner": owner.rpartition(" ")[0] + " 1"}
    assert is_orphan(restarted, 1000.0)
    elsewhere = {**mine, "repowright.owner": f"other-machine {pid} 1"}
    assert not is_orphan(elsewhere, 1000.0)
    assert not is_orphan({DEADLINE: "soon"}, 1000.0)


def test_the_cache_must_be_ours_and_closed_to_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REPOWRIGHT_CACHE", str(tmp_path / "new"))
    assert cache_root() == tmp_path / "new"
    (tmp_path / "new").chmod(0o777)
    with pytest.raises(SandboxUnavailable, match="only you can write"):
        cache_root()
    (tmp_path / "link").symlink_to(tmp_path)
    monkeypatch.setenv("REPOWRIGHT_CACHE", str(tmp_path / "link"))
    with pytest.raises(SandboxUnavailable, match="only you can write"):
        cache_root()


def _prepare(cache: Path) -> str:
    return str(prepare_runtime(cache).folder)


def test_processes_that_ask_at_once_share_one_runtime(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        folders = pool.map(_prepare, [tmp_path] * 3)
    assert len(set(folders)) == 1
    assert sorted(path.name for path in (tmp_path / "runtime").iterdir()) == sorted([Path(folders[0]).name, "lock"])
    assert set(prepare_runtime(tmp_path).tool_versions()) == set(PINS)
    assert prepare_runtime(tmp_path).interpreter.version >= MINIMUM_PYTHON


def test_a_slot_is_emptied_of_what_a_killed_process_left(tmp_path: Path) -> None:
    left = tmp_path / "boxes" / "0" / "workspace"
    left.mkdir(parents=True)
    (left / "old").write_text("x", encoding="utf-8")
    first, second = (take_slot(tmp_path, Limits(disk_mb=1)) for _ in range(2))
    assert (first.number, second.number) == (0, 1)
    assert list(first.workspace.iterdir()) == []
    first.release()
    first.release()
    second.release()
    assert sorted(path.name for path in (tmp_path / "boxes").iterdir()) == ["0.lock", "1.lock"]


def test_writing_replaces_a_planted_link_instead_of_following_it(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "f").write_text("safe", encoding="utf-8")
    root = tmp_path / "root"
    root.mkdir()
    (root / "f").symlink_to(outside / "f")
    (root / "folder").symlink_to(outside)
    workspace = HostWorkspace(root)
    workspace.put({"f": b"new"})
    with pytest.raises(SandboxError, match="cannot write"):
        workspace.put({"folder/f": b"new"})
    assert (outside / "f").read_text(encoding="utf-8") == "safe"
    assert workspace.get(["f", "folder/f"], 100) == {"f": b"new"}


def test_statuses_say_why_and_what_to_do() -> None:
    statuses = available()
    assert [status.name for status in statuses] == ["docker", "bubblewrap", "local"]
    for status in statuses:
        assert status.detail if status.usable else (status.why and status.hint)


def test_the_local_sandbox_is_never_chosen_without_leave() -> None:
    with pytest.raises(SandboxUnavailable, match="does not isolate"):
        choose("local")
    sandbox = choose("local", unsafe_local=True)
    assert sandbox.name == "local"
    sandbox.close()


def test_an_absent_daemon_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    with pytest.raises(SandboxUnavailable, match="no Docker daemon answers"):
        choose("docker")
    status = {status.name: status for status in available()}
    assert not status["docker"].usable
    if status["bubblewrap"].usable:
        assert choose("auto").name == "bubblewrap"


@pytest.mark.docker
def test_a_missing_image_is_told_and_not_pulled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REPOWRIGHT_IMAGE", raising=False)
    monkeypatch.setenv("REPOWRIGHT_IMAGE", "repowright-absent:none")
    with pytest.raises(SandboxUnavailable, match="no image repowright-absent:none"):
        choose("docker")


def test_the_image_is_named_after_its_recipe() -> None:
    name, _, tag = image_name().partition(":")
    assert name == "repowright-python"
    assert len(tag) == 12
