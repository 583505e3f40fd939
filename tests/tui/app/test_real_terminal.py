import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from streaming_talk import Speech, streamed
from talks import FILES, Room, call
from terminals import Line, Tmux

from repowright.agent.chat.session import sessions_of

PROGRAM = [sys.executable, "-m", "repowright.tui"]
needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.bubblewrap]

LONG = "The price is wrong, " + " ".join(f"word{number}" for number in range(60))
EDIT = call("edit", path="shop/price.py", old="sum(prices) - 1", new="sum(prices)")


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path).make(FILES)


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    (tmp_path / "config.toml").write_text('sandbox = "bubblewrap"\n')
    with streamed(Speech(says=[[{"say": LONG}, EDIT], "All is well now.", LONG, LONG], pause=0.03)) as url:
        yield {
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "REPOWRIGHT_HOME": str(tmp_path),
            "REPOWRIGHT_CONFIG": str(tmp_path / "config.toml"),
            "REPOWRIGHT_ALLOW_MODEL_REQUESTS": "loopback",
            "REPOWRIGHT_MODEL": "scripted",
            "OPENAI_API_KEY": "none",
            "OPENAI_BASE_URL": url,
            "TERM": "xterm-256color",
        }


@pytest.fixture
def terminal(tmp_path: Path, room: Room, environ: dict[str, str]) -> Iterator[Tmux]:
    started = Tmux(tmp_path / "socket", room.project, PROGRAM, environ)
    yield started
    started.tmux("kill-server")


@needs_tmux
def test_type_stream_approve_interrupt_resize_quit(terminal: Tmux, room: Room) -> None:
    terminal.wait_for("ready.*ask.*graph ready")
    terminal.press("fix the price", "Enter")
    terminal.wait_for("word3")
    terminal.wait_for("edit needs your word")
    terminal.press("y")
    terminal.wait_for("All is well now")
    terminal.wait_for("done ·")
    assert room.read("shop/price.py") == FILES["shop/price.py"].replace(" - 1", "")
    terminal.press("say more", "Enter")
    terminal.wait_for("working")
    terminal.press("Escape", "Escape")
    terminal.wait_for("(cancelled|drained) ·")
    terminal.tmux("resize-window", "-t", "app", "-x", "80", "-y", "24")
    shown = terminal.wait_for("Graph +Diff +Tests +Log *\n")
    assert len(shown.splitlines()) == 24
    terminal.press("C-q")
    restored = terminal.wait_for("ended with 0")
    assert "before" in restored and "Graph" not in restored
    assert terminal.flag("alternate_on") == "0" and terminal.flag("cursor_flag") == "1"
    assert terminal.flag("mouse_any_flag") == "0"
    assert re.search(r"\bisig icanon iexten echo\b", terminal.wait_for("echoe"))


@pytest.mark.parametrize("how", ["closed", "closed, its own", "hangup", "terminated", "parent killed"])
def test_without_its_terminal_it_ends_soon_and_the_session_goes_on(
    how: str, room: Room, environ: dict[str, str]
) -> None:
    command = [*PROGRAM, "chat", "--repo", str(room.project)]
    words = [sys.executable, "-c", _PARENT, *command] if how == "parent killed" else command
    line = Line(words, {**os.environ, **environ}, controlling=how == "closed, its own")
    try:
        line.wait_for(b"ready")
        line.send(b"say more\r")
        line.wait_for(b"word3")
        pid = _child(line.process.pid) if how == "parent killed" else line.process.pid
        _take_away(line, how)
        _wait_until_gone(pid, line)
        if how in ("hangup", "terminated"):
            line.hang_up()
            assert b"\x1b[?1049l" in line.written and b"\x1b[?25h" in line.written
    finally:
        line.process.kill()
        line.process.wait()
        line.hang_up()
    (session,) = sessions_of(room.project, room.runs)
    done = subprocess.run(
        [*PROGRAM, "chat", "--repo", str(room.project), "--resume", session.id, "-p", "go on", "--mode", "auto"],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_a_fault_is_one_line_and_a_code_and_shows_no_variables(room: Room, environ: dict[str, str]) -> None:
    line = Line([sys.executable, "-c", _FAULTY, str(room.project)], {**os.environ, **environ, "SECRET": "hunter2"})
    try:
        line.wait_for(b"internal error: ZeroDivisionError")
        assert line.process.wait(30) == 70
        assert b"hunter2" not in line.written and b"\x1b[?1049l" in line.written
    finally:
        line.process.kill()
        line.process.wait()
        line.hang_up()


def _take_away(line: Line, how: str) -> None:
    if how == "hangup":
        line.process.send_signal(signal.SIGHUP)
    elif how == "terminated":
        line.process.terminate()
    elif how == "parent killed":
        line.process.kill()
    else:
        line.hang_up()


def _wait_until_gone(pid: int, line: Line) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        state = Path(f"/proc/{pid}/stat")
        if line.process.poll() is not None and not (state.exists() and ") Z" not in state.read_text()):
            return
        time.sleep(0.1)
    raise AssertionError(f"it still runs, after {line.seconds()} seconds of processor time")


def _child(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


_PARENT = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"
_FAULTY = """
import os, sys
from repowright.tui.app.screens.chat import ChatScreen
from repowright.tui.cli import cli

def fail(self):
    secret = os.environ["SECRET"]
    return 1 / 0 if secret else None

ChatScreen.begin = fail
cli.main(["chat", "--repo", sys.argv[1]])
"""
