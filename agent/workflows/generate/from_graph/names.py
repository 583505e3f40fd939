"""What the free names of an original's source mean in the plan: a library's, a unit's, a constant's, or nothing."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath

from repowright.agent.workflows.generate.from_graph.package import Package
from repowright.graph.kinds import UNIT_KINDS
from repowright.graph.model import RPG
from repowright.graph.sources import Sources
from repowright.repo_tools.heads import ModuleNames, module_names
from repowright.repo_tools.heads.module_names import is_library
from repowright.repo_tools.import_statements import ImportBinding

_HOPS = 5
"""Re-exports followed from one module to the next."""
_USUAL = ("typing", "collections.abc", "pathlib", "datetime", "decimal", "fractions", "enum", "dataclasses", "uuid")


@dataclass(frozen=True)
class Target:
    """A definition of the original: the path of its file there, and its name."""

    path: str
    name: str


@dataclass(frozen=True)
class Meaning:
    """What a name stands for; one of the three is set, or none where that is not known.

    Parameters
    ----------
    library
        The import statement of something in the standard library.
    target
        A definition of the project.
    literal
        The value of a constant, as source text.
    """

    library: str = ""
    target: Target | None = None
    literal: str = ""


@dataclass(frozen=True)
class Names:
    """Looks names up in the modules of one original."""

    rpg: RPG
    sources: Sources
    package: Package

    def meaning(self, path: str, name: str) -> Meaning:
        """Return what a module of the original means by a name that one of its definitions uses freely."""
        file = self.rpg.find(path)
        if file is not None and any(child.name == name for child in self.rpg.children(file.id, *UNIT_KINDS)):
            literal = self._module(path).constants.get(name, "")
            return Meaning(literal=literal) if literal else Meaning(target=Target(path, name))
        if self.sources.text(path) is None:
            return self._guessed(path, name)
        return self._imported(path, name, _HOPS)

    def _imported(self, path: str, name: str, hops: int) -> Meaning:
        binding = self._module(path).imports.get(name)
        if binding is None or not hops:
            return Meaning()
        if is_library(binding):
            return Meaning(library=binding.statement)
        if not binding.level and not self._is_own(binding.module):
            return Meaning()
        for module in self._paths(path, binding):
            if self.rpg.find(module, binding.name) is not None:
                return Meaning(target=Target(module, binding.name))
            if self.rpg.find(module) is not None:
                return self._imported(module, binding.name, hops - 1)
        return Meaning()

    def _is_own(self, module: str) -> bool:
        return not self.package.folder or module.partition(".")[0] == self.package.folder.rpartition("/")[2]

    def _paths(self, path: str, binding: ImportBinding) -> tuple[str, str]:
        """Return the files that a binding's module can be: a module, or a package."""
        if binding.level:
            folder = PurePosixPath(path)
            for _ in range(binding.level):
                folder = folder.parent
            start = "/".join(part for part in (str(folder), *binding.module.split(".")) if part not in ("", "."))
        else:
            start = self.package.module_path(binding.module)
        return f"{start}.py", f"{start}/__init__.py"

    def _guessed(self, path: str, name: str) -> Meaning:
        """Return what a name most likely means where the code is not at hand: one definition of it, or a library's."""
        held = [
            node for node in self.rpg.nodes(*UNIT_KINDS) if node.name == name and node.qualname == name and node.path
        ]
        if len(held) == 1:
            return Meaning(target=Target(held[0].path, name))
        return Meaning(library=_usual().get(name, ""))

    def _module(self, path: str) -> ModuleNames:
        return module_names(self.sources.text(path) or "")


@cache
def _usual() -> Mapping[str, str]:
    """Return import statements of names that annotations often use."""
    from importlib import import_module

    found: dict[str, str] = {}
    for module in _USUAL:
        names = getattr(import_module(module), "__all__", ()) or _public(module)
        for name in names:
            if not hasattr(builtins, name):
                found.setdefault(name, f"from {module} import {name}")
    for module in ("os", "re", "io", "sys", "abc", "logging", *_USUAL):
        found.setdefault(module, f"import {module}")
    return found


def _public(module: str) -> list[str]:
    from importlib import import_module

    names = vars(import_module(module))
    return sorted(name for name, value in names.items() if getattr(value, "__module__", "") == module)
