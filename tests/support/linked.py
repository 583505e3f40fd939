"""A small repository, linked in memory."""

from __future__ import annotations

from textwrap import dedent
from typing import NamedTuple

from repowright.graph.encode.contribution import (
    Contribution,
    EdgeRow,
    Value,
    definition_id,
    definition_keys,
    file_id,
)
from repowright.graph.encode.resolve import resolver
from repowright.repo_tools.facts import FileFacts
from repowright.repo_tools.languages.registry import frontend_for

Asked = set[tuple[str, ...]]


class MemoryWorld:
    """All contributions in memory; `asked` holds what was looked up since it was last emptied."""

    def __init__(self, contributions: dict[str, Contribution]) -> None:
        self._contributions = contributions
        self.asked: Asked = set()

    def entry(self, path: str, key: str) -> Value | None:
        self.asked.add(("entry", path, key))
        found = self._contributions.get(path)
        return None if found is None else found.entries.get(key)

    def modules(self, key: str) -> tuple[str, ...]:
        self.asked.add(("module", key))
        return tuple(sorted(path for path, each in self._contributions.items() if key in each.modules))

    def definers(self, name: str) -> tuple[tuple[str, str], ...]:
        self.asked.add(("name", name))
        found = {(path, key) for path, each in self._contributions.items() for one, key in each.names if one == name}
        return tuple(sorted(found))


class Linked(NamedTuple):
    """A small repository with its edges, ends written as ``path::key``."""

    rows: dict[tuple[str, str, str], EdgeRow]

    def edges(self, kind: str) -> set[tuple[str, str]]:
        return {(source, target) for source, target, each in self.rows if each == kind}

    def calls(self, source: str) -> set[str]:
        return {target for each, target in self.edges("calls") if each == source}

    def uses(self, source: str) -> set[str]:
        return {target for each, target in self.edges("uses") if each == source}

    def imports(self, source: str) -> set[str]:
        return {target for each, target in self.edges("imports") if each == source}

    def confidence(self, source: str, target: str, kind: str = "calls") -> float:
        return self.rows[source, target, kind].confidence

    def lines(self, source: str, target: str, kind: str = "calls") -> tuple[int, ...]:
        return self.rows[source, target, kind].lines


def read_all(files: dict[str, str]) -> dict[str, FileFacts]:
    return {path: frontend_for(path).read(path, dedent(text).encode()) for path, text in files.items()}


def node_names(facts: dict[str, FileFacts]) -> dict[str, str]:
    names = {file_id(path): path for path in facts}
    for path, each in facts.items():
        keys = definition_keys(each.definitions)
        for definition, key in zip(each.definitions, keys, strict=True):
            names[definition_id(definition.kind, path, key)] = f"{path}::{key}"
    return names


def link(files: dict[str, str]) -> Linked:
    facts = read_all(files)
    linker = resolver()
    world = MemoryWorld({path: linker.contribution(each) for path, each in facts.items()})
    names = node_names(facts)
    rows = [row for each in facts.values() for row in linker.resolve(each, world)]
    return Linked({(names[row.src], names[row.dst], row.kind): row for row in rows})
