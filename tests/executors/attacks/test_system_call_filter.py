from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from attacked import LIFE_S, sandbox_without
from box_attack import BUBBLEWRAP, LIMITS, PRELUDE

from repowright.executors import Ended, Outcome, Sandbox
from repowright.executors.bubblewrap.seccomp import (
    ALLOW,
    ARCHITECTURES,
    CLONE3,
    DENIED,
    ERROR,
    KILL_PROCESS,
    NAMESPACE_FLAGS,
    X32_BIT,
    system_call_filter,
)
from repowright.executors.limits.defences import Defence

REFUSED = ERROR | errno.EPERM
MACHINES = sorted(ARCHITECTURES)
FOREIGN = """
import mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex('b814000000cd80c3'))
print(ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))(), os.getpid())
"""
"""Asks for the process id, call 20 of a 32-bit machine."""
X32 = "print(libc.syscall(0x40000000 | 39), ctypes.get_errno())"
LIKED = """
import asyncio, multiprocessing, ssl, tempfile, threading
asyncio.run(asyncio.sleep(0))
thread = threading.Thread(target=lambda: None)
thread.start()
thread.join()
assert subprocess.run(['true']).returncode == 0
with multiprocessing.get_context('fork').Pool(2) as pool:
    assert pool.map(abs, [-1, -2]) == [1, 2]
with socket.create_server(('127.0.0.1', 0)) as server, socket.create_connection(server.getsockname()):
    pass
socket.if_nameindex()
os.sched_getaffinity(0)
os.openpty()
with tempfile.TemporaryFile() as file:
    os.posix_fallocate(file.fileno(), 0, 10)
print('fine')
"""


def verdict(machine: str, call: int, *arguments: int, audit: int | None = None) -> int:
    """What the kernel would do: the instructions, run one by one."""
    data = system_call_filter(machine)
    assert data is not None
    steps = list(struct.iter_unpack("=HBBI", data))
    audit = ARCHITECTURES[machine].audit if audit is None else audit
    words = struct.pack("<IIQ6Q", call, audit, 0, *arguments, *(6 - len(arguments)) * [0])
    place = value = 0
    while True:
        code, if_true, if_false, operand = steps[place]
        place += 1
        if code == 0x06:
            return int(operand)
        if code == 0x20:
            value = struct.unpack_from("<I", words, operand)[0]
        elif code == 0x54:
            value &= operand
        else:
            holds = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[code]
            place += if_true if holds else if_false


@pytest.mark.parametrize("machine", MACHINES)
def test_what_the_table_denies_is_refused(machine: str) -> None:
    numbers = [columns[ARCHITECTURES[machine].column] for columns in DENIED.values()]
    assert {verdict(machine, number) for number in numbers if number is not None} == {REFUSED}


@pytest.mark.parametrize("machine", MACHINES)
def test_foreign_calls_kill(machine: str) -> None:
    assert verdict(machine, 0, audit=0x40000003) == KILL_PROCESS
    assert verdict(machine, X32_BIT | 39) == (KILL_PROCESS if ARCHITECTURES[machine].has_x32 else ALLOW)


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_are_judged_by_their_arguments(machine: str) -> None:
    known = ARCHITECTURES[machine]
    assert verdict(machine, known.clone, 0x1200011) == ALLOW
    assert all(verdict(machine, known.clone, 1 << bit) == REFUSED for bit in range(32) if NAMESPACE_FLAGS >> bit & 1)
    assert verdict(machine, CLONE3) == ERROR | errno.ENOSYS
    assert [verdict(machine, known.ioctl, 0, request) for request in (0x5401, 0x5412, 0x541C)] == [
        ALLOW,
        REFUSED,
        REFUSED,
    ]
    assert [verdict(machine, known.personality, value) for value in (0, 0x40000, 0xFFFFFFFF)] == [ALLOW, REFUSED, ALLOW]


@pytest.mark.parametrize("machine", MACHINES)
def test_sockets_are_judged_by_family_and_type(machine: str) -> None:
    def judge(family: int, kind: int) -> int:
        return verdict(machine, ARCHITECTURES[machine].socket, family, kind)

    assert {judge(family, kind | 0o2000000) for family in (1, 2, 10) for kind in (1, 2)} == {ALLOW}
    assert judge(16, 3) == ALLOW
    assert {judge(family, kind) for family in (2, 10) for kind in (3, 10, 3 | 0o4000)} == {REFUSED}
    assert {judge(family, 3) for family in (17, 38, 40, 44)} == {REFUSED}


def test_an_unknown_machine_has_no_filter() -> None:
    assert system_call_filter("pdp11") is None


@pytest.mark.bubblewrap
def test_what_programs_need_is_allowed(whole: Callable[[str, int], Sandbox]) -> None:
    assert run(whole(BUBBLEWRAP, LIFE_S), LIKED).stdout == "fine\n"


@pytest.mark.bubblewrap
@pytest.mark.skipif(platform.machine() != "x86_64", reason="calls of a foreign architecture are made by x86 code")
@pytest.mark.parametrize("code", [FOREIGN, X32])
def test_a_foreign_call_ends_the_process_unless_the_filter_is_off(code: str, cache: Path) -> None:
    killed = run(sandbox_without(BUBBLEWRAP, cache), code)
    assert (killed.exit_code, killed.ended, killed.stdout) == (128 + 31, Ended.EXITED, "")
    open_to_all = run(sandbox_without(BUBBLEWRAP, cache, frozenset({Defence.SECCOMP})), code)
    assert open_to_all.exit_code != 128 + 31


def run(sandbox: Sandbox, code: str) -> Outcome:
    with sandbox.open(LIMITS) as box:
        return box.run([sandbox.python, "-c", PRELUDE + code], LIMITS)
