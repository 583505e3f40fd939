from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from repowright.repo_tools.c_text import cut_functions, mutants_of, read_functions, read_types

RING = b"""#include <stddef.h>
#include "ring.h"
static unsigned steps;
static int next(int at, const unsigned char *data, size_t n);
int ring_sum(const unsigned char *data, size_t n) {
    int sum = 0;
    for (size_t i = 0; i < n; i++) { sum += next((int)i, data, n); }
    return sum; /* } */
}
#ifdef WIDE
long ring_wide(void) { return 2L; }
#endif
static inline int next(int at, const unsigned char *data, size_t n)
{
    steps++;
    return data[(at + 1) % n];
}
const char *ring_name(struct ring *r, char names[3][4], int (*by)(int)) { return by(0) ? "}" : 0; }
int ring_log(const char *format, ...) { return 0; }
int old(a, b) int a; char *b; { return a; }
int main(int argc, char **argv) { return 0; }
"""


def test_functions_have_spans_parameters_and_linkage() -> None:
    found = {each.name: each for each in read_functions(RING)}
    assert list(found) == ["ring_sum", "ring_wide", "next", "ring_name", "ring_log", "old", "main"]
    assert RING[found["next"].body : found["next"].end].startswith(b"{\n    steps++")
    assert found["next"].static and not found["ring_sum"].static
    data, size = found["ring_sum"].parameters
    assert (data.type, data.pointers, data.const) == ("unsigned char", 1, True)
    assert (size.name, size.type, size.pointers) == ("n", "size_t", 0)
    ring, names, by = found["ring_name"].parameters
    assert (ring.type, ring.pointers, names.pointers, by.is_function) == ("struct ring", 1, 2, True)
    assert (found["ring_name"].result.type, found["ring_name"].result.pointers) == ("char", 1)
    assert found["ring_wide"].parameters == ()
    assert found["ring_log"].variadic and found["old"].old_style and found["main"].is_main


def test_cut_functions_leave_prototypes_with_their_symbols_on_the_same_lines() -> None:
    symbols = {name: name for name in ("ring_sum", "ring_log", "old", "main")} | {"next": "swap_1_next"}
    cut = cut_functions(RING, symbols)
    text = cut.text.decode()
    assert cut.functions == ("ring_sum", "next")
    assert set(cut.kept) == {"ring_log", "old", "main"} and "variable number" in cut.kept["ring_log"]
    assert "int ring_sum(const unsigned char *data, size_t n);" in text
    assert text.count('int next(int at, const unsigned char *data, size_t n) __asm__("swap_1_next");') == 2
    assert "static int next" not in text and "static inline" not in text
    assert text.count("\n") == RING.decode().count("\n")
    assert text.splitlines()[9] == "#ifdef WIDE"


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_a_cut_static_function_is_taken_from_elsewhere(tmp_path: Path) -> None:
    program = b"""#include <stdio.h>
    static int twice(int x) { return 2 * x; }
    int main(void) { printf("%d", twice(21)); return 0; }"""
    (tmp_path / "cut.c").write_bytes(cut_functions(program, {"twice": "other_twice"}).text)
    (tmp_path / "other.c").write_text("int other_twice(int x) { return 3 * x; }")
    subprocess.run(["gcc", "-O2", "-o", "a", "cut.c", "other.c"], cwd=tmp_path, check=True, timeout=60)
    done = subprocess.run([tmp_path / "a"], capture_output=True, check=True, timeout=10)
    assert done.stdout == b"63"


def test_type_names_are_followed_to_numbers() -> None:
    header = b"""
    typedef unsigned char u8; typedef u8 byte; typedef enum { A, B } mode_kind; typedef struct queue queue_t;
    typedef struct point { int x; } point; typedef struct { int y; } *handle; typedef int (*visit)(int);
    typedef long unsigned int word; typedef loop loop; typedef uint32_t u32;
    """
    types = read_types([("a.h", header), ("a.c", b"struct queue { int n; };")])
    names = ("byte", "mode_kind", "word", "u32", "int", "signed char", "unsigned", "double", "bool", "size_t", "enum x")
    found = {name: scalar.rust for name in names if (scalar := types.scalar(name)) is not None}
    assert found == {
        "byte": "u8", "mode_kind": "u32", "word": "u64", "u32": "u32", "int": "i32", "signed char": "i8",
        "unsigned": "u32", "double": "f64", "bool": "bool", "size_t": "u64", "enum x": "u32",
    }  # fmt: skip
    assert [types.scalar(name) for name in ("queue_t", "handle", "visit", "loop", "void", "FILE", "")] == [None] * 7
    assert types.structure("queue_t") == "queue" and types.structure("struct queue") == "queue"
    assert types.members == {"point": frozenset({"x"}), "@handle": frozenset({"y"})}


def test_mutants_change_one_place_each_and_never_the_entry() -> None:
    source = (
        b"int f(int a) {\n if (a > 3 && a != 9) { a += 2; g(a); }\n return a * 10;\n}\nint main(void) { return 1; }\n"
    )
    mutants = mutants_of(source)
    assert {each.kind for each in mutants} == {"operator", "comparison", "constant", "condition", "statement"}
    assert {each.function for each in mutants} == {"f"}
    changed = {each.apply(source) for each in mutants}
    assert len(changed) == len(mutants) and source not in changed
    assert b"return a + 10" in b"".join(changed) and b"if (!(a > 3" in b"".join(changed)
    assert all(text.endswith(b"int main(void) { return 1; }\n") for text in changed)
