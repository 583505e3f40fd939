"""Words of names, and how few or many of them make a phrase."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache

LONGEST = 8
"""Most words of a phrase (RPG-Encoder, arXiv 2602.02084: features have three to eight)."""

_PART = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+|[^\W\d_a-zA-Z]+")

_FULL_WORDS = """
addr address|alloc allocate|arg argument|args arguments|arr array|attr attribute|attrs attributes|auth authentication
|avg average|buf buffer|calc calculate|cfg configuration|cls class|cmd command|cmp compare|coeff coefficient
|col column|cols columns|conf configuration|config configuration|conn connection|coord coordinate|coords coordinates
|ctx context|cur current|db database|decl declaration|del delete|deps dependencies|desc description|dest destination
|dev development|dict dictionary|dim dimension|dims dimensions|dir directory|dirs directories|dst destination
|elem element|env environment|eq equation|err error|eval evaluate|evt event|exc exception|exec execute|expr expression
|exprs expressions|ext extension|fmt format|fn function|func function|funcs functions|gen generate|hdr header
|idx index|impl implementation|img image|indices indexes|info information|init initialize|iter iterate|kwarg keyword
|kwargs keywords|lang language|len length|lhs left|lib library|mgr manager|mod module|msg message|msgs messages
|num number|obj object|objs objects|op operation|ops operations|opt option|opts options|orig original|param parameter
|params parameters|perm permission|perms permissions|pkg package|pos position|poly polynomial|pref preference
|prev previous|proc process|prop property|props properties|ptr pointer|recv receive|ref reference|refs references
|regex pattern|repo repository|repr representation|req request|res result|resp response|ret result|rhs right
|seq sequence|spec specification|specs specifications|src source|stats statistics|stmt statement|str string
|sub substitute|subs substitute|temp temporary|tmp temporary|util utility|utils utilities|val value|vals values
|var variable|vars variables|vec vector|ver version|vm machine|win window
"""

_TRAILING_TEXT = """
a an the of to and or with for in on by from as at is are be was were that this these those its it into than which
if when not whether between given using via per each any some such so but their his her your our has have having
"""
_TRAILING = frozenset(_TRAILING_TEXT.split())


@cache
def full_words() -> dict[str, str]:
    """Abbreviation -> the word it stands for."""
    pairs = (entry.split() for entry in _FULL_WORDS.replace("\n", " ").split("|"))
    return {short: full for short, full in pairs}


@lru_cache(maxsize=1 << 15)
def name_words(name: str) -> tuple[str, ...]:
    """Lower-case words of a name in any convention; empty if it has none.

    Examples
    --------
    >>> name_words("parseCSVRows"), name_words("_MAX_SIZE")
    (('parse', 'csv', 'rows'), ('max', 'size'))
    """
    if name.islower() and name.isidentifier() and name.isascii():
        return tuple([part for part in name.split("_") if part])
    return tuple([part.lower() for part in _PART.findall(name)])


def spelled_out(words: Sequence[str]) -> list[str]:
    """The words with common abbreviations replaced by what they stand for."""
    full = full_words()
    return [full.get(word, word) for word in words]


def joined(words: Sequence[str], longest: int = LONGEST) -> str:
    """The words as one phrase of three words to eight; what is cut off leaves no preposition at the end.

    Examples
    --------
    >>> joined("return the number of rows that were found in the table".split())
    'return the number of rows that were found'
    >>> joined(["authenticate", "users"])
    'authenticate the users'
    """
    kept = list(words) if len(words) <= longest else trimmed(words[:longest])
    if len(kept) == 2 and (kept[1] not in _TRAILING or kept[0] == "test"):
        kept.insert(1, "the")
    elif len(kept) == 2:
        kept += ["what", "is", "given"]
    return " ".join(kept)


def trimmed(words: Sequence[str]) -> list[str]:
    """The words up to the last one that can end a phrase.

    Examples
    --------
    >>> trimmed(["look", "in", "the"])
    ['look']
    """
    kept = list(words)
    while len(kept) > 1 and kept[-1] in _TRAILING:
        kept.pop()
    return kept


def with_article(words: Sequence[str]) -> list[str]:
    """The words with ``a`` or ``an`` before them, unless they are a plural.

    Examples
    --------
    >>> with_article(["shopping", "cart"]), with_article(["options"])
    (['a', 'shopping', 'cart'], ['options'])
    """
    if not words or is_plural(words[-1]):
        return list(words)
    return ["an" if words[0][0] in "aeiou" else "a", *words]


def is_plural(word: str) -> bool:
    """Whether the word looks like a plural."""
    return word.endswith("s") and not word.endswith(("ss", "us", "is", "as", "os")) and len(word) > 3
