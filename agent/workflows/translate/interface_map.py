"""How a given interface stands to a C project: one item for each function, and what is left on both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from repowright.agent.workflows.translate.linking import Key
from repowright.agent.workflows.translate.mapping import CNames, Place, match
from repowright.agent.workflows.translate.skeleton.crate import Refused
from repowright.repo_tools.c_source.project import is_test_path
from repowright.repo_tools.c_source.translation_unit import FunctionDefinition, TranslationUnit
from repowright.repo_tools.rust_source import read_items


@dataclass(frozen=True, slots=True)
class InterfaceItem:
    """A function or method of the interface.

    Parameters
    ----------
    item
        Its path inside its file, such as ``Drop for Stack::drop``.
    parameters
        Their number, ``self`` counted.
    """

    path: str
    item: str
    parameters: int

    @property
    def qualname(self) -> str:
        """Type and name, without the trait."""
        return self.item.rpartition(" for ")[2]


@dataclass(frozen=True, slots=True)
class Match:
    """A C function and the item that stands for it."""

    path: str
    name: str
    item: InterfaceItem


@dataclass(frozen=True, slots=True)
class InterfaceMap:
    """How an interface stands to a C project.

    Parameters
    ----------
    left_items
        Items that no C function was found for, or that another stands for better.
    left_functions
        C functions without an item, each with the reason.
    """

    matches: tuple[Match, ...]
    left_items: tuple[InterfaceItem, ...]
    left_functions: tuple[Refused, ...]


def map_interface(files: Mapping[str, str], units: Sequence[TranslationUnit]) -> InterfaceMap:
    """Find the item that stands for each C function: by name as `mapping.match` does, of several by their parameters.

    Parameters
    ----------
    files
        Text of the interface's Rust files, by path.
    """
    items = interface_items(files)
    functions = _functions(units)
    found = _found([(each.path, each.item) for each in items], tuple(functions))
    chosen: dict[Key, InterfaceItem] = {}
    for each in items:
        key = found.get((each.path, each.item))
        if key is not None and (
            key not in chosen or _apart(functions[key], each) < _apart(functions[key], chosen[key])
        ):
            chosen[key] = each
    taken = set(chosen.values())
    left = [function for key, function in functions.items() if key not in chosen]
    return InterfaceMap(
        tuple(Match(*key, chosen[key]) for key in sorted(chosen)),
        tuple(each for each in items if each not in taken),
        tuple(Refused(each.site.path, each.name, _why_left(each)) for each in left),
    )


def _found(places: Sequence[Place], keys: tuple[Key, ...]) -> dict[Place, Key]:
    """What names say, and for the rest what they say without the word that most functions begin with."""
    found = match(places, CNames(keys))
    prefix = _shared_prefix([key.name for key in keys])
    claimed = set(found.values())
    shorter = {Key(key.path, key.name.removeprefix(prefix)): key for key in keys if key not in claimed}
    more = match([each for each in places if each not in found], CNames(tuple(shorter))) if prefix else {}
    return found | {place: shorter[key] for place, key in more.items()}


def _shared_prefix(names: Sequence[str]) -> str:
    """The first word, with the line behind it, of more than half of the names; empty where there is none."""
    counted = Counter(name.partition("_")[0] for name in names if name.partition("_")[2])
    word, count = min(counted.items(), key=lambda each: (-each[1], each[0]), default=("", 0))
    return f"{word}_" if 2 * count > len(names) else ""


def interface_items(files: Mapping[str, str]) -> tuple[InterfaceItem, ...]:
    """Functions and methods of Rust files, in the order of paths and lines; those of tests are left out."""
    return tuple(
        InterfaceItem(path, item.path, len(item.signature.parameters))
        for path in sorted(files)
        for item in read_items(files[path].encode()).functions()
        if item.signature is not None and not item.in_tests
    )


def _functions(units: Iterable[TranslationUnit]) -> dict[Key, FunctionDefinition]:
    """Every function once, in the order of files and lines; those of tests are left out."""
    found: dict[Key, FunctionDefinition] = {}
    for unit in units:
        for function in unit.functions:
            if not is_test_path(function.site.path):
                found.setdefault(Key(function.site.path, function.name), function)
    return {key: found[key] for key in sorted(found, key=lambda key: (key.path, found[key].site.line))}


def _apart(function: FunctionDefinition, item: InterfaceItem) -> int:
    return abs(len(function.type.parameters) - item.parameters)


def _why_left(function: FunctionDefinition) -> str:
    seen = "is static and" if function.is_static else "is seen by other files but"
    return f"{seen} has no item in the interface; it becomes private code of its module"
