"""Which files, classes and functions of a repository a text names."""

from __future__ import annotations

from itertools import takewhile

import numpy as np

from repowright.graph.locate.corpus import Corpus
from repowright.repo_tools.mentions import Frame, Issue, Symbol, Zone
from repowright.repo_tools.textindex.units import CLASS_UNIT, FUNCTION_UNIT

_MOST_DEFINERS = 400
_SHORTEST_WORD = 4
_ENVIRONMENT = 0.3
_MOST_MODULES = 3
_NEAR = 15


class Named:
    """What an issue names, as strengths for each unit and file; all nought where ``mentions`` is off.

    ``name``: 3 as code, 2 in the shape of code, 1 as a plain word. ``alone``: the same shared out among all of
    that name. ``qualified``: how many dotted parts agree. ``frame``: 1 for the last frame of a traceback in this
    repository, a half for the one before, and so on.
    """

    def __init__(self, corpus: Corpus, issue: Issue, mentions: bool = True) -> None:
        units, files = corpus.index.size, len(corpus.paths)
        self._corpus = corpus
        self.name, self.alone, self.qualified, self.title = (np.zeros(units) for _ in range(4))
        self.count, self.frame, self.last_frame = (np.zeros(units) for _ in range(3))
        self.class_name, self.class_alone, self.class_title = (np.zeros(units) for _ in range(3))
        self.file_path, self.file_module, self.file_frame, self.file_last = (np.zeros(files) for _ in range(4))
        if mentions:
            for symbol in issue.symbols:
                self._add_symbol(symbol)
            self._add_paths(issue.paths)
            self._add_frames(issue.frames)

    def _add_symbol(self, symbol: Symbol) -> None:
        parts = symbol.name.split(".")
        weight = _ENVIRONMENT if symbol.zone is Zone.ENVIRONMENT else 1.0
        self._add_module(parts, weight)
        for place, part in enumerate(parts):
            last = place == len(parts) - 1
            if symbol.strength == 1 and len(part) < _SHORTEST_WORD:
                continue
            strength = (symbol.strength if last else min(symbol.strength, 2)) * weight
            units = self._corpus.by_name.get(part, ())
            if len(units) <= _MOST_DEFINERS:
                for unit in units:
                    self._add_unit(unit, parts[: place + 1], last, strength, symbol, weight, len(units))

    def _add_module(self, parts: list[str], weight: float) -> None:
        for length in range(len(parts), 1, -1):
            files = self._corpus.path_table.by_module(".".join(parts[:length]))
            if 0 < len(files) <= _MOST_MODULES:
                for file in files:
                    self.file_module[file] = max(self.file_module[file], length * weight / len(files))
                return

    def _add_unit(
        self, unit: int, parts: list[str], last: bool, strength: float, symbol: Symbol, weight: float, definers: int
    ) -> None:
        in_title = symbol.zone is Zone.TITLE
        if self._corpus.index.units[unit].kind == CLASS_UNIT:
            self.class_name[unit] = max(self.class_name[unit], strength)
            self.class_alone[unit] = max(self.class_alone[unit], strength / definers)
            self.class_title[unit] = max(self.class_title[unit], strength * in_title)
            return
        self.name[unit] = max(self.name[unit], strength)
        self.alone[unit] = max(self.alone[unit], strength / definers)
        self.title[unit] = max(self.title[unit], strength * in_title)
        self.count[unit] += symbol.count * weight
        agreeing = self._agreeing(unit, parts, last)
        self.qualified[unit] = max(self.qualified[unit], agreeing * weight)

    def _agreeing(self, unit: int, parts: list[str], last: bool) -> int:
        """How many dotted parts agree with the unit's qualified name, or with its module and name; 0 for one."""
        index = self._corpus.index
        own = index.units[unit].qualname.split(".")
        pairs = zip(reversed(parts), reversed(own), strict=False)
        agreeing = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        if agreeing >= 2:
            return agreeing
        path = self._corpus.paths[index.file[unit]]
        module = path.rpartition("/")[2].partition(".")[0]
        return 2 if len(parts) > 1 and last and len(own) == 1 and parts[-2] == module else 0

    def _add_paths(self, paths: tuple[str, ...]) -> None:
        for path in paths:
            files, shared = self._corpus.path_table.by_path(path)
            if shared > 1 or len(files) <= _MOST_MODULES:
                strength = shared + 0.5 * ("/" not in path)
                for file in files:
                    self.file_path[file] = max(self.file_path[file], strength / len(files))

    def _add_frames(self, frames: tuple[Frame, ...]) -> None:
        found = ((frame, self._corpus.path_table.by_path(frame.path)[0]) for frame in frames)
        known = [(frame, files) for frame, files in found if 0 < len(files) <= 2]
        for distance, (frame, files) in enumerate(reversed(known)):
            for file in files:
                self.file_frame[file] = max(self.file_frame[file], 1 / (1 + distance))
                self.file_last[file] = max(self.file_last[file], float(distance == 0))
                self._add_frame(frame, file, distance)

    def _add_frame(self, frame: Frame, file: int, distance: int) -> None:
        index = self._corpus.index
        for unit in range(int(index.start[file]), int(index.start[file + 1])):
            first, last = index.units[unit].first, index.units[unit].last
            if index.units[unit].kind != FUNCTION_UNIT:
                continue
            if frame.function:
                hit = index.names[unit] == frame.function.rpartition(".")[2]
                near = not frame.line or first - _NEAR <= frame.line <= last + _NEAR
            else:
                hit = near = first <= frame.line <= last
            if hit:
                self.frame[unit] = max(self.frame[unit], (1.0 if near else 0.5) / (1 + distance))
                self.last_frame[unit] = max(self.last_frame[unit], float(distance == 0))
