"""Pytest plugin that runs inside a box and streams what pytest finds, one record a test.

It is put into the box as text with its settings filled in, never imported by this package. Records
go to the standard output that pytest had before it began to capture, marked with a secret that the
tests are not told; the plugin's own file, which holds the secret, is removed before any test runs.
"""

from __future__ import annotations

import ipaddress
import json
import os
import socket
import sys
import warnings
from typing import Any

import pytest

SECRET = "@secret@"
COVERAGE_OF = "@coverage_of@"
MOST_NOTES = 50
DETAIL_CHARACTERS = 8000
LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")


class Channel:
    """Writes records to a copy of standard output; a forked child of a test writes nothing."""

    def __init__(self) -> None:
        self._descriptor = os.dup(1)
        self._pid = os.getpid()

    def send(self, kind: str, **fields: object) -> None:
        if os.getpid() != self._pid:
            return
        data = f"\x1e{SECRET}{json.dumps({'kind': kind, **fields})}\x1f\n".encode()
        while data:
            data = data[os.write(self._descriptor, data) :]


class Reporter:
    """The hooks: joins the three phases of a test into one record."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._phases: dict[str, list[pytest.TestReport]] = {}
        self._counts = {"passed": 0, "failed": 0, "error": 0, "skipped": 0}
        self._notes: set[str] = set()
        self._coverage: Any = None

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not event.startswith("socket."):
            return
        if event in {"socket.connect", "socket.sendto"} and arguments[0].family != socket.AF_UNIX:
            self._note("connect to", arguments[1])
        elif event in {"socket.getaddrinfo", "socket.gethostbyname"} and not _is_address(arguments[0]):
            self._note("look up", arguments[:1])

    def _note(self, what: str, address: Any) -> None:
        parts = [part.decode() if isinstance(part, bytes) else str(part) for part in address[:2]]
        text = f"network: {what} {':'.join(parts)}"
        if parts[0] in {"", "None"} or parts[0].startswith(LOOPBACK) or text in self._notes:
            return
        if len(self._notes) < MOST_NOTES:
            self._notes.add(text)
            self._channel.send("note", text=text)

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self) -> None:
        if COVERAGE_OF:
            import coverage

            self._coverage = coverage.Coverage(
                data_file=None, config_file=False, source=[COVERAGE_OF], omit=[os.path.abspath(__file__)]
            )
            self._coverage.start()

    def pytest_collectstart(self, collector: pytest.Collector) -> None:
        if isinstance(collector, pytest.File):
            self._channel.send("start", test=collector.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._finish(report.nodeid, "error", [report])
        elif report.skipped:
            self._finish(report.nodeid, "skipped", [report])
        else:
            self._channel.send("collected", test=report.nodeid)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._channel.send("start", test=nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._phases.setdefault(report.nodeid, []).append(report)
        if report.when == "teardown":
            phases = self._phases.pop(report.nodeid)
            self._finish(report.nodeid, self._outcome(phases), phases)

    def _outcome(self, phases: list[pytest.TestReport]) -> str:
        if any(phase.failed for phase in phases if phase.when != "call"):
            return "error"
        if any(phase.failed for phase in phases):
            return "failed"
        return "skipped" if any(phase.skipped for phase in phases) else "passed"

    def _finish(self, test: str, outcome: str, phases: list[Any]) -> None:
        self._counts[outcome] += 1
        wrong = [phase for phase in phases if phase.failed or phase.skipped]
        failures = [phase for phase in wrong if phase.failed]
        message = _message(failures[0] if failures else wrong[0]) if wrong else ""
        detail = "\n".join(phase.longreprtext for phase in failures)
        duration = sum(getattr(phase, "duration", 0.0) for phase in phases)
        self._channel.send(
            "result", test=test, outcome=outcome, message=message, detail=_cut(detail), duration_s=duration
        )

    def pytest_internalerror(self, excrepr: object) -> None:
        self._channel.send("internal", text=_cut(str(excrepr)))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if self._coverage is not None:
            self._channel.send("coverage", files=self._covered())
        self._channel.send("end", exit_code=int(exitstatus), counts=self._counts)

    def _covered(self) -> dict[str, list[list[int]]]:
        from coverage.exceptions import CoverageException

        files: dict[str, list[list[int]]] = {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._coverage.stop()
            for path in sorted(self._coverage.get_data().measured_files()):
                try:
                    _, statements, _, missing, _ = self._coverage.analysis2(path)
                except CoverageException:
                    # A test removed the file, or it is not Python: it has no lines to tell of.
                    continue
                executed = sorted(set(statements) - set(missing))
                files[os.path.relpath(path).replace(os.sep, "/")] = [executed, sorted(missing)]
        return files


def _is_address(host: object) -> bool:
    try:
        ipaddress.ip_address(str(host))
    except ValueError:
        return False
    return True


def _message(report: Any) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ").partition("\n")[0]
    if hasattr(report, "wasxfail"):
        return f"expected to fail: {report.wasxfail}".strip().removesuffix(":")
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        return str(crash.message).partition("\n")[0]
    text = str(report.longreprtext)
    raised = [line[1:].strip() for line in text.splitlines() if line.startswith("E ")]
    return raised[-1] if raised else text.strip().rpartition("\n")[2]


def _cut(text: str) -> str:
    if len(text) <= DETAIL_CHARACTERS:
        return text
    half = DETAIL_CHARACTERS // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters cut ...]\n{text[-half:]}"


def _leave_no_trace() -> None:
    folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != folder]
    os.environ.pop("PYTHONPATH", None)
    os.unlink(__file__)
    os.rmdir(folder)


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    """Start as soon as the plugin is known: before capture, and before anything of the workspace runs."""
    _leave_no_trace()
    reporter = Reporter(Channel())
    pluginmanager.register(reporter, "repowright-report")
    sys.addaudithook(reporter.audit)
