from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from repowright.benchmarks.translation.clang_truth import Clang, ClangMissing
from repowright.benchmarks.translation.encoding_check import Row, brief, measure, read_rows, summary, write_row
from repowright.benchmarks.translation.encoding_scores import Score, compared_sets
from repowright.executors import Sandbox, SandboxUnavailable, choose
from repowright.executors.local import LocalSandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    local = LocalSandbox()
    yield local
    local.close()


@pytest.fixture
def with_rust() -> Iterator[Sandbox]:
    try:
        found = choose(toolchains=("rust",))
    except SandboxUnavailable as err:
        pytest.skip(f"needs a sandbox with Rust: {err.message}")
    yield found
    found.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "CBench" / "two-sums"
    folder.mkdir(parents=True)
    (folder / "sums.c").write_text("int add(int a, int b) { return a + b; }\nint twice(int a) { return add(a, a); }\n")
    (tmp_path / "CBench" / "nothing").mkdir()
    crate = tmp_path / "RBench" / "proj_two_sums"
    (crate / "src").mkdir(parents=True)
    (crate / "Cargo.toml").write_text('[package]\nname = "two_sums"\nversion = "0.1.0"\nedition = "2021"\n')
    (crate / "src" / "lib.rs").write_text("pub mod sums;\n")
    (crate / "src" / "sums.rs").write_text(
        "pub fn add(a: i32, b: i32) -> i32 { unimplemented!() }\npub fn thrice(a: i32) -> i32 { unimplemented!() }\n"
    )
    return tmp_path


def test_a_project_is_measured_from_its_files_to_its_skeleton(data: Path, with_rust: Sandbox) -> None:
    row = measure(data / "CBench" / "two-sums", data / "RBench" / "proj_two_sums", with_rust, None)
    assert (row.files, row.functions, row.units, row.crossings, row.stubs) == (1, 2, 2, 0, 2)
    assert row.skeleton_compiles and row.skeleton_error == ""
    assert (row.interface_items, row.interface_matched, row.interface_compiles) == (2, 1, True)
    assert row.scores is None


def test_a_project_without_c_gives_a_row_with_the_reason(data: Path, sandbox: Sandbox) -> None:
    row = measure(data / "CBench" / "nothing", None, sandbox, None)
    assert "no C file below" in row.error and row.files == 0


def test_rows_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    rows = [Row("a", units=3, skeleton_compiles=True, scores={"calls": [1, 2, 3]}), Row("b", error="no C")]
    for row in rows:
        write_row(tmp_path / "rows.jsonl", row)
    found = read_rows(tmp_path / "rows.jsonl")
    assert found["b"].error == "no C" and found["a"].scores == {"calls": [1, 2, 3]}
    assert [brief(row) for row in found.values()] == ["a: 3 units, skeleton compiles, 0.0 s", "b: no C"]


def test_sets_are_scored_by_what_they_share() -> None:
    score = compared_sets({("a", "f"), ("a", "g")}, {("a", "f"), ("b", "h"), ("b", "i")})
    assert (score.precision, score.recall) == (1 / 2, 1 / 3)
    assert score.told == ("extra a g", "missed b h", "missed b i")
    assert (Score().precision, Score().recall) == (1.0, 1.0)


def test_sums_add_the_scores_of_all_rows() -> None:
    facts = dict.fromkeys(("functions", "calls", "globals", "types", "sizes"), (1, 1, 0))
    rows = [Row("a", scores=facts), Row("b", scores=dict.fromkeys(facts, (3, 0, 1))), Row("c", error="no C")]
    text = summary(rows)
    assert "| functions: precision, recall | 0.8000, 0.8000 of 5 |" in text
    assert "| refused as a whole, with a reason | 1 |" in text


def test_a_folder_without_clang_is_told(tmp_path: Path) -> None:
    with pytest.raises(ClangMissing, match="holds no clang package"):
        Clang(tmp_path)
