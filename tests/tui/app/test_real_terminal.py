import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

SUPPORT = Path(__file__).parents[2] / "support"

pytestmark = [
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
    pytest.mark.slow,
]


class Tmux:
    def __init__(self, socket: Path, command: list[str]) -> None:
        self._socket = socket
        line = f"echo before; {shlex.join(command)}; echo ended with $?; exec sleep 600"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-s", "app", "-x", "100", "-y", "30", line)

    def tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), *words], capture_output=True, text=True, timeout=20, check=True
        )
        return done.stdout

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", "-t", "app", *keys)

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p", "-t", "app")

    def wait_for(self, pattern: str, seconds: float = 60.0) -> str:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if re.search(pattern, shown := self.screen()):
                return shown
            time.sleep(0.1)
        raise AssertionError(f"{pattern!r} is not on the screen:\n{self.screen()}")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Tmux]:
    env = ["env", f"PYTHONPATH={os.pathsep.join([*filter(None, sys.path), str(SUPPORT)])}"]
    started = Tmux(tmp_path / "socket", [*env, sys.executable, str(SUPPORT / "scripted_chat.py"), str(tmp_path)])
    yield started
    started.tmux("kill-server")


def test_type_stream_approve_interrupt_resize_quit(terminal: Tmux) -> None:
    terminal.wait_for("ask, or / for commands")
    terminal.press("hello there", "Enter")
    terminal.wait_for("word3")
    terminal.wait_for("needs your word")
    terminal.press("s")
    terminal.wait_for("decided session")
    terminal.press("Escape")
    terminal.wait_for("drained")
    terminal.tmux("resize-window", "-t", "app", "-x", "80", "-y", "24")
    time.sleep(0.5)
    shown = terminal.wait_for("decided session")
    assert len(shown.splitlines()) == 24 and "Chat" in shown
    terminal.press("C-q")
    restored = terminal.wait_for("ended with 0")
    assert "before" in restored and "Chat" not in restored
