"""Areas and categories without a model: from folders, and from dependency communities where folders are flat.

It is a pure function of paths and imports. A change of one file moves others only where it changes what a folder
is: areas follow the first folder level that tells parts of the repository apart, categories the levels below it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from repowright.graph.encode.area_names import community_name, human_name, numbered, unique_names
from repowright.graph.encode.communities import communities

FLAT = 25
"""Files of one folder above which it is divided by what depends on what."""

DEEP = 25
"""Files of a category above which its own folders become categories."""

_THROUGH = frozenset(["src", "source", "sources", "lib", "main", "java", "python", "packages", "crates", "pkg", "cmd"])
"""Folders that say how code is laid out, not what it is for."""

_DOMINANT = 0.6
"""Share of the files from which one folder is the repository itself, and is looked through."""

_ASIDE: Mapping[str, str] = {
    "doc": "Documentation",
    "docs": "Documentation",
    "documentation": "Documentation",
    "website": "Documentation",
    "example": "Examples",
    "examples": "Examples",
    "sample": "Examples",
    "samples": "Examples",
    "demo": "Examples",
    "demos": "Examples",
    "tutorial": "Examples",
    "tutorials": "Examples",
    "bench": "Benchmarks",
    "benches": "Benchmarks",
    "benchmark": "Benchmarks",
    "benchmarks": "Benchmarks",
    "asv_benchmarks": "Benchmarks",
    "script": "Project Tooling",
    "scripts": "Project Tooling",
    "tool": "Project Tooling",
    "tools": "Project Tooling",
    "bin": "Project Tooling",
    "build_tools": "Project Tooling",
    "ci": "Project Tooling",
    "release": "Project Tooling",
    "vendor": "Vendored Code",
    "_vendor": "Vendored Code",
    "third_party": "Vendored Code",
    "extern": "Vendored Code",
    "externals": "Vendored Code",
}
"""Folders at the top of a repository, or of its one package, that always make an area."""

TESTS = "Tests"
PROJECT = "Project Setup"
"""Area of the files that stand beside the code at the top of a repository."""

_TEST_FOLDERS = frozenset(["test", "tests", "testing", "__tests__", "testsuite", "spec", "src", "unit"])


Edges = Mapping[str, Sequence[str]]


class FileCard(NamedTuple):
    """A file as areas see it."""

    path: str
    is_test: bool = False


class Group(NamedTuple):
    """Files that belong together; ``category`` is empty for those right below their area."""

    area: str
    category: str
    paths: tuple[str, ...]


def plan_areas(files: Sequence[FileCard], imports: Sequence[tuple[str, str]]) -> list[Group]:
    """Divide files into areas and categories; each file is in one group, and groups are sorted.

    Parameters
    ----------
    imports
        Pairs of paths, the one that imports first; ends that are no files are ignored.

    Examples
    --------
    >>> cards = [FileCard(f"shop/{name}.py") for name in ("cart/item", "cart/total", "db/models", "db/rows")]
    >>> [(group.area, group.category, len(group.paths)) for group in plan_areas(cards, [])]
    [('Cart', '', 2), ('Database', '', 2)]
    """
    tests = sorted({card.path for card in files if card.is_test})
    product = sorted({card.path for card in files if not card.is_test})
    placed = _areas(product)
    edges = _edges(imports)
    groups: list[Group] = []
    for area, members in sorted(placed.items()):
        groups += _grouped(area, _categories(members), edges)
    groups += _grouped(TESTS, _test_categories(tests), {})
    return sorted(groups)


class _Placed(NamedTuple):
    """A file and the folders below its area that lead to it."""

    folders: tuple[str, ...]
    path: str


def _areas(paths: Sequence[str]) -> dict[str, list[_Placed]]:
    split = {path: tuple(path.split("/")[:-1]) for path in paths}
    root = _common_root(split.values())
    keys = {path: _area_key(folders, root) for path, folders in split.items()}
    counts: dict[tuple[str, ...], int] = {}
    for key in keys.values():
        counts[key] = counts.get(key, 0) + 1
    keys = {path: key if counts[key] > 1 or len(key) <= len(root) else root for path, key in keys.items()}
    names = _area_names(sorted(set(keys.values())), root)
    areas: dict[str, list[_Placed]] = {}
    for path, key in keys.items():
        below = split[path][len(key) :] if key else ()
        areas.setdefault(names[key], []).append(_Placed(below, path))
    return areas


def _common_root(folders: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The folder that holds the repository's code: looked through are the only one, the dominant one, ``src``."""
    inside = [each for each in folders if not each or each[0] not in _ASIDE]
    root: tuple[str, ...] = ()
    while True:
        deeper = [each for each in inside if len(each) > len(root)]
        below = Counter(each[len(root)] for each in deeper)
        if not below:
            return root
        most = min(below, key=lambda name: (-below[name], name))
        is_only = len(below) == 1 and len(inside) <= len(deeper) + 1
        is_package = _THROUGH.issuperset(root) and below[most] >= _DOMINANT * len(inside)
        if not is_only and not is_package:
            return root
        inside = [each for each in deeper if each[len(root)] == most]
        root = (*root, most)


def _area_key(folders: tuple[str, ...], root: tuple[str, ...]) -> tuple[str, ...]:
    """Folders that decide a file's area: up to the first that does not lead to the root."""
    shared = 0
    while shared < len(root) and folders[shared : shared + 1] == root[shared : shared + 1]:
        shared += 1
    return folders[: shared + 1]


def _area_names(keys: Sequence[tuple[str, ...]], root: tuple[str, ...]) -> dict[tuple[str, ...], str]:
    named = {}
    for key in keys:
        if not key:
            named[key] = PROJECT if root else "Core"
        elif key == root:
            named[key] = f"{human_name(key[-1])} Core"
        else:
            named[key] = _ASIDE.get(key[-1]) or human_name(key[-1])
    merging = set(_ASIDE.values())
    distinct = unique_names({key: name for key, name in named.items() if name not in merging}, taken={TESTS, *merging})
    return {key: distinct.get(key, name) for key, name in named.items()}


def _categories(members: Sequence[_Placed]) -> dict[tuple[str, ...], list[str]]:
    """Folders below the area -> their files; a folder that is too large gives its own folders categories."""
    found: dict[tuple[str, ...], list[str]] = {}
    _divide([_Placed(_without_through(each.folders), each.path) for each in members], 0, found)
    return found


def _divide(members: Sequence[_Placed], depth: int, found: dict[tuple[str, ...], list[str]]) -> None:
    ordered = sorted(members, key=lambda each: (each.folders[: depth + 1], each.path))
    for key, group in groupby(ordered, key=lambda each: each.folders[: depth + 1]):
        inside = list(group)
        is_here = len(key) <= depth
        if is_here or len(inside) < (3 if depth else 2):
            found.setdefault(key[:depth], []).extend(each.path for each in inside)
        elif len(inside) > DEEP and depth < 3:
            _divide(inside, depth + 1, found)
        else:
            found.setdefault(key, []).extend(each.path for each in inside)


def _without_through(folders: tuple[str, ...]) -> tuple[str, ...]:
    while folders and folders[0] in _THROUGH:
        folders = folders[1:]
    return folders


def _test_categories(paths: Sequence[str]) -> dict[tuple[str, ...], list[str]]:
    """Tests by what they test: the folders that are left when those that only say "test" are taken out."""
    left = {path: tuple(each for each in path.split("/")[:-1] if each not in _TEST_FOLDERS) for path in paths}
    root = _common_root(left.values())
    found: dict[tuple[str, ...], list[str]] = {}
    for path, folders in left.items():
        below = folders[len(root) :] if folders[: len(root)] == root else folders
        found.setdefault(below[:1], []).append(path)
    for key in [key for key, inside in found.items() if key and len(inside) == 1]:
        found.setdefault((), []).extend(found.pop(key))
    return found


def _grouped(area: str, categories: Mapping[tuple[str, ...], list[str]], edges: Edges) -> Iterator[Group]:
    named = {key: " ".join(human_name(each) for each in key[-2:]) for key in categories if key}
    names = unique_names(named, taken={area})
    used = {area.casefold(), *(name.casefold() for name in names.values())}
    for key, unsorted in sorted(categories.items()):
        paths, parent = sorted(unsorted), names.get(key, "")
        parts = _communities(paths, edges) if len(paths) > FLAT else []
        if len(parts) < 2:
            yield Group(area, parent, tuple(paths))
            continue
        for part, hub in parts:
            own = community_name(part, paths, hub)
            name = numbered(f"{parent}: {own}" if parent else own, used)
            used.add(name.casefold())
            yield Group(area, name, tuple(part))


def _communities(paths: list[str], edges: Edges) -> list[tuple[list[str], str]]:
    """Communities among these files, each with the file that most of its others lean on."""
    inside = set(paths)
    pairs = [(each, other) for each in paths for other in edges.get(each, ()) if other in inside]
    found = []
    for part in communities(paths, pairs):
        near = set(part)
        leaning = Counter(target for source, target in pairs if target in near and source in near)
        found.append((part, min(part, key=lambda path: ("__init__" in path, -leaning[path], path))))
    return found


def _edges(imports: Sequence[tuple[str, str]]) -> Edges:
    found: dict[str, list[str]] = {}
    for source, target in sorted(set(imports)):
        if source != target:
            found.setdefault(source, []).append(target)
    return found
