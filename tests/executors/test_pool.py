from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import pytest

from repowright.executors import Box, Ended, Limits, LocalSandbox, SandboxError, TestReport, run_pytest
from repowright.executors.pool import BoxPool, PooledSandbox, WarmBox, WarmSandbox
from repowright.executors.trees import File

LIMITS = Limits(wall_s=10, cpu_s=10, memory_mb=256, pids=32, disk_mb=16, output_bytes=100_000)


class Lent:
    """A sandbox that outlives the pools made of it."""

    def __init__(self, sandbox: WarmSandbox) -> None:
        self.name = sandbox.name
        self.python = sandbox.python
        self.keeps_running = getattr(sandbox, "keeps_running", False)
        self.open = sandbox.open
        self.sandbox = sandbox

    def open_warm(self, limits: Limits) -> WarmBox:
        return self.sandbox.open_warm(limits)

    def close(self) -> None:
        pass


@pytest.fixture
def pool(isolated: WarmSandbox) -> Iterator[BoxPool]:
    made = BoxPool(Lent(isolated), running=2)
    yield made
    made.close()


def python(pool: BoxPool, code: str) -> list[str]:
    return [pool.sandbox.python, "-c", code]


def say(box: Box, pool: BoxPool, code: str) -> str:
    outcome = box.run(python(pool, code), LIMITS)
    assert outcome.exit_code == 0, outcome
    return outcome.stdout


LITTER = """
import os, socket, subprocess, sys, time
open('/workspace/left', 'w').write('x')
os.makedirs('/tmp/deep/er'); open('/tmp/deep/er/left', 'w').write('x'); os.chmod('/tmp/deep', 0)
open('/dev/shm/left', 'w').write('x'); os.symlink('/etc', '/workspace/link'); os.mkfifo('/workspace/pipe')
for number in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            held = open('/tmp/held', 'w+'); held.write('x' * 100_000); held.flush(); os.unlink('/tmp/held')
            server = socket.socket(); server.bind(('127.0.0.1', 0)); server.listen()
            os.close(1); os.close(2)
            while True:
                time.sleep(1)
        os._exit(0)
time.sleep(0.3)
"""
LOOK = """
import os
places = [place for place in ('/workspace', '/tmp', '/dev/shm', '/dev/mqueue') if os.path.isdir(place)]
print([os.listdir(place) for place in places if os.listdir(place)])
mine = [pid for pid in os.listdir('/proc') if pid.isdigit() and pid != str(os.getpid())]
def status(pid):
    try:
        return open(f'/proc/{pid}/status').read()
    except OSError:
        return ''
print(len(mine), sum('\\nUid:\\t65534' in status(pid) for pid in mine))
print(sorted(line.split()[3] for line in open('/proc/net/tcp').readlines()[1:]))
space = os.statvfs('/tmp')
print(space.f_blocks - space.f_bfree if space.f_blocks * space.f_frsize < 1 << 30 else 0)
"""


def test_the_next_run_finds_nothing_of_the_last_one(pool: BoxPool) -> None:
    sandbox = pool.domain("one")
    with sandbox.open(LIMITS) as box:
        clean = say(box, pool, LOOK)
    with sandbox.open(LIMITS) as box:
        say(box, pool, LITTER)
    with sandbox.open(LIMITS) as box:
        assert say(box, pool, LOOK) == clean
    counts = pool.counts()
    assert (counts.opened, counts.reused, counts.thrown_away) == (1, 2, 0)


def test_a_box_looks_empty_although_its_files_are_not_sent_twice(pool: BoxPool) -> None:
    sandbox = pool.domain("one")
    with sandbox.open(LIMITS) as box:
        box.put({"a": b"1", "pack/b": b"2"})
    with sandbox.open(LIMITS) as box:
        assert box.get(["a", "pack/b"]) == {}
    with sandbox.open(LIMITS) as box:
        box.put({"a": b"1", "pack/b": File(b"3")})
    with sandbox.open(LIMITS) as box:
        box.put({"a": b"1"})
        assert say(box, pool, "import os; print(os.listdir())") == "['a']\n"
    with sandbox.open(LIMITS) as box:
        assert box.sync({"a": b"1", "c": b"2"}).sent == ("c",)
        assert dict(box.changes().changed) == {}
        assert set(box.snapshot().files) == {"a", "c"}


def test_domains_and_bounds_never_share_a_box(pool: BoxPool) -> None:
    for domain, limits in [("one", LIMITS), ("two", LIMITS), ("one", replace(LIMITS, pids=33))]:
        with pool.domain(domain).open(limits) as box:
            box.put({"a": domain.encode()})
    assert (pool.counts().opened, pool.counts().reused) == (3, 0)
    assert pool.counts().idle == 3


SPOILERS = {
    "a memory bomb": ("import time\nx = []\nwhile True: x.append(b'x' * (1 << 21)); time.sleep(0.002)", Ended.MEMORY),
    "a fork bomb": (
        "import os, time\nwhile True:\n try: os.fork()\n except OSError: pass\n time.sleep(0.005)",
        Ended.PIDS,
    ),
    "a flood": ("while True: print('x' * 10_000)", Ended.OUTPUT),
    "a loop": ("while True: pass", Ended.TIME),
    "its program killed": ("import os, signal; os.kill(os.getppid(), 9)\nimport time; time.sleep(1)", Ended.KILLED),
    "its program stopped": ("import os, time; os.kill(os.getppid(), 19); time.sleep(5)", Ended.TIME),
}


@pytest.mark.parametrize("spoiler", SPOILERS)
def test_a_box_in_which_a_limit_ended_a_run_is_thrown_away(pool: BoxPool, spoiler: str) -> None:
    code, ended = SPOILERS[spoiler]
    # Without control groups no program stays, and forks are counted over all boxes of a user.
    if spoiler.endswith(("bomb", "killed", "stopped")) and not getattr(pool.sandbox, "keeps_running", False):
        code, ended = SPOILERS["a loop"]
    sandbox = pool.domain("one")
    with sandbox.open(LIMITS) as box:
        outcome = box.run(python(pool, code), replace(LIMITS, wall_s=3, cpu_s=2))
        assert (outcome.ended, box.spent) == (ended, True)
    with sandbox.open(LIMITS) as box:
        assert say(box, pool, "print(1)") == "1\n"
    assert (pool.counts().opened, pool.counts().reused, pool.counts().thrown_away) == (2, 0, 1)


CHANGES = {
    "priority": "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
    "limit": "resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (9, 9))",
    "port that nobody else can listen on for a minute": """
import socket
server = socket.create_server(('127.0.0.1', 0))
client = socket.create_connection(server.getsockname())
server.accept()[0].close()
""",
    "core": "os.sched_setaffinity(os.getppid(), {min(os.sched_getaffinity(0))})",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_box_that_a_run_changed_is_thrown_away(pool: BoxPool, change: str) -> None:
    sandbox = pool.domain("one")
    with sandbox.open(LIMITS) as box:
        say(box, pool, f"import os, resource\n{CHANGES[change]}")
    # Where each command has a bubblewrap of its own, what it changed is gone with it.
    assert pool.counts().thrown_away == int(getattr(pool.sandbox, "keeps_running", False))


def test_a_command_cannot_look_into_the_program_that_serves_it(pool: BoxPool) -> None:
    code = """
import os
for name in ('mem', 'environ', 'fd', 'maps', 'cwd'):
    path = f'/proc/{os.getppid()}/{name}'
    try:
        os.listdir(path) if name == 'fd' else os.readlink(path) if name == 'cwd' else open(path, 'rb').read(1)
        print(name)
    except OSError:
        pass
import ctypes
print(ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0))
"""
    with pool.domain("one").open(LIMITS) as box:
        if getattr(pool.sandbox, "keeps_running", False):
            assert say(box, pool, code) == "-1\n"
        else:
            assert say(box, pool, "import os; print(os.getppid())") == "1\n"


SUITE = {
    "test_a.py": b"""
import os, sys, pytest, signal, threading
def test_path(): assert sys.path[0] == os.getcwd() == '/workspace', sys.path
def test_arguments(): assert sys.argv[0].endswith('pytest/__main__.py') and sys.orig_argv[1:3] == ['-m', 'pytest']
def test_signals(): assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
def test_main(): assert sys.modules['__main__'].__spec__.name == 'pytest.__main__'
def test_stdin(): assert os.fstat(0).st_rdev == os.stat('/dev/null').st_rdev
def test_descriptors(): assert all(int(fd) < 12 for fd in os.listdir('/proc/self/fd'))
def test_warns():
    import warnings
    warnings.warn('said')
def test_fails(): assert {'a': 1} == {'a': 2}
@pytest.mark.skip(reason='so')
def test_skipped(): pass
def test_exits_late(): threading.Thread(target=lambda: None).start()
""",
    "test_b.py": b"import helper\ndef test_helper(): assert helper.value() == 2\n",
    "helper.py": b"def value():\n    return 2\n",
}


def ends(report: TestReport) -> list[tuple[str, str, str]]:
    return [(result.test, str(result.outcome), result.message + result.detail) for result in report.results]


def test_pytest_in_a_pooled_box_reports_what_it_reports_in_one_of_its_own(pool: BoxPool) -> None:
    alone = run_pytest(pool.sandbox, SUITE, limits=LIMITS, coverage_of=".")
    sandbox = pool.domain("one")
    for _ in range(2):
        report = run_pytest(sandbox, SUITE, limits=LIMITS, coverage_of=".")
        assert ends(report) == ends(alone)
        assert (report.exit_code, report.output, report.notes) == (alone.exit_code, alone.output, alone.notes)
        assert report.coverage == alone.coverage
    assert pool.counts().reused == 1


def test_no_more_commands_run_at_once_than_the_pool_allows() -> None:
    pool = BoxPool(LocalSandbox(), running=1)
    spans: list[tuple[float, float]] = []

    def one(domain: str) -> None:
        with pool.domain(domain).open(LIMITS) as box:
            said = say(box, pool, "import time; a = time.monotonic(); time.sleep(0.1); print(a, time.monotonic())")
            start, end = map(float, said.split())
            spans.append((start, end))

    threads = [threading.Thread(target=one, args=(f"d{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    pool.close()
    spans.sort()
    assert len(spans) == 4
    assert all(first[1] <= second[0] for first, second in pairwise(spans))


def test_a_box_given_back_refuses_work_and_a_closed_pool_keeps_none(pool: BoxPool) -> None:
    sandbox = PooledSandbox(pool.sandbox, "one", pool)
    box = sandbox.open(LIMITS)
    box.close()
    box.close()
    assert box.spent
    with pytest.raises(SandboxError, match="closed"):
        box.run(["true"], LIMITS)
    late = sandbox.open(LIMITS)
    pool.close()
    late.close()
    assert pool.counts().idle == 0


def test_an_idle_box_is_closed_after_its_time(pool: BoxPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repowright.executors.pool.IDLE_S", 0.05)
    sandbox = pool.domain("one")
    sandbox.open(LIMITS).close()
    assert pool.counts().idle == 1
    time.sleep(0.1)
    sandbox.open(LIMITS).close()
    assert (pool.counts().opened, pool.counts().reused) == (2, 0)


def test_closing_a_pooled_sandbox_of_its_own_closes_the_sandbox() -> None:
    inner = LocalSandbox()
    sandbox = PooledSandbox(inner)
    box = sandbox.open(LIMITS)
    assert (sandbox.name, sandbox.python) == (inner.name, inner.python)
    sandbox.close()
    assert box.spent


def test_many_at_once_in_several_domains_get_their_own_results(pool: BoxPool) -> None:
    def one(number: int) -> tuple[str, list[str]]:
        test = f"def test_{number}(): assert open('data').read() == '{number}'\n"
        files = {"data": str(number).encode(), "test_a.py": test.encode()}
        report = run_pytest(pool.domain(f"domain {number % 3}"), files, limits=LIMITS)
        return f"test_a.py::test_{number}", [result.test for result in report.results if report.passed]

    with ThreadPoolExecutor(4) as threads:
        for expected, found in threads.map(one, range(18)):
            assert found == [expected]
    counts = pool.counts()
    assert counts.opened + counts.reused == 18
    assert counts.idle <= 4
