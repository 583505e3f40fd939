"""Rust inside the C test programs: C functions cut out, Rust ones linked in their place, calls counted.

A swap that nobody calls into proves nothing: linked with weak symbols such a program passes while C tests itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from repowright.agent.workflows.translate.checks.bench import Bench, Command, ending
from repowright.agent.workflows.translate.checks.bridge import Wrapper
from repowright.agent.workflows.translate.checks.c_build import RUST_LIBRARIES, programs, runs, script
from repowright.agent.workflows.translate.checks.choosing import Chosen, choose
from repowright.agent.workflows.translate.checks.compiler_messages import read_messages
from repowright.agent.workflows.translate.checks.conversions import NONE, Converting
from repowright.agent.workflows.translate.checks.crate import CProgram, Crate
from repowright.agent.workflows.translate.checks.finding import CheckName, Finding, Verdict, skipped
from repowright.agent.workflows.translate.checks.hits import VARIABLE, read_hits, support
from repowright.agent.workflows.translate.checks.rust_library import (
    FOLDER,
    MESSAGES,
    archive,
    build_lines,
    with_wrappers,
    without_broken,
)
from repowright.repo_tools.c_text import cut_functions

CUT = "swapped/"
PLAIN, SWAP = "plain", "swap"
RUN_S = 20
ROUNDS = 3
"""How often wrappers that do not compile are left out."""


@dataclass(frozen=True)
class SwappedRun:
    """One test program with Rust in it, beside the same one without."""

    main: str
    built: bool
    same: bool = False
    """Exit code and output are those of C."""
    told: str = ""
    """How they differ, or why it was not built."""
    hits: Mapping[str, int] = field(default_factory=dict)
    """Calls into Rust by name of the C function."""


@dataclass(frozen=True)
class Swapped:
    """All test programs."""

    runs: tuple[SwappedRun, ...] = ()
    functions: tuple[str, ...] = ()
    """C functions whose place Rust took."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    """Why nothing was swapped."""

    @property
    def hits(self) -> dict[str, int]:
        """Calls into Rust of all programs together."""
        names = sorted({name for each in self.runs for name in each.hits})
        return {name: sum(each.hits.get(name, 0) for each in self.runs) for name in names}


class SwapCheck:
    """Runs the C test programs on the Rust functions.

    Parameters
    ----------
    only
        Names of the C functions to swap; all that can be where it is None.
    converting
        Makes the converters of structures that C looks into, where there are some.
    """

    name = CheckName.SWAP

    def __init__(self, bench: Bench, only: frozenset[str] | None = None, converting: Converting | None = None) -> None:
        self._bench = bench
        self._only = only
        self._converting = converting

    async def check(self, crate: Crate) -> Finding:
        """Swap, run and compare with the run of the C program."""
        program = crate.origin
        if program is None or not program.mains:
            return skipped(self.name, "there is no C test program")
        if not crate.has_library or not crate.name:
            return skipped(self.name, "the crate has no library")
        return _finding(await self.swap(crate, program))

    async def swap(self, crate: Crate, program: CProgram) -> Swapped:
        """Swap every function that can be."""
        conversions = self._converting(crate) if self._converting is not None else NONE
        chosen = choose(crate, program, conversions, self._only)
        for _ in range(ROUNDS):
            left_out = chosen.left_out
            if not chosen.wrappers:
                return Swapped(left_out=left_out, problem="no function of the crate can take the place of C's")
            found, kept, broken = await self._once(crate, program, chosen)
            if broken:
                conversions = conversions.without(broken)
                chosen = choose(crate, program, conversions, self._only)
                continue
            if len(kept) == len(chosen.wrappers):
                return replace(found, left_out={**left_out, **found.left_out})
            chosen = chosen.narrowed(crate, program, kept)
        return Swapped(left_out=chosen.left_out, problem="the crate with its wrappers does not compile")

    async def _once(
        self, crate: Crate, program: CProgram, chosen: Chosen
    ) -> tuple[Swapped, tuple[Wrapper, ...], frozenset[str]]:
        """Build and run once; where wrappers or converters do not compile, return which do and do not instead."""
        wrappers, none = chosen.wrappers, frozenset[str]()
        numbered = tuple(_numbered(each, number) for number, each in enumerate(wrappers))
        cut, kept_in_c = _cut(program, wrappers)
        rust = chosen.conversions.added_to(with_wrappers(crate, numbered, support(crate, len(wrappers))), FOLDER)
        files = {
            **program.files,
            **_beside(program, cut),
            **rust,
            "swap.sh": script(_lines(crate, program, cut), strict=False),
        }
        run = await self._bench.run(files, [Command(("sh", "swap.sh"))], [*_left_files(program), MESSAGES])
        said = run.files.get(MESSAGES, b"").decode("utf-8", "replace")
        errors = [each for each in read_messages(said) if each.level == "error"]
        if errors:
            found = Swapped(problem=f"the crate does not compile: {errors[0].message}")
            return found, without_broken(numbered, crate, errors), chosen.conversions.broken(rust, FOLDER, errors)
        if run.last.exit_code == 3:
            return Swapped(problem=f"the crate does not build: {ending(run.last)}"), wrappers, none
        names = tuple(each.shape.name for each in wrappers)
        done = tuple(_read(main, number, run.files, names) for number, main in enumerate(program.mains))
        return Swapped(done, names, kept_in_c), wrappers, none


def _lines(crate: Crate, program: CProgram, cut: Mapping[str, bytes]) -> list[str]:
    replaced = {path: CUT + path for path in cut}
    counted = [
        line.replace("timeout", f"{VARIABLE}=$PWD/{SWAP}/{number}.hits timeout", 1)
        for number, line in enumerate(runs(program, SWAP, RUN_S))
    ]
    return [
        *programs(program, PLAIN),
        *runs(program, PLAIN, RUN_S),
        *build_lines(crate),
        *programs(program, SWAP, "", replaced, [archive(crate), *RUST_LIBRARIES]),
        *counted,
    ]


def _finding(found: Swapped) -> Finding:
    reasons = tuple(f"{name}: {reason}" for name, reason in sorted(found.left_out.items()))
    built = [each for each in found.runs if each.built]
    problem = found.problem
    if not problem and not built:
        problem = f"no test program links: {found.runs[0].told}" if found.runs else "there is no test program"
    if problem:
        return Finding(CheckName.SWAP, Verdict.SKIPPED, problem, (problem, *reasons))
    reached = tuple(name for name, count in found.hits.items() if count)
    total = sum(found.hits.values())
    names = {"swapped": found.functions, "reached": reached, "left out": reasons}
    figures = {
        "programs": float(len(built)),
        "functions": float(len(found.functions)),
        "reached": float(len(reached)),
        "hits": float(total),
    }
    wrong = tuple(f"{each.main}: {each.told}" for each in built if not each.same)
    if not total:
        wrong = ("no test program called into Rust: C was tested against itself", *wrong)
    told = f"{len(built)} test programs, {total} calls into {len(reached)} Rust functions"
    return Finding(CheckName.SWAP, Verdict.FAILED if wrong else Verdict.PASSED, told, wrong, (), figures, names)


def _numbered(wrapper: Wrapper, number: int) -> Wrapper:
    return replace(wrapper, text=wrapper.text.replace("hit(NUMBER)", f"hit({number})"))


def _cut(program: CProgram, wrappers: tuple[Wrapper, ...]) -> tuple[dict[str, bytes], dict[str, str]]:
    """The sources without what Rust takes over, and why some of it stays."""
    files: dict[str, bytes] = {}
    kept: dict[str, str] = {}
    for path in sorted({each.shape.path for each in wrappers}):
        symbols = {each.shape.name: each.symbol for each in wrappers if each.shape.path == path}
        cut = cut_functions(program.files[path], symbols)
        files[path] = cut.text
        kept |= cut.kept
    return files, kept


def _beside(program: CProgram, cut: Mapping[str, bytes]) -> dict[str, bytes]:
    """The cut sources, with every header beside them as their own folder has it."""
    headers = {CUT + path: data for path, data in program.files.items() if not path.endswith(".c")}
    return {**headers, **{CUT + path: data for path, data in cut.items()}}


def _left_files(program: CProgram) -> list[str]:
    numbers, kinds = range(len(program.mains)), ("out", "code", "build", "hits")
    return [f"{folder}/{number}.{kind}" for folder in (PLAIN, SWAP) for number in numbers for kind in kinds]


def _read(main: str, number: int, files: Mapping[str, bytes], functions: tuple[str, ...]) -> SwappedRun:
    plain, swapped = files.get(f"{PLAIN}/{number}.code"), files.get(f"{SWAP}/{number}.code")
    if plain is None or swapped is None:
        said = files.get(f"{PLAIN if plain is None else SWAP}/{number}.build", b"").decode("utf-8", "replace").strip()
        without = " even without Rust" if plain is None else ""
        return SwappedRun(main, False, told=f"it does not link{without}: {said[-300:]}")
    told = ""
    if plain.strip() != swapped.strip():
        told = f"it ends with code {swapped.decode().strip()} instead of {plain.decode().strip()}"
    elif files.get(f"{PLAIN}/{number}.out") != files.get(f"{SWAP}/{number}.out"):
        told = f"it prints something else: {_first_difference(files, number)}"
    hits = read_hits(files.get(f"{SWAP}/{number}.hits", b""), functions)
    return SwappedRun(main, True, not told, told, hits)


def _first_difference(files: Mapping[str, bytes], number: int) -> str:
    plain, swapped = files.get(f"{PLAIN}/{number}.out", b""), files.get(f"{SWAP}/{number}.out", b"")
    own, other = plain.decode("utf-8", "replace").splitlines(), swapped.decode("utf-8", "replace").splitlines()
    for place in range(max(len(own), len(other))):
        first, second = own[place : place + 1], other[place : place + 1]
        if first != second:
            got, wanted = (second or ["missing"])[0][:80], (first or ["nothing"])[0][:80]
            return f"line {place + 1} is {got!r} instead of {wanted!r}"
    return "only line ends differ"
