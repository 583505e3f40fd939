"""Sandboxes that run commands and test suites. Knows nothing of models or the graph."""

from repowright.executors.batch import BatchSummary, read_results, run_batch
from repowright.executors.bubblewrap.sandbox import BubblewrapSandbox
from repowright.executors.choose import Preference, SandboxStatus, available, choose
from repowright.executors.diagnosis import Fact, diagnose
from repowright.executors.docker.sandbox import DockerSandbox
from repowright.executors.docker.service import start_daemon
from repowright.executors.images.build import build_image
from repowright.executors.images.names import find_image, image_name
from repowright.executors.installing import FrozenLayer, InstallFailed, install, with_layer
from repowright.executors.jobs import Job, JobResult, Suite
from repowright.executors.journal import JournalError, JournalFull
from repowright.executors.local import LocalSandbox
from repowright.executors.locks import LockError
from repowright.executors.pool import BoxPool, PooledSandbox
from repowright.executors.reaping import Reaped, reap
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
from repowright.executors.testing.detect import detect_frameworks, framework_named
from repowright.executors.testing.flaky import find_flaky, find_order_dependent
from repowright.executors.testing.framework import Order, TestFramework, TestRequest, UnsupportedRequest
from repowright.executors.testing.pytest import run_pytest
from repowright.executors.testing.report import FileCoverage, TestOutcome, TestReport, TestResult
from repowright.executors.testing.run import run_tests
from repowright.executors.testing.shards import plan_shards, recorded_times, run_shards
from repowright.executors.trees import Changes, File, Snapshot, Synced, TransferBounds, Tree

__all__ = [
    "BatchSummary",
    "Box",
    "BoxPool",
    "BubblewrapSandbox",
    "Changes",
    "DockerSandbox",
    "Ended",
    "Fact",
    "File",
    "FileCoverage",
    "FrozenLayer",
    "InstallFailed",
    "Job",
    "JobResult",
    "JournalError",
    "JournalFull",
    "Limits",
    "LocalSandbox",
    "LockError",
    "Order",
    "Outcome",
    "PooledSandbox",
    "Preference",
    "Reaped",
    "Sandbox",
    "SandboxError",
    "SandboxLost",
    "SandboxStatus",
    "SandboxUnavailable",
    "Snapshot",
    "Suite",
    "Synced",
    "TestFramework",
    "TestOutcome",
    "TestReport",
    "TestRequest",
    "TestResult",
    "TransferBounds",
    "Tree",
    "UnsupportedRequest",
    "available",
    "build_image",
    "choose",
    "detect_frameworks",
    "diagnose",
    "find_flaky",
    "find_image",
    "find_order_dependent",
    "framework_named",
    "image_name",
    "install",
    "plan_shards",
    "read_results",
    "reap",
    "recorded_times",
    "run_batch",
    "run_pytest",
    "run_shards",
    "run_tests",
    "start_daemon",
    "with_layer",
]
