"""What ``@`` offers: the files of a folder, and the nodes of its graph once that is there."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from repowright.tui.app.fuzzy import Names

MOST_FILES = 50_000

_SKIPPED = frozenset(
    {".git", ".hg", ".repowright", "__pycache__", "node_modules", ".venv", "venv", ".tox", ".mypy_cache"}
)
_MENTION = re.compile(r"(?:^|(?<=\s))@(\S*)$")
_SLASH = re.compile(r"^/(\S*)$")


@dataclass(frozen=True)
class Typed:
    """What is being typed at the cursor that can be completed; ``start`` is the column of its mark."""

    mark: str
    query: str
    start: int


def at_cursor(before: str) -> Typed | None:
    """Return the mention or command that ends at the cursor.

    Parameters
    ----------
    before
        The line up to the cursor.

    Examples
    --------
    >>> at_cursor("look at @mod")
    Typed(mark='@', query='mod', start=8)
    >>> at_cursor("mail@host") is None
    True
    """
    for mark, pattern in (("@", _MENTION), ("/", _SLASH)):
        match = pattern.search(before)
        if match is not None:
            return Typed(mark, match[1], match.start())
    return None


class Mentions:
    """Files and nodes by fuzzy search; files come first where both fit as well."""

    def __init__(self) -> None:
        self._files = Names(())
        self._nodes = Names(())

    def take_files(self, paths: list[str]) -> None:
        """Offer these files."""
        self._files = Names(paths)

    def take_nodes(self, labels: list[str]) -> None:
        """Offer these nodes; a label is what search and fetch know the node by."""
        self._nodes = Names(labels)

    def best(self, query: str, limit: int = 8) -> list[str]:
        """Return what fits, best first."""
        files, nodes = self._files.best(query, limit), self._nodes.best(query, limit)
        kept = files[: max(limit - len(nodes), limit // 2)]
        return list(dict.fromkeys([*kept, *nodes]))[:limit]


def files_below(folder: Path) -> list[str]:
    """Return the files of a folder as POSIX paths, sorted, at most ``MOST_FILES``; caches and hidden tools left out."""
    found: list[str] = []
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        above = Path(root).relative_to(folder).as_posix()
        found += [name if above == "." else f"{above}/{name}" for name in sorted(files)]
        if len(found) >= MOST_FILES:
            break
    return sorted(found[:MOST_FILES])
