"""C's pointers to functions as arguments of Rust functions: a Rust function that calls back, its values converted."""

from __future__ import annotations

import re
from collections.abc import Mapping

from repowright.agent.workflows.translate.checks.conversions import Conversions
from repowright.agent.workflows.translate.checks.converted import Carried
from repowright.agent.workflows.translate.checks.crate import CProgram
from repowright.agent.workflows.translate.checks.shapes import CallShape, Shape, ShapeKind, shape_of
from repowright.repo_tools.c_text import CFunction, CTypes, read_functions

_TYPEDEF = re.compile(rb"\btypedef\s+([\w\s*]+?)\(\s*\*\s*(\w+)\s*\)\s*\(([^;()]*)\)\s*;")
_RUST = re.compile(
    r"(?P<lent>&mut |&)?(?P<how>fn|implFn(?:Mut|Once)?|dynFn(?:Mut)?)\((?P<takes>.*)\)(?:->(?P<gives>\w+))?"
)
_NUMBER = re.compile(r"[iu](?:8|16|32|64|size)|f32|f64|bool")
_VOID = "*mut core::ffi::c_void"


def callback_types(program: CProgram, types: CTypes) -> dict[str, CallShape]:
    """What each named type of a pointer to a function takes and gives, where that can be carried."""
    found: dict[str, CallShape] = {}
    for path in sorted(program.files):
        for result, name, listed in _TYPEDEF.findall(program.files[path]) if path.endswith((".c", ".h")) else ():
            shape = _shape(result, name, listed, types)
            found |= {name.decode(): shape} if shape is not None else {}
    return found


def callbacks_of(
    function: CFunction, source: bytes, named: Mapping[str, CallShape], types: CTypes
) -> dict[str, CallShape]:
    """The parameters of a function that are pointers to functions, by their names."""
    found = {each.name: named[each.type] for each in function.parameters if each.type in named and not each.pointers}
    head = source[function.start : function.body]
    for each in function.parameters:
        name = re.escape(each.name).encode()
        match = re.search(rb"([\w\s*]+?)\(\s*\*\s*%s\s*\)\s*\(([^()]*)\)" % name, head) if each.is_function else None
        shape = _shape(match[1], each.name.encode(), match[2], types) if match else None
        found |= {each.name: shape} if shape is not None else {}
    return found


def _shape(result: bytes, name: bytes, listed: bytes, types: CTypes) -> CallShape | None:
    functions = read_functions(b"%s %s(%s) {}" % (result.strip(), name, listed))
    shape = shape_of(functions[0], "", 0, types, b"") if len(functions) == 1 else ""
    return None if isinstance(shape, str) else shape


def called_back(kind: str, there: Shape, name: str, conversions: Conversions) -> Carried | None:
    """Return the argument for a Rust parameter that is a function, by the plain text of its type."""
    found, call = _RUST.fullmatch(kind), there.call
    if found is None or call is None:
        return None
    takes = [re.sub(r"^\w+:(?!:)", "", each) for each in found["takes"].split(",") if each]
    if len(takes) != len(call.parameters):
        return None
    parts = [
        _part(rust, each, at, conversions) for at, (rust, each) in enumerate(zip(takes, call.parameters, strict=True))
    ]
    result = call.result.scalar.rust if call.result is not None and call.result.scalar is not None else ""
    gives = found["gives"] or ""
    fits = not gives if call.result is None else call.result.kind is ShapeKind.SCALAR and _NUMBER.fullmatch(gives)
    carried = [each for each in parts if each is not None]
    if not fits or len(carried) != len(parts):
        return None
    text = _trampoline(name, carried, result, gives)
    lent = found["lent"] or ""
    before = f"{text} let kept_{name} = CALLED_{name}.swap({name}, core::sync::atomic::Ordering::Relaxed);"
    after = f"CALLED_{name}.store(kept_{name}, core::sync::atomic::Ordering::Relaxed);"
    return Carried(f"{lent}passed_{name}", before, after)


def _part(rust: str, there: Shape, at: int, conversions: Conversions) -> tuple[str, str, str, str, str] | None:
    """Type in Rust and in C, statements before and after the call, and the expression, of one value handed to C."""
    if there.kind is ShapeKind.SCALAR and there.scalar is not None and _NUMBER.fullmatch(rust):
        own = there.scalar.rust
        given = f"(p{at} as u8 != 0)" if own == "bool" else f"(p{at} as {own})"
        return rust, own, "", "", f"p{at}" if own == rust else given
    of = conversions.of(there.tag) if there.kind is ShapeKind.HANDLE else None
    if of is None or re.sub(r"^&(?:mut ?)?", "", rust) != of.rust or not rust.startswith("&"):
        return None
    writes = rust.startswith("&mut")
    back = f"*p{at} = {of.module}::to_rust(&c{at}); " if writes else ""
    made = f"let mut c{at} = {of.module}::to_c(p{at});"
    kind = f"{'&mut ' if writes else '&'}{of.module}::R"
    return kind, _VOID, made, f"{back}{of.module}::release(&mut c{at});", f"&mut c{at} as *mut _ as {_VOID}"


def _trampoline(name: str, parts: list[tuple[str, str, str, str, str]], result: str, gives: str) -> str:
    listed = ", ".join(f"p{at}: {each[0]}" for at, each in enumerate(parts))
    abi = f'unsafe extern "C" fn({", ".join(each[1] for each in parts)}){f" -> {result}" if result else ""}'
    before, after = " ".join(each[2] for each in parts), " ".join(each[3] for each in parts)
    got = "" if not gives else "got" if result == gives else "got != (0 as _)" if gives == "bool" else f"got as {gives}"
    return f"""
    static CALLED_{name}: core::sync::atomic::AtomicPtr<core::ffi::c_void> =
        core::sync::atomic::AtomicPtr::new(core::ptr::null_mut());
    fn passed_{name}({listed}){f" -> {gives}" if gives else ""} {{ unsafe {{
        let call: {abi} = core::mem::transmute(CALLED_{name}.load(core::sync::atomic::Ordering::Relaxed));
        {before}
        let got = call({", ".join(each[4] for each in parts)});
        {after}
        {got}
    }} }}
    """
