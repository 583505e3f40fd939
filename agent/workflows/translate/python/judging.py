"""What the checks say of a package in one state, each state asked once: the answers are kept with the run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import astuple

from repowright.agent.workflows.translate.checks.bench import Bench, Command
from repowright.agent.workflows.translate.checks.crate import CProgram
from repowright.agent.workflows.translate.python.box_script import IMPORTING
from repowright.agent.workflows.translate.python.calls import Calls, c_calls
from repowright.agent.workflows.translate.python.comparing import compare
from repowright.agent.workflows.translate.python.frame import is_own_code
from repowright.agent.workflows.translate.recorded_judge import RecordedJudge
from repowright.agent.workflows.translate.records import FailedTest, Judgement
from repowright.agent.workflows.translate.slots import Frame
from repowright.agent.workflows.translate.wanted import Mended, Wanted
from repowright.executors import TestOutcome, TestReport
from repowright.repo_tools.python_items import read_source
from repowright.repo_tools.python_source import undefined_names

MOST_ERRORS = 8
_LONGEST = 1_500


class PythonJudge(RecordedJudge):
    """Runs the checks of a unit, cheapest first."""

    _calls: Calls | None = None

    def verdict(self, found: Judgement) -> tuple[bool, tuple[str, ...], tuple[str, ...]]:
        """Whether it imports, the tests that pass, and the calls that differ."""
        return found.builds, found.passed, found.differences

    async def judged(self, frame: Frame, files: Mapping[str, bytes], wanted: Wanted) -> Judgement:
        """Check one state of the package, from this run's record if it is there.

        Raises
        ------
        SandboxError
            If no box can be had.
        """
        key = _key(files, wanted, self.vacuous)
        return await self._once(key, wanted.subject, lambda: self._judge(files, wanted))

    async def ruled(self, frame: Frame, files: Mapping[str, bytes]) -> Mended:
        """Nothing: there are no rules for Python."""
        return Mended()

    async def _judge(self, files: Mapping[str, bytes], wanted: Wanted) -> Judgement:
        errors = static_errors(files)
        errors = errors or await import_errors(self._bench, files)
        self._emit("compile", wanted.subject, "exited", 0.0, int(not errors), len(errors))
        if errors:
            return Judgement(builds=False, errors=tuple(errors[:MOST_ERRORS]))
        judgement = Judgement(builds=True)
        if wanted.tests:
            judgement = await self._tested(files, wanted, judgement)
        if wanted.stand_ins and self.program is not None and not judgement.failing:
            judgement = await self._compared(files, wanted, judgement, self.program)
        return judgement

    async def _tested(self, files: Mapping[str, bytes], wanted: Wanted, judgement: Judgement) -> Judgement:
        report = await self._bench.test(files, (), self._wall_s, "pytest")
        passed, pending, failing = read_tests(report)
        self._emit("tests", wanted.subject, "exited", report.duration_s, len(passed), len(failing), len(pending))
        real = tuple(name for name in passed if name not in self.vacuous)
        more = {"ran": True, "passed": real, "pending": pending, "failing": failing}
        return judgement.model_copy(update=more)

    async def _compared(
        self, files: Mapping[str, bytes], wanted: Wanted, judgement: Judgement, program: CProgram
    ) -> Judgement:
        if self._calls is None:
            self._calls = await c_calls(self._bench, program)
        found = await compare(self._bench, files, self._calls, wanted.stand_ins, wanted.names)
        own = set(wanted.names)
        told = [each for name, several in found.differences.items() if name in own for each in several]
        reached = tuple(sorted(found.counts))
        count = sum(found.counts.values())
        self._emit("swap", wanted.subject, "exited", 0.0, count - len(told), len(told), int(bool(found.problem)))
        said = found.problem or f"{count} calls of {len(reached)} functions, as C was called"
        more = {"swap": said, "swapped": bool(own & set(reached)) and not told}
        return judgement.model_copy(update={**more, "reached": reached, "differences": tuple(told)})


def static_errors(files: Mapping[str, bytes]) -> list[str]:
    """What is wrong with the files without running them: they do not parse, or use names that nothing binds."""
    found: list[str] = []
    for path in sorted(each for each in files if is_own_code(each)):
        text = files[path].decode("utf-8", "replace")
        problem = read_source(text).problem
        found += [f"{path}: {problem}"] if problem else [f"{path}: {each}" for each in undefined_names(text)]
    return found


async def import_errors(bench: Bench, files: Mapping[str, bytes]) -> list[str]:
    """Import every module in a box and return what goes wrong.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    own = sorted(path for path in files if is_own_code(path))
    modules = [path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in own]
    command = Command((bench.python, "-B", "importing.py", *modules), wall_s=60)
    run = await bench.run({**files, "importing.py": IMPORTING.encode()}, [command])
    if run.last.exit_code == 0:
        return []
    said = f"{run.last.stdout}\n{run.last.stderr}".strip()
    return [said[-_LONGEST:] or "the modules cannot be imported"]


def read_tests(report: TestReport) -> tuple[tuple[str, ...], tuple[str, ...], tuple[FailedTest, ...]]:
    """Tests that pass, that stop in a stub, and that fail; the cases of one function are one test."""
    passed: set[str] = set()
    pending: set[str] = set()
    failing: dict[str, str] = {}
    for each in report.results:
        name = each.test.partition("[")[0]
        if each.outcome is TestOutcome.PASSED:
            passed.add(name)
        elif each.outcome in (TestOutcome.FAILED, TestOutcome.ERROR):
            told = f"{each.message}\n{each.detail}"
            if "NotImplementedError" in told:
                pending.add(name)
            else:
                failing.setdefault(name, (each.detail or each.message).strip()[-_LONGEST:])
    pending -= failing.keys()
    wrong = tuple(FailedTest(test=name, told=failing[name]) for name in sorted(failing))
    return tuple(sorted(passed - pending - failing.keys())), tuple(sorted(pending)), wrong


def _key(files: Mapping[str, bytes], wanted: Wanted, vacuous: frozenset[str]) -> str:
    listed = {path: hashlib.sha256(data).hexdigest() for path, data in sorted(files.items())}
    body = [listed, wanted.tests, sorted(vacuous), [astuple(each) for each in wanted.stand_ins], sorted(wanted.names)]
    return hashlib.sha256(json.dumps(body).encode()).hexdigest()[:32]
