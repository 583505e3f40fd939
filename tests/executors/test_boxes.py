from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from repowright.executors import Ended, Limits, Sandbox, SandboxError

LIMITS = Limits(wall_s=10, cpu_s=10, memory_mb=256, pids=32, disk_mb=16, output_bytes=100_000)


def python(sandbox: Sandbox, code: str) -> list[str]:
    return [sandbox.python, "-c", code]


def test_files_put_in_can_be_run_and_read_back(sandbox: Sandbox) -> None:
    with sandbox.open(LIMITS) as box:
        box.put({"pack/code.py": b"open('made.txt', 'w').write('x' * 3)\n", "empty": b""})
        outcome = box.run([sandbox.python, "pack/code.py"], LIMITS)
        assert (outcome.exit_code, outcome.ended) == (0, Ended.EXITED)
        found = box.get(["made.txt", "empty", "absent", "pack"])
    assert found == {"made.txt": b"xxx", "empty": b""}


def test_a_second_run_sees_what_the_first_one_wrote(sandbox: Sandbox) -> None:
    with sandbox.open(LIMITS) as box:
        box.run(python(sandbox, "open('a', 'w').write('1')"), LIMITS)
        box.put({"b": b"2"})
        outcome = box.run(python(sandbox, "print(open('a').read() + open('b').read())"), LIMITS)
    assert outcome.stdout == "12\n"


def test_put_replaces_a_file(sandbox: Sandbox) -> None:
    with sandbox.open(LIMITS) as box:
        box.put({"a": b"1"})
        box.put({"a": b"2"})
        assert box.get(["a"]) == {"a": b"2"}


def test_streams_exit_code_and_environment_are_kept_apart(sandbox: Sandbox) -> None:
    code = "import os, sys; print(os.environ['WORD']); print('no', file=sys.stderr); sys.exit(3)"
    with sandbox.open(LIMITS) as box:
        outcome = box.run(python(sandbox, code), LIMITS, {"WORD": "yes"})
    assert (outcome.stdout, outcome.stderr, outcome.exit_code) == ("yes\n", "no\n", 3)


def test_a_box_starts_empty_whatever_the_last_one_held(sandbox: Sandbox) -> None:
    with sandbox.open(LIMITS) as box:
        box.put({"left.txt": b"x"})
        box.run(python(sandbox, "open(__import__('tempfile').gettempdir() + '/left', 'w').write('x')"), LIMITS)
    listing = "import os, tempfile; print(os.listdir('.'), os.listdir(tempfile.gettempdir()))"
    with sandbox.open(LIMITS) as box:
        assert box.run(python(sandbox, listing), LIMITS).stdout == "[] []\n"


@pytest.mark.parametrize("path", ["/etc/hosts", "../up", "a/../../up", "", "a\0b"])
def test_put_and_get_refuse_a_path_that_leaves_the_workspace(sandbox: Sandbox, path: str) -> None:
    with sandbox.open(LIMITS) as box:
        with pytest.raises(SandboxError, match="workspace"):
            box.put({path: b"x"})
        with pytest.raises(SandboxError, match="workspace"):
            box.get([path])


def test_get_never_follows_a_link(sandbox: Sandbox) -> None:
    code = """
import os
os.symlink('/etc/passwd', 'file'); os.symlink('/etc', 'folder'); os.symlink('..', 'up'); os.mkfifo('pipe')
open('real', 'w').write('1'); os.symlink('real', 'inside')
"""
    with sandbox.open(LIMITS) as box:
        assert box.run(python(sandbox, code), LIMITS).exit_code == 0
        paths = ["file", "folder/passwd", "up/etc/passwd", "pipe", "inside", "real"]
        assert box.get(paths) == {"real": b"1"}


def test_get_refuses_more_than_its_bound(sandbox: Sandbox) -> None:
    with sandbox.open(LIMITS) as box:
        box.put({"big": b"x" * 200_000})
        with pytest.raises(SandboxError, match="100000"):
            box.get(["big"], max_bytes=100_000)
        assert len(box.get(["big"], max_bytes=200_000)["big"]) == 200_000


def test_the_wall_limit_kills_what_ignores_signals_and_what_left_the_session(sandbox: Sandbox) -> None:
    code = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
print('started', flush=True)
while True:
    time.sleep(1)
"""
    with sandbox.open(LIMITS) as box:
        outcome = box.run(python(sandbox, code), Limits(wall_s=1, memory_mb=256))
        assert (outcome.ended, box.spent) == (Ended.TIME, True)
        assert outcome.stdout.startswith("started")
        assert outcome.duration_s < 6
        with pytest.raises(SandboxError, match="spent"):
            box.run(["true"], LIMITS)


def test_the_processor_limit_is_named_time(sandbox: Sandbox) -> None:
    with sandbox.open(LIMITS) as box:
        outcome = box.run(python(sandbox, "while True: pass"), Limits(wall_s=20, cpu_s=1, memory_mb=256))
    assert outcome.ended is Ended.TIME
    assert outcome.duration_s < 10


def test_a_flood_of_output_is_cut_and_named(sandbox: Sandbox) -> None:
    code = "import sys\nwhile True: sys.stdout.write('x' * 100_000)"
    with sandbox.open(LIMITS) as box:
        outcome = box.run(python(sandbox, code), LIMITS)
    assert (outcome.ended, outcome.truncated) == (Ended.OUTPUT, True)
    assert len(outcome.stdout) <= LIMITS.output_bytes + 100


def test_a_killed_command_is_named(sandbox: Sandbox) -> None:
    with sandbox.open(LIMITS) as box:
        outcome = box.run(python(sandbox, "import os; os.kill(os.getpid(), 9)"), LIMITS)
        assert (outcome.ended, box.spent) == (Ended.KILLED, True)


def test_killing_every_process_spends_the_box(isolated: Sandbox) -> None:
    code = (
        "import os, signal, time\nsignal.signal(15, signal.SIG_IGN)\nos.kill(-1, 9)\ntime.sleep(1)\nraise SystemExit(1)"
    )
    with isolated.open(LIMITS) as box:
        outcome = box.run(python(isolated, code), LIMITS)
        if outcome.ended is Ended.EXITED:
            assert box.run(["true"], LIMITS).exit_code == 0
        else:
            assert (outcome.ended, box.spent) == (Ended.KILLED, True)


def test_a_command_that_is_not_there_fails_without_harm(sandbox: Sandbox) -> None:
    with sandbox.open(LIMITS) as box:
        outcome = box.run(["no-such-command"], LIMITS)
        assert outcome.exit_code != 0
        assert "no-such-command" in outcome.stdout + outcome.stderr
        assert box.run(python(sandbox, "print(1)"), LIMITS).stdout == "1\n"


def test_a_closed_box_refuses_work_and_closes_again(sandbox: Sandbox) -> None:
    box = sandbox.open(LIMITS)
    box.close()
    box.close()
    with pytest.raises(SandboxError, match="closed"):
        box.run(["true"], LIMITS)


def test_boxes_of_several_threads_do_not_see_each_other(sandbox: Sandbox) -> None:
    def one(number: int) -> str:
        with sandbox.open(LIMITS) as box:
            box.put({f"file{number}": b""})
            return box.run(python(sandbox, "import os; print(os.listdir('.'))"), LIMITS).stdout

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(one, range(4))) == [f"['file{number}']\n" for number in range(4)]


def test_a_box_sees_no_host_environment_and_no_host_files(
    isolated: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_KEY", "sesame")
    (tmp_path / "secret").write_text("sesame", encoding="utf-8")
    code = f"""
import os
for path in ['/etc/shadow', {str(tmp_path / "secret")!r}, '/root/.bashrc', '/proc/1/environ', '/proc/self/environ']:
    try:
        print(open(path, 'rb').read())
    except OSError as err:
        print(type(err).__name__)
print(sorted(os.environ))
"""
    with isolated.open(LIMITS) as box:
        lines = box.run(python(isolated, code), LIMITS).stdout.splitlines()
    assert set(lines[:3]) <= {"PermissionError", "FileNotFoundError"}
    assert "sesame" not in "".join(lines)
    assert "SECRET_KEY" not in lines[-1]


ESCAPES = {
    "mount": "ctypes.CDLL(None, use_errno=True).mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0",
    "user namespace": "ctypes.CDLL(None, use_errno=True).unshare(0x10000000) == 0",
    "chown": "os.chown('f', 0, 0) is None",
    "set user": "os.setuid(0) is None",
    "make device": "os.mknod('dev', 0o600 | stat.S_IFBLK, os.makedev(8, 0)) is None",
    "change root": "os.chroot('/tmp') is None",
    "kernel setting": "open('/proc/sys/kernel/panic', 'w').write('0') == 1",
    "write system": "open('/usr/bin/x', 'w').write('0') == 1",
    "write root": "open('/x', 'w').write('0') == 1",
    "raw socket": "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1) is not None",
    "connect": "socket.create_connection(('192.0.2.1', 80), 2) is not None",
    "look up": "socket.getaddrinfo('example.com', 80) is not None",
    "setuid program": "subprocess.run(['su', '-c', 'true'], capture_output=True, timeout=5).returncode == 0",
}


@pytest.mark.parametrize("attempt", ESCAPES)
def test_privileged_acts_are_refused(isolated: Sandbox, attempt: str) -> None:
    code = f"""
import ctypes, os, socket, stat, subprocess
open('f', 'w').close()
try:
    print('done' if {ESCAPES[attempt]} else 'refused')
except OSError as err:
    print('refused')
"""
    with isolated.open(LIMITS) as box:
        outcome = box.run(python(isolated, code), LIMITS)
    assert outcome.stdout == "refused\n", outcome.stderr


def test_a_box_runs_as_nobody_without_capabilities(isolated: Sandbox) -> None:
    code = "import os; print(os.getuid(), os.getgid()); print(open('/proc/self/status').read())"
    with isolated.open(LIMITS) as box:
        said = box.run(python(isolated, code), LIMITS).stdout
    fields = dict(line.split(":\t", 1) for line in said.splitlines()[1:] if ":\t" in line)
    assert said.startswith("65534 65534\n")
    assert {fields[name] for name in ("CapEff", "CapPrm", "CapBnd", "CapInh")} == {"0" * 16}
    assert fields["NoNewPrivs"] == "1"


def test_loopback_works_inside(isolated: Sandbox) -> None:
    code = """
import socket
server = socket.create_server(('127.0.0.1', 0))
socket.create_connection(('localhost', server.getsockname()[1]), 2).close()
print('ok')
"""
    with isolated.open(LIMITS) as box:
        assert box.run(python(isolated, code), LIMITS).stdout == "ok\n"


def test_closing_the_sandbox_closes_its_boxes(cache: Path) -> None:
    from repowright.executors import LocalSandbox

    sandbox = LocalSandbox()
    box = sandbox.open(LIMITS)
    where = box.run([sandbox.python, "-c", "import os; print(os.environ['TMPDIR'])"], LIMITS)
    assert where.exit_code == 0
    sandbox.close()
    assert box.spent
    assert not [
        name for name in os.listdir("/tmp") if name.startswith("repowright-local-") and not os.listdir(f"/tmp/{name}")
    ]
