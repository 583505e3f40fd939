from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

import repowright.agent.workflows.translate as translate
from repowright.agent.workflows.translate.languages import Pair, PairUnknown, known_pairs
from repowright.executors.local import LocalSandbox

HERE = "repowright.agent.workflows.translate"
NEUTRAL = """
    asking callees context delivering edges languages linking mending originals place reach
    recorded_judge session settling slots stages state studio subject survey target tasks translated_graph
    translating units wanted workflow
    """.split()  # noqa: SIM905
OF_A_LANGUAGE = (
    *(
        f"{HERE}.{name}"
        for name in (
            "answers",
            "answers.blocks",
            "answers.placing",
            "answers.reading",
            "answers.strictness",
            "checks",
            "frame",
            "idiomatic",
            "judging",
            "measuring",
            "python",
            "readiness",
            "rules",
            "rust_excerpts",
            "rust_target",
            "skeleton",
            "standing_in",
        )
    ),
    "repowright.repo_tools.rust_source",
    "repowright.repo_tools.python_items",
    "repowright.repo_tools.python_source",
)
C_PARTS = {f"{HERE}.{each}" for each in ("checks.bench", "checks.crate", "answers.asked", "answers.continuing")}
"""Where commands run, what C is built of, and what an answer is, whatever its language."""


def test_a_pair_that_nobody_brings_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(PairUnknown, match=r"nothing translates cobol to rust .*known: c to python, c to rust"):
        known_pairs().pair("cobol", "rust")


@pytest.mark.parametrize("target", ["rust", "python"])
def test_every_pair_has_all_its_parts(target: str) -> None:
    pair = known_pairs().pair("c", target)
    assert isinstance(pair, Pair) and pair.filling.name == target
    assert all(callable(part) for part in (pair.encoder.encode, pair.skeleton.skeleton, pair.checker.check))
    assert callable(pair.oracle.compare) and "c" in pair.filling.toolchains


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc to preprocess")
@pytest.mark.parametrize("target", ["Rust", "Python"])
def test_the_parts_of_a_pair_fit_together(target: str, tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text("int a(void) { return 1; }\nint b(void) { return a(); }\n")
    pair = known_pairs().pair("C", target)
    sandbox = LocalSandbox()
    try:
        encoded = pair.encoder.encode(tmp_path, sandbox)
    finally:
        sandbox.close()
    assert [unit.name for unit in pair.encoder.units(encoded)] == ["a.c:a", "a.c:b"]
    assert list(pair.skeleton.skeleton("p", encoded).modules) == ["a.c"]


@pytest.mark.parametrize("name", NEUTRAL)
def test_the_steps_import_nothing_of_a_target_language(name: str) -> None:
    path = Path(translate.__path__[0]) / f"{name}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    known = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.If)]
    late = {each for node in known if _may_know(node) for each in ast.walk(node)}
    found = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node not in late}
    wrong = {
        each for each in found - C_PARTS if any(each == one or each.startswith(f"{one}.") for one in OF_A_LANGUAGE)
    }
    assert wrong - {f"{HERE}.answers.asked", f"{HERE}.answers.continuing"} == set()


def _is_of_a_language(module: str) -> bool:
    return any(module == each or module.startswith(f"{each}.") for each in OF_A_LANGUAGE)


def _may_know(node: ast.AST) -> bool:
    """The registry itself, the Rust skeleton beside it, and names that only types are written with."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return getattr(node, "name", "") in ("known_pairs", "RustSkeleton")
