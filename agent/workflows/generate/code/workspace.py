"""The files a sandbox gets: a function of the plan and of what one unit stands on, nothing else.

Everything outside the closure is a stub, so what a run shows never depends on which unit beside it
happened to be finished first.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from repowright.agent.workflows.generate.interface_checks import file_of_module
from repowright.agent.workflows.generate.plan import Library, Plan, UnitRecord, module_name
from repowright.graph.kinds import NodeKind
from repowright.graph.records import Node
from repowright.graph.tags import BASE_TYPE
from repowright.repo_tools import compose, outline, stubs

PYTEST_SETTINGS = """\
[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["src"]
addopts = "--import-mode=importlib"
"""


def file_source(plan: Plan, library: Library, file: Node, written: Collection[str], codes: Mapping[str, str]) -> str:
    """Return one module: units in ``written`` with their code, all others as stubs.

    Parameters
    ----------
    codes
        Code that stands in for what the records hold, by unit id.
    """
    if BASE_TYPE in file.tags:
        return library.get(plan.units[file.id]).code
    records = sorted((library.get(plan.units[node.id]) for node in plan.file_units(file.id)), key=lambda one: one.order)
    parts = tuple((record.name, _source(record, written, codes)) for record in records)
    return _composed(file.doc, module_name(file.path), parts)


@lru_cache(maxsize=2048)
def _composed(doc: str, module: str, parts: tuple[tuple[str, str], ...]) -> str:
    """Compose one module; the same parts come back in run after run of the sandbox."""
    return compose.compose_module(doc, [compose.UnitSource(*part) for part in parts], module=module)


@lru_cache(maxsize=4096)
def _stub(skeleton: str) -> str:
    return stubs.stub(skeleton)


def _source(record: UnitRecord, written: Collection[str], codes: Mapping[str, str]) -> str:
    code = codes.get(record.id) or record.code
    return code if record.id in written and code else _stub(record.skeleton)


def imported_units(plan: Plan, source: str) -> set[str]:
    """Return the ids of the units that a test module imports."""
    found: set[str] = set()
    for module, names in outline.imported_names(source):
        file = file_of_module(plan, module) if module.split(".")[0] == plan.package else None
        nodes = [plan.rpg.find(file.path, name) for name in names] if file is not None else []
        found |= {node.id for node in nodes if node is not None and node.id in plan.units}
    return found


def standing(plan: Plan, unit_id: str, tests: str) -> set[str]:
    """Return the units whose code a unit's tests run on: those it stands on, itself, and helpers of the tests.

    A test may use any unit of an earlier generation, to make its input for example; one that is built beside
    the unit or after it is a stub.
    """
    helpers = {one for one in imported_units(plan, tests) if plan.level(one) < plan.level(unit_id)}
    return plan.closure([unit_id, *helpers])


def files_under_test(
    plan: Plan,
    library: Library,
    unit_id: str,
    tests: str,
    codes: Mapping[str, str] | None = None,
    *,
    stubbed: bool = False,
) -> dict[str, bytes]:
    """Return what a unit's tests run on, the tests included.

    Parameters
    ----------
    stubbed
        Leave the unit itself a stub: right tests fail on it.
    """
    written = standing(plan, unit_id, tests)
    roots = written | imported_units(plan, tests)
    files = package_files(plan, library, roots, written - {unit_id} if stubbed else written, codes)
    return files | {path_of_tests(plan, unit_id): tests.encode()}


def package_files(
    plan: Plan, library: Library, roots: Iterable[str], written: Collection[str], codes: Mapping[str, str] | None = None
) -> dict[str, bytes]:
    """Return the modules that the files of ``roots`` (unit ids) need, base types and packages included."""
    base = [node.id for node in plan.rpg.nodes(NodeKind.FILE) if BASE_TYPE in node.tags]
    waiting = [*base, *sorted({plan.file_of(one).id for one in roots})]
    sources: dict[str, str] = {}
    while waiting:
        file = plan.rpg.node(waiting.pop(0))
        if file.path in sources:
            continue
        sources[file.path] = file_source(plan, library, file, written, codes or {})
        for module, _ in outline.imported_names(sources[file.path]):
            target = file_of_module(plan, module) if module.split(".")[0] == plan.package else None
            if target is not None and target.path not in sources:
                waiting.append(target.id)
    files = {path: source.encode() for path, source in sources.items()}
    return files | package_markers(plan, files) | {"pyproject.toml": PYTEST_SETTINGS.encode()}


def package_markers(plan: Plan, paths: Iterable[str]) -> dict[str, bytes]:
    """Return an ``__init__.py`` for each folder of the package that the paths lie in."""
    markers: dict[str, bytes] = {}
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder.startswith("src/"):
            marker = f"{folder}/__init__.py"
            markers[marker] = _marker(plan, folder).encode()
            folder = folder.rpartition("/")[0]
    return {path: content for path, content in markers.items() if plan.rpg.find(path) is None}


def _marker(plan: Plan, folder: str) -> str:
    if folder == plan.rpg.root.path:
        return f'"""{_sentence(plan.purpose)}"""\n'
    inside = [node for node in plan.rpg.nodes(NodeKind.FILE) if node.path.startswith(f"{folder}/")]
    area = plan.area_of(inside[0].id) if inside else None
    return f'"""{_sentence(area.doc if area else plan.purpose)}"""\n'


def _sentence(text: str) -> str:
    words = " ".join(text.split()).replace("\\", "/").replace('"', "'")
    return words if words.endswith((".", "!", "?")) else f"{words}."


def snake(name: str) -> str:
    """Return a name as a file name: ``WriteAheadLog`` is ``write_ahead_log``."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return split.lower()


def path_of_tests(plan: Plan, unit_id: str) -> str:
    """Return where a unit's tests lie: ``src/p/a/b.py:C`` is tested in ``tests/unit/a/test_b_c.py``."""
    node = plan.rpg.node(unit_id)
    inner = node.path.removeprefix(f"{plan.rpg.root.path}/").removesuffix(".py")
    folder, _, stem = inner.rpartition("/")
    return "/".join(part for part in ("tests/unit", folder, f"test_{stem}_{snake(node.name)}.py") if part)


def integration_path(area: Node) -> str:
    return f"tests/integration/test_{re.sub(r'[^a-z0-9]+', '_', area.name.lower()).strip('_')}.py"
