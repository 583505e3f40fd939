"""The verb-object phrase that the first sentence of a documentation makes."""

from __future__ import annotations

import re
from functools import lru_cache

from repowright.graph.encode.verbs import imperatives, is_noun_too
from repowright.graph.encode.words import LONGEST, joined, trimmed

_ROLE = re.compile(r":[\w:+-]+:`[~!]?([^`<]*?)(?:\s*<[^`]*>)?`|\[([^\]]+)\]\([^)]*\)|\{@\w+\s+([^}]*)\}")
_LEAD = re.compile(r"\A[@\\](?:brief|short|summary)\s+")
_TAG = re.compile(r"</?\w+[^<>\n]{0,60}>")
_MARKUP = str.maketrans(dict.fromkeys('`*"\u201c\u201d|', ""))
_EDGES = ",;:(){}<>!?'.-\u2013\u2014\u2026#=~^+/\\"
_MOST_WORDS = LONGEST + 7
_READ = 200
"""Characters of a documentation that are looked at: more than eight words and what may stand before them."""

_CLAUSE_ENDS = frozenset(
    ["which", "because", "so", "unless", "whereas", "using", "via", "e.g.", "i.e.", "but", "--", "-"]
)
_NOUN_SIGNS = frozenset(
    ["of", "for", "that", "which", "with", "used", "containing", "object", "class", "to", "is", "are"]
)
_SKIPPED_TEXT = """
this it helper also simply just now then convenience internal private internally method function class please
decorator wrapper utility shortcut will can should routine hook callback deprecated handler procedure used
"""
_SKIPPED = frozenset(_SKIPPED_TEXT.split())
_CARRIERS_TEXT = "object mixin base tool command thin small module abstract generic simple view way a an the"
_CARRIERS = _SKIPPED | frozenset(_CARRIERS_TEXT.split())
_UNUSABLE_TEXT = "todo fixme xxx note see same like similar if as when for type noqa pragma warning hack"
_UNUSABLE = frozenset(_UNUSABLE_TEXT.split())
_CONDITIONS = frozenset(["if", "whether", "when", "iff", "that"])
_TRUTHS = frozenset(["true", "whether", "boolean", "bool", "false", "1"])
_ASKING = frozenset(["check", "test", "determine", "return", "tell", "decide", "indicate", "verify", "see", "find"])
_ARTICLES = frozenset(["a", "an", "the"])


def verb_phrase(doc: str, may_be_noun: bool = False) -> str:
    """The first sentence as an imperative phrase; empty if it begins with no known verb.

    Parameters
    ----------
    may_be_noun
        Whether the thing is more likely named than told what to do, as a class is: a word that is verb and noun
        is then taken for a noun.

    Examples
    --------
    >>> verb_phrase("Returns the number of rows, or zero.")
    'return the number of rows'
    >>> verb_phrase("This function is used to parse `CSV` files")
    'parse csv files'
    >>> verb_phrase("Return True if the cart is empty.")
    'check whether the cart is empty'
    """
    words = sentence_words(doc)
    if not words or words[0] in _UNUSABLE:
        return ""
    if words[0] in _TRUTHS:
        return _condition(words, 1) if words[0] != "whether" else _whole(["check", *words])
    start = _verb_at(words, may_be_noun)
    if start < 0:
        return ""
    verb = imperatives()[words[start]]
    if verb in _ASKING and (condition := _condition(words, start + 1)):
        return condition
    rest = words[start + 1 :]
    if verb == "test" and rest[:1] in (["for"], ["of"]):
        rest = rest[1:]
    return _whole([verb, *rest])


def noun_phrase(doc: str) -> list[str]:
    """Words of the first sentence where it names a thing, its article left out; empty if it does not.

    Examples
    --------
    >>> noun_phrase("A cart of things to buy.")
    ['cart', 'of', 'things', 'to', 'buy']
    """
    words = sentence_words(doc)
    if words and words[0][0] == "@":
        return []
    if words and words[0] in _ARTICLES:
        words = words[1:]
    if len(words) < 2 or words[0] in _UNUSABLE or words[0] in _SKIPPED:
        return []
    return words


def sentence_words(doc: str) -> list[str]:
    """Lower-case words of the first clause of a documentation, markup taken out."""
    return list(_words(doc[:_READ]))


# The same documentation is asked for its verb and, if it has none, for its noun.
@lru_cache(maxsize=16)
def _words(text: str) -> tuple[str, ...]:
    if text[:1] in ("@", "\\"):
        text = _LEAD.sub("", text)
    if "<" in text:
        text = _TAG.sub("", text)
    if "`:" in text or ":`" in text or "](" in text or "{@" in text:
        text = _ROLE.sub(lambda match: (match[1] or match[2] or match[3] or "").rpartition(".")[2], text)
    words: list[str] = []
    for word in text.partition("\n\n")[0].translate(_MARKUP).lower().split(None, _MOST_WORDS)[:_MOST_WORDS]:
        if word.isalpha() and word not in _CLAUSE_ENDS:
            words.append(word)
            continue
        bare = word.strip(_EDGES)
        if not bare or (word[0] == "(" and len(words) > 2) or (bare in _CLAUSE_ENDS and len(words) > 2):
            if len(words) > 2:
                break
            continue
        words.append(bare)
        if len(words) > 1 and (word[-1] in ".;:!?" or (word[-1] == "," and len(words) > 3)):
            break
    return tuple(words)


def _whole(words: list[str]) -> str:
    kept = trimmed(words[:LONGEST])
    return joined(kept) if len(kept) > 1 else ""


def _verb_at(words: list[str], may_be_noun: bool) -> int:
    known = imperatives()
    if _opens(words, 0, may_be_noun):
        return 0
    for position in range(1, min(len(words), 8)):
        before = words[position - 1]
        if before not in _CARRIERS and before not in ("to", "that", "which", "for", "is", "be") and before[-2:] != "ly":
            return -1
        is_led = before not in _ARTICLES and (before[-2:] != "ly" or position == 1)
        if is_led and words[position] in known and _opens(words, position, may_be_noun or before in _CARRIERS):
            return position
    return -1


def _opens(words: list[str], position: int, may_be_noun: bool) -> bool:
    verb = imperatives().get(words[position])
    if verb is None:
        return False
    if verb != words[position] or not is_noun_too(verb):
        return True
    following = words[position + 1] if position + 1 < len(words) else ""
    return not may_be_noun and (following not in _NOUN_SIGNS or verb == "test")


def _condition(words: list[str], start: int) -> str:
    for position in range(start, min(start + 3, len(words))):
        if words[position] in _CONDITIONS and (position == start or words[position - 1] in _TRUTHS):
            following = words[position + 1 :]
            if following[:2] == ["or", "not"]:
                following = following[2:]
            return _whole(["check", "whether", *following]) if following else ""
        if words[position] not in _TRUTHS and words[position] not in _ARTICLES:
            return ""
    return ""
