"""The checks as the pair C to Rust offers them to whoever knows only the seam between languages."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from repowright.agent.workflows.translate.checks.bench import Bench
from repowright.agent.workflows.translate.checks.compile import CompileCheck, ParseCheck
from repowright.agent.workflows.translate.checks.crate import CProgram, Crate, c_program
from repowright.agent.workflows.translate.checks.differential import DifferentialCheck
from repowright.agent.workflows.translate.checks.finding import Finding
from repowright.agent.workflows.translate.checks.finding import Verdict as Outcome
from repowright.agent.workflows.translate.checks.ladder import climb
from repowright.agent.workflows.translate.checks.swap import SwapCheck
from repowright.agent.workflows.translate.languages import Verdict
from repowright.executors import Sandbox

LARGEST_FILE = 4_000_000
"""Bytes; what is larger is no source."""
_LEFT_OUT = frozenset({".git", "target", "build", "node_modules"})


class RustChecker:
    """Parses and compiles a crate. Runs an event loop of its own: call it from a thread that has none."""

    def check(self, files: Mapping[str, str], sandbox: Sandbox) -> Verdict:
        """Check a whole crate.

        Raises
        ------
        SandboxError
            If no box can be had.
        """
        crate = Crate(_as_bytes(files))
        done = asyncio.run(climb(crate, [ParseCheck(), CompileCheck(Bench(sandbox))]))
        return _verdict(done.findings)


class CRustOracle:
    """Swaps Rust into the C test programs and calls both sides. Runs an event loop of its own."""

    def compare(self, source: Path, files: Mapping[str, str], sandbox: Sandbox) -> Verdict:
        """Compare a crate with the C folder it came from; where nothing could be compared, that is the problem.

        Raises
        ------
        SandboxError
            If no box can be had.
        """
        bench = Bench(sandbox)
        crate = Crate(_as_bytes(files), read_c_program(source))
        checks = (SwapCheck(bench), DifferentialCheck(bench))
        return _verdict(asyncio.run(climb(crate, checks, to_the_top=True)).findings)


def read_c_program(folder: Path) -> CProgram:
    """Read a C project's folder; links, build folders and large files are left out."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    names = ((path.relative_to(folder), path) for path in found)
    kept = {
        name.as_posix(): path.read_bytes()
        for name, path in names
        if not _LEFT_OUT & set(name.parts) and path.stat().st_size <= LARGEST_FILE
    }
    return c_program(kept)


def _as_bytes(files: Mapping[str, str]) -> dict[str, bytes]:
    return {path: text.encode() for path, text in files.items()}


def _verdict(findings: tuple[Finding, ...]) -> Verdict:
    failed = [each for each in findings if each.verdict is Outcome.FAILED]
    passed = any(each.passed for each in findings)
    wrong = failed or ([] if passed else list(findings))
    return Verdict(passed and not failed, tuple(problem for each in wrong for problem in each.problems))
