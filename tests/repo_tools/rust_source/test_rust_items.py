from __future__ import annotations

import pytest

from repowright.repo_tools.rust_source import ItemKind, find_stubs, find_tests, read_items, replace_body, splice

QUEUE = b"""//! A queue.
use std::collections::VecDeque;

/// Holds numbers.
#[derive(Clone, Debug)]
pub struct Queue {
    items: VecDeque<i32>,
}

// Not attached to anything.

impl Queue {
    /// Adds one.
    pub fn push(&mut self, mut value: i32, _: &[u8],) -> () { unimplemented!() }
    pub const fn size<'a, T: Clone>( &'a self ) -> Option< & 'a T > where T : Sized { /* later */ todo!("x"); }
}

impl Default for Queue { fn default() -> Self { if true { panic!("Not implemented yet") } else { loop {} } } }
extern { fn abs(x: i32) -> i32; }
fn finished() { let s = "todo!()"; panic!("queue is full {s}"); }

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    #[should_panic(expected = "x")]
    fn panics() { todo!() }
    #[tokio::test]
    #[ignore = "slow"]
    async fn waits() {}
    fn helper() {}
}
"""


def signature(text: str) -> str:
    found = read_items(text.encode()).functions()[0].signature
    assert found is not None
    return found.normal


def test_items_have_paths_kinds_and_spans_with_what_stands_above_them() -> None:
    source = read_items(QUEUE)
    assert [(item.kind.value, item.path) for item in source.items][:6] == [
        ("use", "std::collections::VecDeque"),
        ("struct", "Queue"),
        ("impl", "Queue"),
        ("function", "Queue::push"),
        ("function", "Queue::size"),
        ("impl", "Default for Queue"),
    ]
    queue = source.find("Queue")
    assert queue is not None and queue.kind is ItemKind.STRUCT and queue.attributes == ("derive(Clone, Debug)",)
    assert QUEUE[queue.span.start :].startswith(b"/// Holds numbers.")
    assert QUEUE[queue.declared.start : queue.declared.end].startswith(b"pub struct Queue")
    assert (queue.line, queue.public) == (6, True)
    block = next(item for item in source.items if item.kind is ItemKind.IMPL)
    assert QUEUE[block.span.start :].startswith(b"impl Queue")
    assert source.problems == ()


@pytest.mark.parametrize(
    "text",
    [
        "fn f<'a>(&mut self, x: &'a [u8], n: usize) -> Option<Box<T>> {}",
        "pub fn f < 'a > ( & mut self , mut y : & 'a [ u8 ] ,\n _ : usize, ) -> Option < Box < T > > ;",
        "pub(crate) fn f<'a>(&mut self, /* what */ x: &'a [u8], n: usize) -> Option<Box<T>> where {}",
    ],
)
def test_signatures_that_mean_the_same_read_the_same(text: str) -> None:
    assert signature(text.replace(" where", "")) == "fn f<'a>(&mut self, &'a[u8], usize) -> Option<Box<T>>"


def test_a_signature_keeps_what_callers_see() -> None:
    assert signature('pub unsafe extern "C" fn f(p: *const i32, ...) -> ! {}') == (
        'unsafe extern "C" fn f(*const i32, ...) -> !'
    )
    assert signature("extern fn f(g: fn(i32) -> u8) {}") == 'extern "C" fn f(fn(i32) -> u8)'
    assert signature("fn f() -> () {}") == signature("fn f() {}")
    assert signature("fn f(mut self) {}") == signature("fn f(self) {}")
    assert signature("fn f(x: &mut i32) {}") != signature("fn f(x: &i32) {}")
    assert signature("fn f(x: i32) {}") != signature("fn f(x: u32) {}")


def test_a_function_may_become_const_but_nothing_else() -> None:
    plain, const, unsafe = (
        read_items(text.encode()).functions()[0].signature
        for text in ("fn f() {}", "const fn f() {}", "unsafe fn f() {}")
    )
    assert plain is not None and const is not None and unsafe is not None
    assert plain.accepts(const) and not plain.accepts(unsafe)


def test_stubs_are_told_from_panics_strings_and_tests() -> None:
    assert [(stub.path, stub.whole) for stub in find_stubs(QUEUE)] == [
        ("Queue::push", True),
        ("Queue::size", True),
        ("Default for Queue::default", False),
    ]


def test_tests_are_found_with_their_modules() -> None:
    found = {test.path: (test.should_panic, test.ignored) for test in find_tests(QUEUE)}
    assert found == {"tests::panics": (True, False), "tests::waits": (False, True)}


def test_a_body_is_replaced_and_nothing_else() -> None:
    changed = replace_body(QUEUE.decode(), "Queue::push", "{ self.items.push_back(value); }")
    assert changed.count("unimplemented!") == 0
    assert changed.replace("{ self.items.push_back(value); }", "{ unimplemented!() }") == QUEUE.decode()
    with pytest.raises(KeyError):
        replace_body(QUEUE.decode(), "Queue::absent", "{}")


def test_an_answer_is_spliced_without_what_it_repeats() -> None:
    answer = """use std::fmt;
use std::collections::VecDeque;
pub struct Queue { items: Vec<i32> }
impl Queue {
    pub fn push(&mut self, value: i32, _: &[u8]) { self.grow(); self.items.push_back(value) }
    fn grow(&mut self) {}
}
fn helper() -> i32 { 3 }
fn finished() { }
"""
    done = splice(QUEUE.decode(), answer, ["Queue::push", "Queue::pop"])
    assert done.replaced == ("Queue::push",)
    assert done.missing == ("Queue::pop",)
    assert done.added == ("std::fmt", "Queue::grow", "helper")
    assert "VecDeque<i32>" in done.text and "Vec<i32>" not in done.text.replace("VecDeque", "")
    assert done.text.count("use std::collections::VecDeque") == 1
    source = read_items(done.text.encode())
    assert source.problems == ()
    assert source.find("Queue::grow") is not None and source.find("helper") is not None
    assert "queue is full" in done.text


def test_broken_source_gives_its_items_and_its_problems() -> None:
    source = read_items(b"fn good() {}\nfn bad( { let x = ;\nfn after() {}\n")
    assert "good" in {item.path for item in source.items}
    assert source.problems and source.problems[0].line >= 2
    assert read_items(b"\xff\xfe").items == ()
    assert read_items(b'unsafe extern "C" { safe fn f(); }').problems == ()


def test_foreign_declarations_are_added_once_and_stay_in_their_block() -> None:
    here = 'extern "C" {\n    fn free(at: *mut u8);\n}\n\nfn a() {\n    unimplemented!()\n}\n'
    more = "    fn strlen(at: *const i8) -> usize;\n}\n\nfn"
    answer = here.replace("}\n\nfn", more).replace("unimplemented!()", "b()")
    once = splice(here, answer, ["a"]).text
    assert once.count("fn free") == 1 and once.count("fn strlen") == 1
    assert [item.kind for item in read_items(once.encode()).items].count(ItemKind.FOREIGN) == 2
    assert read_items(once.encode()).problems == ()
    assert splice(once, answer, ["a"]).text == once
