from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from small_translations import QUEUE_C, QUEUE_H, QUEUE_RS, QUEUE_TEST_C, QUEUE_TEST_RS, manifest

from repowright.agent.workflows.translate.checks import Bench
from repowright.benchmarks.translation.cases import Case
from repowright.benchmarks.translation.crust import CrustData
from repowright.benchmarks.translation.errors import CasesUnavailable, CaseUnknown
from repowright.benchmarks.translation.verdict import ProjectVerdict, judge, summed
from repowright.repo_tools.rust_source import stub_out

TEST_RS = QUEUE_TEST_RS.replace(b"use queue::queue::Queue;", b"use my_queue::queue::Queue;")
LIB = b"pub mod queue;\n"
FILES = {
    "CBench/my-queue/src/queue.c": QUEUE_C,
    "CBench/my-queue/src/queue.h": QUEUE_H,
    "CBench/my-queue/test.c": QUEUE_TEST_C,
    "RBench/my_queue/Cargo.toml": manifest("my_queue"),
    "RBench/my_queue/Cargo.lock": b"version = 3\n",
    "RBench/my_queue/src/lib.rs": LIB,
    "RBench/my_queue/src/interfaces/queue.rs": stub_out(QUEUE_RS),
    "RBench/my_queue/src/bin/test.rs": TEST_RS + b"\nfn main() {}\n",
    "RBench/my_queue/target/debug/junk.rs": b"fn junk() {}\n",
    "RBench/no_c_side/Cargo.toml": manifest("no_c_side"),
}
ANSWER = {"src/lib.rs": LIB, "src/queue.rs": QUEUE_RS}
TEST = "src/bin/test.rs"
REAL = f"{TEST}::first_in_first_out"
EMPTY = f"{TEST}::needs_no_queue"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for path, content in FILES.items():
        place = tmp_path / "datasets" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return tmp_path


@pytest.fixture
def case(data: Path) -> Case:
    return CrustData.open(data).case("my_queue")


def test_the_data_is_read_from_a_folder_and_from_an_archive_alike(data: Path, tmp_path: Path) -> None:
    archive = tmp_path / "bench.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path, content in FILES.items():
            file.writestr(f"CRUST/{path}", content)
    folder, packed = CrustData.open(data / "datasets"), CrustData.open(archive)
    assert folder.names() == packed.names() == ("my_queue",)
    assert folder.case("my_queue") == packed.case("my_queue")
    fork = tmp_path / "fork"
    (fork / "datasets").mkdir(parents=True)
    archive.rename(fork / "datasets" / "bench.zip")
    assert CrustData.open(fork).case("my_queue") == folder.case("my_queue")


def test_a_case_has_the_interface_in_place_and_the_c_program(case: Case) -> None:
    assert sorted(case.crate) == ["Cargo.toml", "src/bin/test.rs", "src/lib.rs", "src/queue.rs"]
    assert case.program.sources == ("src/queue.c",) and case.program.mains == ("test.c",)
    assert list(case.tests) == [TEST]


def test_missing_data_says_where_to_get_it(tmp_path: Path, data: Path) -> None:
    with pytest.raises(CasesUnavailable, match="no set of projects"):
        CrustData.open(tmp_path / "nowhere")
    (tmp_path / "other").mkdir()
    with pytest.raises(CasesUnavailable, match="CBench"):
        CrustData.open(tmp_path / "other")
    with pytest.raises(CaseUnknown):
        CrustData.open(data).case("no_c_side")
    (tmp_path / "broken.zip").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(CasesUnavailable, match="is no archive"):
        CrustData.open(tmp_path / "broken.zip")


async def verdict(bench: Bench, case: Case, answer: Mapping[str, bytes]) -> ProjectVerdict:
    return await judge(bench, case, answer, frozenset({EMPTY}))


@pytest.mark.bubblewrap
async def test_a_good_answer_passes_both_rules(bench: Bench, case: Case) -> None:
    found = await judge(bench, case, {**ANSWER, "src/interfaces/queue.rs": stub_out(QUEUE_RS)})
    assert (found.builds, found.official, found.strict, found.reasons) == (True, True, True, ())
    assert (found.clippy, found.lines, found.tier) == (0, 31, "A")
    assert found.vacuous == (EMPTY,) and found.real == (REAL,)


@pytest.mark.bubblewrap
async def test_stubs_build_and_pass_nothing_that_counts(bench: Bench, case: Case) -> None:
    found = await verdict(bench, case, case.crate)
    assert (found.builds, found.official, found.strict) == (True, False, False)
    assert found.failed == (REAL,) and found.stubs == 5


@pytest.mark.bubblewrap
async def test_an_answer_that_edits_the_tests_passes_only_officially(bench: Bench, case: Case) -> None:
    wrong = QUEUE_RS.replace(b"pop_front", b"pop_back")
    tests = b"#[test]\nfn easy() { my_queue::queue::Queue::new(1); }\nfn main() {}\n"
    found = await verdict(bench, case, {**ANSWER, "src/queue.rs": wrong, TEST: tests})
    assert (found.official, found.strict) == (True, False)
    assert found.edited_tests == (TEST,) and REAL in found.failed


@pytest.mark.bubblewrap
async def test_unsafe_code_that_the_interface_has_not_fails_the_strict_rule(bench: Bench, case: Case) -> None:
    code = QUEUE_RS.replace(b"self.items.len()\n", b"unsafe { (*(&raw const self.items)).len() }\n")
    code += b"pub fn odd(n: i32) -> i32 {\n    return n % 2;\n}\n"
    found = await verdict(bench, case, {**ANSWER, "src/queue.rs": code})
    assert (found.official, found.strict, found.unsafe) == (True, False, 1) and found.clippy > 0


@pytest.mark.bubblewrap
async def test_tests_that_pass_on_stubs_alone_are_no_success(bench: Bench, case: Case) -> None:
    found = await judge(bench, case, ANSWER, frozenset({EMPTY, REAL}))
    assert (found.official, found.strict) == (True, False)
    assert found.reasons == ("no test that fails on stubs",)


@pytest.mark.bubblewrap
async def test_an_answer_that_does_not_compile_says_why(bench: Bench, case: Case) -> None:
    found = await verdict(bench, case, {**ANSWER, "src/queue.rs": QUEUE_RS + b"fn f() -> u8 { 3i32 }\n"})
    assert (found.builds, found.official, found.strict) == (False, False, False)
    assert "E0308" in found.reasons[1]
    empty = await verdict(bench, case, {"src/lib.rs": b""})
    assert not empty.builds


def test_verdicts_are_added_up() -> None:
    total = summed(
        [
            ProjectVerdict("a", True, True, True, passed=("t", "u"), vacuous=("u",)),
            ProjectVerdict("b", True, True, False, failed=("t",), unsafe=2),
            ProjectVerdict("c", False, False, False),
        ]
    )
    assert (total.projects, total.builds, total.official, total.strict) == (3, 2, 2, 1)
    assert (total.tests_passed, total.tests_failed, total.tests_vacuous, total.unsafe_projects) == (2, 1, 1, 1)
