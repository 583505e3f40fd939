"""The import package of a repository, found in its graph, and where its modules lie in a plan."""

from __future__ import annotations

import keyword
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath

from repowright.agent.errors import PlanError
from repowright.agent.workflows.generate.from_graph.naming import package_name
from repowright.graph.kinds import NodeKind
from repowright.graph.model import RPG
from repowright.graph.records import Node
from repowright.graph.tags import TEST


@dataclass(frozen=True)
class Package:
    """The package that is rebuilt.

    Parameters
    ----------
    folder
        Where it lies in the original; empty where modules lie at the top.
    name
        What it is imported as.
    """

    folder: str
    name: str

    def holds(self, path: str) -> bool:
        """Return whether a file lies in the package."""
        return path.startswith(f"{self.folder}/") if self.folder else "/" not in path

    def planned(self, path: str) -> str:
        """Return where a file of the package lies in the plan."""
        inner = path.removeprefix(f"{self.folder}/") if self.folder else path
        return f"src/{self.name}/{inner}"

    def module_path(self, module: str) -> str:
        """Return the start of the original paths that a dotted module name can mean."""
        parts = module.split(".")
        inner = parts[1:] if self.folder else parts
        return "/".join(part for part in (self.folder, *inner) if part)


def find_package(rpg: RPG) -> Package:
    """Return the package most product code lies in.

    Raises
    ------
    PlanError
        If the graph has no Python code but tests.
    """
    files = [node for node in rpg.nodes(NodeKind.FILE) if _is_product(node)]
    if rpg.root.path.startswith("src/") and any(file.path.startswith(f"{rpg.root.path}/") for file in files):
        return Package(rpg.root.path, rpg.root.path.rpartition("/")[2])
    roots = Counter(root for file in files if (root := _root(file.path, _packages(files))))
    if roots:
        folder = min(roots, key=lambda one: (-roots[one], one))
        return Package(folder, folder.rpartition("/")[2])
    if not files:
        raise PlanError(f"the graph of {rpg.root.name!r} has no Python code but tests", "encode a Python project")
    return _loose(rpg, files)


def _loose(rpg: RPG, files: list[Node]) -> Package:
    """Return what stands for a package where no folder is marked as one."""
    folders = Counter(file.path.partition("/")[0] for file in files if "/" in file.path)
    top = [file.path for file in files if "/" not in file.path and file.name != "setup.py"]
    named = [folder for folder in folders if folder.isidentifier() and not keyword.iskeyword(folder)]
    if not top and named:
        folder = min(named, key=lambda one: (-folders[one], one))
        return Package(folder, folder)
    single = top[0].removesuffix(".py") if len(top) == 1 else rpg.root.name
    return Package("", package_name(single) or "project")


def _is_product(node: Node) -> bool:
    return TEST not in node.tags and node.path.endswith(".py")


def _packages(files: list[Node]) -> frozenset[str]:
    return frozenset(str(PurePosixPath(file.path).parent) for file in files if file.path.endswith("/__init__.py"))


def _root(path: str, packages: frozenset[str]) -> str:
    """Return the outermost package of the unbroken row of packages that a file lies in."""
    found, folder = "", PurePosixPath(path).parent
    while str(folder) in packages:
        found, folder = str(folder), folder.parent
    return found


def unusable(path: str) -> str:
    """Return why a module cannot be imported by name; empty if it can."""
    wrong = [part for part in PurePosixPath(path).with_suffix("").parts if not part.isidentifier()]
    wrong += [part for part in PurePosixPath(path).with_suffix("").parts if keyword.iskeyword(part)]
    return f"{wrong[0]!r} is no Python name" if wrong else ""
