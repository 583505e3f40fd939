"""Attacks that outlive their run, kill what watches them, or reach for the terminal of whoever started them."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from attack_host import AttackedHost, processes_naming
from attacked import KINDS, LIFE_S, MARKS, assert_gone, assert_next_run_is_clean, sandbox_without
from box_attack import BUBBLEWRAP, DOCKER, LIMITS, PRELUDE, UNBOUND

from repowright.executors import Ended, Outcome, Sandbox
from repowright.executors.limits.defences import Defence

GROUP = {Defence.PIDS, Defence.MEMORY, Defence.CPU}
"""Without all three there is no control group, which else finds every process."""
DAEMON = """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.chdir('/')
        for number in range(3):
            os.close(number)
        signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
        time.sleep(30)
    os._exit(0)
time.sleep(0.1)
print('denied nothing yet', flush=True)
"""
KILLER = """
for pid in {1, os.getppid(), -1} - {0}:
    try:
        os.kill(pid, 9)
    except OSError as err:
        print('denied', pid, err, flush=True)
time.sleep(0.2)
print('denied the rest', flush=True)
"""
CLIENT = """
import json, sys
from pathlib import Path
from repowright.executors import BubblewrapSandbox, Limits
from repowright.executors.limits.defences import Defence
kernel, cache, without, program, terminal = json.loads(sys.argv[1])
if terminal:
    import fcntl, termios
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
sandbox = BubblewrapSandbox(Path(cache), kernel_bounds=kernel, without=frozenset(Defence[name] for name in without))
limits = Limits(wall_s=20, memory_mb=64, pids=24, disk_mb=16)
with sandbox.open(limits) as box:
    print(box.run([sandbox.python, '-c', program], limits).stdout, flush=True)
"""
TYPING = """
import fcntl, termios
def write():
    with open('/dev/tty', 'wb', buffering=0) as terminal:
        terminal.write(b'shouted')
def type_in():
    with open('/dev/tty', 'rb', buffering=0) as terminal:
        fcntl.ioctl(terminal, termios.TIOCSTI, b'#')
attempt('terminal', write)
attempt('keyboard', type_in)
"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_daemon_dies_with_its_box(
    kind: str, whole: Callable[[str, int], Sandbox], host: AttackedHost, cache: Path
) -> None:
    sandbox = whole(kind, LIFE_S)
    assert leave_daemon(sandbox, host).ended is Ended.EXITED
    assert_gone(host.word, cache)
    assert_next_run_is_clean(sandbox)


@pytest.mark.parametrize(
    ("kind", "without"),
    [
        pytest.param(DOCKER, {Defence.REMOVAL}, marks=MARKS[DOCKER]),
        pytest.param(BUBBLEWRAP, {Defence.PID_NAMESPACE, *GROUP}, marks=MARKS[BUBBLEWRAP]),
        pytest.param(UNBOUND, {Defence.PID_NAMESPACE}, marks=MARKS[UNBOUND]),
    ],
)
def test_a_daemon_stays_without_what_kills_it(
    kind: str, without: set[Defence], host: AttackedHost, cache: Path
) -> None:
    sandbox = sandbox_without(kind, cache, frozenset(without))
    try:
        leave_daemon(sandbox, host)
        time.sleep(1)
        assert processes_naming(host.word)
    finally:
        sandbox.close()
        for pid in processes_naming(host.word):
            os.kill(pid, signal.SIGKILL)
    assert_gone(host.word, cache)


def leave_daemon(sandbox: Sandbox, host: AttackedHost) -> Outcome:
    program = f"WORD = {host.word!r}\n{PRELUDE}{DAEMON}"
    with sandbox.open(LIMITS) as box:
        return box.run([sandbox.python, "-c", program], LIMITS)


@pytest.mark.parametrize("kind", KINDS)
def test_killing_everything_harms_only_its_own_run(
    kind: str, whole: Callable[[str, int], Sandbox], host: AttackedHost, cache: Path
) -> None:
    sandbox = whole(kind, LIFE_S)
    assert kill_all(sandbox, host) == (Ended.EXITED, 0)
    assert host.evidence() == []
    assert_gone(host.word, cache)
    assert_next_run_is_clean(sandbox)


@pytest.mark.docker
def test_killing_everything_ends_the_box_without_a_keeper(host: AttackedHost, cache: Path) -> None:
    sandbox = sandbox_without(DOCKER, cache, frozenset({Defence.KEEPER}))
    try:
        assert kill_all(sandbox, host)[0] is Ended.KILLED
    finally:
        sandbox.close()
    assert_gone(host.word, cache)


def kill_all(sandbox: Sandbox, host: AttackedHost) -> tuple[Ended, int]:
    """How the killer ended, and the exit code of the next command of its box."""
    with sandbox.open(LIMITS) as box:
        outcome = box.run([sandbox.python, "-c", f"WORD = {host.word!r}\n{PRELUDE}{KILLER}"], LIMITS)
        return outcome.ended, -1 if box.spent else box.run(["true"], LIMITS).exit_code


@pytest.mark.bubblewrap
@pytest.mark.parametrize("kernel", [True, False])
@pytest.mark.parametrize("without", [set(), {"DEAD_MAN"}])
def test_a_box_dies_with_its_client_unless_the_switch_is_off(
    kernel: bool, without: set[str], host: AttackedHost, cache: Path
) -> None:
    program = f"WORD = {host.word!r}\nimport time\ntime.sleep(20)"
    with client(kernel, cache, without, program) as process:
        wait_for(lambda: len(boxed(host.word)) > 0)
        process.kill()
        process.wait()
        time.sleep(0.5)
        left = boxed(host.word)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
    assert bool(left) is bool(without)
    sandbox_without(BUBBLEWRAP, cache).close()
    assert_gone(host.word, cache)


def boxed(word: str) -> list[int]:
    """Processes in a box, not the bubblewrap and the client that started them."""
    return [pid for pid in processes_naming(word) if is_python_of_box(pid)]


def is_python_of_box(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"/opt/venv/bin/python\0")
    except OSError:
        return False


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def client(
    kernel: bool, cache: Path, without: set[str], program: str, terminal: int | None = None
) -> Iterator[subprocess.Popen[str]]:
    told = json.dumps([kernel, str(cache), sorted(without), program, terminal is not None])
    process = subprocess.Popen(
        [sys.executable, "-c", CLIENT, told],
        stdin=subprocess.DEVNULL if terminal is None else terminal,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.bubblewrap
@pytest.mark.parametrize("kernel", [True, False])
def test_a_box_cannot_reach_the_terminal_it_was_started_from(kernel: bool, cache: Path) -> None:
    said, shown = run_at_terminal(kernel, cache, set())
    assert [line.split()[:3] for line in said] == [["denied", "terminal", "OSError"], ["denied", "keyboard", "OSError"]]
    assert shown == ""


@pytest.mark.bubblewrap
def test_the_terminal_is_written_to_without_a_session(cache: Path) -> None:
    said, shown = run_at_terminal(True, cache, {"SESSION"})
    assert said[0] == "reached terminal"
    assert said[1].startswith("denied keyboard PermissionError")
    assert shown == "shouted"


@pytest.mark.bubblewrap
def test_the_terminal_is_typed_into_without_a_session_and_a_filter(cache: Path) -> None:
    allowed = Path("/proc/sys/dev/tty/legacy_tiocsti")
    if allowed.exists() and allowed.read_text(encoding="ascii").strip() == "0":
        pytest.skip("this kernel lets nobody type into a terminal")
    said, shown = run_at_terminal(True, cache, {"SESSION", "SECCOMP"})
    assert said == ["reached terminal", "reached keyboard"]
    assert shown == "shouted#"


def run_at_terminal(kernel: bool, cache: Path, without: set[str]) -> tuple[Sequence[str], str]:
    """What the attack printed, and what appeared on the terminal."""
    ours, theirs = pty.openpty()
    try:
        with client(kernel, cache, without, PRELUDE + TYPING, theirs) as process:
            said, _ = process.communicate(timeout=30)
        shown = b""
        while select.select([ours], [], [], 0.2)[0]:
            shown += os.read(ours, 4096)
    finally:
        os.close(ours)
        os.close(theirs)
    return said.strip().splitlines(), shown.decode()
