from __future__ import annotations

import gc
import time
from collections.abc import Callable

import pytest

from repowright.repo_tools.rust_source import find_stubs, stub_out
from repowright.repo_tools.rust_source.splice import replace_spans
from repowright.repo_tools.rust_source.syntax import Span

LINES = 20_000
SMALLER = 8
MOST = 4.0
"""How much more a line of the long file may cost than one of a file an eighth as long; quadratic work costs 8 times."""
FUNCTION = "pub fn f{0}(a: i32) -> i32 {{\n    if a > {0} {{\n        return a;\n    }}\n    unimplemented!()\n}}\n"
METHOD = 'impl S{0} {{\n    fn f(&self) {{\n        panic!("not implemented");\n    }}\n}}\n\n'
PER_BLOCK = 12


def long_file(lines: int) -> bytes:
    return "".join((FUNCTION + METHOD).format(number) for number in range(lines // PER_BLOCK)).encode()


def cost(work: Callable[[bytes], object], source: bytes) -> float:
    times = []
    gc.disable()  # a collection costs what the whole process holds, and only the long file brings one about
    try:
        for _ in range(2):
            before = time.process_time()
            work(source)
            times.append(time.process_time() - before)
    finally:
        gc.enable()
    return min(times) / len(source)


@pytest.mark.parametrize("work", [find_stubs, stub_out])
def test_a_line_of_a_long_file_costs_what_one_of_a_short_file_does(work: Callable[[bytes], object]) -> None:
    assert cost(work, long_file(LINES)) < MOST * cost(work, long_file(LINES // SMALLER))


def test_every_stub_of_a_long_file_is_found() -> None:
    source = long_file(LINES)
    found = find_stubs(source)
    assert source.count(b"\n") > 0.99 * LINES and len(found) == 2 * (LINES // PER_BLOCK)
    assert (found[0].line, found[0].whole) == (5, False) and (found[1].line, found[1].whole) == (9, True)


def test_stubs_put_in_place_of_bodies_are_whole() -> None:
    assert [stub.whole for stub in find_stubs(stub_out(long_file(10 * PER_BLOCK)))] == [True] * 20


def test_stubs_inside_of_functions_are_theirs_and_those_of_the_function_around() -> None:
    source = b"fn outer() {\n    fn inner() { todo!() }\n    inner();\n}\nfn free() {}\n"
    assert [(stub.path, stub.whole) for stub in find_stubs(source)] == [("outer", True)]


def test_text_put_before_a_replaced_place_stays() -> None:
    assert replace_spans("abcdef", {Span(2, 4): "X", Span(2, 2): "+", Span(6, 6): "!"}) == "ab+Xef!"
