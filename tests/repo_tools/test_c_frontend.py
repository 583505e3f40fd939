from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repowright.repo_tools.facts import MODULE, FileFacts
from repowright.repo_tools.languages.c import CFrontend

HEADER = dedent(
    """\
    /* Copyright (c) somebody.
     * All rights reserved. */

    /* Small queue.
     *
     * Licensed to all. */
    #ifndef QUEUE_H
    #define QUEUE_H
    #include <stdio.h>
    #include "util/list.h"
    #ifdef __cplusplus
    extern "C" {
    #endif
    /** Adds
     *  twice. */
    #define ADD(a, b) (add(a) + \\
      (b) * LIMIT)
    #define LIMIT 3
    typedef struct { int a; Item *item; int (*read)(int); struct { Unit u; } in; union { Value v; }; } Queue, *QueueP;
    typedef struct node { struct node *next; } Node;
    typedef int (*Callback)(void *);
    // colours
    // of things
    enum Colour { RED, GREEN = 2 };
    extern int counter;
    struct forward;
    Queue *make(const struct node *first, int);
    void stop(void) __attribute__((noreturn));
    #if WIDE
    int wide(void);
    #else
    int narrow(void);
    #endif
    #ifdef __cplusplus
    }
    #endif
    #endif
    """
)

SOURCE = dedent(
    """\
    #include "queue.h"

    static int (*table[])(int) = { one, &two };
    struct operations ops = { .read = my_read }, *other;
    static const int SIZE = 4;
    const char *title = "x";
    static const char *const names[] = { "a" };
    int first, second = START;
    int later(Queue *q);

    /* K and R. */
    int old(a, b) int a; Queue *b; { return a; }

    char *(*pick(int z))(void) { return 0; }

    static inline __attribute__((always_inline)) int run(struct node *s, size_t n, Callback call)
    {
        Queue *local = s->queue;
        int (*fp)(int) = handler;
        ops->read(local);
        (*fp)(1);
        (*s->ops->go)(n);
        qsort(local, n, n, compare);
        s->hook = on_hook;
        server.port = LIMIT;
        return ADD(n, RED);
    }
    """
)


def read(source: str | bytes, path: str = "src/a.c") -> FileFacts:
    return CFrontend().read(path, source if isinstance(source, bytes) else source.encode())


def kinds(facts: FileFacts) -> dict[str, str]:
    return {definition.qualname: definition.kind for definition in facts.definitions}


def owner(facts: FileFacts, scope: int) -> str:
    return "" if scope == MODULE else facts.definitions[scope].qualname


def calls(facts: FileFacts) -> list[tuple[str, str, int]]:
    return [(owner(facts, call.scope), call.callee, call.line) for call in facts.calls]


def uses(facts: FileFacts) -> set[tuple[str, str]]:
    return {(owner(facts, use.scope), use.name) for use in facts.uses}


def bindings(facts: FileFacts) -> set[tuple[str, str, str, str]]:
    return {(owner(facts, each.scope), each.name, each.value, each.kind) for each in facts.bindings}


def test_header_definitions_have_their_kinds() -> None:
    facts = read(HEADER, "include/queue.h")
    assert kinds(facts) == {
        "ADD": "macro",
        "LIMIT": "macro",
        "Queue": "struct",
        "QueueP": "typedef",
        "node": "struct",
        "Node": "typedef",
        "Callback": "typedef",
        "Colour": "enum",
        "Colour.RED": "constant",
        "Colour.GREEN": "constant",
        "counter": "global",
        "make": "function",
        "stop": "function",
        "wide": "function",
        "narrow": "function",
    }
    assert facts.errors == ()


def test_header_definitions_say_what_they_are() -> None:
    by_name = {each.qualname: each for each in read(HEADER, "queue.h").definitions}
    assert by_name["make"].signature == "Queue *make(const struct node *first, int)"
    assert by_name["make"].decorators == ("prototype",)
    assert by_name["stop"].decorators == ("__attribute__((noreturn))", "prototype")
    assert by_name["counter"].decorators == ("extern",)
    assert by_name["Queue"].signature == "typedef struct { ... } Queue"
    assert by_name["ADD"].signature == "#define ADD(a, b)"
    assert by_name["LIMIT"].signature == "#define LIMIT 3"
    assert by_name["ADD"].doc == "Adds\ntwice."
    assert by_name["ADD"].span == (16, 17)
    assert by_name["Colour"].doc == "colours\nof things"
    assert by_name["Colour.GREEN"].parent == [each.qualname for each in by_name.values()].index("Colour")


def test_only_real_conditions_make_a_definition_conditional() -> None:
    facts = read(HEADER, "queue.h")
    assert [each.name for each in facts.definitions if each.conditional] == ["wide", "narrow"]


def test_docstring_leaves_licences_out() -> None:
    assert read(HEADER, "queue.h").docstring == "Small queue."


def test_comment_right_above_the_first_definition_is_no_docstring() -> None:
    facts = read("/* Adds. */\nint add(void) { return 1; }\n")
    assert (facts.docstring, facts.definitions[0].doc) == ("", "Adds.")


def test_comment_behind_code_documents_nothing() -> None:
    facts = read("int a; // of a\nint b;\n")
    assert [each.doc for each in facts.definitions] == ["", ""]


def test_includes_keep_angle_brackets() -> None:
    imports = read(HEADER, "queue.h").imports
    assert [(each.module, each.line, each.is_star) for each in imports] == [
        ("<stdio.h>", 9, True),
        ("util/list.h", 10, True),
    ]


def test_source_definitions_leave_declarations_of_others_out() -> None:
    assert kinds(read(SOURCE)) == {
        "table": "global",
        "ops": "global",
        "other": "global",
        "SIZE": "constant",
        "title": "global",
        "names": "constant",
        "first": "global",
        "second": "global",
        "old": "function",
        "pick": "function",
        "run": "function",
    }


def test_function_signature_ends_before_the_body() -> None:
    by_name = {each.name: each for each in read(SOURCE).definitions}
    assert by_name["old"].signature == "int old(a, b) int a; Queue *b;"
    assert by_name["pick"].signature == "char *(*pick(int z))(void)"
    assert by_name["run"].span == (16, 27)
    assert by_name["run"].decorators == ("__attribute__((always_inline))",)
    assert by_name["table"].signature == "static int (*table[])(int)"


def test_calls_go_through_members_and_pointers() -> None:
    assert calls(read(SOURCE)) == [
        ("run", "ops.read", 20),
        ("run", "fp", 21),
        ("run", "s.ops.go", 22),
        ("run", "qsort", 23),
        ("run", "ADD", 26),
    ]


def test_macro_bodies_call_and_use() -> None:
    facts = read(HEADER, "queue.h")
    assert calls(facts) == [("ADD", "add", 16)]
    assert ("ADD", "LIMIT") in uses(facts)
    assert not {name for scope, name in uses(facts) if scope == "ADD"} & {"a", "b"}


def test_uses_leave_locals_and_callees_out() -> None:
    found = {name for scope, name in uses(read(SOURCE)) if scope == "run"}
    assert found == {"node", "Callback", "Queue", "handler", "ops", "compare", "on_hook", "server", "LIMIT", "RED"}


def test_functions_in_tables_are_used_by_the_table() -> None:
    assert {("table", "one"), ("table", "two"), ("ops", "my_read")} <= uses(read(SOURCE))


def test_without_includes_only_names_of_the_file_are_used() -> None:
    facts = read("int known; int f(void) { return known + unknown; }\n")
    assert uses(facts) == {("f", "known")}


def test_bindings_type_fields_parameters_and_results() -> None:
    header = bindings(read(HEADER, "queue.h"))
    assert {
        ("Queue", "item", "Item", "type"),
        ("Queue", "in.u", "Unit", "type"),
        ("Queue", "v", "Value", "type"),
        ("node", "next", "node", "type"),
        ("", "QueueP", "Queue", "name"),
        ("", "Node", "node", "name"),
        ("make", "", "Queue", "return"),
        ("make", "first", "node", "type"),
    } <= header
    assert not any(name == "read" for _, name, _, _ in header)


def test_bindings_follow_function_pointers() -> None:
    assert {
        ("", "ops", "operations", "type"),
        ("", "ops.read", "my_read", "name"),
        ("old", "b", "Queue", "type"),
        ("run", "s", "node", "type"),
        ("run", "local", "Queue", "type"),
        ("run", "fp", "handler", "name"),
        ("run", "s.hook", "on_hook", "name"),
    } <= bindings(read(SOURCE))


def test_macros_that_break_the_grammar_leave_the_rest_whole() -> None:
    facts = read(
        "EXPORT int one(void) { return 1; }\nDEFINE_LIST(a, b)\nint two(int x) ATTRIBUTE { return x; }\nint y;\n"
    )
    assert [each.name for each in facts.definitions] == ["one", "two", "y"]
    assert facts.errors
    assert ("one", "", "EXPORT", "return") not in bindings(facts)


def test_macro_before_a_result_type_is_not_the_type() -> None:
    facts = read("EXPORT Queue *make(void) { return 0; }\n")
    assert bindings(facts) == {("make", "", "Queue", "return")}


def test_prototype_with_a_macro_behind_it_is_kept() -> None:
    facts = read("void fail(struct easy *data, ...) PRINTF(2, 3);\nint next(void);\n", "a.h")
    assert [(each.name, each.span, each.decorators) for each in facts.definitions] == [
        ("fail", (1, 1), ("prototype",)),
        ("next", (2, 2), ("prototype",)),
    ]


def test_function_that_a_condition_splits_is_kept() -> None:
    branches = "#ifdef X\n  if (a) {\n#else\n  if (b) {\n#endif\n    run();\n  }\n"
    source = f"int whole(int a)\n{{\n{branches}}}\nint after(void) {{ return 1; }}\n"
    facts = read(source)
    assert {"whole", "after"} <= {each.name for each in facts.definitions}
    assert ("whole", "run", 8) in calls(facts)


def test_macro_statement_without_semicolon_is_no_problem() -> None:
    facts = read("DEFINE_LIST(a, b)\nint after;\n")
    assert (facts.errors, [each.name for each in facts.definitions]) == ((), ["after"])


def test_locals_of_a_block_that_lost_its_head_are_no_globals() -> None:
    facts = read('TEST(name, "s") {\n  int inner = 1;\n}\nint outer;\n')
    assert [each.name for each in facts.definitions] == ["outer"]


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"\x00" * 5000,
        b"int \xe9t\xe9 = 1;\nint ok;\n",
        b"\xef\xbb\xbfint a;\r\nint b;\r\n",
        b"int a;\rint b;\r",
        b"void f(){" + b"if(x){" * 5000,
        b"int a = " + b"(" * 5000 + b"1",
        b"int " + b"*" * 5000 + b"x;",
        b"#if X\n" * 5000,
        b"int a = 1; " * 900_000,
        b"a" * 20_000_001,
    ],
    ids=["empty", "nul", "latin", "bom", "cr", "blocks", "parentheses", "stars", "conditions", "one line", "large"],
)
def test_no_source_raises(source: bytes) -> None:
    facts = read(source)
    assert facts.language == "c"
    assert all(1 <= each.span[0] <= each.span[1] <= facts.lines for each in facts.definitions)


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, len(SOURCE)), junk=st.binary(max_size=12), at=st.integers(0, len(SOURCE)))
def test_broken_files_keep_their_records_consistent(cut: int, junk: bytes, at: int) -> None:
    data = SOURCE.encode()[:cut]
    facts = read(data[:at] + junk + data[at:])
    scopes = {MODULE}
    scopes |= {each.scope for each in facts.calls}
    scopes |= {each.scope for each in facts.uses}
    scopes |= {each.scope for each in facts.bindings}
    assert all(MODULE <= scope < len(facts.definitions) for scope in scopes)
    assert all(each.parent < index for index, each in enumerate(facts.definitions))
