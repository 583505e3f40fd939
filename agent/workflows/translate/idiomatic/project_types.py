"""The structs, unions and enums of a C project, each once, and which of them a type of C is written with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from repowright.agent.workflows.translate.skeleton.catalogue import Catalogue, Entry, Identity
from repowright.agent.workflows.translate.skeleton.type_text import TypeWriter
from repowright.repo_tools.c_source.c_types import (
    Array,
    CType,
    Enumeration,
    FunctionType,
    Named,
    Pointer,
    Record,
    Tagged,
    Typedef,
    Vector,
)
from repowright.repo_tools.c_source.project import is_test_path
from repowright.repo_tools.c_source.translation_unit import TranslationUnit


@dataclass(frozen=True, eq=False)
class ProjectType:
    """One struct, union or enum; two are the same where they are one object.

    Parameters
    ----------
    name
        As C says it: ``struct ring``; of a type without a tag, the name that a typedef gives it.
    names
        All that C may call it.
    layout
        Its name in the skeleton, where it has C's layout.
    unit
        The first translation unit that defines it.
    """

    identity: Identity
    name: str
    names: tuple[str, ...]
    layout: str
    definition: Record | Enumeration
    unit: TranslationUnit

    @property
    def is_named(self) -> bool:
        """Whether C can name it: a union inside a structure is told of with that."""
        return "@" not in self.name

    @property
    def path(self) -> str:
        """The file that defines it."""
        return self.definition.site.path

    @property
    def line(self) -> int:
        """The line at which it is defined."""
        return self.definition.site.line


class ProjectTypes:
    """Every type that the project itself defines.

    Parameters
    ----------
    units
        The project as the compiler sees it.
    """

    def __init__(self, units: Sequence[TranslationUnit]) -> None:
        self._catalogue = Catalogue(units)
        self._writer = TypeWriter(self._catalogue)
        own = [each for each in self._catalogue.entries.values() if _is_own(each)]
        own.sort(key=_place)
        self._typedefs = self._aliases()
        first: dict[tuple[str, str, str, int], Identity] = {}
        # Units that include other headers before may see one definition with other types inside.
        self._same = {each.identity: first.setdefault(_definition(each), each.identity) for each in own}
        chosen = set(first.values())
        self.types: dict[Identity, ProjectType] = {
            each.identity: self._type(each) for each in own if each.identity in chosen
        }

    def text(self, unit: TranslationUnit, kind: CType) -> str:
        """A type as the skeleton writes it."""
        return self._writer.text(unit, kind)

    def of(self, unit: TranslationUnit, kind: CType) -> ProjectType | None:
        """The type that a type of C means, typedefs resolved; `None` for pointers and what the project lacks."""
        if not isinstance(kind, Named | Tagged):
            return None
        entry = self._catalogue.entries.get(self._catalogue.identity(unit, kind))
        if entry is not None and isinstance(entry.definition, Typedef):
            return self.of(entry.unit, entry.definition.type)
        return None if entry is None else self.types.get(self._same.get(entry.identity, entry.identity))

    def behind(self, unit: TranslationUnit, kind: CType) -> Iterator[ProjectType]:
        """Types that a type is written with, through pointers and typedefs; what callbacks take is left out."""
        while isinstance(kind, Pointer | Array | Vector):
            kind = kind.target if isinstance(kind, Pointer) else kind.element
        if isinstance(kind, FunctionType):
            return
        if isinstance(kind, Named):
            entry = self._catalogue.entries.get(self._catalogue.identity(unit, kind))
            if entry is not None and isinstance(entry.definition, Typedef):
                yield from self.behind(entry.unit, entry.definition.type)
                return
        found = self.of(unit, kind)
        if found is not None:
            yield found

    def named(self, name: str) -> tuple[ProjectType, ...]:
        """The types that C may call so."""
        plain = " ".join(name.split())
        return tuple(each for each in self.types.values() if plain in each.names)

    def _aliases(self) -> dict[Identity, set[str]]:
        """Names that typedefs give to types themselves, not to pointers to them."""
        found: dict[Identity, set[str]] = {}
        for entry in self._catalogue.entries.values():
            target = entry.definition.type if isinstance(entry.definition, Typedef) else None
            if isinstance(target, Tagged):
                found.setdefault(self._catalogue.identity(entry.unit, target), set()).add(entry.identity[1])
        return found

    def _type(self, entry: Entry) -> ProjectType:
        assert isinstance(entry.definition, Record | Enumeration)
        kind, key, _ = entry.identity
        typedefs = sorted(self._typedefs.get(entry.identity, ()))
        tags = [] if key.startswith("@") else [f"{kind} {key}", key]
        names = tuple(dict.fromkeys([*tags, *typedefs])) or (f"{kind} {key}",)
        layout = self._catalogue.names[entry.identity]
        return ProjectType(entry.identity, names[0], names, layout, entry.definition, entry.unit)


def _is_own(entry: Entry) -> bool:
    definition = entry.definition
    if not isinstance(definition, Record | Enumeration) or not definition.site.is_project:
        return False
    return not is_test_path(definition.site.path)


def _definition(entry: Entry) -> tuple[str, str, str, int]:
    """What two identities share where they are one definition."""
    path, line, (kind, key, _) = *_place(entry)[:2], entry.identity
    return kind, key, path, line


def _place(entry: Entry) -> tuple[str, int, Identity]:
    assert isinstance(entry.definition, Record | Enumeration)
    return entry.definition.site.path, entry.definition.site.line, entry.identity
