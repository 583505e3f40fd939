"""One value in C's layout and in Rust: code that turns either into the other, draws one, and compares two of C.

Everything here is text of Rust. ``c`` is an expression of the C value, ``r`` one of a reference to the Rust value; the
code stands in an unsafe function that has the generator ``g`` and the ``depth`` that is left.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

SUPPORT = "crate::round_trip"
_WRAPPED = re.compile(r"(?:(?:std|core|alloc)::)?(?:\w+::)*(?P<name>Option|Box|Rc|Arc|RefCell)<(?P<inner>.*)>")
_MADE = {
    "Box": "Box::new",
    "Rc": "std::rc::Rc::new",
    "Arc": "std::sync::Arc::new",
    "RefCell": "std::cell::RefCell::new",
}


class Unfit(Exception):
    """No converter can be made; the text says why."""


class Value(Protocol):
    """Code of one kind of value."""

    def to_rust(self, c: str) -> str: ...

    def to_c(self, r: str) -> str: ...

    def draw(self) -> str: ...

    def same(self, a: str, b: str) -> str: ...

    def release(self, c: str) -> str:
        """Statements that free what C's value owns; empty where it owns nothing."""
        ...


@dataclass(frozen=True)
class Number:
    """A number, a truth value or a character.

    Parameters
    ----------
    layout
        Type in C's layout.
    rust
        Type of the field.
    kind
        What C says: ``int``, ``float`` or ``bool``.
    """

    layout: str
    rust: str
    kind: str

    def to_rust(self, c: str) -> str:
        if self.rust == "bool":
            return f"({c})" if self.kind == "bool" else f"({c} != (0 as {self.layout}))"
        if self.rust == "char":
            return f"({c} as u8 as char)"
        return f"({c} as u8 as {self.rust})" if self.kind == "bool" else f"({c} as {self.rust})"

    def to_c(self, r: str) -> str:
        if self.kind == "bool":
            return f"(*{r})" if self.rust == "bool" else f"(*{r} as u8 != 0)"
        if self.rust == "char":
            return f"(*{r} as u32 as u8 as {self.layout})"
        return f"(*{r} as {self.layout})"

    def draw(self) -> str:
        if self.kind == "bool":
            return "(g.below(2) == 1)"
        if self.rust == "bool":
            return f"(g.below(2) as {self.layout})"
        if self.rust == "char":
            return f"(g.letter() as {self.layout})"
        return f"(g.real() as {self.layout})" if self.kind == "float" else f"(g.number() as {self.layout})"

    def same(self, a: str, b: str) -> str:
        return f"({a} == {b})"

    def release(self, c: str) -> str:
        return ""


@dataclass(frozen=True)
class Whole:
    """A structure held by value, or an enum: what its own converters do.

    C files that know more or less of the types inside see one definition under several names of the skeleton.

    Parameters
    ----------
    module
        Path of the converters.
    """

    module: str

    def to_rust(self, c: str) -> str:
        return f"{self.module}::to_rust({SUPPORT}::seen(&{c}))"

    def to_c(self, r: str) -> str:
        return f"{SUPPORT}::moved({self.module}::to_c({r}))"

    def draw(self) -> str:
        return f"{SUPPORT}::moved({self.module}::draw(g, depth))"

    def same(self, a: str, b: str) -> str:
        return f"{SUPPORT}::alike({self.module}::differs({SUPPORT}::seen(&{a}), {SUPPORT}::seen(&{b})))"

    def release(self, c: str) -> str:
        return f"{self.module}::release(&mut {c});"


@dataclass(frozen=True)
class Owned:
    """A pointer to one structure, in Rust behind any of ``Option``, ``Box``, ``Rc``, ``Arc`` and ``RefCell``.

    Parameters
    ----------
    lent
        Whether C may not write, and so not free, what it points to.
    """

    module: str
    rust: str
    nullable: bool
    lent: bool = False

    def to_rust(self, c: str) -> str:
        return self._wrap(self.rust, c)

    def _wrap(self, kind: str, c: str) -> str:
        found = _WRAPPED.fullmatch(kind)
        if found is None:
            return f"{self.module}::to_rust({SUPPORT}::seen(&*{c}))"
        inner = self._wrap(found["inner"], c)
        if found["name"] == "Option":
            return f"(if {c}.is_null() {{ None }} else {{ Some({inner}) }})"
        return f"{_MADE[found['name']]}({inner})"

    def to_c(self, r: str) -> str:
        return f"({self._unwrap(self.rust, r)} as *mut {self.module}::C as _)"

    def _unwrap(self, kind: str, r: str) -> str:
        found = _WRAPPED.fullmatch(kind)
        if found is None:
            return f"{SUPPORT}::place({self.module}::to_c({r}))"
        if found["name"] == "Option":
            inner = self._unwrap(found["inner"], "held")
            return f"(match {r} {{ Some(held) => {inner}, None => core::ptr::null_mut() }})"
        if found["name"] == "RefCell":
            return f"{{ let lent = ({r}).borrow(); {self._unwrap(found['inner'], '(&*lent)')} }}"
        return self._unwrap(found["inner"], f"(&**{r})")

    def draw(self) -> str:
        made = f"{SUPPORT}::place({self.module}::draw(g, depth.saturating_sub(1))) as _"
        if not self.nullable:
            return f"({made})"
        return f"(if depth == 0 || g.below(3) == 0 {{ core::ptr::null_mut() }} else {{ {made} }})"

    def same(self, a: str, b: str) -> str:
        alike = f"{SUPPORT}::alike({self.module}::differs({SUPPORT}::seen(&*{a}), {SUPPORT}::seen(&*{b})))"
        return f"(if {a}.is_null() || {b}.is_null() {{ {a}.is_null() == {b}.is_null() }} else {{ {alike} }})"

    def release(self, c: str) -> str:
        if self.lent:
            return ""
        inside = f"{self.module}::release(&mut *({c} as *mut {self.module}::C)); {SUPPORT}::give_back({c});"
        return f"if !{c}.is_null() {{ {inside} }}"


@dataclass(frozen=True)
class Text:
    """Characters up to a zero, behind a pointer.

    Parameters
    ----------
    lent
        Whether C may not write, and so not free them.
    """

    rust: str
    nullable: bool
    lent: bool = False

    def to_rust(self, c: str) -> str:
        kind, is_option = unoptional(self.rust)
        made = _TEXTS[kind].format(bytes=f"{SUPPORT}::bytes_of({c} as *const u8)")
        return f"(if {c}.is_null() {{ None }} else {{ Some({made}) }})" if is_option else made

    def to_c(self, r: str) -> str:
        kind, is_option = unoptional(self.rust)
        if is_option:
            given = f"{SUPPORT}::c_text({_bytes(kind, 'held')})"
            return f"(match {r} {{ Some(held) => {given}, None => core::ptr::null_mut() }} as _)"
        return f"({SUPPORT}::c_text({_bytes(kind, r)}) as _)"

    def draw(self) -> str:
        made = f"{SUPPORT}::c_text(&g.text(12))"
        if not (self.nullable or unoptional(self.rust)[1]):
            return f"({made} as _)"
        return f"((if g.below(4) == 0 {{ core::ptr::null_mut() }} else {{ {made} }}) as _)"

    def same(self, a: str, b: str) -> str:
        return f"{SUPPORT}::same_text({a} as *const u8, {b} as *const u8)"

    def release(self, c: str) -> str:
        return "" if self.lent else f"{SUPPORT}::give_back({c});"


_TEXTS = {
    "String": "String::from_utf8_lossy({bytes}).into_owned()",
    "Vec<u8>": "({bytes}).to_vec()",
    "Box<str>": "String::from_utf8_lossy({bytes}).into_owned().into_boxed_str()",
    "Rc<str>": "std::rc::Rc::from(String::from_utf8_lossy({bytes}).into_owned())",
    "Box<[u8]>": "({bytes}).to_vec().into_boxed_slice()",
    "CString": "std::ffi::CString::new(({bytes}).to_vec()).unwrap()",
    "&'static str": "&*String::from_utf8_lossy({bytes}).into_owned().leak()",
}


def is_text(rust: str) -> bool:
    """Whether a Rust type can hold text of C."""
    return unoptional(rust)[0] in _TEXTS


def unoptional(rust: str) -> tuple[str, bool]:
    """The type without ``Option`` and paths, and whether there was one."""
    plain = re.sub(r"\b(?:std|core|alloc)::(?:\w+::)*", "", rust)
    if plain.startswith("Option<") and plain.endswith(">"):
        return plain[len("Option<") : -1], True
    return plain, False


def _bytes(kind: str, r: str) -> str:
    if kind in ("String", "Box<str>", "Rc<str>", "&'static str", "CString"):
        return f"({r}).as_bytes()"
    return f"(&({r})[..])"


@dataclass(frozen=True)
class TextArray:
    """Characters up to a zero in an array of fixed length."""

    rust: str
    layout: str
    length: int

    def to_rust(self, c: str) -> str:
        return _TEXTS[self.rust].format(bytes=f"&{SUPPORT}::until_zero(&{c}.map(|each| each as u8))")

    def to_c(self, r: str) -> str:
        filled = f"{SUPPORT}::filled::<{self.length}>({_bytes(self.rust, r)})"
        return f"{filled}.map(|each| each as {self.layout})"

    def draw(self) -> str:
        return (
            f"{SUPPORT}::filled::<{self.length}>(&g.text({max(0, self.length - 1)})).map(|each| each as {self.layout})"
        )

    def same(self, a: str, b: str) -> str:
        before = f"{SUPPORT}::until_zero"
        return f"({before}(&{a}.map(|each| each as u8)) == {before}(&{b}.map(|each| each as u8)))"

    def release(self, c: str) -> str:
        return ""


@dataclass(frozen=True)
class Row:
    """An array of fixed length, in Rust an array or a vector."""

    element: Value
    length: int
    is_array: bool

    def to_rust(self, c: str) -> str:
        one = self.element.to_rust("all[each]")
        if self.is_array:
            return f"{{ let all = {c}; core::array::from_fn(|each| {one}) }}"
        return f"{{ let all = {c}; (0..{self.length}usize).map(|each| {one}).collect() }}"

    def to_c(self, r: str) -> str:
        return f"{{ let all = {r}; core::array::from_fn(|each| {self.element.to_c('(&all[each])')}) }}"

    def draw(self) -> str:
        return f"core::array::from_fn(|_| {self.element.draw()})"

    def same(self, a: str, b: str) -> str:
        alike = self.element.same("one[each]", "other[each]")
        return f"{{ let (one, other) = ({a}, {b}); (0..{self.length}usize).all(|each| {alike}) }}"

    def release(self, c: str) -> str:
        one = self.element.release(f"{c}[each]")
        return f"for each in 0..{self.length}usize {{ {one} }}" if one else ""
