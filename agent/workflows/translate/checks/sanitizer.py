"""Is the C itself sound? Its programs, built with AddressSanitizer and UndefinedBehaviorSanitizer.

Of 140 C test programs of CRUST-bench 14 met memory errors and 8 undefined behaviour: what such a program prints
is no oracle for a translation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from repowright.agent.workflows.translate.checks.bench import Bench, Command
from repowright.agent.workflows.translate.checks.c_build import PROBE, probe_sanitizers, programs, runs, script
from repowright.agent.workflows.translate.checks.crate import CProgram, Crate
from repowright.agent.workflows.translate.checks.finding import CheckName, Finding, Verdict, skipped

RUN_S = 20
FOLDER = "sanitized"
_MEMORY = re.compile(r"ERROR: AddressSanitizer:? ([\w-]+)")
_UNDEFINED = re.compile(r"([^\s:]+:\d+)(?::\d+)?: runtime error: (.+)")
_SEEN_AT = re.compile(r"#\d+ 0x\w+ in \w+ (?:/workspace/)?([^\s/][^\s]*:\d+)")


@dataclass(frozen=True)
class SanitizedRun:
    """How one program of the C project ran under the sanitizers."""

    main: str
    built: bool
    exit_code: int | None = None
    output: bytes = b""
    fault: str = ""
    """What the sanitizers report and where; empty where they report nothing."""

    @property
    def sound(self) -> bool:
        """True where its output can be believed."""
        return self.built and not self.fault and self.exit_code == 0


@dataclass(frozen=True)
class Sanitized:
    """All programs of a project."""

    runs: tuple[SanitizedRun, ...]
    active: bool
    """False where the box cannot run sanitizers: then nothing is known."""


async def sanitize(bench: Bench, program: CProgram) -> Sanitized:
    """Build and run every program of a project under the sanitizers.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    lines = [
        *probe_sanitizers(),
        # An optimiser removes undefined behaviour whose result nobody needs.
        *programs(program, FOLDER, "$SAN -O0"),
        *runs(program, FOLDER, RUN_S),
    ]
    files = {**program.files, "sanitize.sh": script(lines, strict=False)}
    numbers = range(len(program.mains))
    keep = [f"{FOLDER}/{number}.{kind}" for number in numbers for kind in ("build", "out", "err", "code")]
    run = await bench.run(files, [Command(("sh", "sanitize.sh"))], [*keep, PROBE])
    found = tuple(_read(program.mains[number], number, run.files) for number in numbers)
    return Sanitized(found, bool(run.files.get(PROBE)))


def _read(main: str, number: int, files: Mapping[str, bytes]) -> SanitizedRun:
    code = files.get(f"{FOLDER}/{number}.code")
    if code is None:
        return SanitizedRun(main, False)
    said = files.get(f"{FOLDER}/{number}.err", b"").decode("utf-8", "replace")
    exit_code = int(code.decode("ascii", "replace").strip() or 1)
    return SanitizedRun(main, True, exit_code, files.get(f"{FOLDER}/{number}.out", b""), fault_of(said))


def fault_of(said: str) -> str:
    """What sanitizers report in a program's messages: kind and place; empty for nothing."""
    undefined = _UNDEFINED.search(said)
    if undefined is not None:
        return f"undefined behaviour at {undefined[1]}: {undefined[2]}"
    memory = _MEMORY.search(said)
    if memory is None:
        return ""
    place = _SEEN_AT.search(said, memory.end())
    return f"memory error {memory[1]}" + (f" at {place[1]}" if place is not None else "")


class SanitizerCheck:
    """Flags a C program whose behaviour is undefined."""

    name = CheckName.SANITIZER

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    async def check(self, crate: Crate) -> Finding:
        """Run the C programs that the crate was translated from."""
        if crate.origin is None or not crate.origin.mains:
            return skipped(self.name, "there is no C program to run")
        found = await sanitize(self._bench, crate.origin)
        if not found.active:
            return skipped(self.name, "sanitizers do not work in this sandbox")
        faulty = [each for each in found.runs if each.fault]
        figures = {
            "programs": float(len(found.runs)),
            "built": float(sum(each.built for each in found.runs)),
            "faulty": float(len(faulty)),
            "sound": float(sum(each.sound for each in found.runs)),
        }
        problems = tuple(f"{each.main}: {each.fault}" for each in faulty)
        told = f"{len(faulty)} of {len(found.runs)} C programs have undefined behaviour"
        names = {"sound": tuple(each.main for each in found.runs if each.sound)}
        if not figures["built"]:
            return skipped(self.name, "no C program could be built")
        return Finding(self.name, Verdict.FAILED if faulty else Verdict.PASSED, told, problems, (), figures, names)
