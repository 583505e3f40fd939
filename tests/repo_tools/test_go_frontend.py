from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repowright.repo_tools.facts import MODULE, FileFacts
from repowright.repo_tools.languages.go import GoFrontend

SOURCE = dedent(
    """\
    // Copyright somebody.

    //go:build linux

    // Package queue holds things.
    package queue

    import (
        "fmt"
        . "math"
        _ "side"
        al "a/b/c"
        "net/http"
    )

    // Queue is one.
    //go:generate x
    type Queue struct {
        *Base
        pkg.Other
        A, B int `json:"a"`
        handler http.Handler
        own *Owner
    }

    type (
        // Worker works.
        Worker interface {
            Reader
            io.Writer
            Work(x int) (Result, error)
        }
        Alias = other.Thing
        Count int
    )

    const (
        // First one.
        First Kind = iota
        Second
    )

    var a, b = build(), &Thing{field: value}
    var table = map[string]func(){"a": run}

    // Run runs.
    func (r *Queue) Run(x, y int, options ...Option) (res *Result, err error) {
        r.own = Owner{}
        v, ok := r.find(1)
        w := &Thing{Func: callback}
        z := new(Owner)
        var u pkg.Item = w
        r.own.walk(func(k Key) { k.visit() })
        for i, e := range list {
        }
        defer func() {}()
        fmt.Println(al.Limit, ok, i, e, u, z)
        return nil, Err
    }

    func (Elsewhere) Plain() {}

    func Map[T any](xs []T) Set[T] { return Set[T]{} }
    """
)


def read(source: str | bytes) -> FileFacts:
    return GoFrontend().read("queue/queue.go", source if isinstance(source, bytes) else source.encode())


def owner(facts: FileFacts, scope: int) -> str:
    return "" if scope == MODULE else facts.definitions[scope].qualname


def bindings(facts: FileFacts) -> set[tuple[str, str, str, str]]:
    return {(owner(facts, each.scope), each.name, each.value, each.kind) for each in facts.bindings}


def test_definitions_have_their_kinds() -> None:
    facts = read(SOURCE)
    assert facts.errors == ()
    assert [(each.kind, each.qualname) for each in facts.definitions] == [
        ("struct", "Queue"),
        ("interface", "Worker"),
        ("method", "Worker.Work"),
        ("typedef", "Alias"),
        ("typedef", "Count"),
        ("constant", "First"),
        ("constant", "Second"),
        ("global", "a"),
        ("global", "b"),
        ("global", "table"),
        ("method", "Queue.Run"),
        ("method", "Elsewhere.Plain"),
        ("function", "Map"),
    ]


def test_methods_belong_to_the_type_of_their_receiver() -> None:
    by_name = {each.qualname: each for each in read(SOURCE).definitions}
    assert by_name["Queue.Run"].parent == 0
    assert by_name["Elsewhere.Plain"].parent == MODULE


def test_package_and_its_documentation() -> None:
    facts = read(SOURCE)
    assert (facts.package, facts.docstring) == ("queue", "Package queue holds things.")


def test_definitions_say_what_they_are() -> None:
    by_name = {each.qualname: each for each in read(SOURCE).definitions}
    run = by_name["Queue.Run"]
    assert run.signature == "func (r *Queue) Run(x, y int, options ...Option) (res *Result, err error)"
    assert (run.doc, run.span) == ("Run runs.", (47, 59))
    assert (by_name["Queue"].signature, by_name["Queue"].doc) == ("type Queue struct", "Queue is one.")
    assert (by_name["Worker"].signature, by_name["Worker"].doc) == ("type Worker interface", "Worker works.")
    assert (by_name["First"].signature, by_name["First"].doc) == ("const First Kind = iota", "First one.")
    assert by_name["b"].signature == "var a, b = build(), &Thing{field: value}"


def test_imports_keep_aliases() -> None:
    imports = [(each.module, each.name, each.alias, each.is_star) for each in read(SOURCE).imports]
    assert imports == [
        ("fmt", "", "", False),
        ("math", "*", "", True),
        ("side", "", "_", False),
        ("a/b/c", "", "al", False),
        ("net/http", "", "", False),
    ]


def test_receiver_is_written_self_in_calls() -> None:
    facts = read(SOURCE)
    assert [(owner(facts, call.scope), call.callee) for call in facts.calls] == [
        ("b", "build"),
        ("Queue.Run", "self.find"),
        ("Queue.Run", "new"),
        ("Queue.Run", "self.own.walk"),
        ("Queue.Run", "k.visit"),
        ("Queue.Run", "fmt.Println"),
    ]


def test_name_that_only_begins_like_the_receiver_is_kept() -> None:
    facts = read("package a\nfunc (r *T) M() { run.f(); r.f() }\n")
    assert [call.callee for call in facts.calls] == ["run.f", "self.f"]


def test_uses_are_qualified_and_without_locals() -> None:
    facts = read(SOURCE)
    found = {use.name for use in facts.uses if owner(facts, use.scope) == "Queue.Run"}
    assert found == {
        "Queue", "Option", "Result", "Owner", "Thing", "callback", "pkg.Item", "Key", "list", "al.Limit", "Err",
    }  # fmt: skip
    assert ("table", "run") in {(owner(facts, use.scope), use.name) for use in facts.uses}


def test_bindings_type_what_they_can() -> None:
    assert {
        ("Queue", "Base", "Base", "type"),
        ("Queue", "Other", "pkg.Other", "type"),
        ("Queue", "handler", "http.Handler", "type"),
        ("Queue", "own", "Owner", "type"),
        ("Worker.Work", "", "Result", "return"),
        ("", "Alias", "other.Thing", "name"),
        ("", "First", "Kind", "type"),
        ("", "a", "build", "call"),
        ("", "b", "Thing", "call"),
        ("Queue.Run", "", "Result", "return"),
        ("Queue.Run", "self", "Queue", "type"),
        ("Queue.Run", "self.own", "Owner", "call"),
        ("Queue.Run", "v", "self.find", "call"),
        ("Queue.Run", "w", "Thing", "call"),
        ("Queue.Run", "z", "Owner", "call"),
        ("Queue.Run", "u", "pkg.Item", "type"),
        ("Queue.Run", "k", "Key", "type"),
        ("Map", "", "Set", "return"),
    } <= bindings(read(SOURCE))


def test_embedded_types_are_bases_and_unions_are_not() -> None:
    facts = read(SOURCE + "type Number interface { ~int | Float }\n")
    assert [(owner(facts, each.scope), each.base) for each in facts.inheritances] == [
        ("Queue", "Base"),
        ("Queue", "pkg.Other"),
        ("Worker", "Reader"),
        ("Worker", "io.Writer"),
    ]


def test_variables_of_function_literals_are_local() -> None:
    facts = read("package a\nvar f = func() { var inner = 1; use(inner) }\n")
    assert [each.name for each in facts.definitions] == ["f"]


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"\x00" * 5000,
        b"// \xe9\npackage a\n",
        b"\xef\xbb\xbfpackage a\r\nvar b int\r\n",
        b"package a\nfunc f() {" + b"if x {" * 5000,
        b"package a\nfunc f() { x" + b".y()" * 5000 + b" }",
        b"package a\nvar x = " + b"(" * 5000,
        b"var a = 1; " * 900_000,
        b"a" * 20_000_001,
    ],
    ids=["empty", "nul", "latin", "bom", "blocks", "chain", "parentheses", "one line", "large"],
)
def test_no_source_raises(source: bytes) -> None:
    facts = read(source)
    assert facts.language == "go"
    assert all(len(call.callee) <= 200 for call in facts.calls)


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, len(SOURCE)), junk=st.binary(max_size=12), at=st.integers(0, len(SOURCE)))
def test_broken_files_keep_their_records_consistent(cut: int, junk: bytes, at: int) -> None:
    data = SOURCE.encode()[:cut]
    facts = read(data[:at] + junk + data[at:])
    scopes = {MODULE}
    scopes |= {each.scope for each in facts.calls}
    scopes |= {each.scope for each in facts.uses}
    scopes |= {each.scope for each in facts.bindings}
    scopes |= {each.scope for each in facts.inheritances}
    assert all(MODULE <= scope < len(facts.definitions) for scope in scopes)
    assert all(1 <= each.span[0] <= each.span[1] <= facts.lines for each in facts.definitions)
