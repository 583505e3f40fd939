from __future__ import annotations

import pytest
from small_translations import manifest

from repowright.agent.workflows.translate.checks import Bench, c_program
from repowright.agent.workflows.translate.checks.bench import BenchRun
from repowright.benchmarks.translation.cases import Case, Rule
from repowright.benchmarks.translation.entry import PLACE, with_entry
from repowright.benchmarks.translation.programs import binaries, run_programs
from repowright.benchmarks.translation.proving import prove_row
from repowright.benchmarks.translation.verdict import SWAPPED, judge, with_swap
from repowright.executors import SandboxError, SandboxUnavailable
from repowright.executors.local import LocalSandbox

pytestmark = pytest.mark.bubblewrap

SQUARES_C = b"""#include <stdio.h>
int square(int n) { return n * n; }
int main(void) {
    for (int n = 1; n < 4; n++) printf("%d\\n", square(n));
    return 7;
}
"""
CASE = Case("squares", c_program({"main.c": SQUARES_C}), rule=Rule.PROGRAMS)
SQUARES_RS = b"""fn square(n: i32) -> i32 {
    n * n
}

fn main() {
    for n in 1..4 {
        println!("{}", square(n));
    }
    std::process::exit(7);
}
"""


async def test_a_program_that_prints_and_returns_as_c_does_passes(bench: Bench) -> None:
    found = await judge(bench, CASE, {"Cargo.toml": manifest("squares"), "src/main.rs": SQUARES_RS})
    assert (found.builds, found.official, found.strict, found.reasons) == (True, True, True, ())
    assert (found.passed, found.vacuous) == (("program::squares",), ())


async def test_a_program_that_does_otherwise_fails_and_one_that_needs_nothing_is_no_proof(bench: Bench) -> None:
    files = {
        "Cargo.toml": manifest("squares"),
        "src/main.rs": SQUARES_RS.replace(b"n * n", b"n + n"),
        "src/bin/code.rs": SQUARES_RS.replace(b"exit(7)", b"exit(8)"),
        "src/bin/idle.rs": b"fn main() {}\n",
    }
    case = Case("squares", c_program({"squares.c": SQUARES_C, "code.c": SQUARES_C}), rule=Rule.PROGRAMS)
    found = await judge(bench, case, files)
    assert (found.builds, found.official, found.strict) == (True, False, False)
    assert found.failed == ("program::code", "program::squares")
    assert {"program squares: it prints something else than C", "program code: it returns 8 instead of 7"} < set(
        found.reasons
    )
    assert found.vacuous == found.passed == ("program::idle",)


async def test_a_crate_without_a_program_is_judged_by_the_c_programs_with_it(bench: Bench) -> None:
    found = await judge(bench, CASE, {"Cargo.toml": manifest("squares"), "src/lib.rs": b"pub fn f() {}\n"})
    assert (found.builds, found.official) == (True, False)
    assert "the crate has no program to run" in found.reasons
    good, bad = (with_swap(found, swapped=swapped, told="line 1 differs") for swapped in (True, False))
    assert (good.official, good.strict, good.passed, good.reasons) == (True, True, (SWAPPED,), ())
    assert (bad.official, bad.failed, bad.reasons) == (False, (SWAPPED,), ("C programs with it: line 1 differs",))
    assert with_swap(good, swapped=False, told="") == good


class Spent(Bench):
    """A bench whose boxes end with their time."""

    async def run(self, *_: object, **__: object) -> BenchRun:
        raise self.error

    error: SandboxError = SandboxError("the box is spent", "open a new one")


async def test_a_box_that_ends_before_its_programs_is_a_problem_of_theirs() -> None:
    bench = Spent(LocalSandbox())
    found = await run_programs(bench, CASE.program, {"Cargo.toml": manifest("squares"), "src/main.rs": SQUARES_RS})
    assert (found.passed, found.problems) == ((), ("the programs came to no end in their box: the box is spent",))
    row = await prove_row(bench, "squares", CASE.program, 2)
    assert (row.identity, row.mutants, row.score) == ("the box is spent", 0, None)
    bench.error = SandboxUnavailable("there is no sandbox", "install one")
    with pytest.raises(SandboxUnavailable):
        await run_programs(bench, CASE.program, {"Cargo.toml": manifest("squares"), "src/main.rs": SQUARES_RS})


def test_programs_are_named_as_cargo_names_them() -> None:
    toml = manifest("tool") + b'\n[[bin]]\nname = "check"\npath = "src/test_main.rs"\n'
    files = {"Cargo.toml": toml, "src/main.rs": b"", "src/bin/one.rs": b"", "src/bin/two/main.rs": b"", "src/x.rs": b""}
    assert binaries(files) == ("check", "one", "tool", "two")
    assert binaries({"Cargo.toml": b"[", "src/main.rs": b""}) == ()


LIBRARY = b"""#![allow(clippy::all)]
pub unsafe extern "C" fn square(n: ::core::ffi::c_int) -> ::core::ffi::c_int {
    return n * n;
}
pub unsafe extern "C" fn main(argc: ::core::ffi::c_int, _: *mut *mut ::core::ffi::c_char) -> ::core::ffi::c_int {
    for n in 1..4 {
        println!("{}", square(n));
    }
    argc + 6
}
"""


async def test_a_library_with_a_translated_main_is_run(bench: Bench) -> None:
    files = {"Cargo.toml": manifest("squares"), "src/lib.rs": b"pub mod main_c;\n", "src/main_c.rs": LIBRARY}
    found = await judge(bench, CASE, files)
    assert (found.builds, found.official, found.strict) == (True, True, False)
    assert found.passed == ("program::translated_main",) and found.vacuous == ()
    assert found.clippy > 0 and found.reasons == (f"{found.unsafe} unsafe places that the interface does not have",)


def test_a_program_is_made_only_for_a_main_that_can_be_called() -> None:
    files = {"Cargo.toml": manifest("squares"), "src/lib.rs": b"pub mod main_c;\n", "src/main_c.rs": LIBRARY}
    made = with_entry(files)
    assert b"squares::main_c::main(1, words.as_mut_ptr())" in made[PLACE]
    assert with_entry(made) == made
    for data in (LIBRARY.replace(b"*mut *mut ", b"&[&"), LIBRARY.replace(b'pub unsafe extern "C" fn main', b"fn main")):
        assert PLACE not in with_entry({**files, "src/main_c.rs": data})
