"""Converters between C's layout and Rust's types, made from the SPECs, with a test that goes there and back.

All of it stands in a scratch copy of the crate, in modules that are compiled for tests alone: converters have to reach
private fields and are full of ``unsafe``, and the delivered crate holds neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from repowright.agent.workflows.translate.idiomatic.fields import FieldCode, Slice, Tagged
from repowright.agent.workflows.translate.idiomatic.fitting import Convertible, Fitting
from repowright.agent.workflows.translate.idiomatic.project_types import ProjectType, ProjectTypes
from repowright.agent.workflows.translate.idiomatic.spec import FieldSpec, How, TypeSpec
from repowright.agent.workflows.translate.idiomatic.support import DEPTH, ROUNDS
from repowright.agent.workflows.translate.idiomatic.values import SUPPORT, Unfit
from repowright.agent.workflows.translate.skeleton.names import value_name
from repowright.repo_tools.c_source.c_types import Enumeration, Record
from repowright.repo_tools.c_source.translation_unit import TranslationUnit
from repowright.repo_tools.rust_source import RustType, rust_types

PREFIX = "round_trip_of_"
_ROOM = re.compile(r"room|cap|alloc|reserved|max|size|space", re.I)


@dataclass(frozen=True)
class Converter:
    """The converters of one type and their test.

    Parameters
    ----------
    type
        The C type.
    path
        File of the crate whose end the text is put to.
    test
        As cargo names it.
    names
        All that C may call the type.
    needs
        Modules of converters that it calls.
    left_out
        Members of C that are not compared.
    rooms
        Those of them that say how much a slice has room for, which its length answers.
    """

    type: str
    rust: str
    path: str
    module: str
    test: str
    text: str
    names: tuple[str, ...] = ()
    needs: frozenset[str] = frozenset()
    left_out: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Converters:
    """What could be made, and why the rest could not: by C type."""

    made: tuple[Converter, ...]
    refused: Mapping[str, str]


def make_converters(
    specs: Iterable[TypeSpec], types: ProjectTypes, files: Mapping[str, bytes], units: Sequence[TranslationUnit]
) -> Converters:
    """Make the converters of every type that SPECs speak of.

    Parameters
    ----------
    files
        Rust of the finished crate.
    """
    crate = rust_types(files)
    known, refused = _known(specs, types, crate)
    constants = _constants(units)
    made: dict[str, Converter] = {}
    while True:
        made = {}
        for each in known:
            fitting = Fitting(types, known, constants, crate)
            try:
                made[each.module] = _converter(each, fitting)
            except Unfit as err:
                refused[each.kind.name] = str(err)
        left = [each for each in known if each.module in made]
        if len(left) == len(known):
            return Converters(tuple(made[each.module] for each in known), refused)
        known = left


def without(converters: Converters, broken: Mapping[str, str]) -> Converters:
    """Leave converters out, by module with the reason, and all that call them."""
    refused = dict(converters.refused)
    gone = dict(broken)
    while True:
        more = {
            each.module: f"it needs the converters of a type that has none: {gone[needed]}"
            for each in converters.made
            for needed in sorted(each.needs)
            if needed in gone and each.module not in gone
        }
        if not more:
            break
        gone |= more
    refused |= {each.type: gone[each.module] for each in converters.made if each.module in gone}
    return Converters(tuple(each for each in converters.made if each.module not in gone), refused)


def _known(
    specs: Iterable[TypeSpec], types: ProjectTypes, crate: Mapping[str, RustType]
) -> tuple[list[Convertible], dict[str, str]]:
    known: list[Convertible] = []
    refused: dict[str, str] = {}
    for spec in specs:
        kinds = types.named(spec.c)
        rust = crate.get(spec.rust_name)
        if len(kinds) != 1 or rust is None:
            refused[spec.c] = (
                f"{spec.rust if kinds else spec.c} is not there" if len(kinds) < 2 else "its name is not unique"
            )
            continue
        reason = _unfit(kinds[0], rust)
        if reason:
            refused[kinds[0].name] = reason
            continue
        module = f"crate::{rust.path.removeprefix('src/').removesuffix('.rs')}::{PREFIX}{_plain(kinds[0])}"
        known.append(Convertible(kinds[0], spec, rust, module))
    return known, refused


def _unfit(kind: ProjectType, rust: RustType) -> str:
    if rust.is_generic:
        return f"{rust.name} is generic"
    if isinstance(kind.definition, Record):
        if kind.definition.kind == "union":
            return "it is a union, and only the tag beside it says what it holds"
        if any(each.bits is not None for each in kind.definition.fields):
            return "it has bit fields"
        if kind.definition.pack is not None:
            return "it is packed, so that nothing may point into it"
    return ""


def _plain(kind: ProjectType) -> str:
    return re.sub(r"\W", "_", kind.layout)


def _constants(units: Sequence[TranslationUnit]) -> dict[str, int]:
    """Numbers by name: enumerators, and macros that are numbers."""
    found: dict[str, int] = {}
    for unit in units:
        for name, value in unit.symbols.enumerators.items():
            if value is not None:
                found.setdefault(name, value)
        for macro in unit.macros:
            if macro.parameters is None and re.fullmatch(r"\(?-?(?:0[xX][0-9a-fA-F]+|\d+)\)?", macro.value.strip()):
                found.setdefault(macro.name, int(macro.value.strip().strip("()"), 0))
    return found


def _converter(of: Convertible, fitting: Fitting) -> Converter:
    name = of.module.rpartition("::")[2]
    is_enum = isinstance(of.kind.definition, Enumeration)
    body, left, rooms = (_of_enum(of, fitting), (), ()) if is_enum else _of_record(of, fitting)
    compared = "let again = to_rust(&to_c(&made)); if again != made { return Some(AGAIN.to_string()); }"
    text = f"""
#[cfg(test)]
#[allow(warnings, clippy::all)]
pub(crate) mod {name} {{
    use super::*;
    pub(crate) type C = crate::types::{of.kind.layout};
    pub(crate) type R = super::{of.rust.name};
    const AGAIN: &str = "from Rust to C and back it is not the same";
{body}
    #[test]
    fn there_and_back() {{
        {SUPPORT}::run({ROUNDS}, |draw_from| unsafe {{
            let drawn = draw(draw_from, {DEPTH});
            let made = to_rust(&drawn);
            if let Some(member) = differs(&drawn, &to_c(&made)) {{
                return Some({SUPPORT}::lost(member));
            }}
            {compared if of.rust.is_comparable else ""}
            None
        }});
    }}
}}
"""
    test = f"{of.module.removeprefix('crate::')}::there_and_back"
    needs = frozenset(fitting.used) - {of.module}
    return Converter(of.kind.name, of.rust.name, of.rust.path, of.module, test, text, of.kind.names, needs, left, rooms)


def _of_enum(of: Convertible, fitting: Fitting) -> str:
    if of.rust.variants is None or any(each.fields for each in of.rust.variants):
        raise Unfit(f"{of.rust.name} is no enum without data")
    pairs = [(fitting.number(each.value), each.name) for each in of.spec.variants]
    if not pairs:
        raise Unfit("the SPEC names no value of it")
    there = ", ".join(f"{value}i64 => R::{name}" for value, name in pairs)
    back = ", ".join(f"R::{name} => {value}i64 as C" for value, name in pairs)
    drawn = ", ".join(f"{value}i64" for value, _ in pairs)
    return f"""
    pub(crate) unsafe fn to_rust(c: &C) -> R {{
        match *c as i64 {{ {there}, other => panic!("no variant for the value {{other}}") }}
    }}
    pub(crate) unsafe fn to_c(r: &R) -> C {{
        match r {{ {back}, #[allow(unreachable_patterns)] _ => panic!("no value for a variant") }}
    }}
    pub(crate) unsafe fn draw(g: &mut {SUPPORT}::Draw, depth: u32) -> C {{
        let all = [{drawn}];
        all[g.below(all.len() as u64) as usize] as C
    }}
    pub(crate) unsafe fn differs(a: &C, b: &C) -> Option<&'static str> {{
        if a == b {{ None }} else {{ Some("the value") }}
    }}
    pub(crate) unsafe fn release(c: &mut C) {{}}
    pub(crate) unsafe fn update(c: &mut C, r: &R) {{
        *c = to_c(r);
    }}
"""


def _of_record(of: Convertible, fitting: Fitting) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The converters of a structure, the members that they leave out, and those of them that count room."""
    kept = [each for each in of.spec.fields if each.how not in (How.DERIVED, How.PRIVATE)]
    hidden = [each.c for each in of.spec.fields if each.how is How.PRIVATE and each.c]
    if hidden:
        raise Unfit(f"Rust keeps {', '.join(hidden)} in a way that the SPEC has no words for")
    codes = [(each, fitting.code_of(of, each)) for each in kept]
    if not codes:
        raise Unfit("the SPEC leaves no member to compare")
    defaults = [each.rust for each in of.spec.fields if each.how is How.PRIVATE]
    compared = {name for _, code in codes for name, _ in code.same("a", "b")}
    named = [member for each in of.spec.fields for member in each.members]
    left = tuple(each for each in dict.fromkeys(named) if each not in compared and f"r#{each}" not in compared)
    rooms = _rooms(codes, left)
    text = _record_text(_in_order(codes), defaults, of.rust, {value_name(room): rooms[room] for room in rooms})
    return text, left, tuple(rooms)


def _rooms(codes: Sequence[tuple[FieldSpec, FieldCode]], left: Sequence[str]) -> dict[str, str]:
    """Members that say how much a slice has room for, with the member that is its length."""
    slices = [code.length for _, code in codes if isinstance(code, Slice)]
    return {each: slices[0] for each in left if _ROOM.search(each)} if len(slices) == 1 else {}


def _in_order(codes: Sequence[tuple[FieldSpec, FieldCode]]) -> list[tuple[FieldSpec, FieldCode]]:
    """Slices last: the length they draw stands, also where a field of its own has the member."""
    return sorted(codes, key=lambda each: each[0].how is How.SLICE)


def _record_text(
    codes: Sequence[tuple[FieldSpec, FieldCode]], defaults: Sequence[str], rust: RustType, rooms: Mapping[str, str]
) -> str:
    whole = rust.variants is not None
    if whole and (len(codes) != 1 or not isinstance(codes[0][1], Tagged)):
        raise Unfit(f"{rust.name} is an enum, and more than a union with its tag goes into it")
    if whole:
        made = codes[0][1].to_rust("c")
    else:
        filled = [f"{each.rust}: {code.to_rust('c')}" for each, code in codes]
        made = f"R {{ {', '.join([*filled, *(f'{each}: Default::default()' for each in defaults)])} }}"
    there = "\n        ".join(line for each, code in codes for line in code.to_c("r" if whole else f"(&r.{each.rust})"))
    full = "".join(f"\n        c.{room} = c.{length} as _;" for room, length in rooms.items())
    drawn = "\n        ".join(line for _, code in codes for line in code.draw())
    pairs = [pair for _, code in codes for pair in code.same("a", "b")]
    checks = "\n        ".join(f'if !({alike}) {{ return Some("{member}"); }}' for member, alike in pairs)
    return f"""
    pub(crate) unsafe fn to_rust(c: &C) -> R {{
        {made}
    }}
    pub(crate) unsafe fn to_c(r: &R) -> C {{
        let mut c: C = core::mem::zeroed();
        {there}{full}
        c
    }}
    pub(crate) unsafe fn draw(g: &mut {SUPPORT}::Draw, depth: u32) -> C {{
        let mut c: C = core::mem::zeroed();
        {drawn}
        c
    }}
    pub(crate) unsafe fn differs(a: &C, b: &C) -> Option<&'static str> {{
        {checks}
        None
    }}
    pub(crate) unsafe fn release(c: &mut C) {{
        {" ".join(code.release("c") for _, code in codes)}
    }}
    pub(crate) unsafe fn update(c: &mut C, r: &R) {{
        let mut new = to_c(r);
        {" ".join(_updated(code, rooms) for _, code in codes)}
    }}
"""


def _updated(code: FieldCode, rooms: Mapping[str, str]) -> str:
    """Statements that give the members of ``c`` the values of ``new``; what did not change stays where it is."""
    pairs = code.same("c", "new")
    members = [name for name, _ in pairs]
    members += [room for room, length in rooms.items() if length in members]
    taken = " ".join(f"c.{name} = new.{name};" for name in members)
    alike = " && ".join(condition for _, condition in pairs)
    return f"if {alike} {{ {code.release('new')} }} else {{ {code.release('c')} {taken} }}"
