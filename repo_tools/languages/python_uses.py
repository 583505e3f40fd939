"""Names that a Python file reads but does not call, where they may stand for something of its repository."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from repowright.repo_tools.facts import MODULE, Definition, Import, Use
from repowright.repo_tools.languages.python_calls import BUILTINS
from repowright.repo_tools.languages.python_scopes import Scopes
from repowright.repo_tools.languages.python_syntax import Source

_rest_of_chain = re.compile(r"((?:\s*\.\s*[^\W\d]\w*)*)[ \t]*(\()?").match
# What may stand between a name and the dot or bracket that goes on with it, and the commonest that does not go on.
_CONTINUING = frozenset(". \t\n\\")
_ENDING = frozenset(f" {letter}" for letter in "=+-*/%<>!&|^~:,)]}'\"abcdefghijklmnopqrstuvwxyz")
_dotted_names = re.compile(r"(?<![\w.])[^\W\d]\w*(?:\.\w+)*").finditer
_make: Callable[[tuple[int, str, int]], Use] = partial(tuple.__new__, Use)
_Bound = defaultdict[int, set[str]]


class Names:
    """Which names of a file may stand for definitions outside function bodies, and where they are hidden.

    Parameters
    ----------
    source
        The file.
    scopes
        Its definitions' reaches.
    definitions
        Its definitions.
    imports
        Its imports.
    """

    def __init__(
        self, source: Source, scopes: Scopes, definitions: Sequence[Definition], imports: Sequence[Import]
    ) -> None:
        self._source, self._scopes, self._definitions = source, scopes, definitions
        self._visible: _Bound = defaultdict(set)
        self._hidden: _Bound = defaultdict(set)
        for one in definitions:
            parent = one.parent
            local = parent >= 0 and definitions[parent].kind != "class"
            (self._hidden if local else self._visible)[parent].add(one.name)
        for name in imports:
            self._visible[name.scope].add(name.alias or name.name or name.module.partition(".")[0])
        self.interesting: set[str] = set().union(*self._visible.values())
        if any(name.is_star for name in imports):
            self._add_unknown()
        self.rebound = BUILTINS & self.interesting.union(*self._hidden.values())
        self._hide_locals()
        elsewhere = {name for scope, names in self._visible.items() if scope >= 0 for name in names}
        self.everywhere = self._visible[MODULE].difference(elsewhere, *self._hidden.values())

    def _add_unknown(self) -> None:
        """With a star import every name may come from elsewhere that the module does not bind itself."""
        text, scopes = self._source.text, self._scopes
        unknown = {text[start:end] for start, end in self._source.unsorted("read")} - BUILTINS
        bound = {(text[start:end], start) for start, end in self._source.unsorted("store")}
        unknown -= {name for name, start in bound if name in unknown and scopes.at(start) == MODULE}
        self.interesting |= unknown
        self._visible[MODULE] |= unknown

    def _hide_locals(self) -> None:
        definitions, text = self._definitions, self._source.text
        known = self.interesting | BUILTINS
        stored = [(start, name) for start, end in self._source.unsorted("store") if (name := text[start:end]) in known]
        self.rebound |= BUILTINS.intersection([name for _, name in stored])
        for start, name in stored:
            scope = self._scopes.at(start)
            if scope >= 0 and definitions[scope].kind != "class":
                self._hidden[scope].add(name)
        for start, end in self._source.unsorted("global"):
            self._hidden[self._scopes.at(start)].discard(text[start:end])

    def is_visible(self, name: str, offset: int) -> bool:
        """Whether a name read at an offset may stand for something defined or imported outside function bodies."""
        if name in self.everywhere:
            return True
        scope = at = self._scopes.lookup_at(offset)
        while at >= 0:
            definition = self._definitions[at]
            if definition.kind != "class":
                if name in self._visible.get(at, ()):
                    return True
                if name in self._hidden.get(at, ()):
                    return False
            elif at == scope and name in self._visible.get(at, ()):
                return True
            at = definition.parent
        return name in self._visible[MODULE]


def uses_of(source: Source, scopes: Scopes, names: Names, skipped: set[int]) -> list[Use]:
    """Names read, with what follows them dot by dot; not those at the skipped offsets."""
    text, interesting, everywhere, is_visible = source.text, names.interesting, names.everywhere, names.is_visible
    hits = [
        (start, end, name)
        for start, end in source.unsorted("read")
        if (name := text[start:end]) in interesting and text[end : end + 1] != "("
    ]
    hits.sort()
    found: list[tuple[int, str]] = []
    for start, end, name in hits:
        if start in skipped or not (name in everywhere or is_visible(name, start)):
            continue
        following = text[end : end + 2]
        if following[:1] in _CONTINUING and following not in _ENDING:
            rest = _rest_of_chain(text, end)
            if rest is None or rest[2]:
                continue
            if rest[1]:
                name += "".join(rest[1].split())
        found.append((start, name))
    if source.nodes("quoted") or source.nodes("matched"):
        found = sorted([*found, *_quoted(source, names), *_matched(source, names)])
    starts = [start for start, _ in found]
    texts = [name for _, name in found]
    return list(map(_make, zip(scopes.all_at(starts), texts, source.lines_of(starts), strict=True)))


def _quoted(source: Source, names: Names) -> Iterator[tuple[int, str]]:
    """Names in annotations that are strings."""
    for start, end in source.unsorted("quoted"):
        for match in _dotted_names(source.text, start + 1, end - 1):
            first = match[0].partition(".")[0]
            if first in names.interesting and names.is_visible(first, start):
                yield match.start(), match[0]


def _matched(source: Source, names: Names) -> Iterator[tuple[int, str]]:
    """Classes in patterns, which look like calls."""
    for start, end in source.unsorted("matched"):
        name = source.text[start:end]
        first = name.partition(".")[0]
        if first in names.interesting and names.is_visible(first, start):
            yield start, name
