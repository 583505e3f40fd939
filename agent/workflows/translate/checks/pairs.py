"""Which Rust function stands for which C function: by name, methods by the name of their type too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from repowright.agent.workflows.translate.checks.crate import Crate
from repowright.agent.workflows.translate.checks.shapes import CallShape
from repowright.repo_tools.rust_source import Parameter, Signature, read_items

_ALIAS = re.compile(r"\btype\s+(\w+)\s*=\s*((?:::)?\w+(?:::\w+)*|fn\s*\([^;=]*)\s*;")
_PATH = re.compile(r"(?:::)?\b[A-Za-z_]\w*(?:::\w+)*")
_DEEPEST = 8
"""Names of names of types that are followed."""
_MAKING = frozenset({"new", "create", "alloc", "make", "init", "construct", "build"})
_BETWEEN = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True)
class RustFunction:
    """A function of the crate that a wrapper in its own file can call."""

    path: str
    """File."""
    call: str
    """As its own file names it: ``push``, ``Queue::push``."""
    signature: Signature
    owner: str = ""
    """Type of a method."""


def rust_functions(crate: Crate) -> tuple[RustFunction, ...]:
    """Return the crate's functions and inherent methods; those in modules within a file only where they are public."""
    found = tuple(each for path, data in crate.rust_files().items() for each in _of_file(path, data))
    aliases = _aliases(crate)
    return tuple(replace(each, signature=_resolved(each.signature, aliases)) for each in found) if aliases else found


def _aliases(crate: Crate) -> dict[str, str]:
    """What the crate's own names of plain types stand for."""
    text = b"\n".join(crate.rust_files().values()).decode("utf-8", "replace")
    return {name: target for name, target in _ALIAS.findall(text) if name != target.rpartition("::")[2]}


def _resolved(signature: Signature, aliases: Mapping[str, str]) -> Signature:
    """The signature with the crate's names of types replaced by what they stand for."""

    def plain(text: str) -> str:
        for _ in range(_DEEPEST):
            changed = _PATH.sub(lambda found: aliases.get(found[0].rpartition("::")[2], found[0]), text)
            if changed == text:
                break
            text = changed
        return text

    parameters = tuple(Parameter(each.name, plain(each.type)) for each in signature.parameters)
    return replace(signature, parameters=parameters, result=plain(signature.result))


def pair(names: frozenset[str], functions: tuple[RustFunction, ...]) -> Mapping[str, RustFunction]:
    """Return the Rust function of each C name that has exactly one, or one that stands out."""
    found: dict[str, RustFunction] = {}
    plain = {name: _plain(name) for name in names}
    for rank in (_same_name, _same_plain_name, _method_name, _maker):
        for name in sorted(names - found.keys()):
            matches = [each for each in functions if rank(each, name, plain[name])]
            taken = {id(each) for each in found.values()}
            matches = [each for each in matches if id(each) not in taken]
            if len(matches) == 1:
                found[name] = matches[0]
    return found


def droppers(shapes: Sequence[CallShape], paired: Mapping[str, RustFunction]) -> dict[str, RustFunction]:
    """For functions that give a structure back and have no name in Rust: dropping the value of its type."""
    found = {}
    for shape in shapes:
        if shape.name in paired or not shape.ends_handle or len(shape.parameters) != 1 or shape.result is not None:
            continue
        (tag,) = shape.handles
        users = [each for each in shapes if each.name in paired and tag in each.handles and paired[each.name].owner]
        owners = sorted({(paired[each.name].path, paired[each.name].owner) for each in users})
        if len(owners) == 1:
            path, owner = owners[0]
            signature = Signature("drop", (Parameter("value", owner),), "")
            found[shape.name] = RustFunction(path, f"core::mem::drop::<{owner}>", signature, owner)
    return found


def _of_file(path: str, data: bytes) -> Iterator[RustFunction]:
    source = read_items(data)
    modules = {item.path for item in source.items if item.kind == "module"}
    for item in source.functions():
        if item.body is None or item.signature is None or item.in_tests or " for " in item.path:
            continue
        owner = item.path.removesuffix(item.name).removesuffix("::")
        outer = owner in modules
        if outer and not item.public:
            continue
        generic = owner.partition("<")[0]
        call = f"{generic}::{item.name}" if owner else item.name
        yield RustFunction(path, call, item.signature, "" if outer else generic)


def _same_name(function: RustFunction, name: str, plain: str) -> bool:
    return function.signature.name == name and not function.owner


def _same_plain_name(function: RustFunction, name: str, plain: str) -> bool:
    return _plain(function.signature.name) == plain and not function.owner


def _method_name(function: RustFunction, name: str, plain: str) -> bool:
    if not function.owner:
        return False
    owner, own = _plain(function.owner), _plain(function.signature.name)
    owners = {owner, owner.removesuffix("t"), owner.removesuffix("struct")} - {""}
    return plain == own or any(plain in (each + own, own + each) for each in owners)


def _maker(function: RustFunction, name: str, plain: str) -> bool:
    """What C calls ``queue_create`` is ``Queue::new`` in Rust."""
    owner = _plain(function.owner)
    if not owner or _plain(function.signature.name) not in _MAKING:
        return False
    return any(
        plain.removeprefix(each) in _MAKING for each in (owner, owner.removesuffix("t")) if plain.startswith(each)
    )


def _plain(name: str) -> str:
    """A name without its style: ``queuePush`` and ``queue_push`` are one."""
    return _BETWEEN.sub("_", name).lower().replace("_", "")
