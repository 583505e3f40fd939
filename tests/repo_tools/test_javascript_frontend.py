import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repowright.repo_tools.facts import FileFacts
from repowright.repo_tools.languages.javascript import JavaScriptFrontend

FRONTEND = JavaScriptFrontend()


def read(source: str | bytes, path: str = "src/a.js") -> FileFacts:
    return FRONTEND.read(path, source.encode() if isinstance(source, str) else source)


def kinds(facts: FileFacts) -> list[tuple[str, str]]:
    return [(made.kind, made.qualname) for made in facts.definitions]


def imports(facts: FileFacts) -> list[tuple[str, str, str]]:
    return [(each.module, each.name, each.alias) for each in facts.imports]


def calls(facts: FileFacts) -> list[tuple[str, str]]:
    names = [made.qualname for made in facts.definitions]
    return [("" if each.scope < 0 else names[each.scope], each.callee) for each in facts.calls]


def uses(facts: FileFacts) -> list[str]:
    return [each.name for each in facts.uses]


def bindings(facts: FileFacts) -> list[tuple[str, str, str, str]]:
    names = [made.qualname for made in facts.definitions]
    rows = facts.bindings
    return [("" if row.scope < 0 else names[row.scope], row.name, row.value, row.kind) for row in rows]


def test_functions_bound_to_names_are_functions() -> None:
    facts = read(
        "function a(x, y = 1) {}\nasync function* b() {}\nconst c = (x) => x;\nlet d = async function inner() {};\n"
        "export const e = memo(function Named() { return f(); });\n"
    )
    assert kinds(facts) == [(kind, name) for kind, name in zip(["function"] * 5, "abcde", strict=True)]
    assert facts.definitions[0].signature == "function a(x, y = 1)"
    assert facts.definitions[1].signature == "async function* b()"
    assert facts.definitions[2].signature == "const c = (x) =>"
    assert ("e", "f") in calls(facts)


def test_functions_in_functions_are_nested() -> None:
    facts = read("function outer() {\n  function inner() { deep(); }\n  const arrow = () => inner();\n}\n")
    assert kinds(facts) == [("function", "outer"), ("function", "outer.inner"), ("function", "outer.arrow")]
    assert facts.definitions[1].parent == 0
    assert calls(facts) == [("outer.inner", "deep"), ("outer.arrow", "inner")]


def test_class_members_are_methods_and_other_fields_bindings() -> None:
    facts = read(
        "class A extends ns.Base {\n  static #p = 1;\n  store = new Store();\n"
        "  constructor(x) { super(x); this.q = make(x); }\n"
        "  get v() { return 1 }\n  set v(x) {}\n  static async make() {}\n  #hidden() {}\n  on = (e) => this.v;\n"
        "  static { boot(); }\n}\n"
    )
    names = ["A", "A.constructor", "A.v", "A.v", "A.make", "A.#hidden", "A.on"]
    assert [made.qualname for made in facts.definitions] == names
    assert {made.kind for made in facts.definitions[1:]} == {"method"}
    assert [(each.scope, each.base) for each in facts.inheritances] == [(0, "ns.Base")]
    assert ("A", "store", "Store", "call") in bindings(facts)
    assert ("A.constructor", "self.q", "make", "call") in bindings(facts)
    assert ("A.constructor", "super") in calls(facts) and ("A", "boot") in calls(facts)


def test_top_level_variables_are_constants_or_globals() -> None:
    facts = read(
        "const MAX = compute();\nconst name = 'x';\nconst other = compute(), more = 2;\nlet count = 0;\nvar old;\n"
        "for (let i = 0; i < 1; i++) {}\nfunction f() { const local = 1; }\n"
    )
    assert kinds(facts) == [
        ("constant", "MAX"),
        ("constant", "name"),
        ("global", "other"),
        ("constant", "more"),
        ("global", "count"),
        ("global", "old"),
        ("function", "f"),
    ]
    assert facts.definitions[0].signature == "const MAX = compute()"
    assert facts.definitions[3].signature == "more = 2"


def test_functions_of_an_object_bound_to_a_name_are_its_methods() -> None:
    facts = read(
        "const api = {\n  get(u) { return send(u) },\n  post: function () {},\n  put: (x) => x,\n  n: 1,\n};\n"
    )
    assert kinds(facts) == [("global", "api"), ("method", "api.get"), ("method", "api.post"), ("method", "api.put")]
    assert {made.parent for made in facts.definitions[1:]} == {0}
    assert calls(facts) == [("api.get", "send")]


def test_a_function_with_prototype_methods_is_a_class() -> None:
    facts = read(
        "function Cart() { this.items = new List(); }\nCart.prototype.add = function (x) { this.items.push(x) };\n"
        "Cart.of = () => new Cart();\nfunction Box() {}\nBox.prototype = { open() {} };\n"
    )
    assert kinds(facts) == [
        ("class", "Cart"),
        ("method", "Cart.add"),
        ("method", "Cart.of"),
        ("class", "Box"),
        ("method", "Box.open"),
    ]
    assert ("Cart", "self.items", "List", "call") in bindings(facts)
    assert ("Cart.add", "self.items.push") in calls(facts)


def test_commonjs_exports_are_exports() -> None:
    facts = read(
        "const a = require('./a');\nmodule.exports = { a, b: function () {}, c() {}, d: a.x, e: require('./e') };\n"
        "exports.f = () => 1;\nexports.g = a;\n"
    )
    assert facts.exports == ("a", "b", "c", "d", "e", "f", "g")
    assert kinds(facts) == [("function", "b"), ("function", "c"), ("function", "f")]
    assert [(each.module, each.alias, each.exported) for each in facts.imports] == [
        ("./a", "a", False),
        ("./e", "e", True),
    ]
    assert ("", "d", "a.x", "name") in bindings(facts) and ("", "g", "a", "name") in bindings(facts)


def test_what_a_module_exports_as_a_whole_is_its_default() -> None:
    facts = read("function make() {}\nmodule.exports = make;\n")
    assert facts.exports == ("default",) and ("", "default", "make", "name") in bindings(facts)
    facts = read("module.exports = class Store {};\n")
    assert kinds(facts) == [("class", "Store")] and ("", "default", "Store", "name") in bindings(facts)


def test_every_form_of_import_is_read() -> None:
    facts = read(
        "import a from './a';\nimport b, { c, d as e } from './b';\nimport * as ns from 'ns';\nimport './side';\n"
        "import f, * as g from './g';\nimport { default as h } from './h';\n"
        "const i = require('./i');\nconst { j, k: l } = require('./j');\nconst m = require('./m').n;\n"
        "require('./bare');\nfunction late() { return import('./late'); }\nconst { o } = await import('./o');\n"
    )
    assert imports(facts) == [
        ("./a", "default", "a"),
        ("./b", "default", "b"),
        ("./b", "c", ""),
        ("./b", "d", "e"),
        ("ns", "", "ns"),
        ("./side", "", ""),
        ("./g", "default", "f"),
        ("./g", "", "g"),
        ("./h", "default", "h"),
        ("./i", "", "i"),
        ("./j", "j", ""),
        ("./j", "k", "l"),
        ("./m", "n", "m"),
        ("./bare", "", ""),
        ("./late", "", ""),
        ("./o", "o", ""),
    ]
    late = next(each for each in facts.imports if each.module == "./late")
    assert facts.definitions[late.scope].name == "late"
    assert all(call.callee not in ("require", "import") for call in facts.calls)


def test_every_form_of_export_is_read() -> None:
    facts = read(
        "export * from './a';\nexport * as b from './b';\nexport { c as d, default } from './c';\n"
        "export { e, f as g };\n"
        "export const h = 1, i = 2;\nexport function j() {}\nexport default class K {}\nconst e = 1, f = 2;\n"
    )
    assert facts.exports == ("b", "d", "default", "e", "g", "h", "i", "j")
    assert [(each.module, each.name, each.alias, each.is_star, each.exported) for each in facts.imports] == [
        ("./a", "*", "", True, True),
        ("./b", "", "b", False, True),
        ("./c", "c", "d", False, True),
        ("./c", "default", "", False, True),
    ]
    assert ("", "g", "f", "name") in bindings(facts) and ("", "default", "K", "name") in bindings(facts)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("export default function () {}", "function"),
        ("export default () => 1", "function"),
        ("export default class {}", "class"),
        ("export default { methods: { run() {} } }", "global"),
    ],
)
def test_a_nameless_default_export_is_called_default(source: str, kind: str) -> None:
    facts = read(source)
    assert kinds(facts)[0] == (kind, "default")
    assert facts.exports == ("default",)


def test_a_file_that_exports_nothing_declares_nothing() -> None:
    assert read("function f() {}").exports is None


def test_calls_are_dotted_with_self_and_without_arguments() -> None:
    facts = read(
        "class A { m(x) {\n this.store?.save(1); a?.b?.(2); make(1, 2).run(); new ns.Foo(3).go(); (await load()).x();\n"
        "this\n  .one()\n  .two(); list[0].pop(); 'lit'.trim(); `t`.trim(); [1].map(x); new Bar; "
        "cb(function () { in1() }) } }\n"
    )
    assert [callee for _, callee in calls(facts)] == [
        "self.store.save",
        "a.b",
        "make",
        "make().run",
        "ns.Foo",
        "ns.Foo().go",
        "load",
        "load().x",
        "self.one",
        "self.one().two",
        "list[0].pop",
        "Bar",
        "cb",
        "in1",
    ]
    assert {scope for scope, _ in calls(facts)} == {"A.m"}


def test_an_overlong_chain_keeps_its_last_name() -> None:
    facts = read(f"a{'.bcdefghij' * 30}.last();\nx{'.y()' * 90}.end();\n")
    assert facts.calls[0].callee == "...last"
    assert "...end" in {call.callee for call in facts.calls}
    assert all(len(call.callee) <= 200 for call in facts.calls)


def test_uses_are_known_names_that_are_read() -> None:
    facts = read(
        "import { Limit, helper, Shadow } from './x';\nconst TABLE = [helper];\n"
        "function f(Shadow, other) {\n  const local = Limit.MAX.deep;\n  run(helper, Shadow, other, unknown, local);\n"
        "  helper(TABLE);\n  return { TABLE, key: obj.Limit };\n}\n"
    )
    assert uses(facts) == ["helper", "Limit.MAX.deep", "helper", "TABLE", "TABLE"]


def test_a_destructured_or_caught_name_hides_an_imported_one() -> None:
    facts = read(
        "import { a, b, c, d } from './x';\nconst f = ({ a, k: b }, [c]) => go(a, b, c, d);\n"
        "function g() { try {} catch (d) { log(d) } for (const a of []) log(a) }\n"
    )
    assert uses(facts) == ["d"]


def test_elements_are_uses_of_their_component() -> None:
    facts = read(
        "import { Widget, ui } from './w';\nconst View = () => <ui.Box><Widget a={1}></Widget><div/></ui.Box>;\n"
    )
    assert uses(facts) == ["ui.Box", "Widget"]
    assert facts.errors == ()


def test_functions_in_an_immediately_called_one_belong_to_the_file() -> None:
    facts = read("(function ($) {\n  function init() { draw(); }\n  $(document).ready(init);\n})(jQuery);\n")
    assert kinds(facts) == [("function", "init")]
    assert calls(facts) == [("init", "draw"), ("", "$"), ("", "$().ready")]
    assert uses(facts) == ["init"]


def test_definitions_below_a_condition_say_so() -> None:
    facts = read(
        "if (x) { function a() {} var b = 1; } else { a2 = 1 }\ntry { function c() { function d() {} } } catch {}\n"
    )
    assert [(made.name, made.conditional) for made in facts.definitions] == [
        ("a", True),
        ("b", True),
        ("c", True),
        ("d", False),
    ]


def test_documentation_has_no_stars_and_stands_right_above() -> None:
    facts = read(
        "/** Adds.\n *\n * @param {number} x\n */\nexport function add(x) {}\n\n// one\n// two\nconst a = 1;\n\n"
        "// far away\n\nconst b = 1;\nconst c = 1; // beside\nconst d = 1;\n"
    )
    assert [made.doc for made in facts.definitions] == ["Adds.\n\n@param {number} x", "one\ntwo", "", "", ""]


def test_the_first_comment_documents_the_file_unless_it_is_a_licence() -> None:
    assert read("#!/usr/bin/env node\n'use strict';\n// What it does.\n// More.\n\nimport a from 'a';\n").docstring == (
        "What it does.\nMore."
    )
    assert (
        read("/* Copyright (c) 2020 Someone */\n\n/* Real words. */\n\nimport a from 'a';\n").docstring == "Real words."
    )
    assert read("/** Of the function. */\nfunction f() {}\n").docstring == ""


def test_decorators_are_kept_as_written() -> None:
    facts = read("class A {\n  @bound\n  @on('x', 1)\n  m() {}\n}\n")
    assert facts.definitions[1].decorators == ("bound", "on('x', 1)")
    assert facts.definitions[1].span == (2, 4)


def test_lines_survive_byte_order_marks_returns_and_wrong_encodings() -> None:
    facts = read(b"\xef\xbb\xbf// \xe9t\xe9\r\nfunction a() {\r\n  b();\r\n}\r\nconst s = '\xff\0';\r\n")
    assert [(made.name, made.span) for made in facts.definitions] == [("a", (2, 4)), ("s", (5, 5))]
    assert facts.calls[0].line == 3 and facts.lines == 5


def test_minified_files_give_no_definitions() -> None:
    assert read("function a(){}", "dist/app.min.js").errors[0].message == "minified"
    facts = read("function a(){b()};" * 20_000)
    assert facts.definitions == () and facts.errors[0].message == "minified"


def test_a_file_beyond_the_limit_is_named_too_large() -> None:
    facts = read(b"a();\n" * 4_100_000)
    assert facts.calls == () and "too large" in facts.errors[0].message


def test_broken_source_keeps_what_is_whole_and_names_the_place() -> None:
    facts = read("function a() { b(); }\nconst = ;\nfunction c() {}\nclass D { m() {} \n")
    assert {"a", "c"} <= {made.name for made in facts.definitions}
    assert 1 <= len(facts.errors) <= 20


@pytest.mark.parametrize(
    "source",
    [
        b"f(" * 5000,
        b"{" * 5000,
        b"function f(){" * 5000,
        b"x=[" * 5000,
        b"a=>" * 5000,
        b"class A{m(){" * 3000,
        b"\0" * 9999,
    ],
)
def test_deep_nesting_is_read_in_bounded_time(source: bytes) -> None:
    start = time.process_time()
    assert read(source).path == "src/a.js"
    assert time.process_time() - start < 10


_PIECES = st.sampled_from(
    [
        "function f() {",
        "}",
        "(",
        ")",
        "class A {",
        "export default ",
        "import a from 'b'",
        "`${",
        "'",
        "=> ",
        "const x = ",
        "module.exports = ",
        "{",
        "require(",
        "@d ",
        "new ",
        "/*",
        "\0",
        "?.",
        "async ",
        "a.b",
        "[",
        "memo(",
        "<a>",
        "export {",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES | st.text(max_size=4), max_size=30))
def test_no_source_raises(pieces: list[str]) -> None:
    source = "".join(pieces).encode("utf-8", "surrogatepass")
    facts = read(source)
    count = len(facts.definitions)
    scopes = [call.scope for call in facts.calls] + [use.scope for use in facts.uses]
    scopes += [each.scope for each in facts.bindings]
    assert all(-1 <= scope < count for scope in scopes)
    assert all(made.parent < index for index, made in enumerate(facts.definitions))
