"""The first rungs: does every file parse, does the crate compile, how much unsafe code is in it."""

from __future__ import annotations

from dataclasses import fields

from repowright.agent.workflows.translate.checks.bench import Bench, Command, ending
from repowright.agent.workflows.translate.checks.compiler_messages import read_messages
from repowright.agent.workflows.translate.checks.crate import Crate
from repowright.agent.workflows.translate.checks.finding import CheckName, Diagnostic, Finding, Verdict
from repowright.executors import Ended
from repowright.repo_tools.rust_source import UnsafeCount, count_unsafe, find_stubs, read_items

SHOWN = 40
"""Problems that a finding lists in words."""


class ParseCheck:
    """Reads every Rust file without a compiler; costs milliseconds."""

    name = CheckName.PARSE

    async def check(self, crate: Crate) -> Finding:
        """Look for text that is no Rust."""
        problems = [
            f"{path}: {problem}"
            for path in sorted(crate.files)
            if path.endswith(".rs")
            for problem in read_items(crate.files[path]).problems
        ]
        if not any(path.endswith(".rs") for path in crate.files):
            problems.append("the crate has no Rust file")
        verdict = Verdict.FAILED if problems else Verdict.PASSED
        told = f"{len(problems)} places are no Rust" if problems else "every file parses"
        return Finding(self.name, verdict, told, tuple(problems[:SHOWN]))


class CompileCheck:
    """Type-checks the crate, by default with its tests.

    Parameters
    ----------
    targets
        Cargo's selection of what is compiled.
    """

    name = CheckName.COMPILE

    def __init__(self, bench: Bench, targets: tuple[str, ...] = ("--all-targets",)) -> None:
        self._bench = bench
        self._argv = ("cargo", "check", "--offline", "--message-format=json", *targets)

    async def check(self, crate: Crate) -> Finding:
        """Run ``cargo check`` and read its messages."""
        run = await self._bench.run(crate.files, [Command(self._argv)])
        done = run.last
        diagnostics = read_messages(done.stdout)
        errors = [each for each in diagnostics if each.level == "error"]
        figures = {"errors": float(len(errors)), "warnings": float(len(diagnostics) - len(errors))}
        if done.exit_code == 0 and done.ended is Ended.EXITED:
            told = f"it compiles, with {len(diagnostics)} warnings"
            return Finding(self.name, Verdict.PASSED, told, (), diagnostics, figures, {}, done.duration_s)
        problems = [in_words(each) for each in errors[:SHOWN]] or [f"cargo check: {ending(done)}"]
        told = f"{len(errors)} compile errors" if errors else problems[0]
        return Finding(self.name, Verdict.FAILED, told, tuple(problems), diagnostics, figures, {}, done.duration_s)


def in_words(diagnostic: Diagnostic) -> str:
    """A message with its place, on one line."""
    code = f" [{diagnostic.code}]" if diagnostic.code else ""
    where = f"{diagnostic.path}:{diagnostic.line}: " if diagnostic.path else ""
    label = f" ({diagnostic.label})" if diagnostic.label else ""
    return f"{where}{diagnostic.message}{label}{code}"


class UnsafeCheck:
    """Counts unsafe code, what is hidden behind safe signatures, and functions that are not written."""

    name = CheckName.UNSAFE

    async def check(self, crate: Crate) -> Finding:
        """Compare the count with the crate's budget."""
        files = crate.rust_files()
        counts = {path: count_unsafe(data) for path, data in files.items()}
        count = sum(counts.values(), UnsafeCount())
        stubs = [f"{path}: {stub.path}" for path, data in files.items() for stub in find_stubs(data)]
        laundered = [f"{path}:{each.line}: {each.name}" for path in counts for each in counts[path].laundering]
        figures = {each.name: float(getattr(count, each.name)) for each in fields(count) if each.name != "laundering"}
        figures |= {"total": float(count.total), "laundering": float(len(laundered)), "stubs": float(len(stubs))}
        names = {"laundering": tuple(laundered), "stubs": tuple(stubs)}
        told = f"{count.total} unsafe places (allowed: {crate.unsafe_budget}), {len(laundered)} laundered"
        problems = []
        if count.total > crate.unsafe_budget:
            where = ", ".join(path for path in counts if counts[path].total)
            problems.append(f"{count.total} unsafe places in {where}; {crate.unsafe_budget} are allowed")
            problems += [f"safe signature over unsafe code: {each}" for each in laundered[:SHOWN]]
        verdict = Verdict.FAILED if problems else Verdict.PASSED
        return Finding(self.name, verdict, told, tuple(problems), (), figures, names)


class ClippyCheck:
    """Counts what clippy says; fails only where it denies."""

    name = CheckName.CLIPPY

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    async def check(self, crate: Crate) -> Finding:
        """Run clippy on the crate without its tests."""
        argv = ("cargo", "clippy", "--offline", "--message-format=json")
        done = (await self._bench.run(crate.files, [Command(argv)])).last
        diagnostics = read_messages(done.stdout)
        if not diagnostics and done.exit_code != 0:
            return Finding(self.name, Verdict.SKIPPED, f"clippy did not run: {ending(done)}", (ending(done),))
        lines = sum(data.count(b"\n") for data in crate.rust_files().values())
        figures = {"warnings": float(len(diagnostics)), "per_1000_lines": 1000 * len(diagnostics) / max(1, lines)}
        groups: dict[str, int] = {}
        for each in diagnostics:
            groups[each.code or "rustc"] = groups.get(each.code or "rustc", 0) + 1
        figures |= {code: float(count) for code, count in sorted(groups.items())}
        errors = [in_words(each) for each in diagnostics if each.level == "error"]
        verdict = Verdict.FAILED if errors else Verdict.PASSED
        told = f"{len(diagnostics)} warnings of clippy"
        return Finding(self.name, verdict, told, tuple(errors[:SHOWN]), diagnostics, figures, {}, done.duration_s)
