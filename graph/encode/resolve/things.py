"""What a name can stand for while it is being resolved."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

from repowright.repo_tools.facts import DefinitionKind

Wanted = tuple[str, str, int]
"""What an import asks for: module, name, level. The name is empty for the module itself, `ROOT` for the first
package of a dotted one, `STAR` for everything."""

ROOT = "."
STAR = "*"

Tag = str
"""A `DefinitionKind`, ``property``, ``prototype``, or one of ``import``, ``binding``, ``star``, ``module``."""

Role = Literal["module", "definition", "instance", "super", "external"]

CERTAIN = 1.0
INFERRED = 0.9
AMBIGUOUS = 0.8
GUESSED = 0.5


class Entry(NamedTuple):
    """What a file contributes under one key.

    Parameters
    ----------
    tag
        What stands there.
    key
        The definition's key in its file; empty where no definition stands there.
    texts
        Expressions in terms of the file's top-level names: bases of a type, what a function gives back, what a
        variable may hold. ``A()`` is an instance of A, ``self`` the receiver, ``a:b`` the definition ``a.b``.
    imports
        Where the name may come from.
    """

    tag: Tag
    key: str = ""
    texts: tuple[str, ...] = ()
    imports: tuple[Wanted, ...] = ()


make_entry: Callable[[tuple[object, ...]], Entry] = partial(tuple.__new__, Entry)
"""Makes an entry of its values at half the cost of its constructor."""


class Thing(NamedTuple):
    """Something a name stands for.

    Parameters
    ----------
    path
        File it is defined in; a module's own file, empty for a folder that is a package without one.
    entry
        What is known of it; for an instance, of its type; a module's key is its place.
    sure
        Confidence that the name stands for it, 0 to 1.
    receiver
        The instance or type that a member was taken from.
    """

    role: Role
    path: str
    entry: Entry
    sure: float = CERTAIN
    receiver: Thing | None = None


Things = tuple[Thing, ...]

NOTHING = Entry("external")
EXTERNAL = Thing("external", "", NOTHING)
"""Something that is known to lie outside the repository."""

OUTSIDE: Things = (EXTERNAL,)

TYPE_TAGS = frozenset({"class", "interface", "trait", "struct", "union", "enum", "typedef"})
FUNCTION_TAGS = frozenset({"function", "method", "prototype"})
VALUE_TAGS = frozenset({"global", "constant", "property", "binding"})

_KINDS: dict[str, DefinitionKind] = {"property": "method", "prototype": "function"}


def kind_of(entry: Entry) -> DefinitionKind:
    """Return the kind of the definition that an entry speaks of."""
    return _KINDS.get(entry.tag, entry.tag)  # type: ignore[arg-type]


def qualname_of(entry: Entry) -> str:
    """Return the qualified name that a definition's key stands for."""
    return entry.key.partition("#")[0]


def external(things: Things) -> bool:
    """Return whether nothing but something outside the repository is meant."""
    if len(things) == 1:
        return things[0].role == "external"
    return bool(things) and all(thing.role == "external" for thing in things)


def less_sure(things: Things, limit: float) -> Things:
    """Return the same things, none surer than the limit."""
    if limit >= CERTAIN:
        return things
    return tuple([thing if thing.sure <= limit else Thing(*thing[:3], limit, thing.receiver) for thing in things])
