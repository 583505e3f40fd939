from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repowright.repo_tools.facts import MODULE, FileFacts
from repowright.repo_tools.languages.rust import RustFrontend

SOURCE = dedent(
    """\
    //! Queues of things.
    //! And more.
    use std::collections::{self, HashMap as Map, hash_map::{Entry, Keys}};
    pub(crate) use crate::a::b;
    use super::kinds::*;
    extern crate foo as bar;
    pub mod parts;

    /// A queue.
    #[derive(Debug, Clone)]
    #[cfg(unix)]
    pub struct Queue<T: Load> { pub items: Vec<T>, owner: Option<Box<Owner>>, other: &'static dyn Other }
    struct Pair(Left, pub Right);
    enum Kind { Plain, Sized(u8) }
    trait Work: Base + other::More<u8> { const LIMIT: u8; fn must(&self); fn may(&self) -> Self { self.must() } }

    impl<T> fmt::Display for Queue<T> {
        // Shows it.
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}", show(LIMIT), self.items.len(), vec![Pair::new(2)])
        }
    }
    impl Queue<u8> {
        pub fn new(left: Left) -> Self {
            let a: Kind = make(1)?;
            let mut b = Owner::build::<u8>(left).await;
            let c = Pair { left: MAX, right };
            let d = Self::start().unwrap();
            self.items.run(|q| q.go());
            a.iter().map(helper).collect::<Vec<_>>()
        }
        fn set(&mut self) { self.owner = Owner::new(); }
    }
    impl Work for Elsewhere { fn must(&self) {} }

    macro_rules! shout { ($a:expr) => { speak($a) }; }
    static mut COUNT: Counter = Counter::new();
    type Table = Map<u8, Queue<u8>>;
    extern "C" { fn from_c(x: i32) -> i32; }
    mod inner {
        //! Inside.
        fn choose(k: Kind) { match k { Kind::Plain => super::go(), LIMIT => {} } fn nested() {} }
    }
    #[cfg(test)]
    mod tests {
        #[test]
        fn works() { assert_eq!(super::inner::choose(), 1); }
    }
    """
)


def read(source: str | bytes) -> FileFacts:
    return RustFrontend().read("src/lib.rs", source if isinstance(source, bytes) else source.encode())


def owner(facts: FileFacts, scope: int) -> str:
    return "" if scope == MODULE else facts.definitions[scope].qualname


def calls(facts: FileFacts) -> set[tuple[str, str]]:
    return {(owner(facts, call.scope), call.callee) for call in facts.calls}


def uses(facts: FileFacts, scope: str) -> set[str]:
    return {use.name for use in facts.uses if owner(facts, use.scope) == scope}


def bindings(facts: FileFacts) -> set[tuple[str, str, str, str]]:
    return {(owner(facts, each.scope), each.name, each.value, each.kind) for each in facts.bindings}


def test_definitions_have_their_kinds() -> None:
    facts = read(SOURCE)
    assert facts.errors == ()
    assert [(each.kind, each.qualname) for each in facts.definitions] == [
        ("struct", "Queue"),
        ("struct", "Pair"),
        ("enum", "Kind"),
        ("constant", "Kind.Plain"),
        ("constant", "Kind.Sized"),
        ("trait", "Work"),
        ("constant", "Work.LIMIT"),
        ("method", "Work.must"),
        ("method", "Work.may"),
        ("method", "Queue.fmt"),
        ("method", "Queue.new"),
        ("method", "Queue.set"),
        ("method", "Elsewhere.must"),
        ("macro", "shout"),
        ("global", "COUNT"),
        ("typedef", "Table"),
        ("function", "from_c"),
        ("namespace", "inner"),
        ("function", "inner.choose"),
        ("function", "inner.choose.nested"),
        ("namespace", "tests"),
        ("function", "tests.works"),
    ]


def test_methods_belong_to_the_type_of_their_block() -> None:
    by_name = {each.qualname: each for each in read(SOURCE).definitions}
    assert by_name["Queue.fmt"].parent == by_name["Queue.new"].parent == 0
    assert by_name["Elsewhere.must"].parent == MODULE


def test_block_may_stand_before_its_type() -> None:
    facts = read("impl Late { fn f(&self) {} }\nstruct Late;\n")
    assert [(each.qualname, each.parent) for each in facts.definitions] == [("Late.f", 1), ("Late", MODULE)]


def test_attributes_belong_to_the_item() -> None:
    by_name = {each.qualname: each for each in read(SOURCE).definitions}
    queue = by_name["Queue"]
    assert (queue.span, queue.decorators, queue.doc) == ((10, 12), ("derive(Debug, Clone)", "cfg(unix)"), "A queue.")
    assert queue.conditional
    assert by_name["tests.works"].decorators == ("test",)
    assert not by_name["tests.works"].conditional
    assert by_name["from_c"].decorators == ("prototype",)


def test_signatures_end_before_the_body() -> None:
    by_name = {each.qualname: each.signature for each in read(SOURCE).definitions}
    assert by_name["Queue.new"] == "pub fn new(left: Left) -> Self"
    assert by_name["Queue"] == "pub struct Queue<T: Load>"
    assert by_name["Pair"] == "struct Pair(Left, pub Right)"
    assert by_name["COUNT"] == "static mut COUNT: Counter = Counter::new()"


def test_documentation_is_read_inside_and_above() -> None:
    facts = read(SOURCE)
    by_name = {each.qualname: each.doc for each in facts.definitions}
    assert facts.docstring == "Queues of things.\nAnd more."
    assert by_name["inner"] == "Inside."
    assert by_name["inner.choose"] == ""
    assert by_name["Queue.fmt"] == "Shows it."


def test_inner_documentation_above_an_item_is_the_files() -> None:
    facts = read("//! All.\nfn f() {}\n")
    assert (facts.docstring, facts.definitions[0].doc) == ("All.", "")


def test_use_trees_are_taken_apart() -> None:
    imports = [(each.module, each.name, each.alias, each.is_star, each.exported) for each in read(SOURCE).imports]
    assert imports == [
        ("std::collections", "", "", False, False),
        ("std::collections", "HashMap", "Map", False, False),
        ("std::collections::hash_map", "Entry", "", False, False),
        ("std::collections::hash_map", "Keys", "", False, False),
        ("crate::a", "b", "", False, True),
        ("super::kinds", "*", "", True, False),
        ("foo", "", "bar", False, False),
        ("parts", "", "", False, True),
    ]


def test_calls_name_their_paths() -> None:
    found = calls(read(SOURCE))
    assert {
        ("Work.may", "self.must"),
        ("Queue.new", "make"),
        ("Queue.new", "Owner.build"),
        ("Queue.new", "Queue.start"),
        ("Queue.new", "self.items.run"),
        ("Queue.new", "q.go"),
        ("Queue.new", "a.iter().map(helper).collect"),
        ("COUNT", "Counter.new"),
        ("inner.choose", "super.go"),
        ("shout", "speak"),
    } <= found


def test_calls_in_macro_arguments_are_calls() -> None:
    found = {callee for scope, callee in calls(read(SOURCE)) if scope == "Queue.fmt"}
    assert found == {"write!", "show", "self.items.len", "vec!", "Pair.new"}
    assert ("tests.works", "super.inner.choose") in calls(read(SOURCE))


def test_attributes_are_no_calls_and_no_uses() -> None:
    facts = read("use a::*;\n#[cfg(all(unix, feature(x)))]\n#[derive(Show)]\nstruct S;\n")
    assert (facts.calls, facts.uses) == ((), ())


def test_uses_are_paths_without_locals() -> None:
    facts = read(SOURCE)
    assert uses(facts, "inner.choose") == {"Kind", "Kind.Plain", "LIMIT"}
    assert {"Left", "Kind", "Pair", "MAX", "helper", "right"} <= uses(facts, "Queue.new")
    assert not {"left", "a", "b", "c", "q", "new"} & uses(facts, "Queue.new")


def test_without_star_imports_only_known_names_are_used() -> None:
    facts = read("use a::Known;\nfn f(x: Known, y: Unknown) -> Own { Own::A }\nstruct Own;\n")
    assert uses(facts, "f") == {"Known", "Own", "Own.A"}


def test_bindings_look_through_wrappers() -> None:
    assert {
        ("Queue", "owner", "Owner", "type"),
        ("Queue", "other", "Other", "type"),
        ("Pair", "0", "Left", "type"),
        ("Pair", "1", "Right", "type"),
        ("Queue.new", "left", "Left", "type"),
        ("Queue.new", "", "Queue", "return"),
        ("Queue.new", "a", "Kind", "type"),
        ("Queue.new", "b", "Owner.build", "call"),
        ("Queue.new", "c", "Pair", "type"),
        ("Queue.new", "d", "Queue.start", "call"),
        ("Queue.set", "self.owner", "Owner.new", "call"),
        ("Work.may", "", "Work", "return"),
        ("", "COUNT", "Counter", "type"),
        ("", "Table", "Map", "name"),
    } <= bindings(read(SOURCE))


def test_traits_are_bases() -> None:
    facts = read(SOURCE)
    assert [(owner(facts, each.scope), each.base, each.name) for each in facts.inheritances] == [
        ("Work", "Base", ""),
        ("Work", "other.More", ""),
        ("Queue", "fmt.Display", ""),
        ("", "Work", "Elsewhere"),
    ]


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"\x00" * 5000,
        b"// \xe9\nfn ok() {}\n",
        b"\xef\xbb\xbffn a() {}\r\nfn b() {}\r\n",
        b"mod a {" * 5000,
        b"use a::{" * 5000,
        b"fn f() { x" + b".y()" * 5000 + b"; }",
        b"fn f() { " + b"(" * 5000,
        b"fn f() {} " * 900_000,
        b"a" * 20_000_001,
    ],
    ids=["empty", "nul", "latin", "bom", "modules", "trees", "chain", "parentheses", "one line", "large"],
)
def test_no_source_raises(source: bytes) -> None:
    facts = read(source)
    assert facts.language == "rust"
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
