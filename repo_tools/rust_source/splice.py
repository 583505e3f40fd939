"""Putting items of one Rust text into another: bodies and items replaced, imports and new items added."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from repowright.repo_tools.rust_source.items import TYPES, ItemKind, RustItem, RustSource, read_items
from repowright.repo_tools.rust_source.syntax import Span

_VISIBILITY = re.compile(r"\A(?:pub(?:\s*\([^)]*\))?\s+)?")
_ADDED = TYPES | {
    ItemKind.FUNCTION,
    ItemKind.CONST,
    ItemKind.STATIC,
    ItemKind.MACRO,
    ItemKind.UNION,
    ItemKind.IMPL,
    ItemKind.FOREIGN,
}


@dataclass(frozen=True)
class Spliced:
    """A file with another's items in it."""

    text: str
    replaced: tuple[str, ...]
    """Paths of the items that were taken."""
    added: tuple[str, ...]
    """Paths of the items that are new."""
    missing: tuple[str, ...]
    """Paths that were wanted and that the other text does not have."""


def replace_spans(text: str, changes: Mapping[Span, str]) -> str:
    """Return a text with spans, in bytes and disjoint, replaced."""
    data = text.encode()
    parts, at = [], 0
    for span in sorted(changes, key=lambda each: (each.start, each.end)):
        parts += [data[at : span.start], changes[span].encode()]
        at = span.end
    return b"".join([*parts, data[at:]]).decode("utf-8", "replace")


def replace_body(text: str, path: str, body: str) -> str:
    """Return a file with the body of one function, braces included, replaced.

    Raises
    ------
    KeyError
        If the file has no such function with a body.
    """
    item = read_items(text.encode()).find(path)
    if item is None or item.body is None:
        raise KeyError(path)
    return replace_spans(text, {item.body: body})


def splice(text: str, answer: str, wanted: Collection[str]) -> Spliced:
    """Take the items of paths ``wanted`` from ``answer`` into ``text``, with the imports and new items they came with.

    Of a function the body is taken, with the names and ``mut`` of its parameters where the signature is the same:
    visibility, comments and attributes stay as they are. Whatever else the answer repeats is left alone. New methods
    go into the ``impl`` block of the same header.
    """
    old, new = read_items(text.encode()), read_items(answer.encode())
    changes: dict[Span, str] = {}
    replaced, missing = [], []
    for path in wanted:
        here, there = old.find(path), new.find(path)
        if there is None or (there.kind is ItemKind.FUNCTION and there.body is None):
            missing.append(path)
        elif here is not None:
            span, part = _replacement(here, there)
            changes[span] = _head(old, here, new, there) + _slice(new, part)
            replaced.append(path)
    additions = _additions(old, new)
    heads, inner, tail = _placed(additions, old, new)
    for span, parts in inner.items():
        changes[span] = parts
    spliced = replace_spans(text, changes)
    if heads:
        spliced = add_imports(spliced, heads)
    if tail:
        spliced = spliced.rstrip("\n") + "\n\n" + "\n\n".join(tail) + "\n"
    return Spliced(spliced, tuple(replaced), tuple(each.path for each in additions), tuple(missing))


def add_imports(text: str, imports: Sequence[str]) -> str:
    """Return a file with ``use`` lines before its first item; those it has already are left out."""
    source = read_items(text.encode())
    had = {item.name for item in source.items if item.kind is ItemKind.USE}
    lines = [each for each in imports if each.removeprefix("pub ").removeprefix("use ").rstrip(";") not in had]
    if not lines:
        return text
    first = next((item for item in source.items), None)
    place = first.span.start if first is not None else len(text.encode())
    return replace_spans(text, {Span(place, place): "".join(f"{line}\n" for line in dict.fromkeys(lines))})


def _replacement(here: RustItem, there: RustItem) -> tuple[Span, Span]:
    if here.body is not None and there.body is not None and here.kind is ItemKind.FUNCTION:
        return (Span(here.declared.start, here.body.end) if _means_the_same(here, there) else here.body), there.body
    return here.declared, there.declared


def _means_the_same(here: RustItem, there: RustItem) -> bool:
    if here.signature is None or there.signature is None:
        return False
    return here.signature.normal == there.signature.normal


def _head(old: RustSource, here: RustItem, new: RustSource, there: RustItem) -> str:
    """What stands before the body: the answer's names of parameters, the visibility as it was."""
    if (
        here.kind is not ItemKind.FUNCTION
        or here.body is None
        or there.body is None
        or not _means_the_same(here, there)
    ):
        return ""
    kept = _VISIBILITY.match(_slice(old, Span(here.declared.start, here.body.start)))
    head = _slice(new, Span(there.declared.start, there.body.start))
    return (kept[0] if kept else "") + _VISIBILITY.sub("", head, count=1)


def _additions(old: RustSource, new: RustSource) -> list[RustItem]:
    """Items that only the answer has, those inside another new item left out."""
    had = {(item.kind, item.path) for item in old.items}
    found: list[RustItem] = []
    foreign = [item for item in new.items if item.kind is ItemKind.FOREIGN]
    for item in new.items:
        if item.kind is ItemKind.FOREIGN:
            # All such blocks have one path: what they declare tells whether one is new.
            known = all((each.kind, each.path) in had for each in _declared_in(item, new))
        else:
            known = (item.kind, item.path) in had
        inside = any(each.declared.holds(item.declared) and each is not item for each in (*found, *foreign))
        if not known and not item.in_tests and not inside and item.kind in _ADDED | {ItemKind.USE}:
            found.append(item)
    return found


def _declared_in(block: RustItem, source: RustSource) -> list[RustItem]:
    """What a block of foreign items declares."""
    return [item for item in source.items if item is not block and block.declared.holds(item.declared)]


def _new_part(item: RustItem, old: RustSource, new: RustSource) -> str:
    """The text of an addition; a block of foreign items without those that are declared already."""
    if item.kind is not ItemKind.FOREIGN:
        return _slice(new, item.span)
    had = {(each.kind, each.path) for each in old.items}
    start = item.span.start
    gone = {
        Span(each.span.start - start, each.span.end - start): ""
        for each in _declared_in(item, new)
        if (each.kind, each.path) in had
    }
    return replace_spans(_slice(new, item.span), gone)


def _placed(
    additions: Sequence[RustItem], old: RustSource, new: RustSource
) -> tuple[list[str], dict[Span, str], list[str]]:
    """Sort additions into imports, what goes before the closing brace of a block, and what goes to the end."""
    heads: list[str] = []
    inner: dict[Span, str] = {}
    tail: list[str] = []
    for item in additions:
        text = _new_part(item, old, new)
        holder = _block(old, item.path.removesuffix(f"::{item.name}"))
        if item.kind is ItemKind.USE and "::" not in item.path.removesuffix(item.name):
            heads.append(_slice(new, item.declared))
        elif holder is not None and holder.body is not None and item.path != item.name:
            end = Span(holder.body.end - 1, holder.body.end - 1)
            inner[end] = inner.get(end, "") + f"\n    {text}\n"
        elif item.path == item.name:
            tail.append(text)
    return heads, inner, tail


def _block(source: RustSource, path: str) -> RustItem | None:
    """The block of a path that items can be put into."""
    kinds = (ItemKind.IMPL, ItemKind.TRAIT, ItemKind.MODULE)
    return next((item for item in source.items if item.path == path and item.kind in kinds), None)


def _slice(source: RustSource, span: Span) -> str:
    return source.text.encode()[span.start : span.end].decode("utf-8", "replace")
