"""Small programs for fleets: they count their attempts, die, sleep, and say what they were told."""

from __future__ import annotations

import os
import time
from pathlib import Path

from repowright.agent.scale import Command

BEGUN = "import os, pathlib; home = pathlib.Path(os.environ['REPOWRIGHT_HOME']); "
RUN = "run = home / 'runs' / 'one'; run.mkdir(parents=True, exist_ok=True); (run / 'manifest.json').touch(); "
DIES = "os.kill(os.getpid(), 9)"
SLEEPS = """
import os, pathlib, signal, sys, time
def told(*_):
    pathlib.Path('interrupted').touch()
    raise SystemExit(130)
signal.signal(signal.SIGINT, told)
pathlib.Path('pid').write_text(str(os.getpid()))
time.sleep(120)
"""


def program(folder: Path, name: str, code: str, *, resume: str = "") -> Command:
    """Return a command that runs a piece of Python in a folder of its own."""
    own = folder / name
    own.mkdir(parents=True, exist_ok=True)
    return Command(name, ("-c", code), own, ("-c", resume) if resume else ())


def is_alive(pid: int) -> bool:
    """Return whether a process is there and no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def wait_for(path: Path, seconds: float = 60) -> str:
    """Return a file's text once it has some."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if path.is_file() and path.read_text():
            return path.read_text()
        time.sleep(0.05)
    raise AssertionError(f"{path} did not come")


def gone(pids: list[int], seconds: float = 60) -> bool:
    """Return whether the processes end in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(map(is_alive, pids)):
            return True
        time.sleep(0.05)
    return False


def own_environment() -> dict[str, str]:
    """Return an environment in which a program finds these helpers."""
    return dict(os.environ, PYTHONPATH=str(Path(__file__).parent))
