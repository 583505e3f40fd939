"""Identity of source text: what stays the same when only blanks, comments or their like change."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

_PYTHON = re.compile(
    r"(?P<comment>\#[^\n]*|\\\r?\n)"
    r"|(?P<string>[rRbBuUfFtT]{0,2}(?:\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3}"
    r"|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'))"
    r"|(?P<line>\n[ \t]*)|(?P<token>\w+|[^\w\s])",
    re.DOTALL,
)
_BRACED = re.compile(
    r"(?P<comment>//[^\n]*|/\*.*?\*/|\\\r?\n)"
    r"|(?P<string>\b[brc]{0,2}r(?P<hashes>\#*)\".*?\"(?P=hashes)|`(?:[^`\\]|\\.)*`"
    r"|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\\n]|\\.[^'\n]*)')"
    r"|(?P<line>\n[ \t]*)|(?P<token>\w+|[^\w\s])",
    re.DOTALL,
)
_PLAIN_STRING = re.compile(r"([a-zA-Z]*)'([^'\"\\]*)'\Z")


def source_digest(text: str, path: str) -> str:
    """Hash of the text's tokens, 32 hex digits; the path's ending tells the language.

    Blanks, line breaks, comments, the kind of quotes and a comma at the end of a list that is broken into lines do
    not count; in Python the level of indentation does.

    Examples
    --------
    >>> source_digest("f(a,  b)  # call", "x.py") == source_digest("f(\\n    a,\\n    b,\\n)", "x.py")
    True
    >>> source_digest("int f() { return 1; }", "x.c") == source_digest("int f()\\n{ /* one */ return 1; }", "x.c")
    True
    """
    tokens = _python_tokens(text) if path.endswith((".py", ".pyi")) else _braced_tokens(text)
    return hashlib.blake2b("\0".join(tokens).encode("utf-8", "replace"), digest_size=16).hexdigest()


def _braced_tokens(text: str) -> Iterator[str]:
    waiting, broken = "", False
    for match in _BRACED.finditer(text):
        kind = match.lastgroup
        if kind == "line":
            broken = True
        elif kind != "comment":
            token = match.group()
            if waiting and not (broken and token in ")]}"):
                yield waiting
            waiting, broken = ("", False) if token != "," else (token, False)
            if not waiting:
                yield token
    if waiting:
        yield waiting


def _python_tokens(text: str) -> Iterator[str]:
    waiting, broken, depth = "", False, 0
    levels, indent = [0], -1
    for match in _PYTHON.finditer("\n" + text):
        kind, token = match.lastgroup, match.group()
        if kind == "comment":
            continue
        if kind == "line":
            broken = True
            indent = len(token.expandtabs()) - 1 if depth == 0 else indent
            continue
        if depth == 0 and indent >= 0:
            yield f"\n{_level(levels, indent)}"
            indent = -1
        if waiting and not (broken and token in ")]}"):
            yield waiting
        depth = max(0, depth + (token in "([{") - (token in ")]}"))
        waiting, broken = (token if token == "," else ""), False
        if not waiting:
            yield _one_quote(token) if kind == "string" else token
    if waiting:
        yield waiting


def _level(levels: list[int], indent: int) -> int:
    while len(levels) > 1 and levels[-1] > indent:
        levels.pop()
    if indent > levels[-1]:
        levels.append(indent)
    return len(levels) - 1


def _one_quote(token: str) -> str:
    plain = _PLAIN_STRING.match(token)
    return f'{plain[1]}"{plain[2]}"' if plain and not token.endswith("'''") else token
