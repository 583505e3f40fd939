"""The plan as the stages hand it on: the graph, and the source of each unit beside it.

The checkpoint holds one content address; the plan itself lies in the run's artifact store. The graph says
what every unit is and what it stands on; the records hold skeleton, code and tests, which are too long for
a graph that people read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict

from repowright.agent.artifacts import ArtifactStore
from repowright.graph.kinds import EdgeKind, NodeKind, State
from repowright.graph.model import RPG
from repowright.graph.records import Node
from repowright.graph.serial import from_json, to_json
from repowright.graph.tags import BASE_TYPE, HAS_ENTRY_POINT

UNIT_KINDS = (NodeKind.CLASS, NodeKind.FUNCTION)
DEPENDENCY_KINDS = (EdgeKind.CALLS, EdgeKind.USES, EdgeKind.INHERITS)


class UnitRecord(BaseModel):
    """What has been written for one unit."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    path: str
    order: int
    """Position in its file, as designed."""
    skeleton: str
    """Imports and the one definition, bodies left out."""
    code: str = ""
    """Imports, private helpers and the definition; empty until written."""
    tests: str = ""
    state: Literal["planned", "verified", "failed"] = "planned"
    attempts: int = 0
    reason: str = ""
    tests_total: int = 0
    blocked_on: str = ""
    """Id of the unit whose code is blamed for this unit's failure; decided on when its generation joins."""


@dataclass
class Plan:
    """The graph and the records of its units.

    ``units`` maps node ids to the content addresses of their records; ``integration`` maps area ids to the
    addresses of their test modules.
    """

    rpg: RPG
    units: dict[str, str] = field(default_factory=dict)
    integration: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] | None = field(default=None, compare=False, repr=False)
    """The features' short ids, once asked for; the features are settled before that."""
    levels: dict[str, int] | None = field(default=None, compare=False, repr=False)
    """The units' generations, once asked for; the units' edges are settled before that."""

    def save(self, store: ArtifactStore) -> str:
        """Store the plan and return its content address."""
        graph = store.put(to_json(self.rpg).encode())
        body = {"graph": graph, "units": self.units, "integration": self.integration}
        return store.put(json.dumps(body, sort_keys=True, separators=(",", ":")).encode())

    @classmethod
    def load(cls, store: ArtifactStore, address: str) -> Self:
        """Read a plan back from its content address."""
        body = json.loads(store.get(address))
        return cls(from_json(store.get(body["graph"]).decode()), body["units"], body["integration"])

    def copy(self) -> Plan:
        return Plan(self.rpg.copy(), dict(self.units), dict(self.integration))

    @property
    def name(self) -> str:
        return self.rpg.root.name

    @property
    def purpose(self) -> str:
        return self.rpg.root.doc

    @property
    def package(self) -> str:
        """The import package's name."""
        return self.rpg.root.path.removeprefix("src/")

    @property
    def command_line(self) -> bool:
        return HAS_ENTRY_POINT in self.rpg.root.tags

    def unit_nodes(self) -> list[Node]:
        """Return the units that are to be written, base types left out, in tree order."""
        return [node for node in self.rpg.nodes(*UNIT_KINDS) if BASE_TYPE not in node.tags and node.id in self.units]

    def file_units(self, file_id: str) -> list[Node]:
        """Return the units and base types of a file in the order they were designed in."""
        return [node for node in self.rpg.children(file_id) if node.kind in UNIT_KINDS and node.id in self.units]

    def file_of(self, node_id: str) -> Node:
        """Return the file a node lies in, itself included."""
        for node in [self.rpg.node(node_id), *self.rpg.ancestors(node_id)]:
            if node.kind is NodeKind.FILE:
                return node
        raise KeyError(f"{node_id} lies in no file")

    def area(self, name: str) -> Node | None:
        """Return the functional area of a name."""
        found = self.rpg.by_name(NodeKind.AREA, name)
        return found[0] if found else None

    def area_of(self, node_id: str) -> Node | None:
        """Return the functional area a node belongs to, if any."""
        for node in [self.rpg.node(node_id), *self.rpg.ancestors(node_id)]:
            if node.kind is NodeKind.AREA:
                return node
        return None

    def generations(self) -> list[list[str]]:
        """Return the units' topological generations: each needs only units of earlier ones."""
        return self.rpg.generations([node.id for node in self.unit_nodes()], *DEPENDENCY_KINDS)

    def closure(self, ids: Iterable[str]) -> set[str]:
        """Return the units that the given ones stand on, themselves included, base types left out."""
        given = list(ids)
        below = {node.id for node in self.rpg.closure(given, *DEPENDENCY_KINDS)}
        return {one for one in below.union(given) if one in self.units and BASE_TYPE not in self.rpg.node(one).tags}

    def level(self, unit_id: str) -> int:
        """Return the number of the generation a unit is built in, from 0."""
        if self.levels is None:
            self.levels = {one: number for number, units in enumerate(self.generations()) for one in units}
        return self.levels[unit_id]

    def roots(self, node_id: str) -> list[str]:
        """Return the units of an area, or the unit itself."""
        return [node.id for node in self.unit_nodes() if node.id == node_id or self._in_area(node.id, node_id)]

    def _in_area(self, unit_id: str, area_id: str) -> bool:
        home = self.area_of(unit_id)
        return home is not None and home.id == area_id

    def in_order(self, ids: Iterable[str]) -> list[str]:
        """Return those of the ids that are units to be written, in tree order."""
        units = {one for one in ids if one in self.units and BASE_TYPE not in self.rpg.node(one).tags}
        return sorted(units, key=self.rpg.position)

    def dependents(self, unit_id: str) -> list[str]:
        """Return the units that use a unit, directly or through others, in tree order."""
        found: set[str] = set()
        waiting = [unit_id]
        while waiting:
            for node in self.rpg.dependents(waiting.pop(), *DEPENDENCY_KINDS):
                if node.id not in found:
                    found.add(node.id)
                    waiting.append(node.id)
        return self.in_order(found)


def module_name(path: str) -> str:
    """Return the dotted name a file is imported by: ``src/p/a/b.py`` is ``p.a.b``."""
    dotted = path.removeprefix("src/").removesuffix(".py").replace("/", ".")
    return dotted.removesuffix(".__init__")


def settle_states(plan: Plan, *, all_verified: bool) -> None:
    """Give files, categories, areas and the repository the state of the least of what they hold.

    Base types have no tests of their own; they count as verified once every unit that uses them is.
    """
    rpg = plan.rpg
    for node in reversed(rpg.nodes()):
        if BASE_TYPE in node.tags and all_verified:
            rpg.update(node.id, state=State.VERIFIED)
        elif node.kind not in UNIT_KINDS and rpg.children(node.id):
            rpg.update(node.id, state=min(child.state for child in rpg.children(node.id)))


class Library:
    """Reads and writes unit records of one plan; records are immutable and shared by address."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store
        self._cache: dict[str, UnitRecord] = {}

    def put(self, record: UnitRecord) -> str:
        address = self._store.put(record.model_dump_json().encode())
        self._remember(address, record)
        return address

    def get(self, address: str) -> UnitRecord:
        record = self._cache.get(address)
        if record is None:
            record = UnitRecord.model_validate_json(self._store.get(address))
            self._remember(address, record)
        return record

    def _remember(self, address: str, record: UnitRecord) -> None:
        # Bounded, so that memory stays flat over thousands of units.
        if len(self._cache) >= 512:
            self._cache.pop(next(iter(self._cache)))
        self._cache[address] = record

    def records(self, plan: Plan, ids: Iterable[str] | None = None) -> Mapping[str, UnitRecord]:
        chosen = plan.units if ids is None else {one: plan.units[one] for one in ids}
        return {one: self.get(address) for one, address in chosen.items()}


class HasLibrary(Protocol):
    """What entering units into a plan needs: where their records go."""

    @property
    def library(self) -> Library:
        """The records of the plan's units."""
