"""Reads one test file into records: its classes, its tests, what they call, check and need."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from repowright.benchmarks.repocraft.construction.calls import called_names
from repowright.benchmarks.repocraft.construction.checks import Checks
from repowright.benchmarks.repocraft.construction.conftests import SharedFixtures, decoded, shared_fixtures
from repowright.benchmarks.repocraft.construction.data_files import ReleaseFiles, anchors_of, opened_files
from repowright.benchmarks.repocraft.construction.imports import Imports
from repowright.benchmarks.repocraft.construction.marks import module_marks, reason_of_marks
from repowright.benchmarks.repocraft.construction.needs import reason_of_code, reason_of_file
from repowright.benchmarks.repocraft.construction.records import FUNCTIONS, FoundClass, FoundFile, FoundTest, Reason
from repowright.repo_tools.python_ast import FunctionNode, definitions, dotted, parse_quietly, span_of, statements

_MOST_BYTES = 5_000_000
_SET_UP = frozenset({"setUp", "setUpClass", "setUpTestData", "setup_class", "setup_method", "asyncSetUp"})


@dataclass(frozen=True)
class _Place:
    """A scope that tests stand in."""

    owner: str
    marks: tuple[ast.expr, ...]
    set_up: tuple[ast.stmt, ...] = ()


class _Module:
    """One parsed test file."""

    def __init__(
        self, tree: ast.Module, file: str, module: str, package: str, release: ReleaseFiles, conftest: SharedFixtures
    ) -> None:
        self._tree, self._file, self._package, self._release = tree, file, package, release
        self._imports = Imports(tree, module)
        self._anchors = anchors_of(tree)
        functions = [node for _, node in definitions(tree.body) if isinstance(node, FunctionNode)]
        self._helpers = {node.name: node for node in functions if not node.name.startswith("test")}
        self._reached: dict[str, tuple[ast.AST, ...]] = {}
        self._checks = Checks(self._helpers, self._imports.checkers())
        self._whole = reason_of_file(file, self._imports)
        self._conftest = conftest

    def read(self, module: str) -> FoundFile:
        classes: list[FoundClass] = []
        top = _Place(FUNCTIONS, tuple(module_marks(list(statements(self._tree.body)))))
        tests = list(self._scope(self._tree.body, top, classes))
        return FoundFile(self._file, module, tuple(classes), tuple(_shadowed(tests)))

    def _scope(self, body: Sequence[ast.stmt], place: _Place, classes: list[FoundClass]) -> Iterator[FoundTest]:
        for node in statements(body):
            if isinstance(node, FunctionNode) and node.name.startswith("test"):
                yield self._test(node, place)
            elif isinstance(node, ast.ClassDef):
                name = node.name if place.owner == FUNCTIONS else f"{place.owner}::{node.name}"
                inside = (*place.marks, *node.decorator_list, *module_marks(node.body))
                classes.append(self._class(node, name, reason_of_marks(inside)))
                set_up = (*place.set_up, *(each for each in node.body if getattr(each, "name", "") in _SET_UP))
                yield from self._scope(node.body, _Place(name, inside, set_up), classes)

    def _class(self, node: ast.ClassDef, name: str, reason: Reason | None) -> FoundClass:
        methods = frozenset(each.name for each in statements(node.body) if isinstance(each, FunctionNode))
        flags = [
            each.value.value
            for each in node.body
            if isinstance(each, ast.Assign) and isinstance(each.value, ast.Constant) and _is_flag(each)
        ]
        bases = tuple(self._imports.full(dotted(_generic(base))) for base in node.bases)
        return FoundClass(name, bases, "__init__" in methods, bool(flags[-1]) if flags else None, methods, reason)

    def _test(self, node: ast.FunctionDef | ast.AsyncFunctionDef, place: _Place) -> FoundTest:
        fixtures = tuple(
            each.arg for each in [*node.args.args, *node.args.kwonlyargs] if each.arg not in {"self", "cls"}
        )
        nodes = [*ast.walk(node), *(part for name in self._called_helpers(node) for part in self._reach(name))]
        nodes += [part for each in place.set_up for part in ast.walk(each)]
        shared = self._conftest.reached(fixtures)
        opened = opened_files([*nodes, *shared], self._anchors, self._file, self._release)
        checks = self._checks.found(node)
        reason = (
            self._whole
            or reason_of_marks([*place.marks, *node.decorator_list])
            or reason_of_code(nodes, fixtures)
            or _of_shared(shared)
            or (Reason("missing-data-file", ", ".join(opened.missing[:3])) if opened.missing else None)
            or self._of_checks(checks)
        )
        return FoundTest(
            file=self._file,
            owner=place.owner,
            name=node.name,
            runs_as=place.owner,
            span=span_of(node),
            says=_first_sentence(ast.get_docstring(node)),
            fixtures=fixtures,
            decorators=tuple(filter(None, (dotted(_generic(each)) for each in node.decorator_list))),
            calls=called_names(node, self._imports, self._package),
            asserts=len(checks),
            reads=opened.found,
            reason=reason,
        )

    def _of_checks(self, checks: list[ast.AST]) -> Reason | None:
        if not checks:
            return Reason("no-assertion")
        if self._checks.is_trivial(checks):
            return Reason("trivial", "one check of a constant or of the truth of a value")
        return None

    def _called_helpers(self, node: ast.AST) -> list[str]:
        """Return helpers and fixtures of this file that a function names, in the order of their names."""
        named = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        named |= {
            part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute) and dotted(part.value) == "self"
        }
        named |= {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}
        return sorted(named & self._helpers.keys())

    def _reach(self, name: str) -> tuple[ast.AST, ...]:
        """Return the nodes of a helper and of those it names in turn."""
        if name not in self._reached:
            self._reached[name] = ()
            helper = self._helpers[name]
            inner = [part for each in self._called_helpers(helper) if each != name for part in self._reach(each)]
            self._reached[name] = (*ast.walk(helper), *inner)
        return self._reached[name]


def read_test_file(root: Path, file: str, package: str, release: ReleaseFiles) -> FoundFile:
    """Read a test file; one that cannot be read or parsed becomes a record that says so."""
    module = file.removesuffix(".py").replace("/", ".")
    try:
        content = (root / file).read_bytes()
    except OSError as err:
        return FoundFile(file, module, problem=Reason("unreadable", err.strerror or ""))
    if len(content) > _MOST_BYTES:
        return FoundFile(file, module, problem=Reason("unreadable", f"{len(content):,} bytes"))
    source, problem = decoded(content)
    if problem:
        return FoundFile(file, module, problem=Reason("not-text", problem))
    tree = parse_quietly(source)
    if tree is None:
        return FoundFile(file, module, problem=Reason("syntax-error", "it does not parse"))
    conftest = shared_fixtures(root, file.rpartition("/")[0])
    return _Module(tree, file, module, package, release, conftest).read(module)


def _shadowed(tests: Sequence[FoundTest]) -> Iterator[FoundTest]:
    """Only the last of several tests of one name and class is ever run."""
    last = {(test.owner, test.name): number for number, test in enumerate(tests)}
    for number, test in enumerate(tests):
        if last[test.owner, test.name] == number:
            yield test
        else:
            yield replace(test, reason=Reason("shadowed", "a later test of the same name replaces it"))


def _of_shared(nodes: Sequence[ast.AST]) -> Reason | None:
    """Fixtures of others skip where something is missing, which is seen there; what they need is seen here."""
    found = reason_of_code(nodes, ())
    return None if found is None or found.word == "skipped-mark" else found


def _is_flag(node: ast.Assign) -> bool:
    return any(dotted(target) == "__test__" for target in node.targets)


def _generic(node: ast.expr) -> ast.expr:
    """Take a call or a subscript down to what is called or subscripted."""
    if isinstance(node, ast.Call):
        return _generic(node.func)
    return _generic(node.value) if isinstance(node, ast.Subscript) else node


def _first_sentence(text: str | None) -> str:
    paragraph = " ".join((text or "").strip().partition("\n\n")[0].split())
    return paragraph.partition(". ")[0].rstrip(".")
