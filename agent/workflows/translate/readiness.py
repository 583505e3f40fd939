"""Which Rust tests can be expected to pass, by the names of items that they and their helpers mention."""

from __future__ import annotations

import re
from collections.abc import Mapping

from repowright.agent.workflows.translate.reach import TestReach
from repowright.agent.workflows.translate.slots import Frame, tests_of
from repowright.repo_tools.rust_source import ItemKind, RustItem, RustSource, find_tests, read_items

_WORD = re.compile(r"[^\W\d]\w*")


def reaches(frame: Frame) -> tuple[TestReach, ...]:
    """Return the reach of every Rust test of a crate."""
    found: list[TestReach] = []
    texts = tests_of(frame) | _inner_tests(frame)
    for path, text in sorted(texts.items()):
        source = read_items(text.encode())
        functions = {item.name: item for item in source.functions()}
        for test in find_tests(text.encode()):
            item = source.find(test.path)
            if item is not None:
                words = _words_of(item, source, functions)
                slots = frozenset(slot for slot in frame.slots if slot.item.rpartition("::")[2] in words)
                found.append(TestReach(path, test.path, _text(source, item), slots))
    return tuple(found)


def _inner_tests(frame: Frame) -> dict[str, str]:
    own = {path: data for path, data in frame.files.items() if path.endswith(".rs") and path not in frame.tests}
    return {path: data.decode("utf-8", "replace") for path, data in own.items() if find_tests(data)}


def _words_of(item: RustItem, source: RustSource, functions: Mapping[str, RustItem]) -> set[str]:
    """The words of a test and of the functions of its file that it calls."""
    words: set[str] = set()
    waiting, seen = [item], {item.path}
    while waiting:
        new = set(_WORD.findall(_text(source, waiting.pop())))
        words |= new
        for name in sorted(new & functions.keys()):
            helper = functions[name]
            if helper.path not in seen and helper.kind is ItemKind.FUNCTION:
                seen.add(helper.path)
                waiting.append(helper)
    return words


def _text(source: RustSource, item: RustItem) -> str:
    return source.text.encode()[item.span.start : item.span.end].decode("utf-8", "replace")
