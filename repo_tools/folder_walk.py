"""The files of a folder that is no git work tree, as its ignore files would leave them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

NEVER_ENTERED = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".repowright",
        "node_modules",
        "__pycache__",
        ".venv",
        "venv",
        ".tox",
        ".nox",
        ".eggs",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
    }
)
"""Folders of tools and of installed packages: never source of the repository itself."""

_Rules = tuple[tuple[int, "GitIgnoreSpec"], ...]


def walk(root: str) -> Iterator[str]:
    """Yield the paths of all files and links below ``root``, relative and POSIX, in no particular order.

    Links are yielded, never followed. Folders that cannot be listed are left out.
    """
    waiting: list[tuple[str, _Rules]] = [("", ())]
    while waiting:
        folder, rules = waiting.pop()
        entries = _entries(os.path.join(root, folder) if folder else root)
        names = {entry.name for entry in entries}
        if "pyvenv.cfg" in names and folder:
            continue
        if ".gitignore" in names:
            rules = (*rules, *_rules(root, folder))
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in NEVER_ENTERED and not (rules and _ignored(f"{path}/", rules)):
                    waiting.append((path, rules))
            elif not (rules and _ignored(path, rules)):
                yield path


def is_tool_folder(path: str) -> bool:
    """Tell whether a file lies in a folder that is never entered."""
    return not NEVER_ENTERED.isdisjoint(path.split("/")[:-1])


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []


def _rules(root: str, folder: str) -> _Rules:
    from pathspec import GitIgnoreSpec

    try:
        with open(os.path.join(root, folder, ".gitignore"), encoding="utf-8", errors="replace") as stream:
            lines = stream.read().splitlines()
        return ((len(folder) + 1 if folder else 0, GitIgnoreSpec.from_lines(lines)),)
    except (OSError, ValueError):
        return ()


def _ignored(path: str, rules: _Rules) -> bool:
    """The deepest ignore file that says anything about a path decides."""
    for start, spec in reversed(rules):
        said = spec.check_file(path[start:]).include
        if said is not None:
            return said
    return False
