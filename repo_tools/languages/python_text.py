"""Texts in Python source: documentation, comments, and literals read without the parser."""

from __future__ import annotations

import inspect
import re
import unicodedata

# What a body begins with that may hold a docstring.
DOCSTRING_START = frozenset("\"'rRuU#(\\")
_OPENING = re.compile(r"([rRuU]?)(\"\"\"|'''|\"|')")
_PLAIN_STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'", re.DOTALL)
_REST_OF_STATEMENT = re.compile(r"[ \t]*(?:[;\r\n#]|$)")
_ESCAPE = re.compile(
    r"\\(?:\r?\n|[abfnrtv\\'\"]|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\})"
)
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_BLANK_OR_COMMENT = re.compile(r"(?:[ \t\f\r\n]+|#[^\n]*|\\\r?\n)*")
_LICENCE = re.compile(r"copyright|licen[sc]e|spdx-|all rights reserved", re.IGNORECASE)
_MACHINE_COMMENT = re.compile(r"#!|#.*?coding[:=]|#\s*vim?:|#\s*-\*-")
_COMMENT_IN_HEADER = re.compile(r"(\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')|#[^\n]*")
_STATEMENT_START = re.compile(r"@|(?:async|def|class)\b")


def docstring_at(text: str, start: int, end: int) -> str:
    """The documentation a block gives that begins at an offset; empty if it begins otherwise."""
    opening = _OPENING.match(text, start, end)
    if opening is None:
        return _after_comments(text, start, end)
    prefix, quotes = opening.groups()
    first = opening.end()
    last = _closing(text, first, end, quotes)
    if last < 0 or not _REST_OF_STATEMENT.match(text, last + len(quotes)):
        return _joined(text, start, end) if last >= 0 else ""
    value = text[first:last]
    if "\\" in value and prefix not in ("r", "R"):
        value = unescaped(value)
    return clean(value)


def _after_comments(text: str, start: int, end: int) -> str:
    if start >= end or text[start] not in "#(\\":
        return ""
    if text[start] == "(":
        return _joined(text, start, end)
    found = _BLANK_OR_COMMENT.match(text, start, end)
    after = found.end() if found else start
    return docstring_at(text, after, end) if start < after < end and text[after] not in "#\\" else ""


def _closing(text: str, first: int, end: int, quotes: str) -> int:
    """Where the quotes stand that close a string, or -1."""
    last = text.find(quotes, first, end)
    if last < 0 or text.find("\\", first, last) < 0:
        return last if len(quotes) == 3 or last < 0 or text.find("\n", first, last) < 0 else -1
    slash = text.find("\\", first, last)
    while 0 <= slash < last:
        if last < slash + 2:
            last = text.find(quotes, slash + 2, end)
        slash = text.find("\\", slash + 2, last)
    return last


_JOINED_PART = re.compile(
    r"[\s()]*(?:#[^\n]*\n[\s()]*)*([rRuU]?)(\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''"
    r"|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')(?:[ \t]*\\\r?\n)?",
    re.DOTALL,
)
_JOINED_LIMIT = 20_000


def _joined(text: str, start: int, end: int) -> str:
    """Value of adjacent strings, maybe in parentheses, that are a statement of their own."""
    pieces: list[str] = []
    at, depth, stop = start, 0, min(end, start + _JOINED_LIMIT)
    while found := _JOINED_PART.match(text, at, stop):
        lead = text[at : found.start(1)]
        if pieces and depth + lead.count("(") - lead.count(")") <= 0 and "\n" in lead:
            break
        depth += lead.count("(") - lead.count(")")
        body = found[2][3:-3] if found[2][:3] in ('"""', "'''") else found[2][1:-1]
        pieces.append(body if found[1] in ("r", "R") else unescaped(body))
        at = found.end()
    while depth > 0 and (closing := re.compile(r"[\s]*\)").match(text, at, stop)):
        at, depth = closing.end(), depth - 1
    whole = pieces and not depth and _REST_OF_STATEMENT.match(text, at)
    return clean("".join(pieces)) if whole else ""


def unescaped(value: str) -> str:
    """The inside of a string literal with its escapes replaced; an escape Python does not know stays."""
    return _ESCAPE.sub(_character, value)


def _character(found: re.Match[str]) -> str:
    letter = found[0][1]
    if letter in "\r\n":
        return ""
    if letter in "\\'\"":
        return letter
    try:
        if letter == "N":
            return unicodedata.lookup(found[0][3:-1])
        if letter in "xuU":
            return chr(int(found[0][2:], 16))
        return _LETTERS[letter] if letter in _LETTERS else chr(int(found[0][1:], 8))
    except (KeyError, ValueError, OverflowError):
        return found[0]


def clean(value: str) -> str:
    """The text as ``inspect.cleandoc`` gives it."""
    value = value.replace("\r\n", "\n") if "\r" in value else value
    return inspect.cleandoc(value) if "\n" in value or "\t" in value else value.lstrip(" ")


def comment_above(text: str, line_start: int) -> str:
    """The comment block that ends on the line right above the one that begins at an offset."""
    end = line_start - 1
    lines: list[str] = []
    while end > 0:
        start = text.rfind("\n", 0, end) + 1
        line = text[start:end].strip()
        if not line.startswith("#"):
            break
        lines.append(line)
        end = start - 1
    return _without_signs(lines[::-1]) if lines else ""


def _without_signs(lines: list[str]) -> str:
    kept = [re.sub(r"^#[#:]*", "", line).rstrip("#") for line in lines if not _MACHINE_COMMENT.match(line)]
    kept = [line if re.search(r"\w", line) else "" for line in kept]
    first = kept[0][1:] if kept and kept[0].startswith(" ") else "".join(kept[:1])
    return inspect.cleandoc("\n".join(["", first, *(line.removeprefix(" ") for line in kept[1:])])).strip()


def module_docstring(text: str) -> str:
    """What a file says of itself: docstring, or the comment it begins with unless that is a licence."""
    found = _BLANK_OR_COMMENT.match(text)
    start = found.end() if found else 0
    return docstring_at(text, start, len(text)) or _opening_comment(text[:start], text[start : start + 8])


def _opening_comment(head: str, following: str) -> str:
    lines: list[str] = []
    for line in head.split("\n"):
        stripped = line.strip()
        if stripped.startswith("#"):
            lines.append(stripped)
        elif any(not _MACHINE_COMMENT.match(one) for one in lines):
            break
    else:
        return ""
    if head.rstrip(" \t").endswith("#\n") and not following:
        return ""
    text = _without_signs(lines)
    belongs_to_next = _STATEMENT_START.match(following) and "\n\n" not in head.replace("\r", "")
    return "" if belongs_to_next or _LICENCE.search(text) else text


def without_comments(text: str) -> str:
    """Code without its comments; strings on one line stay whole."""
    return _COMMENT_IN_HEADER.sub(lambda found: found[1] or "", text)


def strings_in(text: str) -> list[str]:
    """Values of the plain string literals in a piece of code."""
    return [unescaped(found[0][1:-1]) for found in _PLAIN_STRING.finditer(text)]
