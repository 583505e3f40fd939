import asyncio
import json
import os
import signal
from collections.abc import Coroutine, Sequence
from pathlib import Path

import pytest

from repowright.agent import events as e
from repowright.agent.errors import ModelUnreachable, SpecError
from repowright.agent.run import Run
from repowright.tui.follow import Begin, follow, present


def told(events: Sequence[e.Event], error: Exception | None = None) -> Begin:
    def begin(subscribers: Sequence[e.Subscriber]) -> Coroutine[None, None, e.RunEnd]:
        async def work() -> e.RunEnd:
            end: e.RunEnd | None = None
            for event in events:
                for subscriber in subscribers:
                    subscriber(event)
                end = event if isinstance(event, e.RunEnd) else end
            if error is not None:
                raise error
            assert end is not None
            return end

        return work()

    return begin


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def runs(home: Path) -> Path:
    return home / "runs"


def test_the_exit_code_is_that_of_the_run(story: list[e.Event], runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert follow(told(story), present(as_json=False, plain=True), runs) == 1
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "delivered with failing units",
        "  project   /o",
        "  units     1 of 2 units verified",
        "  tests     7 tests pass, 2 fail",
        "  coverage  88% of the lines",
        "  cost      3.0k tokens, 0.040 usd, 16.0s",
        "  run       20231114-221320-a-list",
    ]
    assert "unit      verified Store" in err


def test_json_puts_events_alone_on_standard_output(
    story: list[e.Event], runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert follow(told(story), present(as_json=True, plain=False), runs) == 1
    lines = lines_of(capsys)
    assert [line["type"] for line in lines] == [event.type for event in story]
    assert [e.parse_event(json.dumps(line)) for line in lines] == story


def test_bad_input_is_one_line_and_with_json_an_event_too(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def begin(subscribers: Sequence[e.Subscriber]) -> Coroutine[None, None, e.RunEnd]:
        raise SpecError("it is empty", "say more")

    assert follow(begin, present(as_json=True, plain=False), runs) == 2
    out, err = capsys.readouterr()
    error, end = map(json.loads, out.splitlines())
    assert (error["type"], error["error"], error["hint"]) == ("error", "SpecError", "say more")
    assert (end["type"], end["status"], end["exit_code"]) == ("run.end", "error", 2)
    assert err == "repowright: it is empty (say more)\n"
    assert follow(begin, present(as_json=False, plain=True), runs) == 2
    assert capsys.readouterr() == ("", "repowright: it is empty (say more)\n")


def test_an_error_the_run_told_of_is_not_told_twice(
    story: list[e.Event], runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failure = ModelUnreachable("no endpoint at host:1", "start it")
    events = [
        story[0],
        e.Failure(error="ModelUnreachable", message="no endpoint at host:1", hint="start it"),
        e.RunEnd(status="error", exit_code=3, resume="repowright runs resume x"),
    ]
    assert follow(told(events, failure), present(as_json=True, plain=False), runs) == 3
    assert [line["type"] for line in lines_of(capsys)] == ["run.start", "error", "run.end"]


def test_a_run_that_breaks_off_still_ends_its_stream(
    story: list[e.Event], runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert follow(told(story[:3], ValueError("odd")), present(as_json=True, plain=False), runs) == 70
    lines = lines_of(capsys)
    assert [line["type"] for line in lines[-2:]] == ["error", "run.end"]
    assert lines[-1]["resume"] == "repowright runs resume 20231114-221320-a-list"


def test_nothing_follows_the_end_of_a_run(story: list[e.Event], runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    late = e.Warning(message="late")
    follow(told([*story, late]), present(as_json=True, plain=False), runs)
    assert lines_of(capsys)[-1]["type"] == "run.end"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_interrupts_the_run_and_names_the_way_on(
    story: list[e.Event], runs: Path, capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    resume = "repowright runs resume x"
    end = e.RunEnd(status="interrupted", exit_code=130, resume=resume)

    def begin(subscribers: Sequence[e.Subscriber]) -> Coroutine[None, None, e.RunEnd]:
        async def work() -> e.RunEnd:
            subscribers[0](story[0])
            asyncio.get_running_loop().call_later(0.01, os.kill, os.getpid(), number)
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                subscribers[0](end)
                raise
            return end

        return work()

    assert follow(begin, present(as_json=True, plain=False), runs) == 130
    out, err = capsys.readouterr()
    assert json.loads(out.splitlines()[-1])["status"] == "interrupted"
    assert err == f"repowright: interrupted (go on with {resume})\n"
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_the_report_is_written_when_the_run_has_a_folder(
    told_run: Run, story: list[e.Event], runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert follow(told(story), present(as_json=False, plain=True), runs) == 1
    assert told_run.report.is_file()
    assert f"  report    {told_run.report}" in capsys.readouterr().out


def test_a_report_that_cannot_be_written_hides_nothing(
    told_run: Run, story: list[e.Event], runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told_run.event_log.write_text("garbage\n")
    assert follow(told(story), present(as_json=False, plain=True), runs) == 1
    assert "no report was written: line 1 of" in capsys.readouterr().err
