"""Runs a program that cannot outlive the process that asked for it.

``python -m repowright.executors.tied PARENT PROGRAM ARGUMENT...`` becomes the program, which the kernel kills
when PARENT (a process id) ends, even by SIGKILL. Two processes at work on one run folder would be one too many.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    """Tie this process to its parent and become the program; return 1 if the parent is gone already."""
    parent, program = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return 1
    # A worker of a cluster may have blocked or ignored what shall interrupt the program.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.execv(program[0], program)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
