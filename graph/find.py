"""Searching by meaning and by text (SearchNode of RPG-Encoder, section 3.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from repowright.graph.cards import Card, as_json, card, is_test
from repowright.graph.errors import GraphError
from repowright.graph.ids import normalise
from repowright.graph.kinds import UNIT_KINDS, NodeKind
from repowright.graph.model import RPG, Node
from repowright.graph.patterns import path_matcher
from repowright.graph.references import References
from repowright.graph.search import Hit, search
from repowright.graph.snippets import Passage, passage_at, passages
from repowright.graph.sources import NoSources, Sources
from repowright.repo_tools.mentions import read_issue

Mode = Literal["features", "snippets", "auto"]

MOST_MATCHES = 10
MOST_PASSAGES = 20
_NAMESAKES = 5
_MOST_NAMES = 12
_AT_LINE = re.compile(r"[\w./+~-]+\.\w{1,4}:\d+\b")
_QUOTED = re.compile(r"\"([^\"\n]{6,200})\"")
_NEAR = 200
"""How many of the best hits are ordered anew."""
_TEST_SHARE = 0.6
_MEANING = frozenset({NodeKind.AREA, NodeKind.CATEGORY, NodeKind.REPOSITORY})


class Searcher(Protocol):
    """A ranking of nodes by words, best first."""

    def __call__(self, query: str, kinds: Iterable[NodeKind], limit: int) -> list[Hit]: ...


@dataclass(frozen=True, slots=True)
class SearchNode:
    """What to search for.

    Parameters
    ----------
    mode
        ``features`` ranks nodes by words; ``snippets`` finds symbols and text in code; ``auto`` does both.
    feature_terms
        Words of what the code is for.
    search_scopes
        Feature paths to stay below: ``Area`` or ``Area/Category``.
    search_terms
        Symbols, paths or text to find in code.
    line_nums
        First and last line to show of the file that ``file_path_or_pattern`` names.
    file_path_or_pattern
        A path, the end of one, or a pattern with ``*`` and ``**``.
    text
        What a person asks, in any words: ranked by them all; the files, lines of tracebacks and symbols that it
        names come first, and what it quotes is found in code.
    """

    mode: Mode = "auto"
    feature_terms: tuple[str, ...] = ()
    search_scopes: tuple[str, ...] = ()
    search_terms: tuple[str, ...] = ()
    line_nums: tuple[int, int] | None = None
    file_path_or_pattern: str = "**/*"
    text: str = ""

    @property
    def asks(self) -> bool:
        """Whether it names anything to look for but lines."""
        return bool(self.feature_terms or self.search_terms or self.text.strip())


@dataclass(frozen=True, slots=True)
class Match:
    """A node that answers; ``why`` is the symbol it was named by, empty for a match of words."""

    card: Card
    score: float
    why: str = ""

    def text(self) -> str:
        """Return the match on one line."""
        area = f" ({self.card.area})" if self.card.area else ""
        return f"- {self.card.text()}{area}" + (f" <- {self.why}" if self.why else "")


@dataclass(frozen=True, slots=True)
class Found:
    """Nodes and passages, best first; ``notes`` say exactly what was left out and how to get it."""

    matches: tuple[Match, ...]
    passages: tuple[Passage, ...]
    notes: tuple[str, ...]

    def text(self) -> str:
        """Return everything for a model."""
        lines = [match.text() for match in self.matches]
        lines += [passage.text() for passage in self.passages]
        return "\n".join([*(lines or ["nothing found"]), *(f"note: {each}" for each in self.notes)])

    def as_json(self) -> str:
        """Return everything as one line of JSON."""
        return as_json(self)


def find(
    rpg: RPG,
    wanted: SearchNode,
    *,
    sources: Sources | None = None,
    references: References | None = None,
    searcher: Searcher | None = None,
    limit: int = MOST_MATCHES,
) -> Found:
    """Return what answers a search.

    Parameters
    ----------
    references, searcher
        Of this graph, to share between calls.
    limit
        Most nodes; twice as many passages.

    Raises
    ------
    GraphError
        If the search asks for nothing, or for lines of no single file.
    UnknownNode
        If there is no such scope or file.
    """
    known = references or References(rpg)
    if not (wanted.asks or wanted.line_nums):
        raise GraphError("the search names no terms and no lines", "give feature terms, search terms or lines")
    if limit < 1:
        raise GraphError(f"a limit of {limit} shows nothing", "give 1 or more")
    look = _Look(rpg, wanted, sources or NoSources(), known, searcher or _default(rpg), limit)
    if wanted.line_nums and not wanted.asks:
        return look.at_lines(wanted.line_nums)
    return look.everything()


class _Answer(NamedTuple):
    node: Node
    score: float
    why: str


class _Mentions(NamedTuple):
    """What a text names, the surest first, and what it quotes."""

    names: tuple[str, ...] = ()
    quoted: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str) -> _Mentions:
        """Read a text; places in tracebacks first, then paths, then what is marked or shaped as code."""
        if not text.strip():
            return cls()
        issue = read_issue(text)
        places = [f"{each.path}:{each.line}" if each.line else each.path for each in reversed(issue.frames)]
        places += _AT_LINE.findall(text)
        symbols = [each.name for each in issue.symbols if each.strength > 1]
        names = dict.fromkeys([*places, *issue.paths, *symbols])
        return cls(tuple(names)[:_MOST_NAMES], tuple(dict.fromkeys(_QUOTED.findall(text)))[:_MOST_NAMES])


class _Look:
    """One search under way."""

    def __init__(
        self, rpg: RPG, wanted: SearchNode, sources: Sources, references: References, searcher: Searcher, limit: int
    ) -> None:
        self._rpg = rpg
        self._wanted = wanted
        self._sources = sources
        self._references = references
        self._searcher = searcher
        self._limit = limit
        self._notes: list[str] = []
        self._accepts = path_matcher(wanted.file_path_or_pattern)
        self._scope = self._below(wanted.search_scopes)

    def everything(self) -> Found:
        wanted = self._wanted
        mentions = _Mentions.of(wanted.text if wanted.mode != "features" else "")
        terms = tuple(dict.fromkeys([*wanted.search_terms, *mentions.quoted]))
        spoken = (wanted.text, *wanted.feature_terms) if wanted.text else wanted.feature_terms
        words = spoken or (wanted.search_terms if wanted.mode != "snippets" else ())
        named = [] if wanted.mode == "features" else self._named(wanted.search_terms)
        ranked = [] if wanted.mode == "snippets" else self._ranked(" ".join(words))
        unique = {each.node.id: each for each in reversed([*named, *ranked])}
        first: dict[str, _Answer] = {}
        for each in self._mentioned(mentions):
            first.setdefault(each.node.id, each)
        kept = [*first.values(), *(each for each in reversed(unique.values()) if each.node.id not in first)]
        if len(kept) > self._limit:
            self._notes.append(f"{len(kept) - self._limit} more nodes answer; raise the limit or narrow the scope")
        text = () if wanted.mode == "features" or not terms else self._texts(terms)
        matches = tuple(Match(card(self._rpg, each.node), each.score, each.why) for each in kept[: self._limit])
        return Found(matches, text, tuple(self._notes))

    def at_lines(self, lines: tuple[int, int]) -> Found:
        files = self._references.files(self._wanted.file_path_or_pattern)
        if len(files) != 1:
            found = ", ".join(file.path for file in files[:5]) or "none"
            raise GraphError(
                f"lines {lines[0]}-{lines[1]} of {self._wanted.file_path_or_pattern!r} are no place: files: {found}",
                "name one file by its path",
            )
        if not 1 <= lines[0] <= lines[1]:
            raise GraphError(f"lines {lines[0]}-{lines[1]} are no lines", "count from 1, the first line first")
        file = files[0]
        inside = [unit for unit in self._rpg.descendants(file.id, *UNIT_KINDS) if _meets(unit, lines)]
        shown = passage_at(self._sources, file.path, lines)
        notes = () if shown else (f"no source of {file.path} at hand",)
        cards = tuple(Match(card(self._rpg, unit), 0.0, "these lines") for unit in inside or [file])
        return Found(cards[: self._limit], (shown,) if shown else (), notes)

    def _below(self, scopes: Sequence[str]) -> frozenset[str] | None:
        if not scopes:
            return None
        found: set[str] = set()
        for scope in scopes:
            for node in self._scoped(scope):
                found |= {node.id, *(each.id for each in self._rpg.descendants(node.id))}
        return frozenset(found)

    def _scoped(self, scope: str) -> Sequence[Node]:
        areas = [node for node in self._rpg.nodes(*_MEANING) if normalise(node.name) == normalise(scope)]
        return areas or self._references.nodes(scope)

    def _fits(self, node: Node) -> bool:
        in_scope = self._scope is None or node.id in self._scope
        return in_scope and (self._accepts(node.path) if node.path else self._wanted.file_path_or_pattern == "**/*")

    def _ranked(self, query: str) -> list[_Answer]:
        if not query.strip():
            return []
        found: dict[str, _Answer] = {}
        for hit in self._searcher(query, (), len(self._rpg)):
            node = self._bearer(hit.node)
            if node.kind is not NodeKind.REPOSITORY and node.id not in found and self._fits(node):
                found[node.id] = _Answer(node, round(hit.score, 4), "")
        return self._code_first(list(found.values()), query)

    def _code_first(self, found: list[_Answer], query: str) -> list[_Answer]:
        """Count tests for less, unless they are asked for: they say the same words as what they test."""
        if "test" in query.casefold():
            return found
        near = [
            each._replace(score=each.score * (_TEST_SHARE if self._is_test(each.node) else 1)) for each in found[:_NEAR]
        ]
        return [*sorted(near, key=lambda each: -each.score), *found[_NEAR:]]

    def _bearer(self, node: Node) -> Node:
        parent = self._rpg.parent(node.id) if node.kind is NodeKind.FEATURE else None
        return parent if parent is not None and parent.kind in UNIT_KINDS | {NodeKind.FILE} else node

    def _mentioned(self, mentions: _Mentions) -> list[_Answer]:
        """What a text names beyond doubt; a word that fits many things is ranked like any other."""
        found: list[_Answer] = []
        for name in mentions.names:
            nodes = [node for node in self._references.candidates(name) if self._fits(node)]
            if len(nodes) <= _NAMESAKES:
                found += [_Answer(node, 0.0, name) for node in sorted(nodes, key=self._is_test)]
        return found

    def _named(self, terms: Sequence[str]) -> list[_Answer]:
        found: list[_Answer] = []
        for term in terms:
            nodes = [node for node in self._references.candidates(term) if self._fits(node)]
            nodes.sort(key=self._is_test)
            if len(nodes) > _NAMESAKES:
                self._notes.append(
                    f"{term!r} names {len(nodes)} nodes, {_NAMESAKES} are shown; give a path or an owner"
                )
            found += [_Answer(node, 0.0, term) for node in nodes[:_NAMESAKES]]
        return found

    def _is_test(self, node: Node) -> bool:
        return is_test(node, self._rpg.ancestors(node.id))

    def _texts(self, terms: Sequence[str]) -> tuple[Passage, ...]:
        files = [file for file in self._rpg.nodes(NodeKind.FILE) if self._fits(file)]
        found = passages(self._rpg, self._sources, files, terms, 2 * self._limit)
        self._notes += found.notes
        return found.shown


def _default(rpg: RPG) -> Searcher:
    def ranked(query: str, kinds: Iterable[NodeKind], limit: int) -> list[Hit]:
        return search(rpg, query, kinds, limit)

    return ranked


def _meets(unit: Node, lines: tuple[int, int]) -> bool:
    span = unit.place.span if unit.place else None
    return span is not None and span[0] <= lines[1] and lines[0] <= span[1]
