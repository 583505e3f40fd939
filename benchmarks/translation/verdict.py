"""What a translated project is worth: by CRUST-bench's own rule, and by a stricter one.

The official rule: the crate and its tests compile, and every test passes. The stricter one takes the tests as the
data has them, not as the answer left them, counts no test that passes on stubs, and wants at least one that does not;
it wants no function left unwritten and no unsafe code where the interface has none. Tests run without privileges
and each executable on its own, in both. Where a set has no tests, programs stand in their place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from repowright.agent.workflows.translate.checks import (
    Bench,
    CompileCheck,
    Crate,
    run_binaries,
    stubbed,
    vacuous_tests,
)
from repowright.benchmarks.translation.cases import Case, Rule, is_test_file
from repowright.benchmarks.translation.crust import interface_crate
from repowright.benchmarks.translation.entry import with_entry
from repowright.benchmarks.translation.offline import Offline, offline
from repowright.benchmarks.translation.programs import NO_PROGRAM, run_programs
from repowright.benchmarks.translation.quality import clippy_warnings, quality
from repowright.executors import TestOutcome

NO_TEST = "no test that fails on stubs"
SWAPPED = "swap::programs"
"""Name of the test that stands for the C programs with Rust in them."""
WALL_S = 90.0
_COMPILED = ("Cargo.toml", "Cargo.lock")
Files = Mapping[str, bytes]


@dataclass(frozen=True)
class ProjectVerdict:
    """One project."""

    name: str
    builds: bool
    official: bool
    """It builds and all its tests pass, as the answer delivered them."""
    strict: bool
    reasons: tuple[str, ...] = ()
    """Why not, strictest reading."""
    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    vacuous: tuple[str, ...] = ()
    """Tests of the data that pass on stubs."""
    unsafe: int = 0
    laundered: int = 0
    stubs: int = 0
    edited_tests: tuple[str, ...] = ()
    lines: int = 0
    """Of the crate's own code, without empty ones."""
    clippy: int = -1
    """Warnings in the crate's own code; -1 where clippy did not run."""
    tier: str = "A"
    """``A`` needs no other crate, ``B`` stand-ins, ``C`` others."""
    stood_in: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """Other crates: stood in for, taken out as unused, needed and not here."""

    @property
    def real(self) -> tuple[str, ...]:
        """Tests that pass and show something."""
        return tuple(name for name in self.passed if name not in self.vacuous)


@dataclass(frozen=True)
class Summary:
    """Several projects."""

    projects: int
    builds: int
    official: int
    strict: int
    tests_passed: int
    tests_failed: int
    tests_vacuous: int
    unsafe_projects: int


def summed(verdicts: Sequence[ProjectVerdict]) -> Summary:
    """Add verdicts up."""
    return Summary(
        projects=len(verdicts),
        builds=sum(each.builds for each in verdicts),
        official=sum(each.official for each in verdicts),
        strict=sum(each.strict for each in verdicts),
        tests_passed=sum(len(each.passed) for each in verdicts),
        tests_failed=sum(len(each.failed) for each in verdicts),
        tests_vacuous=sum(len(each.vacuous) for each in verdicts),
        unsafe_projects=sum(each.unsafe > 0 for each in verdicts),
    )


async def judge(bench: Bench, case: Case, answer: Files, vacuous: frozenset[str] | None = None) -> ProjectVerdict:
    """Judge one project.

    Parameters
    ----------
    answer
        The files of the translated crate; what it lacks of manifest and tests is taken from the case.
    vacuous
        Tests that pass on the case's stubs, where somebody found them already.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    whole = _delivered(case, answer)
    here = offline(with_entry(whole) if case.rule is Rule.PROGRAMS else whole)
    delivered = here.files
    given = offline({**{path: data for path, data in delivered.items() if not is_test_file(path)}, **case.tests}).files
    edited = tuple(sorted(path for path in case.tests if delivered.get(path) != case.tests[path]))
    if vacuous is None:
        vacuous = await vacuous_of(bench, case, delivered)
    compiled = await CompileCheck(bench).check(Crate(delivered))
    tested = await _tested(bench, case, delivered) if compiled.passed else _Tested()
    official = compiled.passed and not tested.failed and not tested.problems and bool(tested.passed)
    if edited and compiled.passed:
        tested = await _tested(bench, case, given)
    counts = quality(delivered)
    reasons = [] if compiled.passed else [f"does not compile: {compiled.told}", *compiled.problems[:3]]
    reasons += [*(f"{name} fails" for name in tested.failed), *tested.problems]
    reasons += _broken_rules(edited, counts.stubs, counts.unsafe - quality(case.crate).unsafe)
    if compiled.passed and not tested.failed and not set(tested.passed) - vacuous:
        reasons.append(NO_TEST)
    verdict = ProjectVerdict(
        case.name, compiled.passed, official, not reasons, tuple(reasons), tested.passed, tested.failed,
        tuple(sorted(vacuous)), counts.unsafe, counts.laundered, counts.stubs, edited, counts.lines,
        await clippy_warnings(bench, delivered) if compiled.passed else -1,
    )  # fmt: skip
    return _with_crates(verdict, here, offline(case.crate))


async def vacuous_of(bench: Bench, case: Case, delivered: Files) -> frozenset[str]:
    """Return the tests that pass on stubs: of the set's crate, or of programs with nothing but their ``main`` left.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    if case.rule is Rule.TESTS:
        return await vacuous_tests(bench, offline(case.crate).files, WALL_S)
    return frozenset((await run_programs(bench, case.program, stubbed(delivered))).passed)


def with_swap(verdict: ProjectVerdict, *, swapped: bool, told: str) -> ProjectVerdict:
    """Judge a library, where a crate has no program of its own, by the C programs that ran with it in them.

    Parameters
    ----------
    swapped
        Whether they called it and did as C alone does.
    told
        How that went.
    """
    if NO_PROGRAM not in verdict.reasons:
        return verdict
    others = tuple(each for each in verdict.reasons if each not in (NO_PROGRAM, NO_TEST))
    if not swapped:
        return replace(verdict, reasons=(*others, f"C programs with it: {told}"), failed=(SWAPPED,))
    return replace(verdict, reasons=others, official=verdict.builds, strict=not others, passed=(SWAPPED,))


def _with_crates(verdict: ProjectVerdict, here: Offline, given: Offline) -> ProjectVerdict:
    """Tell the crates of the answer, and those that were met in what it was made from."""
    stood_in = tuple(sorted({*here.stood_in, *given.stood_in}))
    dropped = tuple(sorted({*here.dropped, *given.dropped}))
    tier = max(here.tier, given.tier)
    return replace(verdict, tier=tier, stood_in=stood_in, dropped=dropped, missing=here.missing)


def _broken_rules(edited: Sequence[str], stubs: int, unsafe: int) -> list[str]:
    """What the stricter rule has against an answer whatever its tests say."""
    found = [f"it edits {path}" for path in edited]
    found += [f"{stubs} functions are stubs"] if stubs else []
    return found + ([f"{unsafe} unsafe places that the interface does not have"] if unsafe > 0 else [])


def _delivered(case: Case, answer: Files) -> dict[str, bytes]:
    """The answer as a whole crate: code is the answer's alone, so that a missing file stays missing."""
    files = interface_crate(answer)
    missing = {
        path: data
        for path, data in case.crate.items()
        if path not in files and (path in _COMPILED or is_test_file(path) or not path.endswith(".rs"))
    }
    return {**missing, **files}


@dataclass(frozen=True)
class _Tested:
    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


async def _tested(bench: Bench, case: Case, files: Files) -> _Tested:
    """Tests that pass, tests that do not, and problems of the run."""
    if case.rule is Rule.PROGRAMS:
        ran = await run_programs(bench, case.program, files)
        return _Tested(ran.passed, ran.failed, ran.problems)
    results, problems, _ = await run_binaries(bench, files, WALL_S)
    wrong = (TestOutcome.FAILED, TestOutcome.ERROR)
    passed = tuple(sorted(name for name, each in results.items() if each.outcome is TestOutcome.PASSED))
    failed = tuple(sorted(name for name, each in results.items() if each.outcome in wrong))
    return _Tested(passed, failed, tuple(problems))
