"""What a translated project is worth: by CRUST-bench's own rule, and by a stricter one.

The official rule: the crate and its tests compile, and every test passes. The stricter one takes the tests as the
data has them, not as the answer left them, counts no test that passes on stubs, and wants at least one that does not;
it wants no function left unwritten and no unsafe code where the interface has none. Tests run without privileges
and each executable on its own, in both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from repowright.agent.workflows.translate.checks import Bench, CompileCheck, Crate, run_binaries, vacuous_tests
from repowright.agent.workflows.translate.checks.crate import is_own_code
from repowright.benchmarks.translation.crust import CrustCase, interface_crate, is_test_file
from repowright.executors import TestOutcome
from repowright.repo_tools.rust_source import count_all, find_stubs

WALL_S = 90.0
_COMPILED = ("Cargo.toml", "Cargo.lock")


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


async def judge(
    bench: Bench, case: CrustCase, answer: Mapping[str, bytes], vacuous: frozenset[str] | None = None
) -> ProjectVerdict:
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
    if vacuous is None:
        vacuous = await vacuous_tests(bench, case.crate, WALL_S)
    delivered = _delivered(case, answer)
    given = {**{path: data for path, data in delivered.items() if not is_test_file(path)}, **case.tests}
    edited = tuple(sorted(path for path in case.tests if delivered.get(path) != case.tests[path]))
    compiled = await CompileCheck(bench).check(Crate(delivered))
    own = [data for path, data in sorted(delivered.items()) if is_own_code(path)]
    unsafe, before = count_all(own), count_all(data for path, data in case.crate.items() if is_own_code(path))
    stubs = sum(len(find_stubs(data)) for data in own)
    passed, failed, problems = await _tested(bench, delivered) if compiled.passed else ((), (), [])
    official = compiled.passed and not failed and not problems and bool(passed)
    if edited and compiled.passed:
        passed, failed, problems = await _tested(bench, given)
    more = unsafe.total - before.total
    reasons = [] if compiled.passed else [f"does not compile: {compiled.told}", *compiled.problems[:3]]
    reasons += [*(f"{name} fails" for name in failed), *problems]
    reasons += _broken_rules(edited, stubs, more)
    if compiled.passed and not failed and not set(passed) - vacuous:
        reasons.append("no test that fails on stubs")
    return ProjectVerdict(
        case.name, compiled.passed, official, not reasons, tuple(reasons), passed, failed, tuple(sorted(vacuous)),
        unsafe.total, len(unsafe.laundering), stubs, edited,
    )  # fmt: skip


def _broken_rules(edited: Sequence[str], stubs: int, unsafe: int) -> list[str]:
    """What the stricter rule has against an answer whatever its tests say."""
    found = [f"it edits {path}" for path in edited]
    found += [f"{stubs} functions are stubs"] if stubs else []
    return found + ([f"{unsafe} unsafe places that the interface does not have"] if unsafe > 0 else [])


def _delivered(case: CrustCase, answer: Mapping[str, bytes]) -> dict[str, bytes]:
    """The answer as a whole crate: code is the answer's alone, so that a missing file stays missing."""
    files = interface_crate(answer)
    missing = {
        path: data
        for path, data in case.crate.items()
        if path not in files and (path in _COMPILED or is_test_file(path) or not path.endswith(".rs"))
    }
    return {**missing, **files}


async def _tested(bench: Bench, files: Mapping[str, bytes]) -> tuple[tuple[str, ...], tuple[str, ...], list[str]]:
    """Tests that pass, tests that do not, and problems of the run."""
    results, problems, _ = await run_binaries(bench, files, WALL_S)
    wrong = (TestOutcome.FAILED, TestOutcome.ERROR)
    passed = tuple(sorted(name for name, each in results.items() if each.outcome is TestOutcome.PASSED))
    return passed, tuple(sorted(name for name, each in results.items() if each.outcome in wrong)), problems
