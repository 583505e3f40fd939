"""Interfaces as the original has them, entered into the plan through the door that a model's answers take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from repowright.agent.llm import Unusable
from repowright.agent.workflows.generate import describe
from repowright.agent.workflows.generate.from_graph.names import Names, Target
from repowright.agent.workflows.generate.from_graph.naming import Renamer
from repowright.agent.workflows.generate.from_graph.original import Definition, Original, OriginalFile
from repowright.agent.workflows.generate.from_graph.planting import Planted, plant_areas, plant_files, prune
from repowright.agent.workflows.generate.from_graph.skeletons import Skeleton, Standing, skeleton_of
from repowright.agent.workflows.generate.interface_checks import unit_problems
from repowright.agent.workflows.generate.interfaces import Interface, Unit, apply_interface, file_generations
from repowright.agent.workflows.generate.plan import Library, module_name
from repowright.agent.workflows.generate.shared_data import BaseTypeFile, base_type_problems, enter_base_types
from repowright.graph.errors import GraphError
from repowright.graph.kinds import EdgeKind
from repowright.graph.records import Node
from repowright.repo_tools.compose import UnitSource, compose_module
from repowright.repo_tools.errors import ComposeError

DECLARATION = "a declaration is delivered as it is"


@dataclass(frozen=True)
class Desk:
    """What entering an interface needs."""

    library: Library


class Keeper:
    """Keeps the interfaces of one repository.

    Parameters
    ----------
    original
        The repository as it is renamed.
    """

    def __init__(self, original: Original, names: Names, rename: Renamer, library: Library) -> None:
        self._original = original
        self._names = names
        self._rename = rename
        self._desk = Desk(library)
        self._planted = plant_areas(original)
        self._units = {unit.node: (file, unit) for file in original.files for unit in file.units}
        self._uses_of = {one: set(needed) for one, needed in original.uses.items()}

    def keep(self) -> Planted:
        """Return a plan whose interfaces are decided; what could not be entered is listed."""
        self._keep_base_types()
        plant_files(self._original, self._planted)
        plan = self._planted.plan
        files = {file.path: file for file in self._original.files}
        for generation in file_generations(plan):
            for one in generation:
                self._keep_file(files[plan.rpg.node(one).path], plan.rpg.node(one))
        prune(plan)
        return self._planted

    def _keep_base_types(self) -> None:
        """Enter the files that only declare, and stand on nothing but such files."""
        plan, modules = self._planted.plan, list[str]()
        for number, file in enumerate(self._bottom_up()):
            if not file.declares or any(plan.rpg.find(path) is None for path in self._original.needs[file.path]):
                continue
            found = self._base_type_file(file)
            if found is not None and not base_type_problems(plan, found, modules):
                enter_base_types(plan, found, number, self._desk)
                modules.append(module_name(found.path))

    def _bottom_up(self) -> list[OriginalFile]:
        """Return the files, those that others need first."""
        by_path = {file.path: file for file in self._original.files}
        done: dict[str, None] = {}

        def visit(path: str) -> None:
            waiting = [(path, False)]
            while waiting:
                current, ready = waiting.pop()
                if ready:
                    done.setdefault(current)
                elif current not in done:
                    waiting.append((current, True))
                    waiting += [(needed, False) for needed in reversed(self._original.needs[current])]

        for path in sorted(by_path):
            visit(path)
        return [by_path[path] for path in done]

    def _base_type_file(self, file: OriginalFile) -> BaseTypeFile | None:
        skeletons = {unit.name: self._skeleton(file, unit) for unit in file.units}
        if not all(each.whole for each in skeletons.values()):
            return None
        sources = [UnitSource(name, self._rename(each.text)) for name, each in skeletons.items()]
        purpose = file.purpose or "Types that several files share"
        try:
            code = compose_module(purpose, sources, module=module_name(file.path))
        except ComposeError:
            return None
        for unit in file.units:
            self._note(skeletons[unit.name])
            self._planted.left_out.add(DECLARATION, f"{file.path}:{unit.name}")
        return BaseTypeFile(path=file.path, area=file.area, purpose=purpose, code=code)

    def _keep_file(self, file: OriginalFile, node: Node) -> None:
        """Enter one file's units; those that the plan's rules refuse go, with what they were for."""
        skeletons = {unit.name: self._skeleton(file, unit) for unit in file.units}
        units = {unit.name: self._unit(file, unit, skeletons[unit.name]) for unit in file.units}
        refused = self._refused(node, units)
        while refused:
            for name, why in refused.items():
                self._planted.left_out.add(f"refused by the plan: {why}", f"{file.path}:{name}")
                self._forget(units.pop(name))
            refused = self._refused(node, units)
        if not units:
            self._drop(node)
            return
        try:
            apply_interface(self._planted.plan, node.id, Interface(units=list(units.values())), self._desk)
        except (Unusable, GraphError) as error:
            self._planted.left_out.add(f"refused by the plan: {error}", file.path)
            self._drop(node)
            return
        for unit in (unit for unit in file.units if unit.name in units):
            self._note(skeletons[unit.name])
            if skeletons[unit.name].whole:
                self._deliver(file, unit)

    def _refused(self, node: Node, units: Mapping[str, Unit]) -> dict[str, str]:
        found = {}
        for name, unit in units.items():
            problems = unit_problems(
                self._planted.plan, node, name, unit.kind, unit.skeleton, unit.uses, siblings=list(units)
            )
            if problems:
                found[name] = problems[0].removeprefix(f"{name}: ")
        return found

    def _unit(self, file: OriginalFile, unit: Definition, skeleton: Skeleton) -> Unit:
        numbers = describe.feature_numbers(self._planted.plan)
        return Unit(
            name=unit.name,
            kind=unit.kind,
            skeleton=self._rename(skeleton.text),
            features=[numbers[one] for one in self._planted.features.get(unit.node, [])],
            uses=self._uses(file, unit),
        )

    def _uses(self, file: OriginalFile, unit: Definition) -> list[str]:
        found = []
        for one in self._original.uses[unit.node]:
            home, target = self._units[one]
            if home.path == file.path or self._planted.plan.rpg.find(home.path, target.name) is not None:
                found.append(f"{home.path}:{target.name}")
        return sorted(found)

    def _skeleton(self, file: OriginalFile, unit: Definition) -> Skeleton:
        node = self._names.rpg.node(unit.node)
        return skeleton_of(unit, node, self._names, lambda target: self._stands(file, unit, target))

    def _stands(self, file: OriginalFile, unit: Definition, target: Target) -> Standing | None:
        """Say how a definition of the original stands to a unit, if the plan has it by now."""
        name = self._rename(target.name)
        if target.path == file.origin:
            beside = next((one for one in file.units if one.name == name), None)
            if beside is None:
                return None
            return Standing(closes=self._closes(unit.node, beside.node), stub=not beside.declared)
        path = self._names.package.planned(target.path)
        node = self._planted.plan.rpg.find(self._rename(path), name)
        if node is None:
            return None
        record = self._planted.plan.units.get(node.id)
        stub = record is not None and not self._desk.library.get(record).code
        return Standing(f"from {module_name(path)} import {target.name}", stub=stub)

    def _closes(self, source: str, target: str) -> bool:
        """Return whether building on a definition would close a circle; if not, count it as built on."""
        waiting, seen = [target], set[str]()
        while waiting:
            current = waiting.pop()
            if current == source:
                return True
            if current not in seen:
                seen.add(current)
                waiting += sorted(self._uses_of[current])
        self._uses_of[source].add(target)
        return False

    def _deliver(self, file: OriginalFile, unit: Definition) -> None:
        """Count a declaration as written."""
        plan, library = self._planted.plan, self._desk.library
        node = plan.rpg.find(file.path, unit.name)
        if node is None:
            return
        record = library.get(plan.units[node.id])
        plan.units[node.id] = library.put(record.model_copy(update={"code": record.skeleton, "state": "verified"}))
        self._planted.left_out.add(DECLARATION, f"{file.path}:{unit.name}")

    def _note(self, skeleton: Skeleton) -> None:
        self._planted.left_out = self._planted.left_out.merged(skeleton.left_out)

    def _forget(self, unit: Unit) -> None:
        """Take the features of a refused unit out of the plan."""
        known = {short: one for one, short in describe.feature_numbers(self._planted.plan).items()}
        for one in unit.features:
            self._planted.plan.rpg.remove(known[one])

    def _drop(self, node: Node) -> None:
        """Take a file that no unit is left of out of the plan."""
        rpg = self._planted.plan.rpg
        for edge in (*rpg.in_edges(node.id, EdgeKind.IMPORTS), *rpg.out_edges(node.id, EdgeKind.IMPORTS)):
            rpg.disconnect(edge.src, edge.dst, EdgeKind.IMPORTS)
        rpg.remove(node.id)
        self._planted.left_out.add("a module without a class or function that is kept", node.path)
