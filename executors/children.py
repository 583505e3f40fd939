"""Programs of our own as children of this process: started, waited for, and stopped with all they started.

No sandbox: for programs that are trusted, such as this one. A child cannot outlive the process that started it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

GRACE_S = 20.0
"""How long a child that is interrupted may take to keep its work; then it is killed."""
_POLL_S = 0.1


def run_child(
    argv: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    log: Path,
    wanted: Callable[[], bool] = lambda: True,
) -> int:
    """Run a program to its end and return its exit code; negative, as the signal, if it was killed.

    Parameters
    ----------
    argv
        The program's full path, and its arguments.
    environment
        Variables beside those of this process.
    log
        What it writes to its standard streams is appended here.
    wanted
        Asked again and again; once it says no, the child is interrupted and waited for.

    Raises
    ------
    KeyboardInterrupt
        If this process was interrupted; the child is stopped by then.
    """
    tie = [sys.executable, "-m", "repowright.executors.tied", str(os.getpid())]
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [*tie, *argv],
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C on the terminal is for the parent, which stops its children in order
        )
    try:
        return _waited_for(process, wanted)
    finally:
        _stop(process)


def cause_of_death(exit_code: int) -> str:
    """Return what a process died of, in words; empty for one that ended by itself."""
    if exit_code >= 0:
        return ""
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return f"signal {-exit_code}"


def _waited_for(process: subprocess.Popen[bytes], wanted: Callable[[], bool]) -> int:
    while wanted():
        try:
            return process.wait(_POLL_S)
        except subprocess.TimeoutExpired:
            continue
    return _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> int:
    """End a process and its group: by interrupt, so that it keeps its work, then by force."""
    if process.poll() is None:
        _signal(process, signal.SIGINT)
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
            process.wait()
    _signal(process, signal.SIGKILL)
    return process.returncode


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return
