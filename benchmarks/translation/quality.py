"""What a crate's own code is like: its size, what the compiler does not vouch for, what clippy says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from repowright.agent.workflows.translate.checks import Bench, ClippyCheck, Crate, Diagnostic, Verdict
from repowright.agent.workflows.translate.checks.crate import is_own_code
from repowright.repo_tools.rust_source import UnsafeCount, count_all, find_stubs

_ALLOWED = re.compile(rb"^#!\[allow\([^\]]*\)\]", re.MULTILINE)


@dataclass(frozen=True)
class Quality:
    """Counts over the crate's own code; tests and stand-ins for other crates are left out.

    Parameters
    ----------
    unsafe
        Unsafe places of every kind.
    laundered
        Safe signatures over unsafe code.
    lines
        Lines that are not empty.
    """

    unsafe: int
    laundered: int
    stubs: int
    lines: int


def own_files(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The crate's own code by path."""
    return {path: data for path, data in sorted(files.items()) if is_own_code(path)}


def quality(files: Mapping[str, bytes]) -> Quality:
    """Count over a crate without running anything."""
    own = list(own_files(files).values())
    count: UnsafeCount = count_all(own)
    lines = sum(bool(line.strip()) for data in own for line in data.splitlines())
    return Quality(count.total, len(count.laundering), sum(len(find_stubs(data)) for data in own), lines)


async def clippy_warnings(bench: Bench, files: Mapping[str, bytes]) -> int:
    """Return how many places of the crate's own code clippy warns of; -1 where it could not be run.

    What files allow themselves as a whole is undone, since else a crate could silence it.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    strict = {path: _ALLOWED.sub(b"", data) for path, data in own_files(files).items()}
    finding = await ClippyCheck(bench).check(Crate({**files, **strict}))
    return -1 if finding.verdict is Verdict.SKIPPED else len(_places(finding.diagnostics))


def _places(diagnostics: Iterable[Diagnostic]) -> set[tuple[str, str, int, int]]:
    """Each warning once: a library is looked at again with every program that holds it."""
    return {(each.code, each.path, each.start, each.end) for each in diagnostics if is_own_code(each.path)}
