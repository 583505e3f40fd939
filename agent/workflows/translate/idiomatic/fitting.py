"""Which code turns a C type into the Rust type of a field; a reason where there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from repowright.agent.workflows.translate.idiomatic.fields import Case, FieldCode, Linked, Single, Slice, Tagged
from repowright.agent.workflows.translate.idiomatic.project_types import ProjectType, ProjectTypes
from repowright.agent.workflows.translate.idiomatic.spec import FieldSpec, How, TypeSpec, VariantSpec
from repowright.agent.workflows.translate.idiomatic.spec_problems import members_of
from repowright.agent.workflows.translate.idiomatic.values import (
    Number,
    Owned,
    Row,
    Text,
    TextArray,
    Unfit,
    Value,
    Whole,
    is_text,
    unoptional,
)
from repowright.agent.workflows.translate.skeleton.names import value_name
from repowright.repo_tools.c_source.c_types import Array, Basic, CType, FunctionType, Pointer, Record
from repowright.repo_tools.c_source.c_types import Tagged as CTagged
from repowright.repo_tools.c_source.translation_unit import TranslationUnit
from repowright.repo_tools.rust_source import RustType, RustVariant

_FLOATS = frozenset({"float", "double"})
_NO_NUMBER = frozenset({"void", "long double", "__float128", "__builtin_va_list"})
_CHARS = frozenset({"char", "signed char", "unsigned char"})
_SEQUENCE = re.compile(r"(?:\w+::)*(?:(?:Vec|VecDeque|LinkedList)<(?P<inner>.*)>|Box<\[(?P<boxed>[^;]*)\]>)")
_FIXED = re.compile(r"\[(?P<element>.*);[^;]*\]")


@dataclass(frozen=True)
class Convertible:
    """A C type with the Rust type that a SPEC gives it.

    Parameters
    ----------
    module
        Path of its converters in the crate.
    """

    kind: ProjectType
    spec: TypeSpec
    rust: RustType
    module: str


@dataclass
class Fitting:
    """Finds code for members and fields.

    Parameters
    ----------
    constants
        Numbers of C by name.
    crate
        The structs and enums of the crate.
    used
        Paths of the converters that the code found so far calls.
    """

    types: ProjectTypes
    known: Sequence[Convertible]
    constants: Mapping[str, int]
    crate: Mapping[str, RustType]
    used: set[str] = field(default_factory=set)

    def code_of(self, of: Convertible, spec: FieldSpec) -> FieldCode:
        """Return the code of one field of a structure; `Unfit` where there is none."""
        assert isinstance(of.kind.definition, Record)
        members, unit = members_of(of.kind.definition), of.kind.unit
        if spec.how is How.UNION:
            return self.union(of, spec)
        held = of.rust.field(spec.rust)
        if held is None or spec.c not in members:
            raise Unfit(f"the SPEC says nothing usable of {spec.c or spec.rust}")
        kind, member = members[spec.c].type, value_name(spec.c)
        if spec.how is How.SLICE:
            return self._slice(unit, kind, spec, held.type)
        if spec.how is How.LIST:
            return self._list(unit, kind, spec, held.type)
        return Single(member, self.value(unit, kind, held.type, spec))

    def value(self, unit: TranslationUnit, kind: CType, rust: str, spec: FieldSpec | None = None) -> Value:
        """Return the code of one value."""
        seen = unit.symbols.resolved(kind)
        nullable = spec is not None and spec.nullable
        if isinstance(seen, Basic):
            return self._number(unit, kind, seen, rust)
        if isinstance(seen, Array):
            return self._array(unit, seen, rust)
        if isinstance(seen, Pointer):
            return self._pointer(unit, seen, rust, nullable)
        found = self._known(unit, kind, rust)
        if found is not None:
            return Whole(self._use(found))
        if isinstance(seen, CTagged) and seen.kind == "enum":
            return Number(self.types.text(unit, kind), rust, "int")
        raise Unfit(f"no SPEC says how {_told(kind)} becomes {rust}")

    def _number(self, unit: TranslationUnit, kind: CType, seen: Basic, rust: str) -> Value:
        if seen.name in _NO_NUMBER:
            raise Unfit(f"{seen.name} has no counterpart that can be compared")
        named = "bool" if seen.name == "_Bool" else "float" if seen.name in _FLOATS else "int"
        return Number(self.types.text(unit, kind), rust, named)

    def _array(self, unit: TranslationUnit, kind: Array, rust: str) -> Value:
        if not kind.length:
            raise Unfit("an array without a length that can be proved")
        element = unit.symbols.resolved(kind.element)
        if isinstance(element, Basic) and element.name in _CHARS and rust in ("String", "CString", "Box<str>"):
            return TextArray(rust, self.types.text(unit, kind.element), kind.length)
        fixed = _FIXED.fullmatch(rust)
        inner = fixed["element"] if fixed is not None else _element(rust)
        if not inner:
            raise Unfit(f"an array cannot become {rust}")
        return Row(self.value(unit, kind.element, inner), kind.length, fixed is not None)

    def _pointer(self, unit: TranslationUnit, kind: Pointer, rust: str, nullable: bool) -> Value:
        target = unit.symbols.resolved(kind.target)
        if isinstance(target, Basic) and target.name in _CHARS and is_text(rust):
            return Text(rust, nullable, kind.const)
        if isinstance(target, FunctionType):
            raise Unfit("a pointer to a function cannot be made up")
        leaf = re.sub(r"^(?:(?:\w+::)*(?:Option|Box|Rc|Arc|RefCell)<)+|>+$", "", rust) if "<" in rust else rust
        found = self._known(unit, kind.target, leaf)
        if found is None:
            raise Unfit(f"a pointer to {_told(kind.target)} cannot become {rust}")
        return Owned(self._use(found), rust, nullable or rust.startswith("Option"), kind.const)

    def _slice(self, unit: TranslationUnit, kind: CType, spec: FieldSpec, rust: str) -> FieldCode:
        seen = unit.symbols.resolved(kind)
        inner, is_option = unoptional(rust)
        one = _element(inner)
        if not isinstance(seen, Pointer) or not one:
            raise Unfit(f"the member {spec.c} cannot become {rust}: a slice is a pointer, and in Rust a sequence")
        element = self.value(unit, seen.target, one)
        layout = self.types.text(unit, seen.target)
        return Slice(value_name(spec.c), value_name(spec.length), layout, element, is_option, seen.const)

    def _list(self, unit: TranslationUnit, kind: CType, spec: FieldSpec, rust: str) -> FieldCode:
        seen = unit.symbols.resolved(kind)
        node = self.types.of(unit, seen.target) if isinstance(seen, Pointer) else None
        one = _element(rust)
        if node is None or not isinstance(node.definition, Record) or not one:
            raise Unfit(f"the member {spec.c} cannot become {rust}: a list is a pointer to a node, in Rust a sequence")
        members = members_of(node.definition)
        if spec.next not in members or (spec.value and spec.value not in members):
            raise Unfit(f"{node.name} has no member {spec.next if spec.next not in members else spec.value}")
        item: Value
        if spec.value:
            item = self.value(node.unit, members[spec.value].type, one)
        else:
            item = self.value(node.unit, CTagged(node.definition.kind, node.definition.key), one)
        layout, kept = f"crate::types::{node.layout}", value_name(spec.value) if spec.value else ""
        return Linked(value_name(spec.c), layout, value_name(spec.next), item, kept)

    def union(self, of: Convertible, spec: FieldSpec) -> FieldCode:
        """Return the code of a union beside its tag; without a field of Rust the whole type is the enum."""
        record, unit = of.kind.definition, of.kind.unit
        assert isinstance(record, Record)
        members = members_of(record)
        held = of.rust.field(spec.rust)
        name = of.rust.name if held is None else unoptional(held.type)[0].rpartition("::")[2]
        enum = of.rust if held is None else self.crate.get(name)
        if enum is None or enum.variants is None or spec.c not in members or spec.tag not in members:
            raise Unfit(f"the union {spec.c or 'without a name'} finds no enum in Rust")
        inside = self.types.of(unit, members[spec.c].type)
        if inside is None or not isinstance(inside.definition, Record):
            raise Unfit(f"the member {spec.c} is no union")
        place = value_name(spec.c) if spec.c else f"_anonymous_{list(record.fields).index(members[''])}"
        path = f"crate::{_module(enum.path)}::{enum.name}"
        cases = tuple(self._case(each, enum, inside, path) for each in spec.variants)
        return Tagged(place, value_name(spec.tag), cases)

    def _case(self, spec: VariantSpec, enum: RustType, union: ProjectType, path: str) -> Case:
        variant = enum.variant(spec.name)
        if variant is None:
            raise Unfit(f"{enum.name} has no variant {spec.name}")
        tag, rust = self.number(spec.value), f"{path}::{variant.name}"
        names = tuple(each.name for each in variant.fields)
        if not names:
            return Case(tag, rust, (), True, ())
        return Case(tag, rust, names, variant.is_tuple, self._data(spec, variant, union))

    def _data(self, spec: VariantSpec, variant: RustVariant, union: ProjectType) -> tuple[tuple[str, Value], ...]:
        """Where the fields of a variant lie in the union: in one member, or in the members of that one."""
        assert isinstance(union.definition, Record)
        member = members_of(union.definition).get(spec.c)
        if member is None:
            raise Unfit(f"the variant {variant.name} has data, and {spec.c or 'nothing'} of the union is none")
        place = f".{value_name(spec.c)}"
        if len(variant.fields) == 1:
            return ((place, self.value(union.unit, member.type, variant.fields[0].type)),)
        inner = self.types.of(union.unit, member.type)
        fields = list(inner.definition.fields) if inner and isinstance(inner.definition, Record) else []
        by_name = {each.name: each for each in fields}
        chosen = fields if variant.is_tuple else [by_name[each.name] for each in variant.fields if each.name in by_name]
        if inner is None or len(chosen) != len(variant.fields):
            raise Unfit(f"the fields of the variant {variant.name} are not those of {spec.c}")
        pairs = zip(chosen, variant.fields, strict=True)
        return tuple((f"{place}.{value_name(c.name)}", self.value(inner.unit, c.type, rust.type)) for c, rust in pairs)

    def number(self, value: int | str) -> int:
        """The number that the SPEC means by an enumerator, a constant or a number."""
        if isinstance(value, int):
            return value
        if value in self.constants:
            return self.constants[value]
        try:
            return int(value, 0)
        except ValueError as err:
            raise Unfit(f"the value of {value} is not known") from err

    def _known(self, unit: TranslationUnit, kind: CType, rust: str) -> Convertible | None:
        found = self.types.of(unit, kind)
        name = rust.partition("<")[0].rpartition("::")[2].strip()
        if found is None:
            return None
        return next((each for each in self.known if each.kind is found and each.rust.name == name), None)

    def _use(self, found: Convertible) -> str:
        self.used.add(found.module)
        return found.module


def _element(rust: str) -> str:
    """Type of the elements of a sequence; empty where the type is none."""
    found = _SEQUENCE.fullmatch(rust)
    return "" if found is None else found["inner"] or found["boxed"] or ""


def _module(path: str) -> str:
    return path.removeprefix("src/").removesuffix(".rs").replace("/", "::")


def _told(kind: CType) -> str:
    return f"{kind.kind} {kind.key}" if isinstance(kind, CTagged) else str(getattr(kind, "name", "that type"))
