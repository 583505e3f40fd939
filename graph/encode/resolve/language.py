"""What languages differ in when names are resolved."""

from __future__ import annotations

from typing import Protocol

from repowright.graph.encode.resolve.lookup import Bases, Lookup
from repowright.graph.encode.resolve.things import Thing, Things, Wanted
from repowright.repo_tools.facts import FileFacts, Import


class Language(Protocol):
    """How files of one language find each other."""

    @property
    def family(self) -> str:
        """Prefix of its module keys and names; languages that call each other freely share it."""

    @property
    def first_is_receiver(self) -> bool:
        """Whether a method's first parameter is its receiver."""

    @property
    def members_in_scope(self) -> bool:
        """Whether a method sees the members of its type by their bare names."""

    @property
    def super_is_base(self) -> bool:
        """Whether ``super`` is the base of the type around."""

    @property
    def builtins(self) -> frozenset[str]:
        """Names every file sees without anybody of the repository defining them."""

    def keys(self, facts: FileFacts) -> tuple[str, ...]:
        """Module keys under which imports may find the file."""

    def wanted(self, each: Import) -> tuple[str, Wanted]:
        """The name an import binds and what it asks for."""

    def imported(self, lookup: Lookup, path: str, wanted: Wanted) -> Things:
        """What an import in the file at ``path`` brings in; something outside, where no file answers."""

    def imported_files(self, lookup: Lookup, path: str, wanted: Wanted) -> tuple[tuple[str, float], ...]:
        """Files an import leads to, with confidence."""

    def child(self, lookup: Lookup, module: Thing, name: str) -> Things:
        """What lies below a module without being defined in its file: a submodule."""

    def elsewhere(self, lookup: Lookup, path: str, name: str) -> Things:
        """What a top-level name means that the file itself neither defines nor imports."""

    def member_elsewhere(self, lookup: Lookup, line: Bases, name: str) -> Things:
        """A member that stands in another file than its type."""

    def linked(self, facts: FileFacts, keys: list[str]) -> list[tuple[str, str]]:
        """Further names of the file that others reach without an import, each with a definition's key."""
