"""Rust that a task needs to see: the items to be written in full, of the others what callers see."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from repowright.agent.workflows.translate.checks.crate import is_own_code, module_of
from repowright.repo_tools.rust_source import (
    ItemKind,
    RustItem,
    RustSource,
    Span,
    read_items,
    replace_spans,
)

SHORT_FILE = 9_000
"""Characters of a file without bodies up to which all of it is shown."""
MOST_BODIES = 8_000
"""Characters of functions that are written and shown in full."""
MOST_OTHERS = 16_000
_STUB = re.compile(r"\{\s*(?:unimplemented|todo)!\s*\([^)]*\)\s*;?\s*\}")
_WORD = re.compile(r"[^\W\d]\w*")
_DATA = frozenset(
    {
        ItemKind.STRUCT,
        ItemKind.ENUM,
        ItemKind.UNION,
        ItemKind.TYPE,
        ItemKind.CONST,
        ItemKind.STATIC,
        ItemKind.TRAIT,
        ItemKind.MACRO,
    }
)
_ROUNDS = 3


def shown_file(text: str, wanted: Sequence[str], c_text: str) -> str:
    """A file without most bodies; of those that are written, the ones that say most of what fields mean are kept.

    Parameters
    ----------
    wanted
        Paths of the items to be written.
    c_text
        What is translated: names in it are needed.
    """
    source = _read(text.encode())
    words = _words_of(source, wanted) | set(_WORD.findall(c_text))
    outline = _without_bodies(source, wanted, _telling(source, wanted, words))
    if len(outline) <= SHORT_FILE + MOST_BODIES:
        return outline
    drop: dict[Span, str] = {}
    short = _read(outline.encode())
    for item in short.items:
        if item.kind is ItemKind.FUNCTION and item.path not in wanted and item.name not in words:
            drop[item.span] = ""
    return re.sub(r"\n{3,}", "\n\n", replace_spans(outline, drop))


def _telling(source: RustSource, wanted: Sequence[str], words: set[str]) -> set[str]:
    """Paths of written functions whose bodies are shown: methods of the same type and what is called come first."""
    owners = {path.rpartition("::")[0] for path in wanted} - {""}
    written = [
        item
        for item in source.functions()
        if item.body is not None and not item.in_tests and item.path not in wanted and not _is_stub(source, item)
    ]
    near = sorted(written, key=lambda item: (item.path.rpartition("::")[0] not in owners, item.name not in words))
    kept: set[str] = set()
    room = MOST_BODIES
    for item in near:
        room -= item.span.end - item.span.start
        if room < 0:
            break
        kept.add(item.path)
    return kept


def needed_items(files: Mapping[str, bytes], wanted: Mapping[str, Sequence[str]], c_text: str) -> str:
    """Items of the crate's other files that a task can need, each file's under its module's name."""
    words = set(_WORD.findall(c_text))
    for path, items in wanted.items():
        words |= _words_of(_read(files[path]), items)
    sources = {path: _read(data) for path, data in sorted(files.items()) if is_own_code(path) and path not in wanted}
    taken: dict[tuple[str, str], str] = {}
    for _ in range(_ROUNDS):
        before = len(taken)
        for path, source in sources.items():
            for item in source.items:
                if item.name in words and (path, item.path) not in taken and not item.in_tests:
                    shown = _shown(source, item)
                    if shown:
                        taken[path, item.path] = shown
                        words |= set(_WORD.findall(shown))
        if len(taken) == before:
            break
    return _joined(taken)


def current_text(files: Mapping[str, bytes], wanted: Mapping[str, Sequence[str]]) -> str:
    """The items as they stand in a state of the crate, each file under its path."""
    parts: list[str] = []
    for path, items in wanted.items():
        source = _read(files[path])
        found = [item for name in items if (item := source.find(name)) is not None]
        parts.append(f"// {path}\n" + "\n\n".join(_in_place(source, item) for item in found))
    return "\n\n".join(parts)


def _in_place(source: RustSource, item: RustItem) -> str:
    """An item, within the head of the block it stands in."""
    text = _text(source, item.span)
    owner = item.path.removesuffix(f"::{item.name}")
    block = next((each for each in source.items if each.path == owner and each.kind is ItemKind.IMPL), None)
    if block is None or block.body is None:
        return text
    head = _text(source, Span(block.declared.start, block.body.start)).strip()
    return f"{head} {{\n    {text}\n}}"


def _without_bodies(source: RustSource, wanted: Sequence[str], kept: set[str]) -> str:
    bodies = {
        item.body: "{ /* not written yet */ }" if _is_stub(source, item) else "{ /* written elsewhere */ }"
        for item in source.functions()
        if item.body is not None and item.path not in wanted and item.path not in kept and not item.in_tests
    }
    outer: dict[Span, str] = {}
    end = 0
    for span in sorted(bodies, key=lambda each: (each.start, -each.end)):
        if span.start >= end:
            outer[span] = bodies[span]
            end = span.end
    return replace_spans(source.text, outer)


def _words_of(source: RustSource, items: Sequence[str]) -> set[str]:
    found = [item for name in items if (item := source.find(name)) is not None]
    return {word for item in found for word in _WORD.findall(_text(source, item.span))}


def _shown(source: RustSource, item: RustItem) -> str:
    if item.kind is ItemKind.FUNCTION and item.body is not None:
        owner = item.path.removesuffix(item.name).removesuffix("::")
        head = f"/* impl {owner} */ " if owner else ""
        return head + _text(source, Span(item.declared.start, item.body.start)).strip() + ";"
    return _text(source, item.span) if item.kind in _DATA else ""


def _joined(taken: Mapping[tuple[str, str], str]) -> str:
    lines: list[str] = []
    used = 0
    for path in dict.fromkeys(path for path, _ in taken):
        texts = list(_within([text for (each, _), text in taken.items() if each == path], MOST_OTHERS - used))
        used += sum(map(len, texts))
        lines.append(f"// crate::{module_of(path)} ({path})\n" + "\n".join(texts))
    return "\n\n".join(lines)


def _within(texts: Sequence[str], most: int) -> Iterator[str]:
    used = 0
    for text in texts:
        used += len(text)
        if used > most:
            yield "// more is left out"
            return
        yield text


def _text(source: RustSource, span: Span) -> str:
    return _encoded(source.text)[span.start : span.end].decode("utf-8", "replace")


@lru_cache(maxsize=16)
def _encoded(text: str) -> bytes:
    return text.encode()


@lru_cache(maxsize=64)
def _read(data: bytes) -> RustSource:
    """The items of a file, which many tasks look at."""
    return read_items(data)


def _is_stub(source: RustSource, item: RustItem) -> bool:
    return item.body is not None and _STUB.fullmatch(_text(source, item.body)) is not None
