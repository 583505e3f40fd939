import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repowright.repo_tools.facts import FileFacts
from repowright.repo_tools.languages.java import JavaFrontend

FRONTEND = JavaFrontend()


def read(source: str | bytes) -> FileFacts:
    data = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    return FRONTEND.read("src/A.java", data)


def kinds(facts: FileFacts) -> list[tuple[str, str]]:
    return [(made.kind, made.qualname) for made in facts.definitions]


def calls(facts: FileFacts) -> list[tuple[str, str]]:
    names = [made.qualname for made in facts.definitions]
    return [("" if each.scope < 0 else names[each.scope], each.callee) for each in facts.calls]


def bindings(facts: FileFacts) -> list[tuple[str, str, str, str]]:
    names = [made.qualname for made in facts.definitions]
    return [(names[row.scope], row.name, row.value, row.kind) for row in facts.bindings]


def method(body: str) -> FileFacts:
    return read(f"import p.Known;\nclass A {{ void m() {{ {body} }} }}\n")


def test_package_and_every_form_of_import_are_read() -> None:
    facts = read("package org.app;\nimport a.b.C;\nimport a.b.*;\nimport static a.B.run;\nimport static a.B.*;\n")
    assert facts.package == "org.app"
    assert [(each.module, each.name, each.is_star) for each in facts.imports] == [
        ("a.b", "C", False),
        ("a.b", "*", True),
        ("a.B", "run", False),
        ("a.B", "*", True),
    ]
    assert facts.uses == ()


def test_types_of_all_kinds_nest() -> None:
    facts = read(
        "class A { interface B { int C = 1; void d(); }\n enum E { ONE(1) { void k() { in(); } }, TWO; E(int q) {} }\n"
        ' record P(int a, Foo b) { P { check(); } }\n @interface N { String value() default ""; }\n class Inner {} }\n'
    )
    assert kinds(facts) == [
        ("class", "A"),
        ("interface", "A.B"),
        ("constant", "A.B.C"),
        ("method", "A.B.d"),
        ("enum", "A.E"),
        ("constant", "A.E.ONE"),
        ("constant", "A.E.TWO"),
        ("method", "A.E.E"),
        ("class", "A.P"),
        ("method", "A.P.P"),
        ("interface", "A.N"),
        ("method", "A.N.value"),
        ("class", "A.Inner"),
    ]
    assert [made.parent for made in facts.definitions] == [-1, 0, 1, 1, 0, 4, 4, 4, 0, 8, 0, 10, 0]
    assert ("A.P", "b", "Foo", "type") in bindings(facts)
    assert calls(facts) == [("A.E", "in"), ("A.P.P", "check")]


def test_overloads_and_constructors_are_methods_of_their_own() -> None:
    facts = read(
        "class A {\n  A() { this(1); }\n  A(int x) { super(x); }\n  void m() {}\n  int m(int x) { return x; }\n}\n"
    )
    assert [made.qualname for made in facts.definitions] == ["A", "A.A", "A.A", "A.m", "A.m"]
    assert [callee for _, callee in calls(facts)] == ["self", "super"]


def test_signatures_leave_annotations_out_and_keep_modifiers() -> None:
    facts = read(
        "/** Doc\n * of A. */\n@Deprecated @Foo(x = 1)\n"
        "public abstract class A<T extends Q> extends B.C<T> implements I, J<K> {\n"
        "  @Override\n  public List<T> get(Map<String, T> m)\n      throws Bad { return null; }\n}\n"
    )
    made, get = facts.definitions
    assert made.signature == "public abstract class A<T extends Q> extends B.C<T> implements I, J<K>"
    assert (made.decorators, made.doc, made.span) == (("Deprecated", "Foo(x = 1)"), "Doc\nof A.", (3, 8))
    assert get.signature == "public List<T> get(Map<String, T> m) throws Bad"
    assert (get.decorators, get.span) == (("Override",), (5, 7))
    assert [each.base for each in facts.inheritances] == ["B.C", "I", "J"]


def test_static_final_fields_are_constants_and_others_bindings() -> None:
    facts = read(
        "class A { static final Level MAX = of(1), MIN = null; private Store store; int n; final Foo f = new Foo(); }"
    )
    assert kinds(facts) == [("class", "A"), ("constant", "A.MAX"), ("constant", "A.MIN")]
    assert bindings(facts) == [
        ("A", "MAX", "Level", "type"),
        ("A", "MIN", "Level", "type"),
        ("A", "store", "Store", "type"),
        ("A", "f", "Foo", "type"),
    ]
    assert calls(facts) == [("A", "of"), ("A", "Foo")]


def test_locals_and_parameters_are_bound_to_their_types() -> None:
    facts = read(
        "class A { Out m(In a, final Var... b) { Foo x = f(); var y = new Bar(); for (Item i : z) "
        "{} try (Res r = o()) {}\n"
        " catch (Bad e) {} if (q instanceof Qux k) {} int n = 1; return null; } }"
    )
    assert bindings(facts) == [
        ("A.m", "", "Out", "return"),
        ("A.m", "a", "In", "type"),
        ("A.m", "b", "Var", "type"),
        ("A.m", "x", "Foo", "type"),
        ("A.m", "y", "Bar", "call"),
        ("A.m", "i", "Item", "type"),
        ("A.m", "r", "Res", "type"),
        ("A.m", "e", "Bad", "type"),
        ("A.m", "k", "Qux", "type"),
    ]


def test_calls_are_dotted_with_self_and_without_arguments() -> None:
    facts = method(
        "this.store.save(1); super.go(); make(1, 2).run(); new a.Foo<X>(3).go(); this.<R>typed(); ((Bar) x).cast();"
        ' "lit".trim(); list[0].pop(); one()\n.two()\n.three(); A.this.outer();'
    )
    assert [callee for _, callee in calls(facts)] == [
        "self.store.save",
        "super.go",
        "make",
        "make().run",
        "a.Foo",
        "a.Foo().go",
        "self.typed",
        "Bar.cast",
        "list[].pop",
        "one",
        "one().two",
        "one().two().three",
        "A.this.outer",
    ]
    assert [call.line for call in facts.calls if call.callee.startswith("one()")] == [3, 4]


def test_method_references_are_calls() -> None:
    facts = method("f(Known::new, this::own, Other::make, x.y::z);")
    assert [callee for _, callee in calls(facts)] == ["f", "Known", "self.own", "Other.make", "x.y.z"]


def test_methods_of_anonymous_classes_belong_to_what_is_around() -> None:
    facts = method("run(new Task() { int n; public void go() { inner(); } }); list.forEach(x -> { deep(x); });")
    assert kinds(facts) == [("class", "A"), ("method", "A.m")]
    assert {scope for scope, _ in calls(facts)} == {"A.m"}
    assert {"Task", "inner", "deep", "list.forEach"} <= {callee for _, callee in calls(facts)}


def test_local_classes_are_nested_in_their_method() -> None:
    facts = method("class Local { void n() { go(); } }")
    assert kinds(facts)[2:] == [("class", "A.m.Local"), ("method", "A.m.Local.n")]
    assert calls(facts) == [("A.m.Local.n", "go")]


def test_uses_are_types_and_imported_names_but_no_locals() -> None:
    facts = read(
        "import p.Known;\nimport static p.Q.LIMIT;\nclass A<T> {\n  static final int OWN = LIMIT;\n"
        "  Known m(Neighbour n, T t, String s, List<Known> l) {\n    Known LIMIT = null; use(LIMIT, OWN, x.Hidden);\n"
        "    return Colour.RED.shade;\n  }\n  @Mark(kind = Known.class) void k() { Known.run(); }\n}\n"
    )
    assert [use.name for use in facts.uses] == [
        "LIMIT",
        "Known",
        "Neighbour",
        "List",
        "Known",
        "Known",
        "OWN",
        "Colour.RED.shade",
        "Mark",
        "Known",
    ]


def test_a_licence_does_not_document_the_file() -> None:
    assert read("/*\n * Licensed to Someone\n */\npackage a;\nclass A {}\n").docstring == ""
    assert read("/* About this. */\npackage a;\nclass A {}\n").docstring == "About this."


def test_broken_source_keeps_what_is_whole() -> None:
    facts = read("class A { void a() { b(); } void ( { }\n void c() {}\n}\nclass D { void e() {")
    assert {"A", "A.a"} <= {made.qualname for made in facts.definitions}
    assert 1 <= len(facts.errors) <= 20


def test_lines_survive_byte_order_marks_returns_and_wrong_encodings() -> None:
    facts = read(b"\xef\xbb\xbf// \xe9t\xe9\r\nclass A {\r\n  void m() { b(); }\r\n\0}\r\n")
    assert [(made.qualname, made.span) for made in facts.definitions] == [("A", (2, 4)), ("A.m", (3, 3))]
    assert facts.calls[0].line == 3


@pytest.mark.parametrize(
    "source",
    [
        b"f(" * 5000,
        b"{" * 5000,
        b"class A{" * 5000,
        b"class A{int x=" + b"(" * 5000,
        b"class A{void m(){" * 3000,
        b"\0" * 9999,
        b"class A { void m() { a" + b".b()" * 5000 + b"; } }",
        b"class A { int x = f(1);" + b" int y = g(2);" * 50_000 + b"}",
    ],
)
def test_deep_nesting_and_long_lines_are_read_in_bounded_time(source: bytes) -> None:
    start = time.process_time()
    assert read(source).path == "src/A.java"
    assert time.process_time() - start < 10


_PIECES = st.sampled_from(
    [
        "class A {",
        "}",
        "(",
        ")",
        "void m() {",
        "enum E {",
        "X,",
        "record R(",
        "int x",
        "=",
        "new B() {",
        ";",
        "@I ",
        "<T>",
        "import a.",
        "package ",
        "/*",
        '"',
        "A::",
        "->",
        "static final ",
        "\0",
        "super(",
        "this.",
        "interface I extends ",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES | st.text(max_size=4), max_size=30))
def test_no_source_raises(pieces: list[str]) -> None:
    facts = read("".join(pieces))
    count = len(facts.definitions)
    scopes = [call.scope for call in facts.calls] + [use.scope for use in facts.uses]
    scopes += [each.scope for each in facts.bindings]
    assert all(-1 <= scope < count for scope in scopes)
