"""Files by what a text may call them: the end of a path, or a dotted module."""

from __future__ import annotations

from collections.abc import Sequence


class PathTable:
    """The paths of a repository, to be found by their ends."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._reversed = [path.split("/")[::-1] for path in paths]
        self._by_name: dict[str, list[int]] = {}
        self._by_module: dict[str, list[int]] = {}
        for number, path in enumerate(paths):
            self._by_name.setdefault(path.rpartition("/")[2], []).append(number)
            parts = path.rpartition(".")[0].split("/")
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            for first in range(len(parts)):
                self._by_module.setdefault(".".join(parts[first:]), []).append(number)

    def by_path(self, written: str) -> tuple[list[int], int]:
        """Return the files whose paths share the longest end with what is written, and the length of that end."""
        wanted = [part for part in written.split("/") if part not in ("", ".", "..", "~")][::-1]
        best, found = 0, list[int]()
        for number in self._by_name.get(wanted[0], ()) if wanted else ():
            shared = _shared(wanted, self._reversed[number])
            if shared > best:
                best, found = shared, [number]
            elif shared == best:
                found.append(number)
        return found, best

    def by_module(self, dotted: str) -> list[int]:
        """Return the files a dotted module may mean."""
        return self._by_module.get(dotted, [])


def _shared(left: Sequence[str], right: Sequence[str]) -> int:
    for count, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return count
    return min(len(left), len(right))
