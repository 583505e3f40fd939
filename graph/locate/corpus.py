"""All that ranking needs to know of one state of a repository."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from repowright.graph.locate.links import Links, links_by_name, owners
from repowright.graph.locate.paths import PathTable
from repowright.repo_tools.textindex.bags import Bag
from repowright.repo_tools.textindex.index import Rows, TextIndex
from repowright.repo_tools.textindex.units import MODULE_UNIT, Unit
from repowright.repo_tools.textindex.words import vocabulary

_BESIDE = re.compile(
    r"(^|/)(tests?|testing|examples?|docs?|benchmarks?|asv_bench|build|setup|tools?|scripts?|_?vendor(ed)?|packages|"
    r"externals?|compat|deprecated|conf|locale|migrations)(/|_|\.\w+$)"
)
"""Places that a fix seldom touches."""


class Corpus:
    """The words, names and links of a repository's files without its tests.

    Parameters
    ----------
    files
        Path and bag of each file.
    purposes
        What units are for, by ``(path, qualified name)``: features of the graph, lifted or not.
    """

    def __init__(self, files: Sequence[tuple[str, Bag]], purposes: Mapping[tuple[str, str], str] | None = None) -> None:
        words = vocabulary()
        self.index = TextIndex(sorted(files, key=lambda file: file[0]), words)
        self.paths = self.index.paths
        self.owner = owners(self.index)
        self.links: Links = links_by_name(self.index, self.owner)
        self.path_table = PathTable(self.paths)
        self.by_name: dict[str, list[int]] = {}
        for number in np.flatnonzero(self.index.kind != MODULE_UNIT).tolist():
            self.by_name.setdefault(self.index.names[number], []).append(number)
        known = purposes or {}
        texts = (known.get((self.paths[file], unit.qualname), "") for file, unit in self._units())
        self.purpose_rows = Rows.of_texts(texts, words)
        self.folders = _numbered([path.rpartition("/")[0] for path in self.paths])
        self.places = _places(self.paths)

    def label(self, unit: int) -> str:
        """Return ``path:qualified name`` of a unit."""
        return f"{self.paths[self.index.file[unit]]}:{self.index.units[unit].qualname}"

    def _units(self) -> Iterator[tuple[int, Unit]]:
        return zip(self.index.file.tolist(), self.index.units, strict=True)


def _places(paths: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    tops = _numbered([path.partition("/")[0] for path in paths])
    return {
        "package": np.array([path.endswith("__init__.py") for path in paths], np.float64),
        "depth": np.array([path.count("/") for path in paths], np.float64),
        "beside": np.array([bool(_BESIDE.search(path)) for path in paths], np.float64),
        "top.share": (np.bincount(tops) / max(len(paths), 1))[tops],
    }


def _numbered(texts: Sequence[str]) -> NDArray[np.int64]:
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(text, len(numbers)) for text in texts], np.int64)
