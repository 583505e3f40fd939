"""The parts of the pair C to Python, as whoever knows only the seam between languages uses them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from repowright.agent.workflows.translate.checks.bench import Bench
from repowright.agent.workflows.translate.checks.pair import read_c_program
from repowright.agent.workflows.translate.encoding import EncodedC
from repowright.agent.workflows.translate.languages import Bones, Encoded, PairUnknown, Verdict
from repowright.agent.workflows.translate.python.calls import c_calls
from repowright.agent.workflows.translate.python.comparing import compare
from repowright.agent.workflows.translate.python.frame import is_own_code
from repowright.agent.workflows.translate.python.judging import import_errors, static_errors
from repowright.agent.workflows.translate.python.names import value_name
from repowright.agent.workflows.translate.python.skeleton import build_package
from repowright.agent.workflows.translate.wanted import StandIn
from repowright.executors import Sandbox
from repowright.repo_tools.python_items import read_source


class PythonSkeleton:
    """Writes a Python package."""

    def skeleton(self, name: str, encoded: Encoded) -> Bones:
        """Write the package.

        Raises
        ------
        PairUnknown
            If what was encoded is no C.
        """
        if not isinstance(encoded, EncodedC):
            raise PairUnknown(
                "the Python skeleton is made from C alone", "encode with the encoder of the pair c, python"
            )
        return build_package(name, encoded.units)


class PythonChecker:
    """Parses, looks for names that nothing binds, and imports. Runs an event loop of its own."""

    def check(self, files: Mapping[str, str], sandbox: Sandbox) -> Verdict:
        """Check a whole package.

        Raises
        ------
        SandboxError
            If no box can be had.
        """
        data = {path: text.encode() for path, text in files.items()}
        problems = static_errors(data) or asyncio.run(import_errors(Bench(sandbox), data))
        return Verdict(not problems, tuple(problems))


class CPythonOracle:
    """Calls C and Python with the same made-up values. Runs an event loop of its own."""

    def compare(self, source: Path, files: Mapping[str, str], sandbox: Sandbox) -> Verdict:
        """Compare a package with the C folder it came from; where nothing could be compared, that is the problem.

        Functions are found by their names.

        Raises
        ------
        SandboxError
            If no box can be had.
        """
        return asyncio.run(_compare(source, files, sandbox))


async def _compare(source: Path, files: Mapping[str, str], sandbox: Sandbox) -> Verdict:
    bench = Bench(sandbox)
    calls = await c_calls(bench, read_c_program(source))
    known = {value_name(shape.name): shape.name for shape in calls.shapes}
    items = [
        StandIn(path, each.path, known[each.path], True)
        for path, text in sorted(files.items())
        if is_own_code(path)
        for each in read_source(text).items
        if each.is_function and each.path in known
    ]
    data = {path: text.encode() for path, text in files.items()}
    found = await compare(bench, data, calls, items, [each.name for each in items])
    problems = [each for several in found.differences.values() for each in several]
    if found.problem or not found.counts:
        problems.append(found.problem or "no call could be compared")
    return Verdict(not problems, tuple(problems))
