from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from repowright.agent.workflows.translate.edges import (
    ADDRESS,
    COMPILED,
    FROM_MACRO,
    MAY_CALL,
    NOT_COMPILED,
    PROTOTYPE,
    REFUSED,
    TESTS,
)
from repowright.agent.workflows.translate.encoding import EncodedC, encode_c
from repowright.agent.workflows.translate.units import order_units, violations
from repowright.executors import Sandbox
from repowright.executors.local import LocalSandbox
from repowright.graph.kinds import EdgeKind, NodeKind
from repowright.graph.model import Node

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc to preprocess")

QUEUE = {
    "include/queue.h": """#ifndef QUEUE_H
#define QUEUE_H
#define CAPACITY 8
#define IS_EMPTY(q) (length(q) == 0)
typedef struct queue { int items[CAPACITY]; int count; } queue;
typedef int (*visitor)(int);
int length(const queue *q);
void push(queue *q, int item);
int each(queue *q, visitor visit);
#endif
""",
    "src/queue.c": """#include "queue.h"
#define MAKE(name, sign) static int name(int x) { return sign x; }
MAKE(negated, -)
static int limit = CAPACITY;
int length(const queue *q) { return q->count; }
#ifdef NEVER
void push(queue *q, int item) { (void) q; (void) item; }
#else
void push(queue *q, int item) { if (q->count < limit) q->items[q->count++] = item; }
#endif
int even(int n);
int odd(int n) { return n ? even(n - 1) : 0; }
int even(int n) { return n ? odd(n - 1) : 1; }
static int shown(int x) { return x; }
int each(queue *q, visitor visit) { int sum = 0; while (!IS_EMPTY(q)) sum += visit(q->items[--q->count]); return sum; }
int all(queue *q) { return each(q, shown) + negated(1); }
""",
    "tests/test_queue.c": """#include "queue.h"
int main(void) { queue q = {0}; push(&q, 1); return length(&q) != 1; }
""",
    "Makefile": "CFLAGS=-Iinclude\n",
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    local = LocalSandbox()
    yield local
    local.close()


@pytest.fixture
def queue(tmp_path: Path, sandbox: Sandbox) -> EncodedC:
    return encode_c(written(tmp_path / "queue", QUEUE), sandbox)


def written(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def edges(found: EncodedC, kind: EdgeKind, name: str = "") -> set[tuple[str, str]]:
    graph = found.graph
    return {
        (graph.node(edge.src).qualname, graph.node(edge.dst).qualname)
        for edge in graph.edges(kind)
        if edge.name == name and graph.node(edge.src).kind is NodeKind.FUNCTION
    }


def nodes(found: EncodedC, name: str, path: str) -> list[Node]:
    return [node for node in found.graph.by_name(NodeKind.FUNCTION, name) if node.path == path]


def test_calls_that_macros_hide_are_found(queue: EncodedC) -> None:
    assert {("each", "length"), ("all", "each"), ("all", "negated"), ("odd", "even")} <= edges(queue, EdgeKind.CALLS)


def test_a_function_that_a_macro_makes_is_a_node(queue: EncodedC) -> None:
    (made,) = nodes(queue, "negated", "src/queue.c")
    assert {COMPILED, FROM_MACRO} <= set(made.tags) and made.place and made.place.span == (3, 3)


def test_the_branch_that_is_not_compiled_is_told_apart(queue: EncodedC) -> None:
    spans = {node.place.span: node.tags for node in nodes(queue, "push", "src/queue.c") if node.place}
    assert NOT_COMPILED in spans[7, 7] and COMPILED in spans[9, 9]


def test_a_declaration_in_a_header_is_a_prototype(queue: EncodedC) -> None:
    assert all(PROTOTYPE in node.tags for node in nodes(queue, "push", "include/queue.h"))


def test_calls_through_pointers_lead_to_functions_whose_address_is_taken(queue: EncodedC) -> None:
    assert edges(queue, EdgeKind.CALLS, MAY_CALL) == {("each", "shown")}
    assert edges(queue, EdgeKind.USES, ADDRESS) == {("all", "shown")}


def test_tests_lead_to_what_they_test(queue: EncodedC) -> None:
    assert edges(queue, EdgeKind.USES, TESTS) == {("main", "push"), ("main", "length")}


def test_functions_use_the_globals_and_types_they_name(queue: EncodedC) -> None:
    assert {("push", "limit"), ("push", "queue"), ("each", "visitor")} <= edges(queue, EdgeKind.USES)


def test_order_puts_dependencies_first_and_joins_circles(queue: EncodedC) -> None:
    units = order_units(queue.graph)
    assert violations(queue.graph, units) == []
    names = [[queue.graph.node(member).name for member in unit.members] for unit in units]
    assert ["odd", "even"] in names
    assert names.index(["queue"]) < names.index(["limit"]) < names.index(["push"])
    assert [unit.kind for unit in units if unit.is_circle] == ["functions"]
    assert not any("main" in group for group in names)


def test_an_order_turned_round_is_found_out(queue: EncodedC) -> None:
    backwards = order_units(queue.graph)[::-1]
    assert any("which it needs" in each for each in violations(queue.graph, backwards))


def test_units_name_the_units_they_need(queue: EncodedC) -> None:
    units = {unit.name: unit for unit in order_units(queue.graph)}
    for unit in units.values():
        assert set(unit.needs) <= units.keys()
    assert "src/queue.c:each" in units["src/queue.c:all"].needs


def test_encoding_twice_gives_the_same_graph(tmp_path: Path, sandbox: Sandbox) -> None:
    folder = written(tmp_path / "queue", QUEUE)
    assert encode_c(folder, sandbox).graph == encode_c(folder, sandbox).graph


def test_statics_of_one_name_are_kept_apart(tmp_path: Path, sandbox: Sandbox) -> None:
    files = {
        "a.c": "static int help(void) { return 1; }\nint a(void) { return help(); }\n",
        "b.c": "static int help(void) { return 2; }\nint b(void) { return help(); }\n",
    }
    found = encode_c(written(tmp_path / "p", files), sandbox)
    graph = found.graph
    targets = {(graph.node(edge.src).name, graph.node(edge.dst).path) for edge in graph.edges(EdgeKind.CALLS)}
    assert targets == {("a", "a.c"), ("b", "b.c")}


def test_a_refused_function_is_tagged_and_its_unit_says_so(tmp_path: Path, sandbox: Sandbox) -> None:
    code = "int sum(int n, ...) { return n; }\nint user(void) { return sum(1, 2); }\n"
    found = encode_c(written(tmp_path / "p", {"a.c": code}), sandbox)
    (node,) = nodes(found, "sum", "a.c")
    assert REFUSED in node.tags
    assert [unit.refused for unit in order_units(found.graph)] == [(node.id,), ()]


def test_included_files_of_unknown_endings_are_part_of_the_graph(tmp_path: Path, sandbox: Sandbox) -> None:
    files = {
        "a.c": '#include "part.inc"\nint a(struct part *p) { return inner(p); }\n',
        "part.inc": "struct part { int x; };\nstatic int inner(struct part *p) { return p->x; }\n",
    }
    found = encode_c(written(tmp_path / "p", files), sandbox)
    assert edges(found, EdgeKind.CALLS) == {("a", "inner")}
    assert {("a", "part"), ("inner", "part")} <= edges(found, EdgeKind.USES)
    assert violations(found.graph, order_units(found.graph)) == []
