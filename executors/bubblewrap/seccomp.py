"""The filter of system calls of a bubblewrap box, as classic BPF made by hand.

Denied is what Docker's default profile denies a process without capabilities, and what that profile
leaves open but no build or test needs: tracing, raw and exotic sockets, typing into a terminal.
A denied call fails with EPERM; calls of a foreign architecture, whose numbers mean something else,
kill the process. The numbers are those of the kernel's ``asm/unistd.h``.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Sequence
from dataclasses import dataclass

LOAD_WORD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, AND, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
ALLOW, KILL_PROCESS, ERROR = 0x7FFF0000, 0x80000000, 0x00050000
CALL_OFFSET, ARCHITECTURE_OFFSET, ARGUMENTS_OFFSET = 0, 4, 16
X32_BIT = 0x40000000
NAMESPACE_FLAGS = 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x00020000
"""CLONE_NEW{CGROUP,UTS,IPC,USER,PID,NET,NS}."""
TERMINAL_INPUT, TERMINAL_SELECTION = 0x5412, 0x541C
"""ioctl requests TIOCSTI and TIOCLINUX: both type into the terminal that the box was started from."""
FAMILIES = (1, 2, 10, 16)
"""Socket families that are open: unix, IPv4, IPv6, netlink (which the C library lists interfaces by)."""
INTERNET_FAMILIES = (2, 10)
SOCKET_TYPE_BITS, RAW, PACKET = 0xF, 3, 10
PERSONALITIES = (0x0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF)
"""Linux and 32-bit Linux, each with and without another name for the machine; the last one only asks."""

DENIED: dict[str, tuple[int | None, int | None]] = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "create_module": (174, None),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "get_kernel_syms": (177, None),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "iopl": (172, None),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "lookup_dcookie": (212, 18),
    "mbind": (237, 235),
    "migrate_pages": (256, 238),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "name_to_handle_at": (303, 264),
    "nfsservctl": (180, 42),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "query_module": (178, None),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "set_mempolicy": (238, 237),
    "set_mempolicy_home_node": (450, 450),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "sysfs": (139, None),
    "_sysctl": (156, None),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "uselib": (134, None),
    "userfaultfd": (323, 282),
    "ustat": (136, None),
    "vhangup": (153, 58),
    "vserver": (236, None),
}
"""Numbers on x86_64 and on aarch64."""


@dataclass(frozen=True)
class Architecture:
    """What the filter must know of a machine: its audit number, its column of ``DENIED``, a few calls."""

    audit: int
    column: int
    clone: int
    ioctl: int
    socket: int
    personality: int
    has_x32: bool


ARCHITECTURES = {
    "x86_64": Architecture(0xC000003E, 0, clone=56, ioctl=16, socket=41, personality=135, has_x32=True),
    "aarch64": Architecture(0xC00000B7, 1, clone=220, ioctl=29, socket=198, personality=92, has_x32=False),
}
CLONE3 = 435
"""Its flags lie in memory, where no filter can look; told that it is missing, C libraries use clone."""


@dataclass(frozen=True)
class Step:
    """One instruction; the jumps count the instructions to skip."""

    code: int
    value: int
    if_true: int = 0
    if_false: int = 0


def system_call_filter(machine: str | None = None) -> bytes | None:
    """Return the filter for ``machine``, this one when None; None for a machine the table does not know."""
    architecture = ARCHITECTURES.get(machine or platform.machine())
    return None if architecture is None else assemble(_steps(architecture))


def assemble(steps: Sequence[Step]) -> bytes:
    """Return the bytes the kernel reads: an array of ``struct sock_filter``, native byte order."""
    return b"".join(struct.pack("=HBBI", step.code, step.if_true, step.if_false, step.value) for step in steps)


def _steps(architecture: Architecture) -> list[Step]:
    steps = [
        Step(LOAD_WORD, ARCHITECTURE_OFFSET),
        Step(JUMP_EQUAL, architecture.audit, 1, 0),
        Step(RETURN, KILL_PROCESS),
        Step(LOAD_WORD, CALL_OFFSET),
    ]
    if architecture.has_x32:
        steps += [Step(JUMP_AT_LEAST, X32_BIT, 0, 1), Step(RETURN, KILL_PROCESS)]
    numbers = sorted(number for columns in DENIED.values() if (number := columns[architecture.column]) is not None)
    for number in numbers:
        steps += _when(number, [_refuse()])
    steps += _when(CLONE3, [_refuse(errno.ENOSYS)])
    steps += _when(architecture.clone, [_argument(0), Step(JUMP_ANY_BIT, NAMESPACE_FLAGS, 0, 1), _refuse(), _allow()])
    steps += _when(architecture.ioctl, _ioctl())
    steps += _when(architecture.socket, _socket())
    steps += _when(architecture.personality, _only(PERSONALITIES, [_allow()]))
    return [*steps, _allow()]


def _when(call: int, body: Sequence[Step]) -> list[Step]:
    """``body`` for one call; it must end in a verdict, and it may load other words."""
    return [Step(JUMP_EQUAL, call, 0, len(body)), *body]


def _ioctl() -> list[Step]:
    return [
        _argument(1),
        Step(JUMP_EQUAL, TERMINAL_INPUT, 1, 0),
        Step(JUMP_EQUAL, TERMINAL_SELECTION, 0, 1),
        _refuse(),
        _allow(),
    ]


def _socket() -> list[Step]:
    """Open families only, and no raw or packet socket of the internet families."""
    kind = [_argument(1), Step(AND, SOCKET_TYPE_BITS), Step(JUMP_EQUAL, RAW, 1, 0), Step(JUMP_EQUAL, PACKET, 0, 1)]
    internet = [Step(JUMP_EQUAL, INTERNET_FAMILIES[0], 1, 0), Step(JUMP_EQUAL, INTERNET_FAMILIES[1], 0, 5)]
    return _only(FAMILIES, [*internet, *kind, _refuse(), _allow()])


def _only(values: Sequence[int], body: Sequence[Step]) -> list[Step]:
    """Refuse unless the first argument is one of ``values``; then go on with ``body``."""
    tests = [Step(JUMP_EQUAL, value, len(values) - place, 0) for place, value in enumerate(values)]
    return [_argument(0), *tests, _refuse(), *body]


def _argument(number: int) -> Step:
    """The low half of an argument, little endian: flags, families and requests are 32 bits wide."""
    return Step(LOAD_WORD, ARGUMENTS_OFFSET + 8 * number)


def _refuse(error: int = errno.EPERM) -> Step:
    return Step(RETURN, ERROR | error)


def _allow() -> Step:
    return Step(RETURN, ALLOW)
