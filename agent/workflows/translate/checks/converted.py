"""Arguments and results of a wrapper that converters carry over, so that C may look into the structures."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from repowright.agent.workflows.translate.checks.conversions import Conversion, Conversions
from repowright.agent.workflows.translate.checks.shapes import CallShape, Shape, ShapeKind

_VOID = "*mut core::ffi::c_void"
_NUMBER = re.compile(r"[iu](?:8|16|32|64|size)|f32|f64|bool")
_PLACE = "crate::round_trip::place"
_SLICE = re.compile(r"(&mut |&|)(?:\[(\w+)\]|Vec<(\w+)>)")
_ONE = re.compile(r"(?:(Option)<)?(&mut |&|Box<|)(\w+)>*")


@dataclass(frozen=True)
class Carried:
    """One argument.

    Parameters
    ----------
    expression
        What the Rust function is given.
    before, after
        Statements around the call.
    taken
        How many of C's parameters it stands for.
    """

    expression: str
    before: str = ""
    after: str = ""
    taken: int = 1


def carried(kind: str, own: str, at: int, shape: CallShape, of: Conversion) -> Carried | None:
    """Return how C's parameter becomes a Rust argument of a kind; ``own`` is the type that ``self`` means."""
    parameters, name = shape.parameters, f"a{at}"
    there = parameters[at]
    kind = re.sub(r"\bSelf\b", own, re.sub(r"^(&mut ?|&|)self$", lambda each: f"{each[1]}{own}", kind))
    kind = re.sub(r"^&mut(?=\w)", "&mut ", kind)
    if there.kind is ShapeKind.SCALAR:
        return _enum(kind, there, name, of)
    following = parameters[at + 1] if at + 1 < len(parameters) else None
    row = _SLICE.fullmatch(kind)
    if row is not None and (row[2] or row[3]) == of.rust:
        return _row(row, there, at, following, of)
    found = _ONE.fullmatch(kind)
    if found is None or found[3] != of.rust:
        return None
    one = _one(found[1] or "", found[2], there, name, of)
    if one is not None and there.freed and shape.result is None:
        return replace(one, before=f"if {name}.is_null() {{ return; }} {one.before}")
    return one


def _enum(kind: str, there: Shape, name: str, of: Conversion) -> Carried | None:
    if kind not in (of.rust, f"&{of.rust}"):
        return None
    made = f"{of.module}::to_rust(&({name} as {of.module}::C))"
    return Carried(f"&{made}" if kind.startswith("&") else made)


def _one(option: str, kind: str, there: Shape, name: str, of: Conversion) -> Carried | None:
    """A structure: read in, and written back where Rust may have changed it."""
    if there.kind is ShapeKind.VALUE:
        expression = {"": f"v_{name}", "&": f"&v_{name}", "&mut ": f"&mut v_{name}"}.get(kind)
        if expression is None or option:
            return None
        return Carried(expression, f"let mut v_{name} = {of.module}::to_rust(&{name});")
    c = f"({name} as *mut {of.module}::C)"
    if there.filled and kind == "&mut ":
        # What C fills holds nothing that could be read in.
        return None
    if option:
        read = f"let mut v_{name} = if {name}.is_null() {{ None }} else {{ Some({of.module}::to_rust(&*{c})) }};"
        taken = {"&": f"v_{name}.as_ref()", "&mut ": f"v_{name}.as_mut()"}.get(kind)
        back = f"if let Some(v) = &v_{name} {{ {of.module}::update(&mut *{c}, v); }}" if kind == "&mut " else ""
        return Carried(taken, read, back) if taken else None
    read = f"let mut v_{name} = {of.module}::to_rust(&*{c});"
    if kind == "&":
        return Carried(f"&v_{name}", read)
    if kind == "&mut ":
        return Carried(f"&mut v_{name}", read, f"{of.module}::update(&mut *{c}, &v_{name});")
    freed = f"crate::round_trip::give_back({name});" if there.freed else f"{c}.write(core::mem::zeroed());"
    read = f"{read} {of.module}::release(&mut *{c}); {freed}"
    return Carried(f"Box::new(v_{name})" if kind else f"v_{name}", read) if there.writable else None


def _row(row: re.Match[str], there: Shape, at: int, following: Shape | None, of: Conversion) -> Carried | None:
    """Structures behind one another, as many as the next parameter says."""
    counts = following is not None and following.scalar is not None and following.scalar.kind in ("signed", "unsigned")
    if not counts or there.kind is not ShapeKind.HANDLE:
        return None
    name, c = f"a{at}", f"(a{at} as *mut {of.module}::C)"
    size = f"(if {name}.is_null() {{ 0 }} else {{ a{at + 1} as usize }})"
    read = f"let mut v_{name}: Vec<{of.module}::R> = "
    read += f"(0..{size}).map(|each| {of.module}::to_rust(&*{c}.add(each))).collect();"
    if row[1] == "&mut ":
        if row[3]:
            return None
        back = f"for (each, v) in v_{name}.iter().enumerate() {{ {of.module}::update(&mut *{c}.add(each), v); }}"
        return Carried(f"&mut v_{name}[..]", read, back, 2)
    return Carried(f"&v_{name}" if row[1] else f"v_{name}", read, "", 2)


def given(plain: str, there: Shape, of: Conversion) -> tuple[str, str] | None:
    """Return the wrapper's result type and last expression; ``plain`` is the Rust result."""
    module = of.module
    if there.kind is ShapeKind.SCALAR and there.scalar is not None:
        made = {of.rust: "&out", f"&{of.rust}": "out"}.get(plain)
        return (there.scalar.rust, f"{module}::to_c({made}) as {there.scalar.rust}") if made else None
    if there.kind is ShapeKind.VALUE:
        made = {of.rust: "&out", f"&{of.rust}": "out", f"Box<{of.rust}>": "&*out"}.get(plain)
        return (f"{module}::C", f"{module}::to_c({made})") if made else None
    found = re.fullmatch(r"(?:(Option|Result)<)?(&mut |&|Box<|)(\w+)(?:>.*|,.*|)", plain)
    if found is None or found[3] != of.rust:
        return None
    if found[2].startswith("&") and there.writable:
        # C could change what it gets, and Rust would not see it.
        return None
    made = {"": "&out", "Box<": "&*out"}.get(found[2], "out")
    pointer = f"{_PLACE}({module}::to_c({made})) as {_VOID}"
    if not found[1]:
        return _VOID, pointer
    case = "Some" if found[1] == "Option" else "Ok"
    return _VOID, f"match out {{ {case}(out) => {pointer}, _ => core::ptr::null_mut() }}"


def filled(plain: str, places: tuple[int, ...], shape: CallShape, conversions: Conversions) -> tuple[str, str] | None:
    """Return result type and last expression where Rust returns what C has pointers for, at some places."""
    option = re.fullmatch(r"Option<(.*)>", plain)
    inner = option[1] if option is not None else plain
    parts = inner.strip("()").split(",") if inner.startswith("(") else [inner]
    if len(parts) != len(places):
        return None
    names = ["out"] if len(parts) == 1 else [f"out.{number}" for number in range(len(parts))]
    puts = [
        _put(part, name, place, shape.parameters[place], conversions)
        for part, name, place in zip(parts, names, places, strict=True)
    ]
    put, result = " ".join(each for each in puts if each), shape.result
    if not all(puts) or (option is None) != (result is None):
        return None
    if result is None:
        return "", put
    if result.scalar is None or result.kind is not ShapeKind.SCALAR or result.scalar.kind == "float" or result.enum:
        return None
    own = result.scalar.rust
    return own, f"(if let Some(out) = out {{ {put} true }} else {{ false }}) as {own}"


def _put(kind: str, name: str, place: int, there: Shape, conversions: Conversions) -> str:
    of = conversions.of(there.tag)
    if of is not None and kind == of.rust:
        written = f"(a{place} as *mut {of.module}::C).write({of.module}::to_c(&{name}))"
    elif there.kind is ShapeKind.CELL and there.scalar is not None and _NUMBER.fullmatch(kind):
        own = there.scalar.rust
        value = f"({name} as u8 != 0)" if own == "bool" else f"{name} as {own}"
        written = f"(a{place} as *mut {own}).write({value})"
    else:
        return ""
    return f"if !a{place}.is_null() {{ {written}; }}"


def advanced(kind: str, name: str) -> Carried | None:
    """Return the argument for a place in a text that Rust moves on, as C's pointer to a pointer does."""
    text = f"core::ffi::CStr::from_ptr(*({name} as *mut *const core::ffi::c_char))"
    read = {"&mut &str": f'{text}.to_str().unwrap_or("")', "&mut &[u8]": f"{text}.to_bytes()"}.get(kind)
    if read is None:
        return None
    return Carried(f"&mut v_{name}", f"let mut v_{name} = {read};", f"*({name} as *mut *const u8) = v_{name}.as_ptr();")
