"""What stands around a real test in its release: imports, constants, helpers and fixtures that it uses."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from repowright.agent.atomic import write_atomically
from repowright.benchmarks.repocraft.construction.conftests import decoded
from repowright.benchmarks.repocraft.construction.release import release_of
from repowright.benchmarks.repocraft.evaluate.gold import parsed
from repowright.benchmarks.repocraft.evaluate.kept import read_kept
from repowright.benchmarks.repocraft.projects import PROJECTS
from repowright.benchmarks.repocraft.tasks import Task
from repowright.repo_tools.python_ast import FunctionNode, parse_quietly

MOST_CHARACTERS = 5_000
"""Of one task's context; what does not fit is left out."""

CONTEXT = "context.json"
_TEST_FOLDERS = frozenset({"tests", "test"})
_SETUP = frozenset(
    {"setUp", "tearDown", "setup_method", "teardown_method", "setUpClass", "setup_class", "setUpTestData"}
)


class GoldContext(BaseModel):
    """The surroundings of one task's tests.

    Parameters
    ----------
    text
        Source of what they use, imports first; empty where the release is not known.
    third_parties
        Top-level names outside the standard library that it imports, the real project among them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = ""
    third_parties: tuple[str, ...] = ()


_CONTEXTS: TypeAdapter[dict[str, GoldContext]] = TypeAdapter(dict[str, GoldContext])


def contexts_of(tasks: Sequence[Task]) -> dict[str, GoldContext]:
    """Return the surroundings of each task; tasks of a folder have none.

    Raises
    ------
    SourceUnavailable, ProjectUnknown
        If a release cannot be fetched and is not in the cache.
    """
    named = sorted({_release_name(task) for task in tasks if task.sdist_sha256})
    roots = {name: release_of(name).root for name in named}
    return {
        task.id: context_of(task, roots[_release_name(task)]) if task.sdist_sha256 else GoldContext() for task in tasks
    }


def _release_name(task: Task) -> str:
    pinned = any((each.name, each.version) == (task.project, task.version) for each in PROJECTS)
    return task.project if pinned else f"{task.project}=={task.version}"


def write_contexts(folder: Path, contexts: Mapping[str, GoldContext]) -> None:
    """Keep the surroundings in a run's folder."""
    write_atomically(folder / CONTEXT, _CONTEXTS.dump_json(dict(contexts), indent=1) + b"\n")


def read_contexts(folder: Path) -> dict[str, GoldContext]:
    """Read the surroundings back.

    Raises
    ------
    RunDamaged
        If they are missing or cannot be read.
    """
    return read_kept(folder / CONTEXT, _CONTEXTS)


def context_of(task: Task, root: Path) -> GoldContext:
    """Return what stands around the tests of a task below the root of its release."""
    shelf = _Shelf(root, task.file)
    owner = task.module.removeprefix("class ") if task.module.startswith("class ") else ""
    members = shelf.members(owner, _attributes(parsed(task.query_code)))
    used = _names(parsed(task.query_code)) | {name for node in members for name in _names(node)}
    shelf.collect(sorted(used - set(task.functions) - {owner}))
    parts = [*shelf.imports, *shelf.definitions]
    if members:
        body = "\n\n".join("\n".join(f"    {line}" for line in ast.unparse(node).splitlines()) for node in members)
        parts.append(f"class {owner.rpartition('::')[2]}:  # besides its tests\n{body}")
    return GoldContext(text=_bounded(parts), third_parties=tuple(sorted(shelf.third_parties)))


def _bounded(parts: Iterable[str]) -> str:
    kept: list[str] = []
    room = MOST_CHARACTERS
    for part in parts:
        if len(part) < room:
            kept.append(part)
            room -= len(part) + 1
    return "\n".join(kept)


@dataclass(frozen=True)
class _Module:
    """A file of tests: what its top level defines, by name."""

    path: str
    defined: Mapping[str, ast.stmt]
    imported: Mapping[str, ast.Import | ast.ImportFrom]


class _Shelf:
    """Looks names up where a test finds them: in its file, in helper files it imports, in ``conftest.py``."""

    def __init__(self, root: Path, file: str) -> None:
        self._root = root
        self._module = _read(root, file)
        folders = [*Path(file).parents]
        self._above = [_read(root, (folder / "conftest.py").as_posix()) for folder in folders]
        self._seen: set[tuple[str, str]] = set()
        self._taken: dict[str, list[str]] = {}
        self.definitions: list[str] = []
        self.third_parties: set[str] = set()

    @property
    def imports(self) -> list[str]:
        """The imports, with the names that are used alone."""
        return [
            f"from {module} import {', '.join(names)}" if module[-1:] != "\n" else module.strip()
            for module, names in self._taken.items()
        ]

    def members(self, owner: str, attributes: set[str]) -> list[ast.stmt]:
        """Return what a class has besides tests, as far as the tests or its set-up use it."""
        node = self._module.defined.get(owner.partition("::")[0])
        body = node.body if isinstance(node, ast.ClassDef) else []
        return [each for each in body if _member_name(each) in attributes | _SETUP or _is_fixture(each)]

    def collect(self, names: Iterable[str]) -> None:
        """Take in what the names stand for, and what that uses in turn."""
        waiting = [(name, self._module) for name in names]
        while waiting:
            name, module = waiting.pop(0)
            for found in (module, *self._above):
                if name in found.defined or name in found.imported:
                    waiting += self._take(name, found)
                    break

    def _take(self, name: str, module: _Module) -> list[tuple[str, _Module]]:
        if (module.path, name) in self._seen:
            return []
        self._seen.add((module.path, name))
        node = module.defined.get(name)
        if node is None:
            return self._import(name, module)
        text = ast.unparse(node)
        if text not in self.definitions:
            self.definitions.append(text)
        return [(used, module) for used in sorted(_names(node) - {name})]

    def _import(self, name: str, module: _Module) -> list[tuple[str, _Module]]:
        node = module.imported[name]
        helper = self._helper(node, module)
        if helper is not None and name in helper.defined:
            return [(name, helper)]
        self._note(node)
        alias = next(each for each in node.names if name in {each.asname, each.name.partition(".")[0]})
        if isinstance(node, ast.Import):
            self._taken[f"import {ast.unparse(alias)}\n"] = []
        else:
            self._taken.setdefault("." * node.level + (node.module or ""), []).append(ast.unparse(alias))
        return []

    def _helper(self, node: ast.Import | ast.ImportFrom, module: _Module) -> _Module | None:
        """The file beside the tests that an import takes its names from."""
        if isinstance(node, ast.Import):
            return None
        folder = Path(module.path).parent
        start = [*folder.parts][: max(0, len(folder.parts) - node.level + 1)] if node.level else []
        inner = "/".join([*start, *(node.module or "").split(".")]).strip("/")
        if _TEST_FOLDERS.isdisjoint(inner.split("/")):
            # The project's own code is what is to be replaced: a test must not bring it along.
            return None
        paths = (f"{inner}.py", f"{inner}/__init__.py")
        return next((_read(self._root, path) for path in paths if (self._root / path).is_file()), None)

    def _note(self, node: ast.Import | ast.ImportFrom) -> None:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        if isinstance(node, ast.ImportFrom) and node.level:
            return
        tops = {name.partition(".")[0] for name in names}
        self.third_parties |= tops - set(sys.stdlib_module_names) - {"", "pytest"}


@lru_cache(maxsize=1024)
def _read(root: Path, path: str) -> _Module:
    try:
        tree = parse_quietly(decoded((root / path).read_bytes())[0])
    except OSError:
        tree = None
    defined: dict[str, ast.stmt] = {}
    imported: dict[str, ast.Import | ast.ImportFrom] = {}
    for node in _statements(tree.body if tree is not None else []):
        if isinstance(node, ast.Import | ast.ImportFrom):
            imported |= {(alias.asname or alias.name.partition(".")[0]): node for alias in node.names}
        else:
            defined |= dict.fromkeys(_defines(node), node)
    return _Module(path, defined, imported)


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, those below ``try`` and ``if`` first."""
    for node in body:
        if isinstance(node, ast.Try | ast.If):
            yield from _statements(node.body)
        else:
            yield node


def _defines(node: ast.stmt) -> list[str]:
    if isinstance(node, FunctionNode | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]


def _names(tree: ast.AST) -> set[str]:
    """Names that are read, and arguments, which may ask for fixtures."""
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return read | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}


def _attributes(tree: ast.AST) -> set[str]:
    """What is read of ``self`` and ``cls``."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}
    }


def _member_name(node: ast.stmt) -> str:
    return next(iter(_defines(node)), "")


def _is_fixture(node: ast.stmt) -> bool:
    decorators = node.decorator_list if isinstance(node, FunctionNode) else []
    return any("fixture" in ast.unparse(each) for each in decorators)
