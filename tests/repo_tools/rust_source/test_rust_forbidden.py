from __future__ import annotations

import pytest

from repowright.repo_tools.rust_source import find_forbidden, find_literals

PLACES = {
    'extern "C" { fn malloc(n: usize) -> *mut u8; }': ["foreign"],
    'pub extern "C" fn f() {}': ["foreign"],
    "use libc::c_int;": ["foreign"],
    "fn f() { libc::free(p) }": ["foreign"],
    "use std::os::raw::c_char;": ["foreign"],
    'fn f() { core::arch::asm!("nop") }': ["foreign"],
    "use std::process::Command;": ["process"],
    "use std::process::{self, Command as Run};": ["process"],
    'fn f() { std::process::Command::new("gcc"); }': ["process"],
    'use std::process;\nfn f() { process::Command::new("sh"); }': ["process"],
    'const T: &str = include_str!("../expected.txt");': ["included"],
    "fn f() { if cfg!(test) { g() } }": ["test sniffing"],
    "#[cfg(not(test))]\nfn f() {}": ["test sniffing"],
    "use std::process::exit;\nfn f() { exit(1) }": [],
    "// extern \"C\" libc::free std::process::Command\nfn f() { g(\"std::process::Command\") }": [],
    "struct Command; fn f() { Command::new() }\nfn libc_like() {}": [],
    "#[cfg(test)] mod tests {}": [],
    '#[cfg(feature = "x")] fn f() {}': [],
}  # fmt: skip


@pytest.mark.parametrize("text", sorted(PLACES))
def test_what_safe_code_must_not_lean_on_is_found(text: str) -> None:
    assert [each.kind for each in find_forbidden(text.encode())] == PLACES[text]


def test_literals_that_decide_are_told_from_others() -> None:
    source = b"""
    fn f(s: &str, n: i64) -> i32 {
        if s == "hello" || n != -1_234i64 { return 7; }
        match n { 3 | 0xff => 1, 10..=20 => 2, _ => println!("other {}", 55) }
    }
    #[test] fn t() { assert_eq!(f("hello", 5), 99); }
    """
    found = find_literals(source)
    assert {each.value for each in found if each.compared} == {"hello", "1234", "3", "0xff", "10", "20"}
    assert {each.value for each in found if not each.compared and not each.in_tests} == {
        "7",
        "1",
        "2",
        "other {}",
        "55",
    }
    assert {each.value for each in found if each.in_tests} == {"hello", "5", "99"}
