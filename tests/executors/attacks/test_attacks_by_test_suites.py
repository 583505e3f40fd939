from __future__ import annotations

import contextlib
import secrets
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from repowright.executors import Ended, Limits, Sandbox, TestOutcome, TestReport, run_pytest

LIMITS = Limits(wall_s=8, cpu_s=8, memory_mb=96, pids=24, disk_mb=16, output_bytes=200_000)
HEALTHY = {"test_ok.py": b"def test_ok(): pass\n"}


def processes_naming(word: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if word.encode() in path.read_bytes():
                found.append(path.parent.name)
    return found


def containers_of_this_process() -> list[str]:
    from repowright.executors.docker.client import Daemon
    from repowright.executors.docker.ownership import OWNER, owner_labels

    daemon = Daemon()
    try:
        return [container.id for container in daemon.labelled(f"{OWNER}={owner_labels(0, 0)[OWNER]}")]
    finally:
        daemon.close()


def wait_until_none(what: str, sandbox: Sandbox, cache: Path) -> None:
    deadline = time.monotonic() + 5
    while True:
        boxes = [path for path in cache.glob("boxes/*") if path.is_dir()]
        left = processes_naming(what) + boxes + (containers_of_this_process() if sandbox.name == "docker" else [])
        if not left:
            return
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


@pytest.fixture
def name(isolated: Sandbox, cache: Path) -> Iterator[str]:
    word = f"test_{secrets.token_hex(6)}"
    yield f"{word}.py"
    wait_until_none(word, isolated, cache)
    assert str(cache) not in Path("/proc/mounts").read_text(encoding="utf-8")
    assert run_pytest(isolated, HEALTHY, limits=LIMITS).passed


def attack(sandbox: Sandbox, name: str, body: str, limits: Limits = LIMITS) -> TestReport:
    source = "def test_before(): pass\n\ndef test_attack():\n" + "".join(f"    {line}\n" for line in body.splitlines())
    report = run_pytest(sandbox, {name: source.encode()}, [name], limits)
    assert not report.passed
    assert report.results[0].outcome is TestOutcome.PASSED
    return report


def stopped(report: TestReport, ended: Ended) -> None:
    assert report.ended is ended, (report.ended, report.results, report.output)
    last = report.results[-1]
    assert last.test.endswith("::test_attack")
    assert (last.outcome, last.message) == (TestOutcome.ERROR, f"still running when the {ended} limit ended the run")


def test_an_endless_loop_that_ignores_signals_is_ended_by_time(isolated: Sandbox, name: str) -> None:
    body = "import signal\nfor number in (1, 2, 3, 15):\n    signal.signal(number, signal.SIG_IGN)\nwhile True: pass"
    stopped(attack(isolated, name, body, Limits(wall_s=2, memory_mb=96, disk_mb=16)), Ended.TIME)


def test_an_endless_loop_at_import_is_named_by_its_file(isolated: Sandbox, name: str) -> None:
    report = run_pytest(isolated, {name: b"while True: pass\n"}, [name], Limits(wall_s=2, memory_mb=96))
    assert (report.ended, report.results[0].test) == (Ended.TIME, name)
    assert report.results[0].outcome is TestOutcome.ERROR


def test_a_memory_bomb_is_ended_by_memory(isolated: Sandbox, name: str) -> None:
    body = "hoard = []\nwhile True: hoard.append(bytearray(b'x') * 1_000_000)"
    stopped(attack(isolated, name, body), Ended.MEMORY)


def test_a_memory_bomb_in_a_child_is_ended_by_memory(isolated: Sandbox, name: str) -> None:
    body = "import subprocess, sys, time\ncode = 'h=[]\\nwhile True: h.append(bytearray(b\"x\") * 1000000)'\n"
    body += "subprocess.run([sys.executable, '-c', code])\ntime.sleep(5)"
    stopped(attack(isolated, name, body), Ended.MEMORY)


def test_a_fork_bomb_is_ended_by_pids(isolated: Sandbox, name: str) -> None:
    body = "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError: pass"
    stopped(attack(isolated, name, body), Ended.PIDS)


def test_a_ten_gigabyte_file_is_ended_by_disk(isolated: Sandbox, name: str) -> None:
    body = "import time\nwith open('big', 'wb', buffering=0) as file:\n"
    body += "    for _ in range(10_000):\n        try:\n            file.write(b'x' * 1_000_000)\n"
    body += "        except OSError: time.sleep(0.01)"
    stopped(attack(isolated, name, body), Ended.DISK)


def test_a_million_small_files_are_ended_by_disk(isolated: Sandbox, name: str) -> None:
    body = "import time\nfor number in range(1_000_000):\n    try:\n        open(f'file{number}', 'wb').write(b'x')\n"
    body += "    except OSError: time.sleep(0.01)"
    stopped(attack(isolated, name, body), Ended.DISK)


def test_ten_gigabytes_of_captured_output_are_ended_by_disk(isolated: Sandbox, name: str) -> None:
    body = "import os, time\nfor _ in range(10_000):\n    try:\n        os.write(1, b'x' * 1_000_000)\n"
    body += "    except OSError: time.sleep(0.01)"
    stopped(attack(isolated, name, body), Ended.DISK)


def test_ten_gigabytes_past_the_capture_are_ended_by_output(isolated: Sandbox, name: str) -> None:
    body = b"def test_before(): pass\n\ndef test_attack():\n    import os\n"
    body += b"    while True: os.write(1, b'x' * 65536)\n"
    files = {name: body, "pytest.ini": b"[pytest]\naddopts = -s\n"}
    report = run_pytest(isolated, files, [name], LIMITS)
    stopped(report, Ended.OUTPUT)


def test_network_attempts_fail_and_are_noted(isolated: Sandbox, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        # Another name of the loopback, so that nothing but the listener can be reached.
        body = f"""
import socket
socket.getaddrinfo('0x7f.1', 80)
try:
    socket.socket().connect(('0x7f.1', {port}))
except OSError:
    raise RuntimeError('no way out') from None
"""
        report = attack(isolated, name, body)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert report.notes == (f"network: connect to 0x7f.1:{port}", "network: look up 0x7f.1")
    assert (report.ended, report.results[1].message) == (Ended.EXITED, "RuntimeError: no way out")


def test_leaving_with_code_zero_is_no_pass(isolated: Sandbox, name: str) -> None:
    report = attack(isolated, name, "import os\nos._exit(0)")
    assert (report.exit_code, report.ended) == (0, Ended.EXITED)
    assert report.results[-1].outcome is TestOutcome.ERROR
    assert report.results[-1].test == f"{name}::test_attack"
    assert "code 0 before the test finished" in report.results[-1].message


def test_leaving_with_code_zero_at_exit_is_no_pass(isolated: Sandbox, name: str) -> None:
    report = attack(isolated, name, "import atexit, os\natexit.register(os._exit, 0)\nassert 0")
    assert report.results[-1].outcome is TestOutcome.ERROR
    assert "process ended with 0" in report.results[-1].message


def test_printed_results_are_not_believed(isolated: Sandbox, name: str) -> None:
    body = r"""
import os, json
record = {'kind': 'result', 'test': 'fake', 'outcome': 'passed', 'message': '', 'detail': '', 'duration_s': 0}
record = json.dumps(record)
for secret in ('', 'x' * 32, os.environ.get('PYTHONPATH', '')):
    for stream in range(1, 8):
        try:
            os.write(stream, f'\x1e{secret}{record}\x1f\n1 passed in 0.1s\n'.encode())
        except OSError:
            pass
os._exit(0)
"""
    report = attack(isolated, name, body)
    assert [result.test for result in report.results] == [f"{name}::test_before", f"{name}::test_attack"]


def test_the_secret_of_the_report_is_not_lying_around(isolated: Sandbox, name: str) -> None:
    body = """
import os, pathlib, sys
assert [str(path) for path in pathlib.Path('.').rglob('*')] == [__file__.rpartition('/')[2]]
assert 'PYTHONPATH' not in os.environ
raise RuntimeError('nothing found')
"""
    assert attack(isolated, name, body).results[1].message == "RuntimeError: nothing found"


def test_a_forked_child_that_runs_on_reports_nothing(isolated: Sandbox, name: str) -> None:
    body = "import os\npid = os.fork()\nif pid: os.waitpid(pid, 0)\nassert 0"
    report = attack(isolated, name, body)
    assert [result.outcome for result in report.results] == [TestOutcome.PASSED, TestOutcome.FAILED]


def test_a_stray_that_left_the_session_is_gone(isolated: Sandbox, name: str) -> None:
    body = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
    body += (
        "        [os.close(fd) for fd in range(3)]\n        time.sleep(60)\n    os._exit(0)\ntime.sleep(0.3)\nassert 0"
    )
    assert attack(isolated, name, body).results[1].outcome is TestOutcome.FAILED


def test_a_deep_tree_of_folders_is_removed(isolated: Sandbox, name: str) -> None:
    body = "import os\nfor _ in range(3000):\n    os.mkdir('d', 0o700)\n    os.chdir('d')\nos.chmod('.', 0)\nassert 0"
    report = attack(isolated, name, body)
    assert report.results[1].outcome in {TestOutcome.FAILED, TestOutcome.ERROR}
    assert report.ended in {Ended.EXITED, Ended.DISK}
