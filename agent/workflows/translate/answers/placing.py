"""Which file each piece of an answer belongs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from repowright.agent.workflows.translate.answers.asked import Asked
from repowright.agent.workflows.translate.answers.blocks import CodeBlock
from repowright.repo_tools.rust_source import read_items


def names_in_rust(text: str) -> set[str]:
    """Paths of the items of a text."""
    return {item.path for item in read_items(text.encode()).items}


def place_block(block: CodeBlock, asked: Asked, names_in: Callable[[str], set[str]] = names_in_rust) -> str:
    """Return the path of the file a block is meant for: the one it names, else the one whose items it holds most of.

    Empty where it holds nothing that was asked for.
    """
    named = _named(block.path, asked.files) or _named(block.path, asked.tests)
    if named and (named in asked.wanted or named in asked.tests or not _held(block, asked, names_in)):
        return named
    held = _held(block, asked, names_in)
    return max(sorted(held), key=lambda path: held[path]) if held else ""


def _named(path: str, files: Mapping[str, str]) -> str:
    """The file of a path, or the only one whose path ends like it."""
    if not path:
        return ""
    if path in files:
        return path
    wanted = PurePosixPath(path).parts
    found = [each for each in files if PurePosixPath(each).parts[-len(wanted) :] == wanted]
    if not found:
        found = [each for each in files if PurePosixPath(each).name == wanted[-1]]
    return found[0] if len(found) == 1 else ""


def _held(block: CodeBlock, asked: Asked, names_in: Callable[[str], set[str]]) -> dict[str, int]:
    """How many of the items wanted in each file a block holds."""
    has = names_in(block.text)
    counts = {path: len(has & set(items)) for path, items in asked.wanted.items()}
    return {path: count for path, count in counts.items() if count}
