"""A SPEC held against the C and the Rust it speaks of: what it leaves out, and what it names that is not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from repowright.agent.workflows.translate.idiomatic.project_types import ProjectType, ProjectTypes
from repowright.agent.workflows.translate.idiomatic.spec import FieldSpec, How, Spec, TypeSpec
from repowright.repo_tools.c_source.c_types import Enumeration, Field, Record
from repowright.repo_tools.rust_source import RustType


def spec_problems(
    spec: Spec, own: Sequence[ProjectType], types: ProjectTypes, rust: Mapping[str, RustType]
) -> list[str]:
    """Return what a model has to mend, one line each.

    Parameters
    ----------
    own
        The C types that the SPEC is about.
    rust
        Types of the crate, those that are designed now among them.
    """
    found: list[str] = []
    for each in spec.types:
        known = [kind for kind in own if kind in types.named(each.c)]
        if not known:
            found.append(f"the SPEC speaks of {each.c}, which is none of the C types it is asked about")
            continue
        there = rust.get(each.rust_name)
        if there is None:
            found.append(f"the SPEC says that {each.c} becomes {each.rust}, and no such struct or enum is in your code")
            continue
        found += [f"the SPEC of {each.c}: {problem}" for problem in _of_type(each, known[0], there)]
    return found


def _of_type(spec: TypeSpec, kind: ProjectType, rust: RustType) -> Iterator[str]:
    if isinstance(kind.definition, Enumeration):
        yield from _of_enum(spec, kind.definition, rust)
        return
    members = members_of(kind.definition)
    named = [member for field in spec.fields for member in field.members]
    yield from (f"it has no member {each}" for each in dict.fromkeys(named) if each not in members)
    left = [each for each in members if each and each not in named]
    if left:
        yield f"nothing is said of the members {', '.join(left)}"
    for field in spec.fields:
        yield from _of_field(field, rust)
    said = {field.rust.removeprefix("r#") for field in spec.fields}
    missing = [each.name for each in rust.fields if each.name not in said]
    if missing and rust.variants is None:
        yield f"nothing is said of the fields {', '.join(missing)} of {rust.name}"


def _of_enum(spec: TypeSpec, kind: Enumeration, rust: RustType) -> Iterator[str]:
    if rust.variants is None:
        yield f"{rust.name} is no enum"
        return
    names = {name for name, _ in kind.members}
    yield from (f"it has no value {each.value}" for each in spec.variants if not _is_value(each.value, names))
    yield from (f"{rust.name} has no variant {each.name}" for each in spec.variants if rust.variant(each.name) is None)


def _is_value(value: int | str, names: set[str]) -> bool:
    return isinstance(value, int) or value in names or value.lstrip("-").isdigit()


def _of_field(field: FieldSpec, rust: RustType) -> Iterator[str]:
    whole = field.how is How.UNION and not field.rust
    if field.rust and rust.field(field.rust) is None:
        yield f"{rust.name} has no field {field.rust}"
    if not field.rust and not whole and field.how not in (How.DERIVED, How.PRIVATE):
        yield f"the member {field.c} is {field.how}, and no field of {rust.name} is named for it"
    if not field.c and field.how not in (How.UNION, How.PRIVATE):
        yield f"the field {field.rust} is {field.how}, and no member is named for it"
    if field.how is How.SLICE and not field.length:
        yield f"the slice {field.c} has no length"
    if field.how is How.LIST and not field.next:
        yield f"the list {field.c} has no next"
    if field.how is How.UNION and (not field.tag or not field.variants):
        yield f"the union {field.c or 'without a name'} has no tag or no variants"
    if whole and rust.variants is None:
        yield f"{rust.name} is no enum; name the field that holds the union {field.c}"


def members_of(record: Record) -> dict[str, Field]:
    """The members of a struct or union by name; of those without a name, the last, by the empty name."""
    return {each.name: each for each in record.fields if each.name or each.bits is None}
