"""Checks of files and what they hold."""

from __future__ import annotations

import keyword
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from repowright.graph.kinds import DEPENDENCY_KINDS, UNIT_KINDS, NodeKind
from repowright.graph.lint.finding import Finding, error, warning
from repowright.graph.model import RPG, Node
from repowright.graph.order import owners
from repowright.graph.tags import BASE_TYPE, ENTRY_POINT, HAS_ENTRY_POINT, PACKAGE, TEST

_FEATURELESS = frozenset({BASE_TYPE, ENTRY_POINT, PACKAGE, TEST})


def duplicate_path(rpg: RPG) -> Iterator[Finding]:
    """Report files that share a path, letter case aside: some file systems cannot tell those apart."""
    groups: dict[str, list[Node]] = {}
    for file in rpg.nodes(NodeKind.FILE):
        groups.setdefault(file.path.casefold(), []).append(file)
    for files in groups.values():
        if len(files) > 1:
            names = " and ".join(file.path for file in files)
            yield error("duplicate-path", f"{len(files)} files share one path: {names}; rename all but one", *files)


def unusable_path(rpg: RPG) -> Iterator[Finding]:
    """Report files that are no Python module, cannot be imported by name, or lie outside the package."""
    package = package_of(rpg)
    for file in rpg.nodes(NodeKind.FILE):
        path = PurePosixPath(file.path)
        if path.suffix != ".py":
            yield error("path-not-python", f"{file.path} does not end in .py; rename it", file)
            continue
        wrong = [part for part in path.with_suffix("").parts if not part.isidentifier() or keyword.iskeyword(part)]
        if wrong:
            message = f"{file.path} cannot be imported: {wrong[0]!r} is not a Python name; rename it"
            yield error("path-not-identifier", message, file)
        if "test" not in file.tags and not file.path.startswith(f"{package}/"):
            message = f"{file.path} lies outside the package folder {package}; move it inside"
            yield error("path-outside-package", message, file)


def package_of(rpg: RPG) -> str:
    """Return the package folder: the repository's place, or else the folder most files start with."""
    if rpg.root.path:
        return rpg.root.path
    folders = [file.path.partition("/")[0] for file in rpg.nodes(NodeKind.FILE) if "/" in file.path]
    counted = Counter(folders)
    return min(counted, key=lambda folder: (-counted[folder], folder), default=rpg.root.name)


def file_without_feature(rpg: RPG) -> Iterator[Finding]:
    """Report files that no feature needs, unless their tags say what they are for."""
    for file in rpg.nodes(NodeKind.FILE):
        if not _FEATURELESS.intersection(file.tags) and not rpg.descendants(file.id, NodeKind.FEATURE):
            message = f"{file.path} holds no feature; give it one or remove it"
            yield error("file-without-feature", message, file)


def file_without_unit(rpg: RPG) -> Iterator[Finding]:
    """Report files that define nothing, unless they only mark a package."""
    for file in rpg.nodes(NodeKind.FILE):
        if PACKAGE not in file.tags and not rpg.children(file.id, *UNIT_KINDS):
            message = f"{file.path} defines no class and no function; design one or remove the file"
            yield error("file-without-unit", message, file)


def unused_file(rpg: RPG) -> Iterator[Finding]:
    """Report files that no other file uses and that are no entry point."""
    files = [file for file in rpg.nodes(NodeKind.FILE) if rpg.children(file.id, *UNIT_KINDS)]
    home = owners(rpg, {file.id for file in files})
    crossing = (edge for edge in rpg.edges(*DEPENDENCY_KINDS) if home.get(edge.src) != home.get(edge.dst))
    used = {home.get(edge.dst) for edge in crossing}
    entries = {home.get(node.id) for node in rpg.nodes() if {ENTRY_POINT, PACKAGE, TEST}.intersection(node.tags)}
    for file in files if len(files) > 1 else []:
        if file.id not in used | entries:
            message = f"nothing in {file.path} is used from another file, and it is no entry point"
            yield warning("unused-file", message, file)


def missing_entry_point(rpg: RPG) -> Iterator[Finding]:
    """Report a repository that shall have an entry point and has none."""
    wanted = HAS_ENTRY_POINT in rpg.root.tags
    if wanted and not any(ENTRY_POINT in node.tags for node in rpg.nodes(NodeKind.FILE, *UNIT_KINDS)):
        message = f"{rpg.root.label} shall have an entry point, but no file or function is marked as one"
        yield error("missing-entry-point", message, rpg.root)
