"""Follow one run from its start to its exit code, whatever ends it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import click

from repowright.agent.events import Event, Failure, RunEnd, Subscriber
from repowright.agent.runs import workflow_of
from repowright.tui.exit_codes import ExitCode
from repowright.tui.failures import Shown, report, shown
from repowright.tui.json_lines import JsonLines, closing_events
from repowright.tui.summary import summary_lines

Begin = Callable[[Sequence[Subscriber]], Coroutine[None, None, RunEnd]]
"""Checks the input, then returns the work; the events of the work go to the subscribers."""


@dataclass
class Presentation:
    """How a run is shown: the view that is told of every event, and whether standard output is data."""

    view: Subscriber
    screen: AbstractContextManager[object]
    json: bool
    plain: bool = False
    concludes: bool = True
    """Whether a report is written and a summary printed at the end."""


@dataclass
class _Seen:
    """What the stream has told so far, for the end of it."""

    run: str = ""
    failure: Failure | None = None
    end: RunEnd | None = None
    others: list[Subscriber] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        if self.end is not None:  # run.end is the last line, whatever still stirs
            return
        self.run = event.run or self.run
        if isinstance(event, Failure):
            self.failure = event
        if isinstance(event, RunEnd):
            self.end = event
        for subscriber in self.others:
            subscriber(event)


def present(as_json: bool, plain: bool, stages: Sequence[tuple[str, str]] | None = None) -> Presentation:
    """Choose how a run is shown on these standard streams.

    Parameters
    ----------
    stages
        Name and title of each stage to come; those of a generation if it is ``None``.
    """
    from repowright.tui.screen import console_for, is_plain

    if as_json:
        lines = JsonLines(sys.stdout, on_broken=_interrupt)
        return Presentation(lines, lines, json=True)
    if is_plain(sys.stderr, plain):
        from repowright.tui.lines import LinePrinter

        printer = LinePrinter(sys.stderr)
        return Presentation(printer, printer, json=False, plain=True)
    from repowright.tui.live import LiveView

    if stages is None:
        from repowright.agent.workflows.generate.stages import STAGES

        stages = [(stage.name, stage.title) for stage in STAGES]
    view = LiveView(console_for(sys.stderr), stages)
    return Presentation(view, view, json=False)


def follow(begin: Begin, presentation: Presentation, runs: Path) -> int:
    """Do the work that ``begin`` returns, show it, write the report, and return the exit code.

    Whatever happens, the last event shown is ``run.end``.
    """
    seen = _Seen(others=[presentation.view])
    failure: Shown | None = None
    with _terminated_as_interrupted():
        try:
            work = begin([seen])
            with presentation.screen:
                end = asyncio.run(_cancellable(work))
                if end is not None:
                    seen(end)
        except (Exception, KeyboardInterrupt) as err:
            failure = shown(err)
            code = report(err)
        else:
            code = _told(seen)
        if presentation.json:
            _close_stream(seen, failure, code)
    _conclude(seen, presentation, runs)
    return code


def follow_to_report(
    begin: Begin, as_json: bool, plain: bool, runs: Path, stages: Sequence[tuple[str, str]], report_name: str
) -> int:
    """Follow a run to its end, print the report it leaves in its folder below the summary, and return the exit code."""
    seen: list[str] = []

    def note(event: Event) -> None:
        seen[:] = [event.run]

    code = follow(lambda subscribers: begin([*subscribers, note]), present(as_json, plain, stages), runs)
    if not as_json and seen:
        _print_text(runs / seen[0] / report_name)
    return code


def _print_text(path: Path) -> None:
    from repowright.tui.graph_source import write

    if path.is_file():
        click.echo()
        write(path.read_text(encoding="utf-8"))


async def _cancellable(work: Coroutine[None, None, RunEnd]) -> RunEnd | None:
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)

    def stop() -> None:
        task.cancel()
        for number in numbers:  # the next one ends the process at once
            loop.remove_signal_handler(number)

    numbers = _ending_signals()
    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        return None


def _told(seen: _Seen) -> int:
    """Say on standard error what the run told of its own end, and return its exit code."""
    if seen.end is None:
        return ExitCode.INTERRUPTED
    if seen.failure is not None:
        told = Shown(seen.failure.error, seen.failure.message, seen.failure.hint, seen.end.exit_code)
        click.echo(told.line, err=True)
    elif seen.end.status == "interrupted":
        hint = f"go on with {seen.end.resume}" if seen.end.resume else ""
        click.echo(Shown("Interrupted", "interrupted", hint, seen.end.exit_code).line, err=True)
    return seen.end.exit_code


def _close_stream(seen: _Seen, failure: Shown | None, code: int) -> None:
    if seen.end is not None:
        return
    told = failure or Shown("Interrupted", "interrupted", "", code)
    error, end = closing_events(told, seen.run)
    if failure is not None and seen.failure is None:
        seen(error)
    seen(end)


def _conclude(seen: _Seen, presentation: Presentation, runs: Path) -> None:
    report_path = _write_report(seen.run, runs) if presentation.concludes else None
    if not presentation.concludes or presentation.json or seen.end is None:
        return
    if seen.run:
        for line in summary_lines(seen.end, seen.run, report_path, workflow_of(seen.run, runs)):
            click.echo(line)


def _write_report(run_id: str, runs: Path) -> Path | None:
    if not run_id or not (runs / run_id).is_dir():
        return None
    from repowright.agent.run import Run
    from repowright.tui.report.page import write_report

    try:
        return write_report(Run.open(runs / run_id))
    except Exception as err:  # the report is an extra: its fault must not hide how the run ended
        click.echo(f"repowright: no report was written: {shown(err).message}", err=True)
        return None


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    def interrupt(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in _ending_signals() if number != signal.SIGINT}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ending_signals() -> list[signal.Signals]:
    """Return the signals that interrupt a run; a hang-up is none where the caller ignores it, as ``nohup`` does."""
    found = [signal.SIGINT, signal.SIGTERM]
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:
        found.append(hang_up)
    return found


def _interrupt() -> None:
    signal.raise_signal(signal.SIGINT)
