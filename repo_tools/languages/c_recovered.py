"""Functions whose heads the parser lost: an unknown macro behind the parameters, a branch that splits a block."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tree_sitter import Node

from repowright.repo_tools.facts import MODULE
from repowright.repo_tools.languages.c_syntax import KEYWORDS, declarator_of
from repowright.repo_tools.languages.compiled_places import Place, ScopeMap
from repowright.repo_tools.languages.compiled_source import SourceText

_BEHIND = re.compile(rb"[\s\w]*(?:\([^(){};]{0,200}\)[\s\w]*){0,3}([;{])")
_BODY_END = re.compile(rb"\n\}")
_HEAD_LIMIT = 1000


def recovered_functions(
    heads: Iterable[Node], inside: ScopeMap, source: SourceText, is_header: bool
) -> Iterator[Place]:
    """Prototypes of headers and functions among text the parser gave up on, if they begin in the first column.

    Parameters
    ----------
    heads
        Function declarators that stand directly in an error.
    inside
        Bytes of functions that were read whole.
    """
    for node in heads:
        declared = declarator_of(node)
        start = source.data.rfind(b"\n", max(0, node.start_byte - _HEAD_LIMIT), node.start_byte) + 1
        behind = _BEHIND.match(source.data, node.end_byte)
        if declared is None or behind is None or source.data[start] in b" \t#" or inside.at(start) != MODULE:
            continue
        name = source.text(declared.name)
        if name in KEYWORDS or (behind[1] == b";" and not is_header):
            continue
        signature = source.header(start, behind.start(1))
        if behind[1] == b";":
            yield Place("function", name, start, behind.end(), signature, ("prototype",))
        else:
            end = _BODY_END.search(source.data, behind.end())
            yield Place("function", name, start, end.end() if end else behind.end(), signature)
