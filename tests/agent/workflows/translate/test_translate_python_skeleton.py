from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest
from lexicon_project import LEXICON
from small_c_projects import QUEUE, TURNS, CProject
from small_python_projects import SHELF

from repowright.agent.workflows.translate.encoding import encode_c
from repowright.agent.workflows.translate.python.names import class_name, module_names, package_name, value_name
from repowright.agent.workflows.translate.python.pair import CPythonOracle, PythonChecker
from repowright.agent.workflows.translate.python.skeleton import Package, build_package
from repowright.executors.local import LocalSandbox

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc to preprocess")
ODD = """#include <stddef.h>
#include <stdio.h>
union both { int whole; char bytes[4]; };
struct list_node {
    struct list_node *next; double rows[2][3]; const char *name; union both as; int (*step)(int, char *);
};
typedef struct { unsigned flag : 1; FILE *to; } lambda;
enum { FIRST = 3, SECOND };
enum colour { RED, BLUE = 7 };
#define WORDS "a\\"b"
#define HALF .5
static int table[] = {1, 2, 3};
static const char *title = "one" " two";
long total = 4 * SECOND;
double ratio;
struct list_node *first;
int print(int len, struct list_node by_value, enum colour colour, int **grid, void *any, lambda *is) { return len; }
void fill(char *text, const unsigned char *data, size_t n, int *out, char *argv[]) { *out = (int)n; }
"""


def packed(folder: Path, project: CProject) -> Package:
    project.write(folder)
    sandbox = LocalSandbox()
    try:
        return build_package(project.name, encode_c(folder / "c", sandbox).units)
    finally:
        sandbox.close()


@pytest.mark.parametrize(
    "project", [QUEUE, TURNS, LEXICON, SHELF, CProject("odd", {"odd.c": ODD})], ids=lambda it: it.name
)
def test_skeleton_is_imported_and_uses_no_name_that_nothing_binds(project: CProject, tmp_path: Path) -> None:
    package = packed(tmp_path, project)
    sandbox = LocalSandbox()
    try:
        verdict = PythonChecker().check(package.files, sandbox)
    finally:
        sandbox.close()
    assert verdict.passed and not verdict.problems
    waiting = [each for each in package.stubs if each.waits]
    assert waiting and all(f"{each.item}" in package.files[each.file] for each in waiting)


def test_types_become_what_the_rules_say(tmp_path: Path) -> None:
    package = packed(tmp_path, CProject("odd", {"odd.c": ODD}))
    types, module = package.files["odd/c_types.py"], package.files["odd/odd.py"]
    for line in (
        "next: ListNode | None = None",
        "rows: list[list[float]] = field(default_factory=lambda: [[0.0 for _ in range(3)] for _ in range(2)])",
        "name: bytes | None = None",
        "as_: Both = field(default_factory=lambda: Both())",
        "step: Callable[[int, bytearray | None], int] | None = None",
        "bytes: bytearray = field(default_factory=lambda: bytearray(4))",
        "to: Any = None",
        "class Colour(IntEnum):",
    ):
        assert f"{line}\n" in types
    assert (
        "FIRST: int = 3\n" in package.files["odd/constants.py"]
        and "WORDS: bytes = b'a\"b'" in package.files["odd/constants.py"]
    )
    assert "table: list[int] = ..." in module and "title: bytes | None = b'one two'" in module
    assert "total: int = 16" in module and "first: ListNode | None = None" in module
    assert (
        "def print_(len_: int, by_value: ListNode, colour: int, grid: list[list[int] | None] | None, any_: Any,"
        in module
    )
    assert "out: list[int] | None, argv: list[bytearray | None] | None) -> None:" in module
    assert [each.name for each in package.notes if "share" in each.reason] == ["Both"]
    assert [each.item for each in package.stubs if each.waits] == ["table", "print_", "fill"]
    assert ast.parse(module)


def test_names_are_python_s_and_free() -> None:
    assert (value_name("lambda"), value_name("max"), value_name("x.y")) == ("lambda_", "max_", "x_y")
    assert (class_name("list_node"), package_name("json"), package_name("2-d tree")) == (
        "ListNode",
        "json_py",
        "c_2_d_tree",
    )
    assert module_names(["a/list.c", "b/list.c", "trie.c"], {"trie"}) == {
        "a/list.c": "a_list",
        "b/list.c": "b_list",
        "trie.c": "trie_c",
    }


def test_the_oracle_of_the_pair_tells_right_from_wrong_and_says_where_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "sum.c").write_text("int twice(int a) { return a * 2; }\n")
    oracle, sandbox = CPythonOracle(), LocalSandbox()
    try:
        right = oracle.compare(tmp_path, {"p/sum.py": "def twice(a):\n    return a * 2\n"}, sandbox)
        wrong = oracle.compare(tmp_path, {"p/sum.py": "def twice(a):\n    return a * 2 + (a > 9)\n"}, sandbox)
        nothing = oracle.compare(tmp_path, {"p/sum.py": "def thrice(a):\n    return a * 3\n"}, sandbox)
        dead = oracle.compare(tmp_path, {"p/sum.py": "import os\ndef twice(a):\n    os._exit(0)\n"}, sandbox)
    finally:
        sandbox.close()
    assert right.passed and not nothing.passed and nothing.problems
    assert not wrong.passed and "twice(" in wrong.problems[0] and "C gives" in wrong.problems[0]
    assert not dead.passed and "stops the process" in dead.problems[0]
