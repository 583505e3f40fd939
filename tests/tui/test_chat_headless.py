from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from nursery import Born, Nursery, arguments
from scripted_judge import served
from talks import EDIT, Room, Talk, call

from repowright.agent.events import parse_event
from repowright.agent.run import Run
from repowright.agent.runs import list_runs
from repowright.tui.cli import cli

FIXED = "def total(prices):\n    return sum(prices)\n"


class Desk(Room):
    """The command line over one temporary folder."""

    @property
    def runs(self) -> Path:
        return self.folder / "home" / "runs"

    @property
    def environment(self) -> dict[str, str]:
        config = self.folder / "config.toml"
        config.touch()
        return {
            "REPOWRIGHT_HOME": str(self.folder / "home"),
            "REPOWRIGHT_CONFIG": str(config),
            "OPENAI_API_KEY": "none",
        }

    def run(self, *given: str) -> Result:
        return CliRunner().invoke(cli, list(given), env=self.environment)

    def chat(self, url: str, *given: str, mode: str = "ask") -> Result:
        return self.run("chat", *arguments(self.project, url, mode), *given)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.make()
    return desk


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    with Nursery(tmp_path_factory.mktemp("nursery")) as nursery:
        yield nursery


@contextmanager
def busy() -> Iterator[str]:
    """Serve an endpoint that can never answer now."""

    class Busy(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(503)
            self.send_header("Retry-After", "0")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_standard_output_is_the_answer_alone(desk: Desk) -> None:
    with served(Talk(says=[[call("list")], "there is a shop"])) as url:
        done = desk.chat(url, "-p", "what is here?")
    assert (done.exit_code, done.stdout) == (0, "there is a shop\n")
    assert "list done" in done.stderr


@pytest.mark.parametrize(
    ("says", "more", "code", "status"),
    [
        (["yes"], (), 0, "done"),
        ([[EDIT], "could not"], (), 5, "stopped"),
        ([[call("list")], "yes"], ("--budget", "14ktok"), 4, "budget"),
        (["yes"], ("--resume", "nothing-such"), 2, "error"),
    ],
)
def test_stream_ends_with_the_exit_code(
    desk: Desk, says: list[object], more: tuple[str, ...], code: int, status: str
) -> None:
    with served(Talk(says=says)) as url:  # type: ignore[arg-type]
        done = desk.chat(url, "-p", "well?", "--json", *more)
    events = [parse_event(line) for line in done.stdout.splitlines()]
    end = events[-1]
    assert end.type == "run.end"
    assert (done.exit_code, end.exit_code, end.status) == (code, code, status)
    if end.run and code:
        assert end.resume == f"repowright runs resume {end.run}"


def test_endpoint_that_cannot_answer_now_is_worth_another_try(desk: Desk) -> None:
    with busy() as url:
        done = desk.chat(url, "-p", "hello?", "--json")
    assert done.exit_code == 75, done.stderr
    end = json.loads(done.stdout.splitlines()[-1])
    assert (end["status"], end["exit_code"]) == ("error", 75)
    with served(Talk(says=["hello"])) as url:
        again = desk.run("runs", "resume", end["run"], "--base-url", url, "--unsafe-local", "--plain")
    assert (again.exit_code, again.stdout) == (0, "hello\n")


def test_endpoint_that_is_not_there_is_no_model(desk: Desk) -> None:
    done = desk.chat("http://127.0.0.1:9/v1", "-p", "hello?", "--json")
    assert done.exit_code == 3
    assert json.loads(done.stdout.splitlines()[-1])["exit_code"] == 3


def test_own_command_answers_with_what_it_said(desk: Desk) -> None:
    done = desk.chat("http://127.0.0.1:9/v1", "-p", "!cat README.md; exit 4")
    assert (done.exit_code, done.stdout) == (1, "# Shop\n(exit code 4)\n")


def test_resumed_session_works_in_its_own_folder(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(Talk(says=["yes"])) as url:
        assert desk.chat(url, "-p", "one").exit_code == 0
    (elsewhere := desk.folder / "elsewhere").mkdir()
    monkeypatch.chdir(elsewhere)
    with served(Talk(says=[[EDIT], "fixed"])) as url:
        (run,) = list_runs(desk.runs)
        more = ("--mode", "auto-edit", "--base-url", url, "--unsafe-local")
        said = desk.run("chat", "--resume", run.id, "-p", "two", *more)
    assert (said.exit_code, said.stdout) == (0, "fixed\n")
    assert desk.read("shop/price.py") == FIXED


def test_session_with_nothing_left_to_do_is_done(desk: Desk) -> None:
    with served(Talk(says=["yes"])) as url:
        assert desk.chat(url, "-p", "one").exit_code == 0
        again = desk.run("runs", "resume", "last", "--json", "--unsafe-local")
    events = [parse_event(line) for line in again.stdout.splitlines()]
    assert (again.exit_code, events[0].type, events[-1].type) == (0, "run.start", "run.end")
    assert not [event for event in events if event.type == "turn.start"]


def test_session_goes_on_with_another_model(desk: Desk) -> None:
    talk = Talk(says=["one", "two", "three"])
    with served(talk) as url:
        assert desk.chat(url, "-p", "one").exit_code == 0
        others = ("--model", "other", "--base-url", url, "--unsafe-local")
        assert desk.run("chat", "--repo", str(desk.project), "-c", "-p", "two", *others).exit_code == 0
        assert desk.run("chat", "--repo", str(desk.project), "-c", "-p", "three", "--unsafe-local").exit_code == 0
    assert [body["model"] for body in talk.requests] == ["scripted", "other", "other"]


class Held:
    """Lets an endpoint answer when it is told to."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.go = threading.Event()

    def __call__(self, count: int) -> None:
        self.asked.set()
        self.go.wait(60)


@contextmanager
def in_flight(desk: Desk, nursery: Nursery, out: Path | None = None) -> Iterator[tuple[Born, Talk, str]]:
    """Yield a headless turn whose request is not answered yet."""
    held = Held()
    talk = Talk(says=["answered"], wait=held)
    with served(talk) as url:
        given = ("chat", *arguments(desk.project, url, "ask"), "-p", "hello", "--json")
        born = nursery.start(*given, environ=desk.environment, out=out)
        try:
            assert held.asked.wait(60)
            yield born, talk, url
        finally:
            held.go.set()
            born.send(signal.SIGKILL)
            born.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_ends_the_stream_and_the_turn_can_be_gone_on_with(
    desk: Desk, nursery: Nursery, number: signal.Signals
) -> None:
    with in_flight(desk, nursery) as (born, _, _url):
        born.send(number)
        assert born.wait() == 130
    end = born.lines[-1]
    resume = f"repowright runs resume {end['run']}"
    assert (end["type"], end["status"], end["exit_code"], end["resume"]) == ("run.end", "interrupted", 130, resume)
    assert f"interrupted (go on with {resume})" in born.err.read_text()
    with served(Talk(says=["answered"])) as url:
        again = desk.run(*resume.split()[1:], "--json", "--base-url", url, "--unsafe-local")
    assert again.exit_code == 0
    assert '"text":"answered"' in again.stdout


def test_reader_that_goes_away_interrupts_the_turn(desk: Desk, nursery: Nursery, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with in_flight(desk, nursery, out=pipe) as (born, talk, _):
        os.close(reader)
        talk.wait.go.set()  # type: ignore[attr-defined]
        assert born.wait() == 130
    assert "Traceback" not in born.err.read_text()
    assert "BrokenPipe" not in born.err.read_text()
    (run,) = list_runs(desk.runs)
    assert Run.open(run.folder).events()[-1].type == "run.end"


def test_full_disk_under_the_stream_interrupts_the_turn(desk: Desk, nursery: Nursery) -> None:
    with served(Talk(says=["answered"])) as url:
        given = ("chat", *arguments(desk.project, url, "ask"), "-p", "hello", "--json")
        born = nursery.start(*given, environ=desk.environment, out=Path("/dev/full"))
        assert born.wait() == 130
    assert "Traceback" not in born.err.read_text()


def test_second_signal_ends_a_stuck_close_at_once(desk: Desk, nursery: Nursery) -> None:
    with in_flight(desk, nursery) as (born, _, _url):
        born.send(signal.SIGTERM)
        born.send(signal.SIGTERM)
        begun = time.monotonic()
        assert born.wait() == 130
        assert time.monotonic() - begun < 20
    assert born.lines[-1]["type"] == "run.end"


def test_closed_standard_output_is_no_fault(desk: Desk) -> None:
    line = f"{shlex.quote(sys.executable)} -m repowright.tui chat -p hello --json >&-"
    environ = {**os.environ, **desk.environment}
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, timeout=60, env=environ, cwd=desk.project, check=False
    )
    assert done.returncode == 3
    assert done.stderr.startswith("repowright: no model is set")
