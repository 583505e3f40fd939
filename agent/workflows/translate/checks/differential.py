"""The crate beside the C it came from: the same generated calls on both, every result compared."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from repowright.agent.workflows.translate.checks.bench import Bench, Command, ending
from repowright.agent.workflows.translate.checks.bridge import Wrapper
from repowright.agent.workflows.translate.checks.c_build import (
    LENIENT,
    PROBE,
    RUST_LIBRARIES,
    library,
    probe_sanitizers,
    script,
)
from repowright.agent.workflows.translate.checks.compiler_messages import read_messages
from repowright.agent.workflows.translate.checks.crate import CProgram, Crate
from repowright.agent.workflows.translate.checks.driver import (
    CANDIDATE,
    ORACLE,
    PLAIN,
    Counted,
    Driver,
    make_driver,
    read_report,
)
from repowright.agent.workflows.translate.checks.finding import CheckName, Finding, Verdict, skipped
from repowright.agent.workflows.translate.checks.rust_library import (
    MESSAGES,
    archive,
    bridge_all,
    build_lines,
    call_shapes,
    statics_of,
    with_wrappers,
    without_broken,
)
from repowright.agent.workflows.translate.checks.shapes import CallShape
from repowright.executors import Ended

CASES = 400
ROUNDS = 3
"""How often wrappers that do not compile are left out."""


@dataclass(frozen=True)
class Compared:
    """How two libraries did on the same calls."""

    counts: Mapping[str, Counted] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    """The first differences in words."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Functions that were not compared, and why."""
    problem: str = ""
    """Why nothing was compared."""
    sanitized: bool = False
    """The oracle ran under sanitizers: what it does with undefined behaviour was not compared."""
    duration_s: float = 0.0

    @property
    def cases(self) -> int:
        """Calls whose results were compared."""
        return sum(each.compared for each in self.counts.values())

    @property
    def differing(self) -> int:
        """Calls with a difference."""
        return sum(each.differing for each in self.counts.values())

    @property
    def equal(self) -> bool:
        """True where something was compared and nothing differs."""
        return self.cases > 0 and self.differing == 0


def oracle_lines(program: CProgram, shapes: Sequence[CallShape], linked: Sequence[str]) -> list[str]:
    """Lines that build the oracle and the driver, and link both with a candidate."""
    libraries = " ".join((*linked, *program.libraries))
    return [
        *probe_sanitizers(),
        *library(program, "oracle", ORACLE, statics_of(shapes), "$SAN"),
        *library(program, "plain", PLAIN, statics_of(shapes)),
        "gcc -g -O1 -w -c driver.c -o driver.o",
        f"gcc $SAN {LENIENT} driver.o oracle/*.o plain/*.o {libraries} -o driver",
    ]


async def compare_with_c(
    bench: Bench, program: CProgram, other: CProgram, cases: int = CASES, seed: int = 1
) -> Compared:
    """Compare a C program's functions with those of another of the same shape, such as itself or a mutant.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    shapes, left_out = call_shapes(program)
    driver = _driver(program, shapes, cases, seed)
    candidate = [f"cd {CANDIDATE}"]
    candidate += library(other, "candidate", CANDIDATE, statics_of(shapes))
    candidate += ["cd .."]
    lines = [*candidate, *oracle_lines(program, shapes, [f"{CANDIDATE}/candidate/*.o"])]
    beside = {f"{CANDIDATE}/{path}": data for path, data in other.files.items()}
    files = {**program.files, **beside}
    return await _run(bench, files, lines, driver, left_out)


class DifferentialCheck:
    """Calls C and Rust with the same generated values."""

    name = CheckName.DIFFERENTIAL

    def __init__(self, bench: Bench, seed: int = 1, cases: int = CASES) -> None:
        self._bench = bench
        self._seed = seed
        self._cases = cases

    async def check(self, crate: Crate) -> Finding:
        """Compare every function that has a counterpart."""
        if crate.origin is None or not crate.origin.sources:
            return skipped(self.name, "there is no C to compare with")
        if not crate.has_library or not crate.name:
            return skipped(self.name, "the crate has no library")
        return self._finding(await self.compare(crate, crate.origin))

    async def compare(self, crate: Crate, program: CProgram) -> Compared:
        """Compare a crate with a C program, leaving out wrappers that do not compile."""
        bridged = bridge_all(crate, program, lambda shape: f"{CANDIDATE}{shape.symbol}", lambda number: "")
        wrappers, left_out = bridged.wrappers, dict(bridged.left_out)
        for _ in range(ROUNDS):
            if not wrappers:
                return Compared(left_out=left_out, problem="no function of the crate can be called from C")
            found, kept = await self._once(crate, program, wrappers, left_out)
            if len(kept) == len(wrappers):
                return found
            gone = [each for each in wrappers if each not in kept]
            left_out |= {each.shape.name: "its wrapper does not compile" for each in gone}
            wrappers = kept
        return Compared(left_out=left_out, problem="the crate with its wrappers does not compile")

    async def _once(
        self, crate: Crate, program: CProgram, wrappers: tuple[Wrapper, ...], left_out: Mapping[str, str]
    ) -> tuple[Compared, tuple[Wrapper, ...]]:
        shapes = [each.shape for each in wrappers]
        driver = _driver(program, shapes, self._cases, self._seed)
        forced = [f"-Wl,--undefined={each.symbol}" for each in wrappers]
        lines = [*build_lines(crate), *oracle_lines(program, shapes, [*forced, archive(crate), *RUST_LIBRARIES])]
        files = {**program.files, **with_wrappers(crate, wrappers)}
        found = await _run(self._bench, files, lines, driver, left_out)
        errors = [each for each in read_messages(found.problem) if each.level == "error"]
        if not errors:
            return found, wrappers
        kept = without_broken(wrappers, crate, errors)
        if len(kept) == len(wrappers):
            return Compared(left_out=left_out, problem=f"the crate does not compile: {errors[0].message}"), wrappers
        return found, kept

    def _finding(self, found: Compared) -> Finding:
        figures = {
            "cases": float(found.cases),
            "differing": float(found.differing),
            "functions": float(sum(each.compared > 0 for each in found.counts.values())),
            "undefined": float(sum(each.undefined for each in found.counts.values())),
            "sanitized": float(found.sanitized),
        }
        reasons = tuple(f"{name}: {reason}" for name, reason in sorted(found.left_out.items()))
        names = {"left out": reasons, "compared": tuple(name for name, each in found.counts.items() if each.compared)}
        if found.problem or not found.cases:
            reason = found.problem or "no call could be compared"
            return Finding(self.name, Verdict.SKIPPED, reason, (reason, *reasons), (), figures, names)
        told = f"{found.cases} calls of {int(figures['functions'])} functions, {found.differing} differ"
        wrong = found.told if found.differing else ()
        verdict = Verdict.FAILED if found.differing else Verdict.PASSED
        return Finding(self.name, verdict, told, wrong, (), figures, names, found.duration_s)


def _secret(seed: int, text: str) -> str:
    return hashlib.sha256(f"{seed}:{text}".encode()).hexdigest()[:16]


def _driver(program: CProgram, shapes: Sequence[CallShape], cases: int, seed: int) -> Driver:
    sources = [program.files[path] for path in program.sources]
    return make_driver(shapes, sources, cases, seed, _secret(seed, ",".join(each.symbol for each in shapes)))


async def _run(
    bench: Bench,
    files: Mapping[str, bytes],
    lines: Sequence[str],
    driver: Driver,
    left_out: Mapping[str, str],
) -> Compared:
    reasons = {**left_out, **driver.left_out}
    if not driver.compared:
        return Compared(left_out=reasons, problem="no function can be called with made-up values")
    built = {**files, "driver.c": driver.text.encode(), "compare.sh": script([*lines, "./driver"])}
    run = await bench.run(built, [Command(("sh", "compare.sh"))], [PROBE, MESSAGES])
    done = run.last
    if done.exit_code == 3 and MESSAGES in run.files:
        return Compared(left_out=reasons, problem=run.files[MESSAGES].decode("utf-8", "replace"))
    counts, told = read_report(done.stdout, driver)
    if done.exit_code != 0 or done.ended is not Ended.EXITED or not counts:
        return Compared(left_out=reasons, problem=f"the comparison did not run: {ending(done)}")
    reasons |= {name: _why_no_call(each) for name, each in counts.items() if not each.compared}
    return Compared(counts, told, reasons, "", bool(run.files.get(PROBE)), done.duration_s)


def _why_no_call(counted: Counted) -> str:
    if counted.undefined:
        return f"C itself fails in all {counted.undefined} calls that were tried"
    return "no call came to it: its file does not compile here, or a condition leaves it out"
