"""What names of a Python file stand for, as far as its text says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial

from tree_sitter import Node

from repowright.repo_tools.facts import Binding, BindingKind
from repowright.repo_tools.languages.grammar import one_line
from repowright.repo_tools.languages.python_definitions import Definitions
from repowright.repo_tools.languages.python_syntax import Reach, Source, pairs

_first_parameter = re.compile(r"def \w+ ?(?:\[[^\]]*\] ?)?\( ?(\w+)").search
_make: Callable[[tuple[object, ...]], Binding] = partial(tuple.__new__, Binding)
_chained_target = re.compile(r"(?:^|[\s=;:])([^\W\d][\w.]*) = $").search
_NAMED = ("identifier", "attribute")
_VALUE_LIMIT = 200
_TYPE_LIMIT = 400


class Bindings:
    """Reads the bindings of one file.

    Parameters
    ----------
    source
        The file.
    definitions
        Its definitions.
    """

    def __init__(self, source: Source, definitions: Definitions) -> None:
        self._source, self._scopes = source, definitions.scopes
        self._definitions, self._returned = definitions.records, definitions.returned
        self._receivers: dict[int, str] = {}
        self._found: list[tuple[int, str, str, BindingKind]] = []

    def read(self) -> list[Binding]:
        """All bindings, in source order."""
        source = self._source
        self._add_values(pairs(source.reaches("called_target"), source.reaches("called")), "call")
        self._add_values(pairs(source.reaches("named_target"), source.reaches("named")), "name")
        if source.nodes("entered"):
            entered = pairs(source.reaches("entered"), source.reaches("entered_target"))
            self._add_values([(target, value) for value, target in entered], "call")
        if source.nodes("typed"):
            self._add_types()
        self._found += [(start, "", self._type(start, end), "return") for start, end in self._returned]
        for node in source.nodes("unpacked"):
            self._add_unpacked(node)
        self._add_results("returned_call", "call")
        self._add_results("returned_name", "name")
        found = sorted(self._found)
        starts = [one[0] for one in found]
        scopes, lines = self._scopes.all_at(starts), source.lines_of(starts)
        named = zip(scopes, found, lines, strict=True)
        return [_make((scope, one[1], one[2], one[3], line)) for scope, one, line in named]

    def _add_values(self, valued: Iterable[tuple[Reach, Reach]], kind: BindingKind) -> None:
        text, append = self._source.text, self._found.append
        for (start, end), (first, last) in valued:
            value = text[first:last]
            if not value.replace(".", "_").isidentifier():
                value = _tidy(value)
                if not value:
                    continue
            name = text[start:end]
            if not name.isidentifier():
                name = self._attribute(name, start)
            if name:
                append((start, name, value, kind))
            if text[start - 2 : start] == "= ":
                self._add_chained(start, value, kind)

    def _add_chained(self, start: int, value: str, kind: BindingKind) -> None:
        """Targets further to the left: ``a = b = value``."""
        text = self._source.text
        first = max(0, start - _VALUE_LIMIT)
        while found := _chained_target(text[first:start]):
            start = first + found.start(1)
            name = found[1] if found[1].isidentifier() else self._attribute(found[1], start)
            if name:
                self._found.append((start, name, value, kind))

    def _add_unpacked(self, node: Node) -> None:
        """Both sides of ``a, b = f, C()`` one by one."""
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        targets, values = (left.named_children, right.named_children) if left and right else ([], [])
        if len(targets) != len(values):
            return
        for target, value in zip(targets, values, strict=True):
            kind: BindingKind = "call" if value.type == "call" else "name"
            named = value.child_by_field_name("function") if kind == "call" else value
            if named is not None and named.type in _NAMED and target.type in _NAMED:
                pair = ((target.start_byte, target.end_byte), (named.start_byte, named.end_byte))
                self._add_values([pair], kind)

    def _add_results(self, capture: str, kind: BindingKind) -> None:
        """What functions return without saying of which type it is; each value once a function."""
        text, scope_at, seen = self._source.text, self._scopes.at, set()
        for start, end in self._source.reaches(capture):
            value = text[start:end]
            if not value.replace(".", "_").isidentifier():
                value = _tidy(value)
            key = (scope_at(start), value)
            if value and key not in seen:
                seen.add(key)
                self._found.append((start, "", value, kind))

    def _add_types(self) -> None:
        text = self._source.text
        for start, end in self._source.unsorted("typed"):
            before = text[max(0, start - _VALUE_LIMIT) : start].rstrip().removesuffix(":")
            words = before.replace("(", " ").replace(",", " ").replace(";", " ").split()
            name = words[-1] if words else ""
            if not name.isidentifier():
                name = self._attribute(name, start)
            if name:
                self._found.append((start, name, self._type(start, end), "type"))

    def _type(self, start: int, end: int) -> str:
        return one_line(self._source.text[start : min(end, start + _TYPE_LIMIT)])

    def _attribute(self, target: str, offset: int) -> str:
        """``self.x`` if the target is an attribute of a method's receiver, else nothing."""
        receiver, dot, name = target.partition(".")
        if not dot or not name.isidentifier() or receiver != self._receiver(self._scopes.at(offset)):
            return ""
        return f"self.{name}"

    def _receiver(self, scope: int) -> str:
        """What the method around a scope calls its first parameter; empty outside methods."""
        found = self._receivers.get(scope)
        if found is None:
            at = scope
            while at >= 0 and self._definitions[at].kind == "function":
                at = self._definitions[at].parent
            method = self._definitions[at] if at >= 0 and self._definitions[at].kind == "method" else None
            is_bound = method is not None and "staticmethod" not in method.decorators
            parameter = _first_parameter(method.signature) if method and is_bound else None
            found = self._receivers[scope] = parameter[1] if parameter else ""
        return found


def _tidy(value: str) -> str:
    """Dotted text without blanks; empty for what is not dotted, but for methods of ``super()``."""
    if len(value) > _VALUE_LIMIT:
        return ""
    value = "".join(value.split())
    return value if value.removeprefix("super()").replace(".", "_").isidentifier() else ""
