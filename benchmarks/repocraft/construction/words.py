"""Identifiers as words."""

from __future__ import annotations

import re

_BOUNDARY = re.compile(
    r"[^A-Za-z0-9]+"
    r"|(?<=[a-z])(?=[A-Z])"
    r"|(?<=[0-9])(?=[A-Z][a-z])"
    # The last capital of an acronym begins the next word, unless an s ends it: URLs.
    r"|(?<=[A-Z])(?=[A-Z][a-z])(?![A-Z]s(?![a-z]))"
)


def words_of(name: str) -> list[str]:
    """Split an identifier into lower-case words.

    Examples
    --------
    >>> words_of("test_HTTPAdapter_get2"), words_of("PreparingURLs")
    (['test', 'http', 'adapter', 'get2'], ['preparing', 'urls'])
    """
    return [part.lower() for part in _BOUNDARY.split(name) if part]


def test_words(name: str) -> list[str]:
    """Return what a test's name says, without the word ``test``.

    Examples
    --------
    >>> test_words("test_super_len_io_streams")
    ['super', 'len', 'io', 'streams']
    """
    words = words_of(name)
    return words[1:] if words[:1] == ["test"] else words


def phrase(name: str) -> str:
    """Return the words of an identifier as text.

    Examples
    --------
    >>> phrase("rebuild_auth")
    'rebuild auth'
    """
    return " ".join(words_of(name))


def class_words(name: str) -> str:
    """Return what the name of a test class says, as text.

    Examples
    --------
    >>> [class_words(each) for each in ("TestCaseInsensitiveDict", "Outer::QuerySetTestCase", "Tests")]
    ['case insensitive dict', 'query set', '']
    """
    words = words_of(name.rpartition("::")[2])
    while words and words[-1] in _AROUND:
        words.pop()
    while words and words[0] in {"test", "tests", "base"}:
        words.pop(0)
    return " ".join(words)


_AROUND = frozenset({"test", "tests", "case", "mixin", "base"})
