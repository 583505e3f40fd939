"""Which C function each item of a given interface stands for: by name, by the name of its type, by what it does."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

from repowright.agent.workflows.translate.encoding import EncodedC
from repowright.agent.workflows.translate.linking import Key
from repowright.repo_tools.c_source.project import is_test_path

_BETWEEN = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SAME = (
    frozenset({"new", "create", "alloc", "init", "make", "open", "construct", "default", "build"}),
    frozenset({"free", "drop", "destroy", "delete", "dealloc", "close", "release", "cleanup", "clear", "del"}),
    frozenset({"len", "size", "length", "count"}),
    frozenset({"get", "at", "lookup", "find", "search"}),
    frozenset({"isempty", "empty"}),
    frozenset({"print", "display", "show", "fmt", "dump"}),
    frozenset({"clone", "copy", "dup"}),
    frozenset({"eq", "equal", "equals"}),
)
_TRAIT = re.compile(r"^(?:\w+::)*(?P<trait>\w+)(?:<.*>)? for (?P<type>.+)$")

Place = tuple[str, str]
"""A file of the crate and the path of an item in it."""


@dataclass(frozen=True)
class CNames:
    """The functions of a C project that an interface may stand for."""

    functions: tuple[Key, ...]

    @classmethod
    def of(cls, encoded: EncodedC) -> CNames:
        """Those of the project's own code, its tests left out."""
        keys = sorted(encoded.links.functions)
        own = tuple(key for key in keys if not is_test_path(key.path))
        return cls(own or tuple(keys))


def match(waiting: Sequence[Place], names: CNames) -> dict[Place, Key]:
    """Return the C function of each item for which one stands out; several items may stand for the same.

    Parameters
    ----------
    waiting
        Items of the interface.
    """
    found: dict[Place, Key] = {}
    for place in waiting:
        scored = [(score, key) for key in names.functions if (score := _score(place, key)) > 0]
        best = max((score for score, _ in scored), default=0)
        keys = [key for score, key in scored if score == best]
        if len(keys) == 1:
            found[place] = keys[0]
    return found


def _score(place: Place, key: Key) -> int:
    """How sure it is that an item stands for a function; 0 where nothing speaks for it."""
    path, item = place
    owner, _, own = item.rpartition("::")
    nearness = int(_stem(path) == _stem(key.path))
    plain, name = squeezed(own), squeezed(key.name)
    if plain == name:
        return 80 + nearness
    owners = _owners(owner, path)
    for word in _synonyms(plain):
        sure = 60 if word == plain else 40
        for each in owners:
            if name in (each + word, word + each):
                return sure + 2 * len(each) // max(1, len(name)) + nearness
    return 0


def _owners(owner: str, path: str) -> list[str]:
    """Names that stand before the function's own in C: the type's, shortened as C shortens it, and the module's."""
    trait = _TRAIT.match(owner)
    name = squeezed(re.sub(r"<.*", "", trait["type"] if trait else owner).rpartition("::")[2])
    shortened = [name.removesuffix(each) for each in ("t", "struct", "tree", "list") if name]
    initials = "".join(re.findall(r"[A-Z]", owner)).lower()
    stem = squeezed(_stem(path))
    return sorted({each for each in (name, *shortened, initials, stem, f"{stem}{name}") if len(each) > 1})


def _synonyms(word: str) -> list[str]:
    others = sorted({other for group in _SAME if word in group for other in group} - {word})
    return [word, *others]


def _stem(path: str) -> str:
    return posixpath.splitext(posixpath.basename(path))[0].lower()


def squeezed(name: str) -> str:
    """A name without its style: ``queuePush`` and ``queue_push`` are one."""
    return _BETWEEN.sub("_", name.removeprefix("r#")).lower().replace("_", "")
