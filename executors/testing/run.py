"""Runs a test suite of any framework in a fresh box."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import replace

from repowright.executors.sandbox import Limits, Sandbox, SandboxLost
from repowright.executors.testing.driver_stream import REPORT_BYTES, driver_source, read_driver
from repowright.executors.testing.framework import Setting, TestFramework, TestRequest
from repowright.executors.testing.judge import Run, judge
from repowright.executors.testing.report import TestReport

PACKED_BYTES = 2 * REPORT_BYTES
"""Output allowed for the reports, beyond what the suite may print."""
LOST_BOXES = 2
"""How often a suite whose box was lost is run again."""
GRACE_S = 1.0
"""Kept back of the wall time, for handing over what was reported before it was over."""


def run_tests(
    sandbox: Sandbox,
    files: Mapping[str, bytes],
    framework: TestFramework,
    request: TestRequest | None = None,
    limits: Limits | None = None,
    environment: Mapping[str, str] | None = None,
) -> TestReport:
    """Run a suite on ``files`` in a fresh box and report it test by test.

    Nothing is read from text meant for people. A report that is missing, half written, empty, or at odds
    with the exit code becomes an error result, as does a limit that ended the run.

    Parameters
    ----------
    files
        The whole workspace, by relative POSIX path.
    limits
        Bounds of the whole run, builds included.
    environment
        Variables that every command gets, such as the ``PATH`` of a toolchain.

    Raises
    ------
    UnsupportedRequest
        If the framework cannot do what the request asks.
    SandboxError
        If no box can be had, or boxes were lost under the suite three times.
    """
    limits = limits or Limits()
    for lost in range(LOST_BOXES + 1):
        setting = Setting(request or TestRequest(), sandbox.python, secrets.token_hex(16))
        try:
            return _run_once(sandbox, files, framework, setting, limits, environment or {})
        except SandboxLost:
            if lost == LOST_BOXES:
                raise
    raise AssertionError("unreachable")


def _run_once(
    sandbox: Sandbox,
    files: Mapping[str, bytes],
    framework: TestFramework,
    setting: Setting,
    limits: Limits,
    environment: Mapping[str, str],
) -> TestReport:
    allowed = replace(limits, output_bytes=limits.output_bytes + PACKED_BYTES)
    run = Run()
    started = time.monotonic()
    framework.steps(setting, ())
    beside = {**files, **framework.files(setting)}
    with sandbox.open(allowed) as box:
        while run.goes_on:
            left = replace(allowed, wall_s=max(GRACE_S, limits.wall_s - (time.monotonic() - started)))
            steps = framework.steps(setting, run.done)
            if not steps:
                break
            # One transfer, not two: each costs as much as a command.
            path = f"{setting.folder}-driver.py"
            wall_s = max(left.wall_s - GRACE_S, left.wall_s / 2)
            box.put({**beside, path: driver_source(steps, setting.secret, wall_s).encode()})
            beside = {}
            outcome = box.run([setting.python, "-I", "-S", path], left, environment)
            run.take(*read_driver(outcome.stdout, setting.secret), outcome)
    reading = framework.read(setting, run.done, run.output)
    return judge(framework.name, setting.request, run, reading, time.monotonic() - started)
