from __future__ import annotations

import pytest

from repowright.repo_tools.rust_source import UnsafeCount, count_all, count_unsafe

COUNTED: dict[str, tuple[str, dict[str, int]]] = {
    "nothing": ("fn f() -> i32 { 3 }", {}),
    "line comment": ("// unsafe { }\n/// unsafe fn f()\nfn f() {}", {}),
    "nested block comment": ("/* unsafe { /* unsafe fn g() */ } */ fn f() {}", {}),
    "doc example": ("//! ```\n//! unsafe { f() }\n//! ```\nfn f() {}", {}),
    "string": ('fn f() { let s = "unsafe { *p }"; }', {}),
    "raw string": ('fn f() { let s = r#"unsafe impl "X" {}"#; let b = b"static mut"; }', {}),
    "name": ("fn unsafe_f() { let not_unsafe = r#unsafe_thing(); }", {}),
    "block": ("fn f() { unsafe { g() } }", {"blocks": 1, "lines": 1}),
    "nested blocks": ("fn f() {\n unsafe {\n  unsafe { g() }\n }\n}", {"blocks": 2, "lines": 3}),
    "function": ("unsafe fn f() {\n g()\n}", {"functions": 1, "lines": 3}),
    "unsafe C function": ('pub unsafe extern "C" fn f() {}', {"functions": 1, "lines": 1}),
    "method of a trait": ("trait T { unsafe fn f(); }", {"functions": 1}),
    "impl": ("unsafe impl Send for X {}\nunsafe impl<T> Sync for Y<T> {}", {"impls": 2}),
    "trait": ("pub unsafe trait T {}", {"traits": 1}),
    "static mut": ("static mut G: i32 = 0; static H: i32 = 0;", {"static_mut": 1}),
    "extern block": ('extern "C" { fn f(); }\nunsafe extern "C" { safe fn g(); }', {"extern_blocks": 2}),
    "no_mangle": ("#[no_mangle]\npub fn f() {}\n#[unsafe(no_mangle)] pub fn g() {}", {"attributes": 2}),
    "harmless attributes": ("#[derive(Clone)] #[inline] struct S; #![deny(unsafe_code)]", {}),
    "transmute": (
        "use std::mem::transmute;\nfn f() { unsafe { transmute::<u8, i8>(1); std::mem::transmute_copy(&x) } }",
        {"blocks": 1, "transmutes": 2, "lines": 1},
    ),
    "raw pointers": (
        "fn f(p: *const u8, q: *mut u8) { let r = &x as *const u8; let s = &raw const x; let t = addr_of!(x); }",
        {"raw_pointer_types": 3, "raw_casts": 3},
    ),
    "dereferences": (
        "unsafe fn f(p: *mut u8) { *p = *p.add(1) * 2; }\nfn g(x: &u8) { *x; }",
        {"functions": 1, "lines": 1, "raw_pointer_types": 1, "dereferences": 2},
    ),
    "macro argument": ("fn f() { m!(unsafe { g() }, unsafe fn x()) }", {"blocks": 1, "functions": 1, "lines": 1}),
    "macro with a string": ('fn f() { println!("unsafe { }"); }', {}),
    "macro rule": (
        "macro_rules! m { ($x:expr) => { unsafe { std::mem::transmute($x) } }; () => { static mut A: u8 = 0; } }",
        {"blocks": 1, "transmutes": 1, "static_mut": 1, "lines": 1},
    ),
    "function pointer type": ("type F = unsafe fn(i32);", {}),
}


@pytest.mark.parametrize("name", sorted(COUNTED))
def test_the_count_is_right(name: str) -> None:
    text, expected = COUNTED[name]
    found = count_unsafe(text.encode())
    numbers = {key: value for key, value in vars(found).items() if value and key != "laundering"}
    assert numbers == expected


LAUNDERED: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "a pointer type with safe operators": (
        """#[derive(Copy, Clone)] pub struct Ptr<T> { raw: *mut T }
        impl<T> Deref for Ptr<T> { type Target = T; fn deref(&self) -> &T { unsafe { &*self.raw } } }
        impl<T> IndexMut<usize> for Ptr<T> { fn index_mut(&mut self, i: usize) -> &mut T { unsafe { g(self.raw) } } }
        impl<T> Ptr<T> { pub unsafe fn honest(&self) -> &T { unsafe { &*self.raw } } fn null() -> bool { true } }""",
        [("type", "Ptr::deref"), ("type", "Ptr::index_mut")],
    ),
    "a pointer in an alias": (
        "type Raw = *mut u8; struct B(Raw); impl B { fn get(&self) -> u8 { unsafe { *self.0 } } }",
        [("type", "B::get")],
    ),
    "a holder in a holder": (
        "struct A { p: NonNull<u8> } struct B { a: Option<A> } impl B { fn get(&self) -> u8 { unsafe { f(self) } } }",
        [("type", "B::get")],
    ),
    "a safe function over a pointer": (
        "pub fn read(p: *const i32) -> i32 { unsafe { *p } }",
        [("pointer", "read")],
    ),
    "a safe function around a global": (
        "static mut COUNT: i32 = 0; fn bump() { unsafe { COUNT += 1 } }",
        [("global", "bump")],
    ),
    "a macro that writes unsafe": (
        "macro_rules! at { ($p:expr) => { unsafe { *$p } } }",
        [("macro", "at!")],
    ),
    "unsafe over plain values": (
        "struct S { n: i32 } impl S { fn get(&self) -> char { unsafe { char::from_u32_unchecked(self.n as u32) } } }",
        [],
    ),
    "only words": ('/* unsafe */ struct P { p: *mut u8 } impl P { fn f(&self) { g("unsafe {}") } }', []),
}


@pytest.mark.parametrize("name", sorted(LAUNDERED))
def test_laundering_is_found(name: str) -> None:
    text, expected = LAUNDERED[name]
    assert [(each.kind, each.name) for each in count_unsafe(text.encode()).laundering] == expected


def test_counts_of_files_add_up_and_pointer_types_alone_are_safe() -> None:
    count = count_all([b"fn f() { unsafe { g() } }", b"unsafe impl Send for X {}", b"struct S { p: *mut u8 }"])
    assert (count.total, count.raw_pointer_types) == (2, 1)
    assert count_unsafe(b"struct S { p: *mut u8 }").total == 0
    assert count_all([]) == UnsafeCount()
