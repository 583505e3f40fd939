"""What languages have in common unless they say otherwise."""

from __future__ import annotations

from repowright.graph.encode.resolve.lookup import Bases, Lookup
from repowright.graph.encode.resolve.things import (
    AMBIGUOUS,
    CERTAIN,
    STAR,
    Entry,
    Thing,
    Things,
    Wanted,
)
from repowright.repo_tools.facts import FileFacts, Import


class Plain:
    """A language without receivers by position, names of the whole package, or members far from their type."""

    family = ""
    first_is_receiver = False
    members_in_scope = False
    super_is_base = True
    builtins: frozenset[str] = frozenset()

    def wanted(self, each: Import) -> tuple[str, Wanted]:
        """The name an import binds and what it asks for."""
        if each.is_star:
            return STAR, (each.module, STAR, each.level)
        return each.alias or each.name, (each.module, each.name, each.level)

    def child(self, lookup: Lookup, module: Thing, name: str) -> Things:
        """Nothing lies below a module."""
        return ()

    def elsewhere(self, lookup: Lookup, path: str, name: str) -> Things:
        """A file sees no names but its own."""
        return ()

    def member_elsewhere(self, lookup: Lookup, line: Bases, name: str) -> Things:
        """A type stands in one file."""
        return ()

    def linked(self, facts: FileFacts, keys: list[str]) -> list[tuple[str, str]]:
        """Names are reached by imports."""
        return []


def module_thing(path: str, place: str, sure: float = CERTAIN) -> Thing:
    """Return a module: its own file, if it has one, and its place."""
    return Thing("module", path, Entry("module", place), sure)


def defined_at(lookup: Lookup, found: tuple[tuple[str, str], ...], limit: int = 8) -> Things:
    """Return the definitions at ``(path, key)``, what is declared only after what is defined."""
    things = []
    for path, key in found[:limit]:
        entry = lookup.entry(path, key.partition("#")[0])
        if entry is not None and entry.tag not in ("import", "star"):
            things.append(Thing("definition", path, entry))
    return tuple(sorted(things, key=lambda thing: thing.entry.tag == "prototype"))


def the_first(things: Things) -> Things:
    """Return the first of several things one of which is meant, certain only if there was no choice."""
    real = [thing for thing in things if thing.entry.tag != "prototype"] or list(things)
    return tuple(real) if len(real) < 2 else (real[0]._replace(sure=min(real[0].sure, AMBIGUOUS)),)
