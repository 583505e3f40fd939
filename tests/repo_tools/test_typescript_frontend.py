from hypothesis import given, settings
from hypothesis import strategies as st

from repowright.repo_tools.facts import FileFacts
from repowright.repo_tools.languages.typescript import TypeScriptFrontend

FRONTEND = TypeScriptFrontend()


def read(source: str, path: str = "src/a.ts") -> FileFacts:
    return FRONTEND.read(path, source.encode("utf-8", "surrogatepass"))


def kinds(facts: FileFacts) -> list[tuple[str, str]]:
    return [(made.kind, made.qualname) for made in facts.definitions]


def bindings(facts: FileFacts) -> list[tuple[str, str, str, str]]:
    names = [made.qualname for made in facts.definitions]
    rows = facts.bindings
    return [("" if row.scope < 0 else names[row.scope], row.name, row.value, row.kind) for row in rows]


def test_types_are_definitions_with_their_members() -> None:
    facts = read(
        "interface Shop<T> extends Base<T>, ns.Other { cart: Cart; buy(x: T): Receipt; }\n"
        "type Pair = { left: Cart; swap(): void };\ntype Name = string | Cart;\nenum Size { S = 1, M, 'L' }\n"
        "namespace Deep.Inner { export function f() {} }\ndeclare module 'plugin' { export function g(): void }\n"
    )
    assert kinds(facts) == [
        ("interface", "Shop"),
        ("method", "Shop.buy"),
        ("typedef", "Pair"),
        ("method", "Pair.swap"),
        ("typedef", "Name"),
        ("enum", "Size"),
        ("constant", "Size.S"),
        ("constant", "Size.M"),
        ("constant", "Size.L"),
        ("namespace", "Deep.Inner"),
        ("function", "Deep.Inner.f"),
        ("namespace", "plugin"),
        ("function", "plugin.g"),
    ]
    assert [(each.scope, each.base) for each in facts.inheritances] == [(0, "Base"), (0, "ns.Other")]
    assert ("Shop", "cart", "Cart", "type") in bindings(facts)
    assert ("Shop.buy", "", "Receipt", "return") in bindings(facts)
    assert facts.definitions[4].signature == "type Name = string | Cart"


def test_overloads_and_abstract_methods_are_records_of_their_own() -> None:
    facts = read(
        "function f(a: string): A;\nfunction f(a: number): B;\nfunction f(a: any) {}\n"
        "abstract class C { abstract m(): A; n(x: A): void; n(x: any) {} }\n"
    )
    assert [made.qualname for made in facts.definitions] == ["f", "f", "f", "C", "C.m", "C.n", "C.n"]
    assert facts.definitions[0].signature == "function f(a: string): A"
    assert facts.definitions[3].signature == "abstract class C"
    assert facts.definitions[4].signature == "abstract m(): A"


def test_parameter_properties_are_fields_of_the_class() -> None:
    facts = read("class A { constructor(private readonly store: Store, other?: Other) { this.store.open(); } }")
    assert bindings(facts) == [
        ("A.constructor", "store", "Store", "type"),
        ("A", "store", "Store", "type"),
        ("A.constructor", "other", "Other", "type"),
    ]
    assert facts.calls[0].callee == "self.store.open"


def test_annotations_bind_fields_variables_and_results() -> None:
    facts = read(
        "class A { cart: Cart; count: number = 1; made = new Made(); }\nconst x: Cart = get();\nlet y = z as Cart;\n"
        "const load = async (p: Path): Promise<Cart> => { const c = await fetchCart(p); return c; };\n"
    )
    assert bindings(facts) == [
        ("A", "cart", "Cart", "type"),
        ("A", "made", "Made", "call"),
        ("", "x", "Cart", "type"),
        ("", "y", "Cart", "type"),
        ("load", "", "Promise<Cart>", "return"),
        ("load", "p", "Path", "type"),
        ("load", "c", "fetchCart", "call"),
    ]


def test_type_imports_are_marked() -> None:
    facts = read(
        "import type { A } from './a';\nimport { type B, C } from './b';\nexport type { D } from './d';\n"
        "import e = require('./e');\nimport F = G.H;\nimport type J from './j';\n"
    )
    assert [(each.module, each.name, each.alias, each.type_checking) for each in facts.imports] == [
        ("./a", "A", "", True),
        ("./b", "B", "", True),
        ("./b", "C", "", False),
        ("./d", "D", "", True),
        ("./e", "", "e", False),
        ("./j", "default", "J", True),
    ]
    assert ("", "F", "G.H", "name") in bindings(facts)
    assert facts.uses == ()


def test_decorators_of_classes_and_methods_are_kept() -> None:
    facts = read(
        "/** Shown. */\n@Component({ tag: 'a' })\nexport class A extends B<C> implements D, E.F {\n"
        "  /** Hears. */\n  @Listen('x')\n  @Once() hear(@Inject(T) t: T) {}\n}\n"
    )
    shown, hear = facts.definitions
    assert (shown.decorators, shown.doc, shown.span) == (("Component({ tag: 'a' })",), "Shown.", (2, 7))
    assert shown.signature == "class A extends B<C> implements D, E.F"
    assert (hear.decorators, hear.doc, hear.span) == (("Listen('x')", "Once()"), "Hears.", (5, 6))
    assert [each.base for each in facts.inheritances] == ["B", "D", "E.F"]


def test_types_that_are_imported_or_defined_are_uses() -> None:
    facts = read(
        "import { A, ns } from './a';\nclass Own {}\n"
        "function f<T extends A>(x: Own, y: T, z: Map<string, ns.B>): A[] {\n"
        "  const v = <A>x;\n  return v!.go(typeof ns);\n}\n"
    )
    assert [use.name for use in facts.uses] == ["A", "Own", "ns.B", "A", "A", "ns"]


def test_a_comparison_is_no_call() -> None:
    facts = read("import { MAX } from './m';\nconst f = (x: number) => MAX < x || MAX<x;\n")
    assert [use.name for use in facts.uses] == ["MAX", "MAX"]


def test_generic_and_asserted_calls_are_plain_names() -> None:
    facts = read("make<Foo>(1); this.a!.b<Foo>(); new Map<string, Foo>(); (x as Foo).go(); f?.();\n")
    assert [call.callee for call in facts.calls] == ["make", "self.a.b", "Map", "x.go", "f"]


def test_only_tsx_files_hold_elements() -> None:
    facts = read("import { W } from './w';\nexport const V = () => <W<number> a={1}/>;\n", "src/a.tsx")
    assert facts.errors == () and [use.name for use in facts.uses] == ["W"]
    assert read("const x = <Foo>y;\n").errors == ()


def test_default_exports_name_what_they_stand_for() -> None:
    assert ("", "default", "A", "name") in bindings(read("export default abstract class A {}"))
    assert ("", "default", "foo", "name") in bindings(read("const foo = 1;\nexport = foo;"))
    facts = read("export default defineComponent({ setup() { go(); } });")
    assert kinds(facts) == [("global", "default"), ("method", "default.setup")]
    assert ("", "default", "defineComponent", "call") in bindings(facts)


_PIECES = st.sampled_from(
    [
        "interface A {",
        "}",
        "type T = ",
        "enum E {",
        "namespace N {",
        "(x: A)",
        "<T>",
        "class C<T> extends ",
        "declare ",
        "abstract ",
        "@D() ",
        "export ",
        "import type ",
        "=",
        "=>",
        "?: ",
        "{",
        "'",
        "function f",
        "readonly ",
        "\0",
        "as ",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES | st.text(max_size=4), max_size=30), st.sampled_from(["a.ts", "a.tsx"]))
def test_no_source_raises(pieces: list[str], path: str) -> None:
    facts = read("".join(pieces), path)
    count = len(facts.definitions)
    scopes = [call.scope for call in facts.calls] + [use.scope for use in facts.uses]
    scopes += [each.scope for each in facts.bindings]
    assert all(-1 <= scope < count for scope in scopes)
