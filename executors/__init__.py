"""Sandboxes that run commands and test suites. Knows nothing of models or the graph."""

from repowright.executors.bubblewrap.sandbox import BubblewrapSandbox
from repowright.executors.choose import Preference, SandboxStatus, available, choose
from repowright.executors.docker.sandbox import DockerSandbox
from repowright.executors.docker.service import start_daemon
from repowright.executors.images.build import build_image
from repowright.executors.images.names import find_image, image_name
from repowright.executors.local import LocalSandbox
from repowright.executors.sandbox import (
    Box,
    Ended,
    Limits,
    Outcome,
    Sandbox,
    SandboxError,
    SandboxLost,
    SandboxUnavailable,
)
from repowright.executors.testing.pytest import FileCoverage, TestOutcome, TestReport, TestResult, run_pytest

__all__ = [
    "Box",
    "BubblewrapSandbox",
    "DockerSandbox",
    "Ended",
    "FileCoverage",
    "Limits",
    "LocalSandbox",
    "Outcome",
    "Preference",
    "Sandbox",
    "SandboxError",
    "SandboxLost",
    "SandboxStatus",
    "SandboxUnavailable",
    "TestOutcome",
    "TestReport",
    "TestResult",
    "available",
    "build_image",
    "choose",
    "find_image",
    "image_name",
    "run_pytest",
    "start_daemon",
]
