"""C's calling convention around Rust functions: a wrapper each, or the reason why there can be none.

Wrappers are harness code: they stand in a copy of the crate that is built for one check, are full of ``unsafe``,
and are counted nowhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from repowright.agent.workflows.translate.checks.callbacks import called_back
from repowright.agent.workflows.translate.checks.conversions import NONE, Conversions
from repowright.agent.workflows.translate.checks.converted import Carried, advanced, carried, filled, given
from repowright.agent.workflows.translate.checks.pairs import RustFunction
from repowright.agent.workflows.translate.checks.shapes import CallShape, Shape, ShapeKind
from repowright.repo_tools.rust_source import Parameter

_NUMBERS = frozenset(f"{kind}{bits}" for kind in "iu" for bits in (8, 16, 32, 64, "size")) | {"f32", "f64"}
_ALIASES = {
    "c_int": "i32", "c_uint": "u32", "c_char": "i8", "c_uchar": "u8", "c_schar": "i8", "c_short": "i16",
    "c_ushort": "u16", "c_long": "i64", "c_ulong": "u64", "c_longlong": "i64", "c_ulonglong": "u64",
    "c_float": "f32", "c_double": "f64", "size_t": "usize", "ssize_t": "isize",
    "int8_t": "i8", "int16_t": "i16", "int32_t": "i32", "int64_t": "i64",
    "uint8_t": "u8", "uint16_t": "u16", "uint32_t": "u32", "uint64_t": "u64",
}  # fmt: skip
_LIFETIME = re.compile(r"'\w+ ?")
_VOID = "*mut core::ffi::c_void"
TEXT_RESULT = """
    fn give(text: &str) -> *mut core::ffi::c_void {
        extern "C" { fn malloc(size: usize) -> *mut u8; }
        let kept = text.split('\\0').next().unwrap_or("");
        unsafe {
            let place = malloc(kept.len() + 1);
            core::ptr::copy_nonoverlapping(kept.as_ptr(), place, kept.len());
            *place.add(kept.len()) = 0;
            place as *mut core::ffi::c_void
        }
    }
"""


@dataclass(frozen=True)
class Wrapper:
    """One wrapper."""

    shape: CallShape
    function: RustFunction
    symbol: str
    text: str
    converted: frozenset[str] = frozenset()
    """Structures that it converts at each call; others are of Rust's own layout, and C must not look into them."""


def wrap(
    shape: CallShape,
    function: RustFunction,
    symbol: str,
    before: str,
    edition_2024: bool,
    conversions: Conversions = NONE,
) -> Wrapper | str:
    """Return the wrapper of a Rust function for the C function it stands for, or why there is none.

    Parameters
    ----------
    symbol
        What the wrapper is exported as.
    before
        Statement that it runs first.
    conversions
        Of the types whose values are converted.
    """
    if function.signature.generics.replace("'", "").strip("<>") and not _only_lifetimes(function.signature.generics):
        return "the Rust function is generic"
    call = _call(shape, function, conversions, ())
    if isinstance(call, str):
        others = (_call(shape, function, conversions, places) for places in _fillable(shape, conversions))
        filling = next((each for each in others if not isinstance(each, str)), None)
        if filling is None:
            return call
        call = filling
    kind, expression = call.kind, call.expression
    listed = ", ".join(f"a{number}: {_abi(each, conversions)}" for number, each in enumerate(shape.parameters))
    export = f'export_name = "{symbol}"'
    export = f"unsafe({export})" if edition_2024 else export
    extra = TEXT_RESULT.replace("extern", "unsafe extern") if edition_2024 else TEXT_RESULT
    gives = f" -> {kind}" if kind else ""
    support = extra if "give(" in expression else ""
    text = f"""
#[{export}]
#[allow(warnings, clippy::all)]
pub unsafe extern "C" fn wrapped_{symbol}({listed}){gives} {{{support}
    {before}
    unsafe {{
    {call.before}
    let out = {function.call}({", ".join(call.arguments)});
    {call.after}
    {expression}
    }}
}}
"""
    tags = (each.tag for each in (*shape.parameters, *([shape.result] if shape.result else [])))
    return Wrapper(shape, function, symbol, text, frozenset(tag for tag in tags if conversions.of(tag)))


@dataclass(frozen=True)
class _Call:
    """The call within a wrapper, and what stands around it."""

    arguments: tuple[str, ...]
    before: str
    after: str
    kind: str
    expression: str


def _call(shape: CallShape, function: RustFunction, conversions: Conversions, filling: tuple[int, ...]) -> _Call | str:
    """The call of a Rust function; ``filling`` are the places of pointers that its result goes to."""
    carry: list[Carried] = []
    at = 0
    parameters = function.signature.parameters
    for place, parameter in enumerate(parameters):
        at = _behind(at, filling)
        found = _carried(parameter, function.owner, shape, at, len(parameters) - place - 1, conversions)
        if isinstance(found, str):
            return found
        carry.append(found)
        at += found.taken
    at = _behind(at, filling)
    if at != len(shape.parameters):
        return f"the Rust function takes {len(parameters)} parameters, C's {len(shape.parameters)}"
    result = _given(function, shape, filling, conversions)
    if isinstance(result, str):
        return result
    before, after = " ".join(each.before for each in carry), " ".join(each.after for each in carry)
    return _Call(tuple(each.expression for each in carry), before, after, *result)


def _fillable(shape: CallShape, conversions: Conversions) -> list[tuple[int, ...]]:
    """Places of pointers that C may fill: each alone, and all together."""
    kinds = (ShapeKind.HANDLE, ShapeKind.CELL)
    found = [at for at, each in enumerate(shape.parameters) if each.writable and each.kind in kinds]
    return [*((at,) for at in found), tuple(found)] if conversions.every and found else []


def _behind(at: int, filling: tuple[int, ...]) -> int:
    while at in filling:
        at += 1
    return at


def _carried(
    parameter: Parameter, owner: str, shape: CallShape, at: int, left: int, conversions: Conversions
) -> Carried | str:
    """One Rust argument, by converters where C's parameter has some."""
    there = shape.parameters[at] if at < len(shape.parameters) else None
    of = conversions.of(there.tag or there.enum) if there is not None else None
    kind = _plain(parameter.type)
    if there is not None and there.kind is ShapeKind.CURSOR:
        return advanced(kind, f"a{at}") or _differ(parameter, there)
    if there is not None and there.kind is ShapeKind.CALLBACK:
        return called_back(kind, there, f"a{at}", conversions) or _differ(parameter, there)
    if there is not None and of is not None and not kind.startswith("*") and kind not in _NUMBERS:
        return carried(kind, owner, at, shape, of) or _differ(parameter, there)
    found = _argument(parameter, shape, at, left)
    return found if isinstance(found, str) else Carried(found[0], taken=found[1])


def _given(
    function: RustFunction, shape: CallShape, filling: tuple[int, ...], conversions: Conversions
) -> tuple[str, str] | str:
    """The wrapper's result type and last expression, by converters where C's result has some."""
    kind = function.signature.result
    plain = re.sub(r"\bSelf\b", function.owner, _plain(kind))
    if filling:
        return filled(plain, filling, shape, conversions) or "Rust gives back nothing that C's pointers could get"
    of = conversions.of(shape.result.tag or shape.result.enum) if shape.result is not None else None
    if shape.result is None or of is None or plain in _NUMBERS or plain.startswith("*"):
        return _result(kind, shape.result)
    return given(plain, shape.result, of) or _unlike(kind, shape.result)


def _only_lifetimes(generics: str) -> bool:
    return all(part.strip().startswith("'") for part in generics.strip("<>").split(","))


def _abi(shape: Shape, conversions: Conversions) -> str:
    of = conversions.of(shape.tag) if shape.kind is ShapeKind.VALUE else None
    if of is not None:
        return f"{of.module}::C"
    if shape.kind in (ShapeKind.SCALAR, ShapeKind.LENGTH) and shape.scalar is not None:
        return shape.scalar.rust
    return _VOID


def _plain(kind: str) -> str:
    """A Rust type without lifetimes, paths and parameter names."""
    text = _LIFETIME.sub("", kind)
    text = re.sub(r"(?:::)?(?:\w+::)+(?=\w)", "", text).replace(" ", "")
    text = re.sub(r"^&mut", "&mut ", text)
    text = re.sub(r"\*(mut|const)", r"*\1 ", text).replace("<&mut", "<&mut ").replace("dyn", "dyn ")
    return re.sub(r"\w+", lambda found: _ALIASES.get(found[0], found[0]), text)


def _argument(parameter: Parameter, shape: CallShape, at: int, left: int) -> tuple[str, int] | str:
    """The expression of one Rust argument, and how many C parameters it stands for."""
    if at >= len(shape.parameters):
        return "the Rust function takes more than C's"
    there, name = shape.parameters[at], f"a{at}"
    kind = _plain(parameter.type)
    if there.kind in (ShapeKind.SCALAR, ShapeKind.LENGTH):
        found: str | None = _scalar(there, name, kind)
        return (found, 1) if found is not None else _differ(parameter, there)
    if kind.startswith("*"):
        return f"{name} as {_LIFETIME.sub('', parameter.type)}", 1
    if there.kind is ShapeKind.BUFFER:
        found = _buffer(there, name, f"a{at + 1}", kind)
        taken = 2 if len(shape.parameters) - at - 2 >= left else 1
        return (found, taken) if found is not None else _differ(parameter, there)
    if there.kind is ShapeKind.VALUE:
        return f"struct {there.tag} is given by value and has no converters"
    found = {ShapeKind.TEXT: _text, ShapeKind.CELL: _cell, ShapeKind.HANDLE: _handle}[there.kind](there, name, kind)
    return (found, 1) if found is not None else _differ(parameter, there)


def _differ(parameter: Parameter, there: Shape) -> str:
    return f"Rust's {parameter.type} and C's {there.kind} cannot be turned into one another"


def _scalar(there: Shape, name: str, kind: str) -> str | None:
    assert there.scalar is not None
    own = there.scalar.kind
    if kind == "bool":
        return name if own == "bool" else f"({name} != (0 as {there.scalar.rust}))"
    if kind == "char":
        return f"({name} as u8 as char)"
    if kind not in _NUMBERS:
        return None
    return f"({name} as u8 as {kind})" if own == "bool" else f"({name} as {kind})"


def _same_element(there: Shape, element: str) -> bool:
    if there.scalar is None or element not in _NUMBERS:
        return False
    bits = 64 if element.endswith("size") else int(element[1:])
    return bits == there.scalar.bits and (element[0] == "f") == (there.scalar.kind == "float")


def _buffer(there: Shape, name: str, length: str, kind: str) -> str | None:
    match = re.fullmatch(r"(&mut |&)?(?:\[(\w+)\]|Vec<(\w+)>)", kind)
    size = f"if {name}.is_null() {{ 0 }} else {{ {length} as usize }}"
    if kind in ("&str", "String") and there.scalar is not None and there.scalar.bits == 8:
        taken = f"String::from_utf8_lossy(core::slice::from_raw_parts(g({name}) as *const u8, {size}))"
        return _grounded(f"&{taken}" if kind == "&str" else f"{taken}.into_owned()", name)
    if match is None or not _same_element(there, match[2] or match[3]):
        return None
    element = match[2] or match[3]
    if match[3]:
        plain = f"core::slice::from_raw_parts(g({name}) as *const {element}, {size}).to_vec()"
        return None if match[1] == "&mut " else _grounded(f"{match[1] or ''}{plain}", name)
    if match[1] == "&mut ":
        return _grounded(f"core::slice::from_raw_parts_mut(g({name}) as *mut {element}, {size})", name)
    return _grounded(f"core::slice::from_raw_parts(g({name}) as *const {element}, {size})", name)


def _grounded(expression: str, name: str) -> str:
    """A null pointer becomes an aligned one, which a slice of no element must have."""
    return expression.replace(f"g({name})", f"(if {name}.is_null() {{ 64usize as {_VOID} }} else {{ {name} }})")


def _text(there: Shape, name: str, kind: str) -> str | None:
    taken = f"core::ffi::CStr::from_ptr({name} as *const core::ffi::c_char)"
    forms = {
        "&str": f'{taken}.to_str().unwrap_or("")',
        "&String": f"&{taken}.to_string_lossy().into_owned()",
        "String": f"{taken}.to_string_lossy().into_owned()",
        "&[u8]": f"{taken}.to_bytes()",
        "&CStr": taken,
        "Option<&str>": f"if {name}.is_null() {{ None }} else {{ {taken}.to_str().ok() }}",
    }
    return forms.get(kind)


def _cell(there: Shape, name: str, kind: str) -> str | None:
    match = re.fullmatch(r"(?:(Option)<)?(&mut |&)(\w+)>?", kind)
    if match is None or not _same_element(there, match[3]):
        return None
    reference = f"{match[2]}*({name} as *mut {match[3]})"
    return f"if {name}.is_null() {{ None }} else {{ Some({reference}) }}" if match[1] else reference


def _handle(there: Shape, name: str, kind: str) -> str | None:
    if kind in ("&self", "&mut self", "&mutself", "self"):
        kind = {"&self": "&_", "self": "_"}.get(kind, "&mut _")
    match = re.fullmatch(r"(?:(Option)<)?(&mut |&|Box<)?([\w<>,]+?)>*", kind)
    if match is None or match[3] in _NUMBERS | {"str", "String", "bool"}:
        return None
    pointer = f"({name} as *mut _)"
    if match[2] in ("&", "&mut "):
        value = f"{match[2]}*{pointer}"
    else:
        value = f"Box::from_raw({pointer})" if match[2] == "Box<" else f"*Box::from_raw({pointer})"
    return f"if {name}.is_null() {{ None }} else {{ Some({value}) }}" if match[1] else value


def _unlike(kind: str, there: Shape) -> str:
    return f"Rust's result {kind or '()'} and C's {there.kind} cannot be turned into one another"


def _result(kind: str, there: Shape | None) -> tuple[str, str] | str:
    """The wrapper's result type and last expression."""
    plain = _plain(kind)
    if there is None:
        return "", "let _ = out;"
    reason = _unlike(kind, there)
    if there.kind is ShapeKind.VALUE:
        return f"struct {there.tag} is given by value and has no converters"
    if there.kind is ShapeKind.SCALAR and there.scalar is not None:
        own = there.scalar.rust
        if plain in _NUMBERS or plain in ("bool", "char"):
            if own == "bool":
                return own, "out" if plain == "bool" else "out as u8 != 0"
            return own, f"out as u8 as {own}" if plain in ("bool", "char") else f"out as {own}"
        return reason
    if plain.startswith("*"):
        return _VOID, f"out as {_VOID}"
    if there.kind is ShapeKind.TEXT:
        forms = {
            "&str": "give(out)",
            "String": "give(&out)",
            "Option<&str>": "out.map_or(core::ptr::null_mut(), give)",
            "Option<String>": "out.as_deref().map_or(core::ptr::null_mut(), give)",
        }
        return (_VOID, forms[plain]) if plain in forms else reason
    return _owned(plain) or reason


def _owned(plain: str) -> tuple[str, str] | None:
    """A structure given away: boxed, as a pointer; nothing and an error become null."""
    if plain.startswith("&") or plain in _NUMBERS or plain in ("", "bool", "char", "String"):
        return None
    if plain.startswith("Option<&"):
        return None
    boxed = "Box::into_raw(Box::new(out))" if not plain.startswith("Box<") else "Box::into_raw(out)"
    match = re.match(r"(Option|Result)<(Box<)?", plain)
    if match is not None:
        value = "out" if match[2] else "Box::new(out)"
        case = "Some" if match[1] == "Option" else "Ok"
        return _VOID, f"match out {{ {case}(out) => Box::into_raw({value}) as {_VOID}, _ => core::ptr::null_mut() }}"
    return _VOID, f"{boxed} as {_VOID}"
