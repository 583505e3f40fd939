"""The harness proves itself on C alone: a program equals itself, differs from its mutants, and is sound.

A comparison that cannot tell a program from one with a fault put into it says nothing of a translation either; its
mutation score is the share of faults that it notices.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from repowright.agent.workflows.translate.checks import Bench, Compared, CProgram, Sanitized, compare_with_c, sanitize
from repowright.agent.workflows.translate.checks.bench import Command
from repowright.agent.workflows.translate.checks.c_build import (
    KEEP_ALL,
    LENIENT,
    library,
    probe_sanitizers,
    programs,
    runs,
    script,
)
from repowright.agent.workflows.translate.checks.driver import (
    CANDIDATE,
    ORACLE,
    PLAIN,
    Driver,
    make_driver,
    read_report,
)
from repowright.agent.workflows.translate.checks.rust_library import call_shapes, statics_of
from repowright.agent.workflows.translate.checks.shapes import CallShape
from repowright.executors import SandboxError, SandboxUnavailable
from repowright.repo_tools.c_text import CMutant, mutants_of

CASES = 120
MUTANTS = 40
BATCH = 5
"""Mutants that share a box, so that its time suffices."""
RUN_S = 5
COMPARE_S = 20
_TESTS = re.compile(r"(?:^|/)(?:tests?|unity)[^/]*/", re.IGNORECASE)
_TIMED_OUT = frozenset({b"124", b"137"})


@dataclass(frozen=True)
class MutantVerdict:
    """What the harness made of one mutant."""

    path: str
    mutant: CMutant
    built: bool
    compared: bool = False
    """The comparison ran at all."""
    by_calls: bool = False
    """Generated calls showed a difference."""
    by_programs: bool = False
    """A test program ended or printed otherwise."""
    ran: bool = False
    """A test program ran with it."""
    called: bool = False
    """Results of calls of its function are compared where the project stands beside itself."""

    @property
    def tried(self) -> bool:
        """True where it compiles and something ran that could have shown it."""
        return self.built and (self.compared or self.ran)

    @property
    def noticed(self) -> bool:
        """True where either way showed it."""
        return self.by_calls or self.by_programs


@dataclass(frozen=True)
class HarnessProof:
    """How the harness does on one C project."""

    identity: Compared
    """The project beside itself."""
    mutants: tuple[MutantVerdict, ...]
    sanitized: Sanitized

    @property
    def counted(self) -> tuple[MutantVerdict, ...]:
        """Mutants that compile and with which something ran."""
        return tuple(each for each in self.mutants if each.tried)

    @property
    def score(self) -> float:
        """Share of the counted mutants noticed; 0 where there are none."""
        return sum(each.noticed for each in self.counted) / len(self.counted) if self.counted else 0.0

    @property
    def called(self) -> tuple[MutantVerdict, ...]:
        """Counted mutants in functions whose results are compared: the others only a program can show."""
        return tuple(each for each in self.counted if each.called)

    @property
    def score_by_calls(self) -> float:
        """Share of those that generated calls notice; 0 where there are none."""
        return sum(each.by_calls for each in self.called) / len(self.called) if self.called else 0.0


async def prove(bench: Bench, program: CProgram, most: int = MUTANTS, seed: int = 1) -> HarnessProof:
    """Compare a project with itself and with its mutants, and run its programs under sanitizers.

    Parameters
    ----------
    most
        How many mutants are made at most, spread evenly over the code that can be called.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    identity = await compare_with_c(bench, program, program, CASES, seed)
    chosen = choose_mutants(program, most)
    called = frozenset(name for name, counted in identity.counts.items() if counted.compared)
    verdicts: list[MutantVerdict] = []
    for start in range(0, len(chosen), BATCH):
        batch = chosen[start : start + BATCH]
        try:
            verdicts += await _try(bench, program, batch, seed, called)
        except SandboxUnavailable:
            raise
        except SandboxError:
            # A box that ends with its time says nothing of its mutants.
            verdicts += [MutantVerdict(path, mutant, False) for path, mutant in batch]
    return HarnessProof(identity, tuple(verdicts), await sanitize(bench, program))


def choose_mutants(program: CProgram, most: int) -> tuple[tuple[str, CMutant], ...]:
    """Return mutants of the sources with their paths, evenly spread; those that are chosen never depend on chance.

    Sources in folders of tests, such as a framework that came with them, are left out where there are others.
    """
    own = [path for path in program.sources if not _TESTS.search(path)] or program.sources
    found = [(path, each) for path in own for each in mutants_of(program.files[path])]
    if len(found) <= most:
        return tuple(found)
    return tuple(found[number * len(found) // most] for number in range(most))


async def _try(
    bench: Bench, program: CProgram, chosen: Sequence[tuple[str, CMutant]], seed: int, called: frozenset[str]
) -> list[MutantVerdict]:
    shapes, _ = call_shapes(program)
    sources = [program.files[path] for path in program.sources]
    driver = make_driver(shapes, sources, CASES, seed, f"proof{seed}")
    files = {**program.files, "driver.c": driver.text.encode()}
    for number, (path, mutant) in enumerate(chosen):
        files[_place(number, path)] = mutant.apply(program.files[path])
        headers = {name: data for name, data in program.files.items() if not name.endswith(".c")}
        files |= {_place(number, name): data for name, data in headers.items()}
    files["prove.sh"] = script(_lines(program, shapes, driver, chosen), strict=False)
    kinds = ("o", "report", "ended", "same", "ran")
    keep = [f"result/{number}.{kind}" for number in range(len(chosen)) for kind in kinds]
    run = await bench.run(files, [Command(("sh", "prove.sh"))], keep)
    found = [_verdict(path, mutant, number, run.files, driver) for number, (path, mutant) in enumerate(chosen)]
    return [replace(each, called=each.mutant.function in called) for each in found]


def _place(number: int, path: str) -> str:
    return f"mutant{number}/{path}"


def _lines(
    program: CProgram, shapes: Sequence[CallShape], driver: Driver, chosen: Sequence[tuple[str, CMutant]]
) -> list[str]:
    statics = statics_of(shapes)
    lines = [
        *probe_sanitizers(),
        "mkdir -p result",
        *library(program, "oracle", ORACLE, statics, "$SAN"),
        *library(program, "unsanitized", PLAIN, statics),
        *library(program, "candidate", CANDIDATE, statics),
        "gcc -g -O1 -w -c driver.c -o driver.o",
        *programs(program, "plain"),
        *runs(program, "plain", RUN_S),
    ]
    for number, (path, _) in enumerate(chosen):
        lines += _one(program, statics.get(path, {}), number, path, bool(driver.compared))
    return lines


def _one(program: CProgram, statics: Mapping[str, str], number: int, path: str, compares: bool) -> list[str]:
    """Lines that build one mutant in the place of its source, compare it, and run the programs with it."""
    options = " ".join((*program.compile_options(), *KEEP_ALL))
    index = program.sources.index(path)
    target = f"result/{number}.o"
    entry = f"-Dmain=candidate_main_{index}" if path in program.mains else ""
    others = " ".join(f"candidate/{each}.o" for each in range(len(program.sources)) if each != index)
    # A source that does not compile has no object; the others are compared without it.
    there = f'others=; for each in {others or "-"}; do [ ! -e $each ] || others="$others $each"; done'
    lines = [f"if gcc -g -O1 {options} {entry} -c '{_place(number, path)}' -o {target} 2>/dev/null; then"]
    if statics:
        renamed = " ".join(f"--redefine-sym {name}={symbol}" for name, symbol in statics.items())
        shown = " ".join(f"--globalize-symbol={symbol}" for symbol in statics.values())
        lines += [f"objcopy {renamed} {target}", f"objcopy {shown} {target}"]
    lines.append(f"objcopy --redefine-syms=candidate/symbols {target}")
    if compares:
        linked = f"{target} $others {' '.join(program.libraries)} -o compare{number}"
        lines += [
            there,
            f"gcc $SAN {LENIENT} driver.o oracle/*.o unsanitized/*.o {linked} 2>/dev/null",
            f"timeout -k 1 {COMPARE_S} ./compare{number} > result/{number}.report 2>/dev/null",
            f"echo $? > result/{number}.ended",
            f"rm -f compare{number}",
        ]
    folder = f"programs{number}"
    lines += programs(program, folder, "", {path: _place(number, path)})
    lines += runs(program, folder, RUN_S)
    lines += ["same=yes", f"for each in {folder}/*.code; do [ ! -e $each ] || echo $each >> result/{number}.ran; done"]
    for each in range(len(program.mains)):
        for kind in ("code", "out"):
            # What the plain program does not do cannot be compared.
            lines.append(f"[ ! -e plain/{each}.code ] || cmp -s plain/{each}.{kind} {folder}/{each}.{kind} || same=no")
    return [*lines, f"printf $same > result/{number}.same", f"rm -rf {folder}", "fi"]


def _verdict(path: str, mutant: CMutant, number: int, files: Mapping[str, bytes], driver: Driver) -> MutantVerdict:
    if f"result/{number}.o" not in files:
        return MutantVerdict(path, mutant, False)
    counts, _ = read_report(files.get(f"result/{number}.report", b"").decode("utf-8", "replace"), driver)
    by_calls = any(each.differing for each in counts.values())
    by_programs = files.get(f"result/{number}.same") == b"no"
    compared = any(each.compared for each in counts.values())
    if files.get(f"result/{number}.ended", b"").strip() in _TIMED_OUT:
        # The program itself ends in time, so a mutant that does not is another.
        compared = by_calls = True
    return MutantVerdict(path, mutant, True, compared, by_calls, by_programs, f"result/{number}.ran" in files)
