"""The verb-object phrase that a name makes, for want of documentation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from repowright.graph.encode.special_names import SPECIAL_NAMES
from repowright.graph.encode.verbs import is_noun_too, verbs
from repowright.graph.encode.words import LONGEST, is_plural, joined, name_words, spelled_out, with_article

_CHECKS = {"is": "is", "are": "are", "was": "was", "has": "has", "have": "has", "had": "had"}
_MODALS_TEXT = """
can should may must will does could needs supports allows contains matches requires accepts includes exists uses equals
implies starts ends overlaps intersects touches covers
"""
_MODALS = frozenset(_MODALS_TEXT.split())
_OPENERS = {
    "on": ("handle",),
    "to": ("convert", "to"),
    "as": ("present", "as"),
    "into": ("convert", "into"),
    "from": ("build", "from"),
    "by": ("select", "by"),
    "num": ("count",),
    "nb": ("count",),
    "new": ("create", "new"),
    "pre": ("run", "before"),
    "post": ("run", "after"),
    "before": ("run", "before"),
    "after": ("run", "after"),
    "with": ("apply",),
    "without": ("leave", "out"),
    "del": ("delete",),
    "rm": ("remove",),
    "init": ("initialize",),
    "gen": ("generate",),
    "calc": ("calculate",),
    "eval": ("evaluate",),
    "exec": ("execute",),
    "alloc": ("allocate",),
    "recv": ("receive",),
    "iter": ("iterate", "over"),
    "cmp": ("compare",),
    "fmt": ("format",),
    "subs": ("substitute",),
    "maybe": ("perhaps",),
    "try": ("try", "to"),
}
_LINKS = {
    "add": "to",
    "append": "to",
    "insert": "into",
    "remove": "from",
    "delete": "from",
    "pop": "from",
    "drop": "from",
    "discard": "from",
    "find": "in",
    "search": "in",
    "replace": "in",
    "load": "for",
    "write": "for",
    "send": "for",
    "visit": "for",
    "handle": "for",
    "process": "for",
    "test": "of",
}
"""What stands between the object of a verb and the class it is a method of; ``of`` for all others."""

_PREPOSITIONS = frozenset(
    ["of", "by", "for", "from", "to", "in", "on", "with", "at", "as", "into", "after", "before", "over"]
)
_PREFIXES = frozenset(["async", "a", "do", "inner", "internal", "raw", "perform", "py"])
_FAILURES = frozenset(["error", "exception", "warning", "failure"])


@lru_cache(maxsize=1 << 15)
def callable_phrase(name: str, owner: str) -> str:
    """What a function of this name does; ``owner`` is the type it is a method of, or empty.

    Examples
    --------
    >>> callable_phrase("get_user_by_id", ""), callable_phrase("isValid", "")
    ('get user by id', 'check whether valid')
    >>> callable_phrase("__iter__", "Cart"), callable_phrase("save", "ShoppingCart")
    ('iterate over cart', 'save the shopping cart')
    """
    if name.startswith("test_"):
        return _test_phrase(name)
    whose = _owner_words(owner)
    template = "set up the {}" if name == owner and owner else SPECIAL_NAMES.get(name, "")
    if template and (whose or name != "default"):
        return _filled(template, whose or ["object"])
    words = list(name_words(name))
    if not words:
        return _filled("act for the {}", whose or ["caller"])
    return _phrase_of(words, whose)


@lru_cache(maxsize=1 << 13)
def _owner_words(owner: str) -> Sequence[str]:
    return tuple(spelled_out(name_words(owner)))


@lru_cache(maxsize=1 << 13)
def type_phrase(kind: str, name: str) -> str:
    """What a class, enum, interface or other named type is there for.

    Examples
    --------
    >>> type_phrase("class", "ShoppingCart"), type_phrase("enum", "Color")
    ('represent a shopping cart', 'enumerate color values')
    """
    words = spelled_out(name_words(name)) or ["unnamed", "type"]
    if kind == "enum":
        return joined(["enumerate", *(words if len(words) > 1 else [*words, "values"])])
    if kind in ("interface", "trait"):
        return joined(["define", "the", *words[-LONGEST + 3 :], "interface"])
    if kind == "typedef":
        return joined(["name", "the", *words[-LONGEST + 3 :], "type"])
    return _class_phrase(words)


@lru_cache(maxsize=1 << 13)
def value_phrase(kind: str, name: str) -> str:
    """What a constant, variable, macro or namespace is there for.

    Examples
    --------
    >>> value_phrase("constant", "DEFAULT_TIMEOUT"), value_phrase("namespace", "shop")
    ('hold the default timeout', 'group shop definitions')
    """
    words = spelled_out(name_words(name)) or ["unnamed", "value"]
    if kind == "namespace":
        return joined(["group", *words[-LONGEST + 2 :], "definitions"])
    if kind == "macro":
        return joined([*words] if words[0] in verbs() and len(words) > 2 else ["define", "the", *words])
    return joined(["hold", "the", *words, *(["value"] if len(words[-1]) == 1 else [])])


def _class_phrase(words: list[str]) -> str:
    if words[-1] in _FAILURES:
        return joined(["signal", *with_article(words)])
    if words[0] in ("test", "tests") and len(words) > 1:
        return joined(["test", *words[1:]])
    if words[-1] in ("test", "tests") and len(words) > 1:
        return joined(["test", *words[:-1]])
    if words[-2:] == ["test", "case"] and len(words) > 2:
        return joined(["test", *words[:-2]])
    if words[-1] == "mixin" and len(words) > 1:
        return joined(["add", *words[:-1], "to", "a", "class"])
    return joined(
        ["represent", *(with_article(words) if len(words) > 1 or not is_plural(words[0]) else ["the", *words])]
    )


def _test_phrase(name: str) -> str:
    return joined(["test", *(spelled_out(name_words(name)[1:]) or ["given", "input"])])


def _phrase_of(words: list[str], whose: Sequence[str]) -> str:
    first, rest = words[0], words[1:]
    if first in _PREFIXES and rest and rest[0] in verbs():
        return _phrase_of(rest, whose)
    if first in _CHECKS or first in _MODALS:
        return _check(first, rest, whose)
    if first == "test" and rest:
        return joined(["test", *spelled_out(rest[:LONGEST])])
    if first in _OPENERS:
        return _opened(first, rest, whose)
    if first in verbs() and not (len(rest) == 1 and is_noun_too(first) and _is_plain_verb(rest[0])):
        return _act(first, spelled_out(rest), whose)
    return _about(words, whose)


def _about(words: list[str], whose: Sequence[str]) -> str:
    """The phrase of a name that begins with what it is about: ``list_push``, ``user_is_known``."""
    if "to" in words[1:-1]:
        return joined(["convert", *spelled_out(words)])
    for at in range(1, len(words)):
        word, subject, rest = words[at], spelled_out(words[:at]), spelled_out(words[at + 1 :])
        if word in ("is", "has", "can") and rest:
            return joined(["check", "whether", *subject, word, *rest])
        if _is_plain_verb(word) and not whose:
            return joined([word, *rest, "of", *subject] if rest else [word, "the", *subject])
    return _act("return", ["the", *spelled_out(words)], whose)


def _is_plain_verb(word: str) -> bool:
    return word in verbs() and not is_noun_too(word)


def _opened(first: str, rest: list[str], whose: Sequence[str]) -> str:
    if first == "eval" and rest and rest[0] in _CHECKS:
        return _check(rest[0], rest[1:], whose)
    opening, rest = list(_OPENERS[first]), spelled_out(rest)
    if first in ("to", "into", "as", "from") and whose:
        return joined([opening[0], *whose[-3:], opening[1], *rest])
    if first == "try" and not (rest and rest[0] in verbs()):
        opening = ["try"]
    return _act(opening[0], [*opening[1:], *rest], whose)


def _check(first: str, rest: list[str], whose: Sequence[str]) -> str:
    verb, rest = _CHECKS.get(first, first), spelled_out(rest)
    if whose:
        return joined(["check", "whether", "the", *whose[-3:], verb, *rest])
    said = rest if verb in ("is", "are") else [verb, *rest]
    return joined(["check", "whether", *(said or ["true"])])


def _act(verb: str, what: list[str], whose: Sequence[str]) -> str:
    if not what:
        return joined([verb, "the", *(whose[-LONGEST + 2 :] or ["given", "input"])])
    phrase = [verb, *what]
    if whose and len(phrase) < 4 and not _PREPOSITIONS.intersection(what):
        return joined([*phrase, _LINKS.get(verb, "of"), *whose[len(phrase) + 1 - LONGEST :]])
    return joined(phrase)


def _filled(template: str, whose: Sequence[str]) -> str:
    room = LONGEST - len(template.split()) + 1
    return template.replace("{}", " ".join(whose[-room:]))
