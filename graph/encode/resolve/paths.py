"""Paths as imports see them."""

from __future__ import annotations

from collections.abc import Iterable


def folder_of(path: str) -> str:
    """Return the folder of a file; empty for one at the top."""
    return path.rpartition("/")[0]


def shared_folders(one: str, other: str) -> int:
    """Return the number of folders two files have in common from the top."""
    count = 0
    for left, right in zip(one.split("/")[:-1], other.split("/")[:-1], strict=False):
        if left != right:
            break
        count += 1
    return count


def nearest(importer: str, paths: Iterable[str]) -> list[str]:
    """Return the paths, the one that shares most folders with the importer first, then the shortest."""
    return sorted(paths, key=lambda path: (-shared_folders(importer, path), path.count("/"), path))


def joined(folder: str, relative: str) -> str | None:
    """Return the path that a relative one leads to from a folder; `None` if it leads out of the repository.

    Examples
    --------
    >>> joined("src/shop", "../cart/./item")
    'src/cart/item'
    """
    parts = folder.split("/") if folder else []
    for part in relative.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def suffixes(path: str) -> list[str]:
    """Return the path as seen from each folder above it, the longest first."""
    parts = path.split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]
