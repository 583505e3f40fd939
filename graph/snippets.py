"""Text in code: lines that hold what is searched for, and the definitions around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from repowright.graph.cards import is_test
from repowright.graph.kinds import UNIT_KINDS
from repowright.graph.model import RPG, Node
from repowright.graph.sources import Sources, lines_of, numbered

_A_FILE = 4
"""Passages shown of one file."""
_AROUND = 1
_LARGEST = 2_000_000
_MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class Passage:
    """Lines of a file.

    Parameters
    ----------
    inside
        Qualified name of the definition around them; empty at the top of the file.
    terms
        What was found there.
    """

    path: str
    first: int
    last: int
    code: str
    inside: str = ""
    terms: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the passage for a model."""
        place = f"{self.path}:{self.inside}" if self.inside else self.path
        return f"- {place}, lines {self.first}-{self.last}\n{self.code}"


@dataclass(frozen=True, slots=True)
class Passages:
    """The passages shown, and what was left out."""

    shown: tuple[Passage, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Held:
    """A file that holds some of the terms; ``lines`` from 0, each with its terms."""

    file: Node
    text: list[str]
    lines: dict[int, tuple[str, ...]]
    rank: tuple[int, bool, int]


def passages(rpg: RPG, sources: Sources, files: Sequence[Node], terms: Sequence[str], limit: int) -> Passages:
    """Return the lines that hold the terms, files that hold most of them first and tests last.

    A term in lower case is found in any case.
    """
    unread = 0
    held = []
    for file in files:
        text = sources.text(file.path)
        if text is None or len(text) > _LARGEST:
            unread += 1
        elif found := _search(rpg, file, text, terms):
            held.append(found)
    held.sort(key=lambda each: (each.rank, each.file.path))
    shown = [passage for each in held for passage in _of_file(rpg, each)]
    left = sum(len(each.lines) for each in held) - sum(len(passage.terms) for passage in shown[:limit])
    notes = []
    if unread:
        notes.append(f"the text of {unread} of {len(files)} files is not at hand")
    if left > 0:
        rest = max(len(held) - len({passage.path for passage in shown[:limit]}), 0)
        notes.append(f"{left} more lines hold a term, {rest} files are not shown; name a file or raise the limit")
    return Passages(tuple(shown[:limit]), tuple(notes))


def passage_at(sources: Sources, path: str, lines: tuple[int, int]) -> Passage | None:
    """Return these lines of a file; `None` if its text is not at hand."""
    text = sources.text(path)
    if text is None:
        return None
    found = lines_of(text)
    first, last = min(lines[0], len(found) or 1), min(lines[1], len(found), lines[0] + _MOST_LINES - 1)
    return Passage(path, first, last, numbered(found[first - 1 : last], first))


def _search(rpg: RPG, file: Node, text: str, terms: Sequence[str]) -> _Held | None:
    folded = text.casefold() if any(term == term.lower() for term in terms) else ""
    present = [term for term in terms if term and term in (folded if term == term.lower() else text)]
    if not present:
        return None
    lines = lines_of(text)
    found: dict[int, tuple[str, ...]] = {}
    for at, line in enumerate(lines):
        low = line.casefold()
        here = tuple(term for term in present if term in (low if term == term.lower() else line))
        if here:
            found[at] = here
    rank = (-len(present), is_test(file, rpg.ancestors(file.id)), -min(len(found), 20))
    return _Held(file, lines, found, rank) if found else None


def _of_file(rpg: RPG, held: _Held) -> list[Passage]:
    """Return the file's best passages; lines close to each other are shown as one."""
    groups: list[list[int]] = []
    for at in sorted(held.lines):
        if groups and at - groups[-1][-1] <= 2 * _AROUND + 1 and len(groups[-1]) < 12:
            groups[-1].append(at)
        else:
            groups.append([at])
    groups.sort(key=lambda group: (-len({term for at in group for term in held.lines[at]}), group[0]))
    return [_passage(rpg, held, group) for group in groups[:_A_FILE]]


def _passage(rpg: RPG, held: _Held, group: list[int]) -> Passage:
    first, last = max(group[0] - _AROUND, 0), min(group[-1] + _AROUND, len(held.text) - 1)
    code = numbered(held.text[first : last + 1], first + 1)
    inside = _innermost(rpg, held.file, group[0] + 1)
    terms = tuple(term for at in group for term in held.lines[at][:1])
    return Passage(held.file.path, first + 1, last + 1, code, inside, terms)


def _innermost(rpg: RPG, file: Node, line: int) -> str:
    around = [
        (unit.place.span[1] - unit.place.span[0], unit.qualname)
        for unit in rpg.descendants(file.id, *UNIT_KINDS)
        if unit.place and unit.place.span and unit.place.span[0] <= line <= unit.place.span[1]
    ]
    return min(around)[1] if around else ""
