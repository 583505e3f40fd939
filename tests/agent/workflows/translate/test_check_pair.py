from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_translations import QUEUE, QUEUE_CRATE, open_sandbox, with_code

from repowright.agent.workflows.translate.checks.pair import CRustOracle, RustChecker, read_c_program
from repowright.agent.workflows.translate.languages import Checker, Oracle
from repowright.executors import Sandbox

FILES = {path: data.decode() for path, data in QUEUE_CRATE.files.items()}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = open_sandbox("bubblewrap")
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, data in QUEUE.files.items():
        (tmp_path / path).write_bytes(data)
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "other.c").write_text("int other(void) { return 1; }")
    return tmp_path


def test_a_folder_is_read_without_what_was_built(folder: Path) -> None:
    program = read_c_program(folder)
    assert (program.sources, program.mains) == (("queue.c",), ("test_queue.c",))


@pytest.mark.bubblewrap
def test_the_pair_says_whether_a_crate_is_well_formed(sandbox: Sandbox) -> None:
    checker: Checker = RustChecker()
    assert checker.check(FILES, sandbox).passed
    broken = checker.check({**FILES, "src/queue.rs": FILES["src/queue.rs"] + "fn f() -> u8 { 3i32 }\n"}, sandbox)
    assert not broken.passed and "E0308" in broken.problems[0]


@pytest.mark.bubblewrap
def test_the_pair_says_whether_both_sides_behave_alike(sandbox: Sandbox, folder: Path) -> None:
    oracle: Oracle = CRustOracle()
    assert oracle.compare(folder, FILES, sandbox).passed
    other = with_code(QUEUE_CRATE, b"pop_front()", b"pop_back()")
    different = oracle.compare(folder, {path: data.decode() for path, data in other.files.items()}, sandbox)
    assert not different.passed and any("queue_pop(" in each for each in different.problems)
    nothing = oracle.compare(folder, {"Cargo.toml": FILES["Cargo.toml"], "src/lib.rs": ""}, sandbox)
    assert not nothing.passed and nothing.problems
