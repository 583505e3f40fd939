"""The fourth step: the adapted test in the sandbox, on the repository and on a stubbed copy of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence

from repowright.benchmarks.repocraft.control.judging import is_canary, judge, own_results
from repowright.benchmarks.repocraft.control.overlay import overlaid
from repowright.benchmarks.repocraft.evaluate.checks import collected_tests
from repowright.benchmarks.repocraft.evaluate.studio import Studio
from repowright.benchmarks.repocraft.evaluate.tree import RepositoryTree
from repowright.benchmarks.repocraft.verdicts import State, TaskVerdict
from repowright.executors import FileCoverage, TestOutcome, TestReport
from repowright.repo_tools.errors import SourceError
from repowright.repo_tools.python_ast import FunctionNode, find, is_docstring, parse

FOLDER = "repocraft_tests"
ADAPTED = f"{FOLDER}/test_adapted.py"
_MISUSES = frozenset(
    {"ImportError", "ModuleNotFoundError", "AttributeError", "TypeError", "NameError", "UnboundLocalError"}
)
_FRAME = re.compile(r"^(?P<path>[^\s:]+\.py):(?P<line>\d+): ", re.MULTILINE)
_RAISED = re.compile(r"^E\s+(?:[\w.]*\.)?(?P<error>[A-Z]\w*)(?::|$)", re.MULTILINE)
_NAMED = re.compile(r"^(?:[\w.]*\.)?(?P<error>[A-Z]\w*(?:Error|Exception|Failed))(?::|$)")
_NO_FIXTURE = re.compile(r"fixture '\w+' not found")
_FAILURE_CHARACTERS = 1_500


def with_test(repository: Mapping[str, bytes], tree: RepositoryTree, code: str) -> dict[str, bytes]:
    """Return the files of a run: the repository without what steers tests, and the adapted test."""
    settings = f"[pytest]\npythonpath = {tree.root or '.'}\n"
    return overlaid(repository, {"pytest.ini": settings.encode(), ADAPTED: code.encode()})


def node_ids(code: str) -> list[str]:
    """Return the node ids of an adapted test's functions."""
    return [f"{ADAPTED}::{name}" for name, _ in collected_tests(ast.parse(code))]


async def run_adapted(task: str, code: str, studio: Studio, *, stubbed: bool = False) -> TestReport:
    """Run an adapted test on the repository, or on its stubbed copy."""
    tree = studio.atlas.tree
    files = with_test(tree.stubbed if stubbed else tree.workspace, tree, code)
    purpose = "stub gate" if stubbed else "adapted test"
    measured = None if stubbed else "."
    tests = node_ids(code)
    return await studio.bench.run(files, tests, purpose=purpose, subject=task, coverage_of=measured, untold=is_canary)


async def verdict_of(task: str, code: str, located: Sequence[str], report: TestReport, studio: Studio) -> TaskVerdict:
    """Return what a run says of a task; a pass counts only if it needs the repository's code.

    Three things make it need that: a located unit ran, its file is one of the repository, and the same test does
    not pass on the stubbed copy.
    """
    expected = node_ids(code)
    verdict = judge(task, report, expected)
    if verdict.state is not State.PASSED:
        return verdict
    if not any(_ran(studio.atlas.tree, label, report.coverage or {}) for label in located):
        return verdict.model_copy(update={"state": State.VACUOUS, "detail": "no located unit was run by the test"})
    on_stubs = await run_adapted(task, code, studio, stubbed=True)
    if judge(task, on_stubs, expected).state is State.PASSED:
        return verdict.model_copy(update={"state": State.VACUOUS, "detail": "it passes on a stubbed copy too"})
    return verdict


def misuse(report: TestReport, code: str) -> str:
    """Return how a run shows that the test uses the API wrongly; empty where the repository is at fault.

    It is the test's fault if the error was raised by a line of the test itself and is of a kind that an assertion
    cannot give: a name that is not there, or a call with the wrong arguments.
    """
    wrong = [each for each in own_results(report, node_ids(code)) if each.outcome is not TestOutcome.PASSED]
    if not wrong or any(each.outcome is TestOutcome.SKIPPED for each in wrong):
        return ""
    told = [_misused(each.message, each.detail) for each in wrong]
    return "\n\n".join(told)[:_FAILURE_CHARACTERS] if all(told) else ""


def _misused(message: str, detail: str) -> str:
    said = detail.strip() or message
    if _NO_FIXTURE.search(said):
        return said
    frames = _FRAME.findall(detail)
    named = _NAMED.match(message)
    errors = [named["error"]] if named else _RAISED.findall(detail)
    if not frames or not errors or frames[-1][0] != ADAPTED:
        return ""
    return said if errors[-1] in _MISUSES else ""


def _ran(tree: RepositoryTree, label: str, coverage: Mapping[str, FileCoverage]) -> bool:
    """Tell whether a line inside a unit ran that does not run at import; a unit without bodies if its file did."""
    path, _, qualname = label.partition(":")
    lines = coverage.get(path)
    if lines is None or path not in tree.code:
        return False
    inside = _body_lines(tree.text(path) or "", qualname)
    return bool(inside & set(lines.executed)) if inside else bool(lines.executed)


def _body_lines(text: str, qualname: str) -> set[int]:
    try:
        node = find(parse(text), qualname)
    except SourceError:
        return set()
    functions = [each for each in ast.walk(node) if isinstance(each, FunctionNode)] if node is not None else []
    found: set[int] = set()
    for function in functions:
        body = function.body[1:] if is_docstring(function.body[0]) else function.body
        found.update(line for part in body for line in range(part.lineno, (part.end_lineno or part.lineno) + 1))
    return found
