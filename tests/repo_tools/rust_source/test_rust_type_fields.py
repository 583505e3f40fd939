from __future__ import annotations

from repowright.repo_tools.rust_source import RustField, rust_types


def test_fields_and_variants_of_rust_types_are_read() -> None:
    code = b"""#[derive(PartialEq)]
pub(crate) struct Pair(pub u8, Option<Box<Pair>>);
pub struct Open<'a, T> where T: Copy { r#type: &'a T }
enum Shape { Dot, Line(u8, u8), Box { width: Vec<u8> } }
impl PartialEq for Shape { fn eq(&self, other: &Self) -> bool { true } }
"""
    found = rust_types({"src/a.rs": code})
    assert found["Pair"].fields == (RustField("0", "u8"), RustField("1", "Option<Box<Pair>>"))
    assert found["Pair"].is_comparable and not found["Open"].is_comparable and found["Shape"].is_comparable
    assert found["Open"].is_generic and found["Open"].field("type") == RustField("type", "&'a T")
    dot, line, box = found["Shape"].variants or ()
    assert (dot.fields, line.is_tuple, box.fields) == ((), True, (RustField("width", "Vec<u8>"),))
