"""Attacks on whoever puts files into a box and reads them back: escapes, links, bombs, and a tar that lies."""

from __future__ import annotations

import io
import os
import resource
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from attack_host import AttackedHost
from attacked import KINDS, LIFE_S, assert_gone, assert_next_run_is_clean, sandbox_without
from box_attack import DOCKER, PRELUDE

from repowright.executors import Box, Limits, Sandbox, SandboxError, beneath
from repowright.executors.beneath import Beneath
from repowright.executors.limits.defences import Defence
from repowright.executors.trees import TransferBounds

LIMITS = Limits(wall_s=20, cpu_s=10, memory_mb=96, pids=24, disk_mb=64, output_bytes=200_000)
BOUNDS = TransferBounds(bytes=1_000_000, files=500, seconds=10)
MOST_MEMORY_KB = 150_000
"""How much more memory this process may have needed at its peak after a bomb."""
GUARDED = ("FOLDER", "READ", "WRITE")
LINKS = """
os.symlink(FILE, 'steal')
os.symlink(os.path.dirname(FILE), 'folder')
os.symlink('/', 'root')
os.symlink('../' * 20 + FILE[1:], 'up')
os.symlink('/proc/self/mem', 'mem')
os.link('steal', 'hard')
os.mkfifo('pipe')
socket.socket(socket.AF_UNIX).bind('socket')
print(end='', flush=True)
"""
READ = ("steal", "folder/secret.txt", "up", "mem", "hard", "pipe", "socket")
BOMBS = {
    "one sparse file": "os.truncate(os.open('bomb', os.O_CREAT | os.O_WRONLY), 60_000_000)",
    "one huge file": "open('bomb', 'wb').write(b'x' * 40_000_000)",
    "many names of one file": """
open('bomb', 'wb').write(b'x' * 100_000)
for number in range(400):
    os.link('bomb', f'bomb{number}')
""",
    "many files": """
open('bomb', 'wb').write(b'x' * 2_000_000)
for number in range(2_000):
    open(f'file{number}', 'wb').close()
""",
    "deep folders": """
open('bomb', 'wb').write(b'x' * 2_000_000)
for _ in range(400):
    os.mkdir('deeper')
    os.chdir('deeper')
""",
}
TAR_KILLER = """
if os.fork() == 0:
    os.setsid()
    for number in range(3):
        os.close(number)
    until = time.monotonic() + 15
    while time.monotonic() < until:
        for pid in filter(str.isdigit, os.listdir('/proc')):
            if read(f'/proc/{pid}/comm') == b'tar\\n':
                try:
                    os.kill(int(pid), 9)
                except OSError:
                    pass
    os._exit(0)
"""


def act(sandbox: Sandbox, box: Box, host: AttackedHost, code: str) -> None:
    told = f"WORD, FILE = {host.word!r}, {str(host.file)!r}\n{PRELUDE}{code}"
    outcome = box.run([sandbox.python, "-c", told], LIMITS)
    assert outcome.exit_code == 0, outcome


@pytest.fixture(params=KINDS)
def box(
    request: pytest.FixtureRequest, whole: Callable[[str, int], Sandbox], host: AttackedHost, cache: Path
) -> Iterator[tuple[Sandbox, Box]]:
    sandbox = whole(request.param, LIFE_S)
    with sandbox.open(LIMITS) as opened:
        yield sandbox, opened
    assert host.evidence() == []
    assert_gone(host.word, cache)
    assert_next_run_is_clean(sandbox)


@pytest.fixture
def following(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of the host are opened through links."""
    for name in GUARDED:
        monkeypatch.setattr(beneath, name, getattr(beneath, name) & ~os.O_NOFOLLOW)


def test_reading_back_gives_nothing_that_a_link_names(box: tuple[Sandbox, Box], host: AttackedHost) -> None:
    act(*box, host, LINKS)
    assert box[1].get(READ) == {}
    assert dict(box[1].snapshot(BOUNDS).files) == {}


@pytest.mark.bubblewrap
def test_reading_through_links_would_give_the_hosts_file(host: AttackedHost, cache: Path, following: None) -> None:
    sandbox = sandbox_without("bubblewrap", cache)
    with sandbox.open(LIMITS) as opened:
        act(sandbox, opened, host, LINKS)
        assert opened.get(["steal", "folder/secret.txt"]) == dict.fromkeys(
            ("steal", "folder/secret.txt"), host.secret.encode()
        )


def test_writing_never_goes_through_a_link(box: tuple[Sandbox, Box], host: AttackedHost) -> None:
    act(*box, host, LINKS)
    for files in ({"steal": b"new"}, {"folder/secret.txt": b"new"}, {"root/var/tmp/attacked": b"new"}):
        write_or_be_told(box[1], files)
    assert host.file.read_text(encoding="utf-8") == host.secret
    assert not Path("/var/tmp/attacked").exists()


@pytest.mark.bubblewrap
def test_writing_through_links_would_change_the_host(host: AttackedHost, cache: Path, following: None) -> None:
    sandbox = sandbox_without("bubblewrap", cache)
    with sandbox.open(LIMITS) as opened:
        act(sandbox, opened, host, LINKS)
        write_or_be_told(opened, {"folder/secret.txt": b"new"})
    assert host.evidence() == ["secret file"]


def write_or_be_told(box: Box, files: Mapping[str, bytes]) -> None:
    """Either the link is replaced in its place, or the refusal says what could not be written."""
    try:
        box.put(files)
    except SandboxError as err:
        assert "write" in str(err)


def test_a_path_out_of_the_workspace_is_refused(box: tuple[Sandbox, Box]) -> None:
    for path in ("../up", "/etc/attacked", "a/../../up", "", "a\0b"):
        with pytest.raises(SandboxError, match="no path inside the workspace"):
            box[1].put({path: b"x"})
        with pytest.raises(SandboxError, match="no path inside the workspace"):
            box[1].get([path])
        with pytest.raises(SandboxError, match="no path inside the workspace"):
            box[1].sync({path: b"x"})


def test_a_path_that_is_not_checked_would_leave_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "workspace").mkdir()
    Beneath(str(tmp_path / "workspace")).write([("../up", b"x", False)])
    assert (tmp_path / "up").read_bytes() == b"x"


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_to_be_read_back_is_refused(box: tuple[Sandbox, Box], host: AttackedHost, bomb: str) -> None:
    act(*box, host, bomb)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    with pytest.raises(SandboxError, match=r"too many|too long|deep|more than|bytes"):
        box[1].snapshot(BOUNDS)
    names = ["bomb", *(f"bomb{number}" for number in range(400))]
    with pytest.raises(SandboxError, match="more than 1000000 bytes"):
        box[1].get(names, 1_000_000)
    assert time.monotonic() - started < BOUNDS.seconds + 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < MOST_MEMORY_KB


def test_a_bomb_is_read_without_a_bound(box: tuple[Sandbox, Box], host: AttackedHost) -> None:
    act(*box, host, BOMBS["one sparse file"])
    assert len(box[1].get(["bomb"], 1 << 30)["bomb"]) == 60_000_000


@pytest.mark.docker
def test_a_stray_that_kills_the_transfer_is_named(whole: Callable[[str, int], Sandbox], host: AttackedHost) -> None:
    sandbox = whole(DOCKER, LIFE_S)
    data = os.urandom(3_000_000)
    with sandbox.open(LIMITS) as opened:
        opened.put({"big": data})
        act(sandbox, opened, host, TAR_KILLER)
        for _ in range(3):
            try:
                found = opened.get(["big"])
            except SandboxError:
                continue
            assert found in ({}, {"big": data})
    assert_next_run_is_clean(sandbox)


def lying_archive() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in ("../up", "/etc/attacked", "not/asked", "asked"):
            entry = tarfile.TarInfo(name)
            entry.size = 4
            archive.addfile(entry, io.BytesIO(b"lies"))
        for kind, name in ((tarfile.SYMTYPE, "link"), (tarfile.LNKTYPE, "hard"), (tarfile.CHRTYPE, "device")):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
    return buffer.getvalue()


@pytest.mark.docker
@pytest.mark.parametrize("cut", [None, 700, 3])
def test_a_tar_that_lies_gives_no_more_than_what_was_asked_for(
    cut: int | None, host: AttackedHost, cache: Path
) -> None:
    sandbox = sandbox_without(DOCKER, cache, frozenset({Defence.READ_ONLY_ROOT, Defence.USER}))
    try:
        with sandbox.open(LIMITS) as opened:
            opened.put({"lie.tar": lying_archive()[:cut], "tar": b"#!/bin/sh\ncat /workspace/lie.tar\n"})
            act(sandbox, opened, host, "import shutil\nshutil.copy('tar', '/opt/venv/bin/tar')\n")
            act(sandbox, opened, host, "os.chmod('/opt/venv/bin/tar', 0o755)")
            asked = ["asked", "link", "hard", "device"]
            if cut is None:
                assert opened.get(asked) == {"asked": b"lies"}
            else:
                with pytest.raises(SandboxError, match="archive"):
                    opened.get(asked)
    finally:
        sandbox.close()
