from __future__ import annotations

import pytest

from repowright.repo_tools.c_source.translation_unit import FunctionDefinition
from repowright.repo_tools.c_source.unit_reader import read_translation_unit

HEAD = """# 1 "a.c"
typedef int (*op)(int);
struct box { op act; };
int g(int);
int h(void);
op table[4];
op chosen;
"""


def function(body: str, parameters: str = "int x, struct box *b") -> FunctionDefinition:
    found = read_translation_unit("a.c", f"{HEAD}int f({parameters}) {{ {body} }}")
    assert not found.problems
    return found.functions[0]


def calls(body: str) -> list[str]:
    return [each.name for each in function(body).body.calls]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("return g(h());", ["g", "h"]),
        ("return (g)(x) + (*h)();", ["g", "h"]),
        ("if (x) g(x); else h();", ["g", "h"]),
        ("int n = ({ int q = g(1); q; }), m = h();", ["g", "h"]),
        ("int g = 3; return g;", []),
        ("int a[g(3)]; return sizeof a;", ["g"]),
        ("return (int) (x) + (op) 0 == chosen;", []),
        ("for (int g = 0; g < 3; g++) h();", ["h"]),
        ("again: h(); goto again;", ["h"]),
        ("switch (x) { case 1: g(1); break; default: h(); }", ["g", "h"]),
        ("return sizeof(op) + sizeof (x) + (x)+(3);", []),
    ],
)
def test_calls_are_those_of_functions_outside(body: str, names: list[str]) -> None:
    assert calls(body) == names


@pytest.mark.parametrize(
    ("body", "arguments"),
    [
        ("return b->act(1);", [1]),
        ("return table[2](1);", [1]),
        ("op p = g; return p(1) + (*p)(2);", [1, 1]),
        ("return (x ? g : chosen)(1);", [1]),
        ("return b->act(g(1), (1, 2));", [2]),
    ],
)
def test_calls_through_pointers_tell_their_number_of_arguments(body: str, arguments: list[int]) -> None:
    assert [each.arguments for each in function(body).body.indirect] == arguments


def test_names_of_functions_that_are_handed_on_are_told() -> None:
    body = function("chosen = g; table[0] = &h; return x;").body
    assert body.names == ("chosen", "g", "table", "h")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('__asm__ volatile ("nop" : : "r"(x) : "memory"); return 1;', "assembly"),
        ("if (setjmp(0)) return 1; return 0;", "setjmp"),
        ("void *p = &&end; goto *p; end: return 1;", "label-address"),
        ("int inner(int y) { return y; } return inner(x);", "nested-function"),
        ("return *(int *) __builtin_alloca(4);", "stack-allocation"),
    ],
)
def test_what_cannot_be_translated_is_told_with_its_line(body: str, code: str) -> None:
    found = [each for each in function(body).hazards if each.code == code]
    assert [(each.path, each.line) for each in found] == [("a.c", 7)]


def test_a_definition_with_variable_arguments_is_refused_and_a_call_is_not() -> None:
    defined = function("return x;", "int x, ...")
    assert [each.code for each in defined.hazards if each.refuses] == ["varargs"]
    assert function("return g(x);").hazards == ()


def test_a_binary_and_of_two_names_takes_no_label() -> None:
    assert function("return x && b;").hazards == ()
