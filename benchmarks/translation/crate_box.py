"""Compiles crates in a sandbox."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from repowright.executors import Ended, Limits, Sandbox

LIMITS = Limits(wall_s=180, cpu_s=300, memory_mb=3072, pids=256, disk_mb=512, output_bytes=2_000_000)
_FIRST = re.compile(r"^error.*(?:\n *--> .*)?", re.MULTILINE)
_CRATE = re.compile(r"no matching package named `([^`]+)`|perhaps you meant:?\s|package `?([\w-]+)`? .*not found")


@dataclass(frozen=True, slots=True)
class CrateVerdict:
    """Whether a crate compiles; if not, the first error, or the crate that is not there."""

    compiles: bool
    error: str = ""
    missing_crate: str = ""


def check_crate(files: Mapping[str, str], sandbox: Sandbox, *, library_only: bool = False) -> CrateVerdict:
    """Run ``cargo check`` over a crate in a new box.

    Raises
    ------
    SandboxError
        If the sandbox fails.
    """
    argv = ["cargo", "check", "--offline", "--quiet", *(["--lib"] if library_only else [])]
    with sandbox.open(LIMITS) as box:
        box.put({path: text.encode() for path, text in files.items()})
        outcome = box.run(argv, LIMITS, {"CARGO_TERM_COLOR": "never"})
    if outcome.exit_code == 0:
        return CrateVerdict(True)
    if outcome.ended is not Ended.EXITED:
        return CrateVerdict(False, f"the compiler passed a limit of the sandbox: {outcome.ended.value}")
    missing = _CRATE.search(outcome.stderr)
    first = _FIRST.search(outcome.stderr)
    error = " ".join((first[0] if first else outcome.stderr[-300:]).split())
    return CrateVerdict(False, error, (missing[1] or missing[2] or "?") if missing else "")
