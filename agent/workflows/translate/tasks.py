"""What is asked for at a time: the units of the graph with the items of the crate that wait for them."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from repowright.agent.workflows.translate.encoding import EncodedC
from repowright.agent.workflows.translate.linking import Key
from repowright.agent.workflows.translate.slots import Frame, Slot
from repowright.agent.workflows.translate.units import Unit, order_units
from repowright.repo_tools.c_source.project import is_test_path

MOST_REST = 10
"""Items without a C function of their name that are asked for at once."""
MOST_HELPERS = 12


@dataclass(frozen=True)
class Task:
    """Definitions that are translated by one answer.

    Parameters
    ----------
    members
        C definitions, in the order of the source.
    helpers
        C functions that members need and that the crate has no item for.
    slots
        Items of the crate to be written.
    """

    name: str
    members: tuple[Key, ...]
    helpers: tuple[Key, ...]
    slots: tuple[Slot, ...]

    @property
    def wanted(self) -> dict[str, tuple[str, ...]]:
        """Paths of items by the path of their file."""
        paths = dict.fromkeys(slot.path for slot in self.slots)
        return {path: tuple(slot.item for slot in self.slots if slot.path == path) for path in paths}

    @property
    def path(self) -> str:
        """The file of its first item."""
        return self.slots[0].path


@dataclass(frozen=True)
class NotTranslated:
    """A definition that is not asked for, and why."""

    key: Key
    line: int
    code: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """All tasks in order, and what is left out."""

    tasks: tuple[Task, ...]
    left_out: tuple[NotTranslated, ...]


def plan_tasks(encoded: EncodedC, frame: Frame) -> Plan:
    """Order what waits in the crate as the graph orders what it stands for; rests without a C function come last."""
    planner = _Planner(encoded, frame)
    tasks = [*planner.tasks(), *planner.rests()]
    return Plan(tuple(tasks), tuple(planner.left_out))


class _Planner:
    def __init__(self, encoded: EncodedC, frame: Frame) -> None:
        self._encoded = encoded
        self._frame = frame
        self._keys = {node: key for key, node in encoded.nodes.items()}
        self._slots: dict[Key, list[Slot]] = {}
        for slot in frame.slots:
            if slot.origin is not None:
                self._slots.setdefault(slot.origin, []).append(slot)
        self._calls: dict[Key, list[Key]] = {}
        for link in encoded.links.calls:
            self._calls.setdefault(link.source, []).append(link.target)
        self._helping: set[Key] = set()
        self.left_out: list[NotTranslated] = []

    def tasks(self) -> Iterator[Task]:
        refused = {(each.path, each.name): each for each in self._encoded.refused if each.name}
        units = order_units(self._encoded.graph) or order_units(self._encoded.graph, with_tests=True)
        for unit in units:
            if unit.kind not in ("functions", "globals"):
                continue
            keys = self._members(unit)
            if not self._frame.given:
                keys = [key for key in keys if not self._refuse(key, refused)]
            slots = tuple(slot for key in keys for slot in self._slots.get(key, ()))
            if slots:
                yield Task(unit.name, tuple(keys), self._helpers(keys), slots)

    def _members(self, unit: Unit) -> list[Key]:
        return [self._keys[node] for node in unit.members if node in self._keys]

    def _refuse(self, key: Key, refused: Mapping[tuple[str, str], object]) -> bool:
        known = next((each for each in self._encoded.refused if (each.path, each.name) == key), None)
        if known is not None:
            self.left_out.append(NotTranslated(key, known.line, known.code, known.reason))
        elif key in self._frame.refused:
            self.left_out.append(NotTranslated(key, 0, "skeleton", self._frame.refused[key]))
        return known is not None or key in self._frame.refused

    def _helpers(self, keys: Sequence[Key]) -> tuple[Key, ...]:
        """Functions without an item that these call, and those that they call in turn; nearest first."""
        found: dict[Key, None] = {}
        waiting = list(keys)
        while waiting and len(found) < MOST_HELPERS:
            for target in self._calls.get(waiting.pop(0), ()):
                if target not in self._slots and target not in keys and target not in found:
                    found[target] = None
                    waiting.append(target)
        self._helping |= found.keys()
        return tuple(found)

    def rests(self) -> Iterator[Task]:
        """Items without a C function of their name, file by file, beside the C functions that have no item."""
        rest = [slot for slot in self._frame.slots if slot.origin is None]
        for path in dict.fromkeys(slot.path for slot in rest):
            slots = [slot for slot in rest if slot.path == path]
            members = self._unclaimed(path)
            for number, start in enumerate(range(0, len(slots), MOST_REST)):
                part = tuple(slots[start : start + MOST_REST])
                name = f"rest of {path}" + (f" #{number + 1}" if len(slots) > MOST_REST else "")
                yield Task(name, members, self._helpers(members), part)
        self._tell_unclaimed()

    def _unclaimed(self, path: str) -> tuple[Key, ...]:
        """C functions without an item in the file that most of a Rust file's items come from."""
        files = Counter(slot.origin.path for slot in self._frame.slots if slot.path == path and slot.origin)
        stem = posixpath.splitext(posixpath.basename(path))[0]
        near = [each for each in self._encoded.project.units if f"/{stem}." in f"/{each}"]
        home = files.most_common(1)[0][0] if files else near[0] if near else ""
        functions = [key for key in sorted(self._encoded.links.functions) if not is_test_path(key.path)]
        free = tuple(key for key in functions if key not in self._slots and key.path == home)
        return free or tuple(key for key in functions if key.path == home)

    def _tell_unclaimed(self) -> None:
        """Tell which C functions nothing in a given interface stands for and nobody needs."""
        if not self._frame.given:
            return
        for key in sorted(self._encoded.links.functions):
            known = key in self._slots or key in self._helping or key in self._frame.written
            if not known and not is_test_path(key.path):
                line = self._encoded.links.functions[key].site.line
                reason = "nothing in the given interface stands for it by name, and nothing translated calls it"
                self.left_out.append(NotTranslated(key, line, "not-in-interface", reason))
