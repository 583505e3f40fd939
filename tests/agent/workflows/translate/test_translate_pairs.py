from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from repowright.agent.workflows.translate.languages import PairUnknown, known_pairs
from repowright.executors.local import LocalSandbox


def test_a_pair_that_nobody_brings_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(PairUnknown, match=r"nothing translates cobol to rust .*known: c to rust"):
        known_pairs().pair("cobol", "rust")


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc to preprocess")
def test_the_parts_of_a_pair_fit_together(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text("int a(void) { return 1; }\nint b(void) { return a(); }\n")
    pair = known_pairs().pair("C", "Rust")
    sandbox = LocalSandbox()
    try:
        encoded = pair.encoder.encode(tmp_path, sandbox)
    finally:
        sandbox.close()
    assert [unit.name for unit in pair.encoder.units(encoded)] == ["a.c:a", "a.c:b"]
    assert pair.skeleton.skeleton("p", encoded).modules == {"a.c": "a"}
