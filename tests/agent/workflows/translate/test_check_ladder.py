from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from small_translations import QUEUE, QUEUE_CRATE, WORDS, WORDS_CRATE, bench_on, need_rust, open_sandbox, with_code

from repowright.agent.workflows.translate.checks import (
    Bench,
    CheckName,
    ClippyCheck,
    CompileCheck,
    Crate,
    DifferentialCheck,
    ParseCheck,
    SanitizerCheck,
    SwapCheck,
    UnitTestCheck,
    UnsafeCheck,
    Verdict,
    c_program,
    climb,
    full_ladder,
    vacuous_tests,
)

pytestmark = pytest.mark.bubblewrap


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    need_rust()
    sandbox = open_sandbox("bubblewrap")
    yield bench_on(sandbox)
    sandbox.close()


async def test_a_good_translation_climbs_to_the_top(bench: Bench) -> None:
    done = await climb(QUEUE_CRATE, full_ladder(bench))
    assert {each.check: each.verdict for each in done.findings} == dict.fromkeys(CheckName, Verdict.PASSED)
    assert done.passed and done.failed is None


@pytest.mark.slow
@pytest.mark.docker
async def test_the_ladder_stands_in_docker_too() -> None:
    sandbox = open_sandbox("docker")
    done = await climb(WORDS_CRATE, full_ladder(bench_on(sandbox)), to_the_top=True)
    sandbox.close()
    assert {each.check: each.verdict for each in done.findings} == dict.fromkeys(CheckName, Verdict.PASSED)


async def test_the_ladder_stops_at_what_fails_first(bench: Bench) -> None:
    broken = with_code(QUEUE_CRATE, b"self.items.len()\n", b"self.items.len() as i32\n")
    done = await climb(broken, full_ladder(bench))
    assert done.failed is not None and done.failed.check is CheckName.COMPILE
    assert [each.check for each in done.findings] == [CheckName.PARSE, CheckName.UNSAFE, CheckName.COMPILE]
    (error,) = (each for each in done.failed.diagnostics if each.level == "error")
    assert (error.code, error.path, error.label) == ("E0308", "src/queue.rs", "expected `usize`, found `i32`")
    assert "src/queue.rs:30" in done.failed.problems[0]
    assert (await climb(QUEUE_CRATE, [ParseCheck(), CompileCheck(bench)])).rank > done.rank


async def test_text_that_is_no_rust_needs_no_compiler() -> None:
    finding = await ParseCheck().check(with_code(QUEUE_CRATE, b"pub fn size(&self)", b"pub fn size(&self"))
    assert finding.verdict is Verdict.FAILED and "src/queue.rs" in finding.problems[0]


async def test_unsafe_code_is_held_against_its_budget() -> None:
    crate = with_code(QUEUE_CRATE, b"drop(queue);", b"unsafe { std::mem::forget(queue) }")
    assert (await UnsafeCheck().check(crate)).verdict is Verdict.FAILED
    assert (await UnsafeCheck().check(replace(crate, unsafe_budget=1))).passed


async def test_a_failing_test_is_told_with_its_message(bench: Bench) -> None:
    crate = with_code(QUEUE_CRATE, b"unwrap_or(fallback)", b"unwrap_or(fallback + 1)")
    finding = await UnitTestCheck(bench).check(crate)
    assert finding.verdict is Verdict.FAILED
    assert finding.names["failed"] == ("tests/all.rs::first_in_first_out",)
    assert "first_in_first_out" in finding.problems[0] and "left" in finding.problems[0]


async def test_tests_that_pass_on_stubs_are_found_and_show_nothing(bench: Bench) -> None:
    vacuous = await vacuous_tests(bench, QUEUE_CRATE.files)
    assert vacuous == {"tests/all.rs::needs_no_queue"}
    finding = await UnitTestCheck(bench).check(replace(QUEUE_CRATE, vacuous=vacuous))
    assert finding.passed and finding.names["real"] == ("tests/all.rs::first_in_first_out",)
    only_empty = b"#[test]\nfn nothing() {}\n"
    crate = Crate({**QUEUE_CRATE.files, "tests/all.rs": only_empty}, vacuous=frozenset({"tests/all.rs::nothing"}))
    assert (await UnitTestCheck(bench).check(crate)).verdict is Verdict.SKIPPED


@pytest.mark.slow
async def test_a_test_that_hangs_or_kills_its_runner_does_not_hide_the_others(bench: Bench) -> None:
    files = {
        **QUEUE_CRATE.files,
        "tests/a_hangs.rs": b"#[test]\nfn hangs() { loop { std::thread::yield_now() } }\n",
        "tests/b_kills.rs": b"#[test]\nfn kills() { std::process::abort() }\n",
        "tests/z_good.rs": b"#[test]\nfn good() { assert_eq!(queue::queue::Queue::new(1).unwrap().size(), 0) }\n",
    }
    finding = await UnitTestCheck(bench, wall_s=10).check(Crate(files))
    assert finding.verdict is Verdict.FAILED
    assert {"tests/all.rs::first_in_first_out", "tests/z_good.rs::good"} <= set(finding.names["passed"])
    assert {"tests/a_hangs.rs::hangs", "tests/b_kills.rs::kills"} <= set(finding.names["failed"])


async def test_tests_run_without_privileges(bench: Bench) -> None:
    code = b'#[test]\nfn root() { assert!(std::fs::write("/root/x", "").is_err()) }\n'
    finding = await UnitTestCheck(bench).check(Crate({**QUEUE_CRATE.files, "tests/all.rs": code}))
    assert finding.passed


async def test_rust_takes_cs_place_in_its_test_program_and_calls_are_counted(bench: Bench) -> None:
    finding = await SwapCheck(bench).check(QUEUE_CRATE)
    assert finding.passed
    assert finding.names["reached"] == ("queue_free", "queue_new", "queue_pop", "queue_push", "queue_size")
    assert finding.figures["hits"] == 1 + 4 + 4 + 4 + 1


async def test_a_swap_of_a_static_function_reaches_rust(bench: Bench) -> None:
    finding = await SwapCheck(bench, frozenset({"is_word"})).check(WORDS_CRATE)
    assert finding.passed and finding.names["swapped"] == ("is_word",)
    assert finding.figures["hits"] == len("one two")


async def test_a_swap_that_nobody_calls_into_fails(bench: Bench) -> None:
    finding = await SwapCheck(bench, frozenset({"mean"})).check(WORDS_CRATE)
    assert finding.verdict is Verdict.FAILED
    assert finding.problems == ("no test program called into Rust: C was tested against itself",)


async def test_a_swap_that_behaves_otherwise_says_where(bench: Bench) -> None:
    finding = await SwapCheck(bench).check(with_code(QUEUE_CRATE, b"pop_front()", b"pop_back()"))
    assert finding.verdict is Verdict.FAILED
    assert "line 5 is 'pop 30' instead of 'pop 10'" in finding.problems[0]


async def test_structures_that_c_looks_into_are_not_swapped(bench: Bench) -> None:
    body = b"struct queue { int *items; size_t head, count, limit; }"
    header = QUEUE.files["queue.h"].replace(b"typedef struct queue queue_t;", b"typedef " + body + b" queue_t;")
    files = {**QUEUE.files, "queue.h": header, "queue.c": QUEUE.files["queue.c"].replace(body + b";", b"")}
    shown = await SwapCheck(bench).check(replace(QUEUE_CRATE, origin=c_program(files)))
    assert shown.passed, "its members are shown, but no program names them"
    peeking = files["test_queue.c"].replace(b"queue_free(q);", b'printf("%zu", q->limit); queue_free(q);')
    finding = await SwapCheck(bench).check(replace(QUEUE_CRATE, origin=c_program({**files, "test_queue.c": peeking})))
    assert finding.verdict is Verdict.SKIPPED
    assert any("whose layout is Rust's own" in each for each in finding.problems)


async def test_equal_behaviour_is_compared_call_by_call(bench: Bench) -> None:
    finding = await DifferentialCheck(bench).check(WORDS_CRATE)
    assert finding.passed and finding.figures["cases"] > 2000 and finding.figures["functions"] == 7
    assert finding.figures["undefined"] > 0, "C divides by zero, and nobody holds that against Rust"
    assert finding.names["left out"] == ("say: it takes a variable number of arguments",)


@pytest.mark.parametrize(
    ("crate", "old", "new", "told"),
    [
        (WORDS_CRATE, b"wrapping_mul(33)", b"wrapping_mul(31)", "hash_text("),
        (WORDS_CRATE, b"sum.wrapping_mul(33)", b"(sum * 33)", "stops the process"),
        (WORDS_CRATE, b"data.reverse();", b"data.sort();", "argument 1 is left different"),
        (WORDS_CRATE, b"(a + b) / 2.0", b"a / 2.0 + b", "mean("),
        (QUEUE_CRATE, b"self.items.len() == self.limit", b"self.items.len() > self.limit", "queue_push("),
        (QUEUE_CRATE, b"pop_front()", b"pop_back()", "queue_pop("),
        (QUEUE_CRATE, b"limit == 0 || ", b"", "queue_new("),
    ],
)  # fmt: skip
async def test_other_behaviour_is_told_with_the_call(
    bench: Bench, crate: Crate, old: bytes, new: bytes, told: str
) -> None:
    finding = await DifferentialCheck(bench).check(with_code(crate, old, new))
    assert finding.verdict is Verdict.FAILED
    assert any(told in each for each in finding.problems), finding.problems


async def test_a_translation_that_keeps_cs_types_is_swapped_and_compared(bench: Bench) -> None:
    code = b"""
pub unsafe extern "C" fn sum_of(values: *const ::core::ffi::c_int, n: usize) -> ::core::ffi::c_long {
    (0..n).map(|at| unsafe { *values.add(at) } as i64).sum()
}
pub unsafe extern "C" fn hash_text(text: *const ::core::ffi::c_char) -> crate::types::u32_ {
    let text = unsafe { ::core::ffi::CStr::from_ptr(text) };
    text.to_bytes().iter().fold(5381, |sum: u32, &byte| sum.wrapping_mul(33).wrapping_add(byte.into()))
}
"""
    library = b"pub mod words;\npub mod types { pub type u32_ = u32; }\n"
    crate = replace(WORDS_CRATE, files={**WORDS_CRATE.files, "src/words.rs": code, "src/lib.rs": library})
    swapped, compared = await SwapCheck(bench).check(crate), await DifferentialCheck(bench).check(crate)
    assert swapped.passed and swapped.names["reached"] == ("hash_text", "sum_of")
    assert compared.passed and compared.names["compared"] == ("hash_text", "sum_of")


async def test_clippy_is_counted_by_lint(bench: Bench) -> None:
    finding = await ClippyCheck(bench).check(
        with_code(QUEUE_CRATE, b"self.items.len()\n", b"return self.items.len();\n")
    )
    assert finding.passed and finding.figures["clippy::needless_return"] == 1


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("int *a = malloc(8); return a[argc + 1] == 77;", "memory error heap-buffer-overflow at bad.c:3"),
        ("char *p = malloc(2); free(p); return p[0] == 77;", "memory error heap-use-after-free"),
        ("int a = 2147483647; a += argc; return a == 77;", "undefined behaviour at bad.c:3: signed integer overflow"),
        ("return (1 << (argc + 40)) == 77;", "undefined behaviour at bad.c:3: shift exponent"),
        ("malloc(3); return 0;", ""),
    ],
)
async def test_an_oracle_with_undefined_behaviour_is_flagged(bench: Bench, statement: str, told: str) -> None:
    text = f"#include <stdlib.h>\nint main(int argc, char **argv) {{\n{statement}\n}}\n"
    finding = await SanitizerCheck(bench).check(Crate({}, c_program({"bad.c": text.encode()})))
    assert finding.passed is (not told)
    assert told in "".join(finding.problems)


async def test_checks_without_anything_to_check_are_skipped_never_passed(bench: Bench) -> None:
    bare = Crate({"Cargo.toml": b"[package]\nname = 'x'\nversion = '0.1.0'\n", "src/main.rs": b"fn main() {}\n"}, WORDS)
    nothing = Crate(QUEUE_CRATE.files)
    for check in (SwapCheck(bench), DifferentialCheck(bench)):
        assert (await check.check(bare)).verdict is Verdict.SKIPPED
    for other in (SwapCheck(bench), DifferentialCheck(bench), SanitizerCheck(bench)):
        assert (await other.check(nothing)).verdict is Verdict.SKIPPED
    assert (await UnitTestCheck(bench).check(bare)).verdict is Verdict.SKIPPED
