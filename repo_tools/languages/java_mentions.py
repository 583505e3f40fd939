"""Calls and uses in a Java file, once its definitions and imports are known."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence

from tree_sitter import Node

from repowright.repo_tools.facts import Call, Use
from repowright.repo_tools.languages.java_names import (
    LIMIT,
    created_name,
    expression_name,
    invocation_name,
    text_of,
)
from repowright.repo_tools.languages.java_record import JavaRecord
from repowright.repo_tools.languages.scope_table import OUTSIDE

_REST = re.compile(rb"(?:\s*\.\s*[A-Za-z_$\x80-\xff][\w$\x80-\xff]*)+")
_PLAIN = re.compile(rb"[\w$\x80-\xff.\s]*")
_BLANK = re.compile(rb"\s+")
_TYPE_LIKE = re.compile(rb"[A-Z][\w$]*[a-z][\w$]*")
_LANGUAGE_TYPES = frozenset(
    b"String Object Integer Long Short Byte Character Boolean Float Double Number Void Class Enum Record Math System "
    b"Thread Runnable Iterable Comparable CharSequence StringBuilder StringBuffer Throwable Exception Error Override "
    b"RuntimeException IllegalArgumentException IllegalStateException NullPointerException AssertionError Process "
    b"UnsupportedOperationException IndexOutOfBoundsException ClassCastException ClassNotFoundException Deprecated "
    b"NumberFormatException InterruptedException ArithmeticException CloneNotSupportedException Cloneable Runtime "
    b"SuppressWarnings FunctionalInterface SafeVarargs AutoCloseable Appendable StackTraceElement ThreadLocal "
    b"ReflectiveOperationException NoSuchMethodException NoSuchFieldException InstantiationException "
    b"IllegalAccessException SecurityException OutOfMemoryError StackOverflowError LinkageError ClassLoader "
    b"ProcessBuilder Package Module StrictMath ArrayIndexOutOfBoundsException ExceptionInInitializerError "
    b"NoClassDefFoundError UnsatisfiedLinkError VirtualMachineError StringIndexOutOfBoundsException".split()
)


class JavaMentions:
    """Finds what a file calls and reads. Types of the same package need no import, so unknown types count too.

    Parameters
    ----------
    record
        What the sweep left.
    found
        Captured nodes by capture name.
    """

    def __init__(self, record: JavaRecord, found: Mapping[str, Sequence[Node]]) -> None:
        self._record = record
        self._data = record.data
        self._found = found
        self._breaks = [match.start() for match in re.finditer(rb"\n", record.data)]
        self._known = _known_names(record)
        self._locals = self._local_names()
        self._hidden: frozenset[bytes] = frozenset().union(*self._locals.values())

    def _line(self, position: int) -> int:
        return bisect_left(self._breaks, position) + 1

    def _local_names(self) -> dict[int, set[bytes]]:
        """Interval of a method -> its parameters, variables and type parameters that hide another name."""
        names: dict[int, set[bytes]] = {}
        scopes, data, written = self._record.scopes, self._data, self._record.written
        for node in self._found.get("local", ()):
            start = node.start_byte
            written.add(start)
            name = data[start : node.end_byte]
            if name in self._known or name[:1].isupper():
                names.setdefault(scopes.interval_at(start), set()).add(name)
        written.update(node.start_byte for node in self._found.get("key", ()))
        return names

    def _is_local(self, name: bytes, position: int) -> bool:
        if name not in self._hidden:
            return False
        interval = self._record.scopes.interval_at(position)
        while interval != OUTSIDE:
            if name in self._locals.get(interval, ()):
                return True
            interval = self._record.scopes.parent(interval)
        return False

    def calls(self) -> list[Call]:
        """Every call in source order: of methods, of constructors, and methods handed on by reference."""
        rows = self._invocations()
        for node in self._found.get("created", ()):
            made = node.child_by_field_name("type")
            if made is not None:
                self._record.written.add(made.start_byte)
                rows.append((node.start_byte, made.start_byte, created_name(self._data, node)))
        for node in self._found.get("constructing", ()):
            constructor = text_of(self._data, node.child_by_field_name("constructor"))
            rows.append((node.start_byte, node.start_byte, "self" if constructor == "this" else constructor))
        rows += filter(None, map(self._reference, self._found.get("reference", ())))
        rows.sort()
        definition_at = self._record.scopes.definition_at
        return [Call(definition_at(start), name, self._line(at)) for start, at, name in rows if name]

    def _invocations(self) -> list[tuple[int, int, str]]:
        data, written = self._data, self._record.written
        rows: list[tuple[int, int, str]] = []
        texts: dict[bytes, tuple[str, bool]] = {}
        for node in self._found.get("call", ()):
            named = node.child_by_field_name("name")
            if named is None:
                continue
            start, at, end = node.start_byte, named.start_byte, named.end_byte
            text = data[start:end] if end - start <= LIMIT else b""
            known = texts.get(text) if text else None
            if known is None:
                known = invocation_name(data, node, named), bool(text and _PLAIN.fullmatch(text))
                texts[text] = known
            written.add(at)
            if known[1]:
                written.add(start)
            rows.append((start, at, known[0]))
        return rows

    def _reference(self, node: Node) -> tuple[int, int, str] | None:
        """``Type::method``, ``this::method`` and ``Type::new`` as the calls they stand for."""
        children = [child for child in node.children if not child.type.endswith("comment")]
        receiver, last = children[0], children[-1]
        name = expression_name(self._data, receiver)
        if not name or len(children) < 3:
            return None
        self._record.written.update((receiver.start_byte, last.start_byte))
        text = name if last.type == "new" else f"{name}.{text_of(self._data, last)}"
        return node.start_byte, last.start_byte, text[:LIMIT]

    def uses(self) -> list[Use]:
        """Every known name and every unknown type that is read, in source order; `calls` must come before."""
        data, known, written = self._data, self._known, self._record.written
        rows: list[tuple[int, int, bytes]] = []
        listed = dict.fromkeys(known, True)
        for node in self._found.get("name", ()):
            start, end = node.start_byte, node.end_byte
            name = data[start:end]
            wanted = listed.get(name)
            if wanted is None:
                wanted = listed[name] = name not in _LANGUAGE_TYPES and _TYPE_LIKE.fullmatch(name) is not None
            if not wanted:
                continue
            if start in written or self._follows_dot(start) or self._is_local(name, start):
                continue
            rows.append((start, end, name))
        rows.sort()
        return [self._use(*row) for row in rows]

    def _follows_dot(self, start: int) -> bool:
        before = self._data[start - 1 : start]
        if before in (b" ", b"\n", b"\t"):
            before = self._data[max(0, start - 80) : start].rstrip()[-1:]
        return before == b"." and self._data[max(0, start - 3) : start] != b"..."

    def _use(self, start: int, end: int, name: bytes) -> Use:
        rest = _REST.match(self._data, end)
        if rest:
            name += _BLANK.sub(b"", rest.group())
        text = name.decode("utf-8", "replace").removesuffix(".class").removesuffix(".this")
        return Use(self._record.scopes.definition_at(start), text[:LIMIT], self._line(start))


def _known_names(record: JavaRecord) -> frozenset[bytes]:
    """Names that are imported, and types and constants the file defines."""
    names = {found.name for found in record.imports if not found.is_star}
    names.update(made.name for made in record.definitions if made.kind != "method")
    return frozenset(name.encode() for name in names if name)
