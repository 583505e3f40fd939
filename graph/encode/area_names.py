"""Names of areas and categories as people write them: ``Database Models``, not ``db/models``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePosixPath

from repowright.graph.encode.words import full_words, name_words

_ACRONYMS_TEXT = """
acl ai api ast cli cpu crud css csv db2 dns dom ftp gis gpu grpc gui html http https ide io ip irc jit js json jsx jwt
kv lda llm lsp ml mpi nlp nn oauth orm pca pdf php qa rest rpc rss sdk smtp sql ssh ssl svg svm tcp tls toml ts tsx tui
udp ui uri url utf8 uuid vm wsgi asgi xml yaml zip
"""
_ACRONYMS = frozenset(_ACRONYMS_TEXT.split())
_PLURAL = {
    "util": "Utilities",
    "utils": "Utilities",
    "utility": "Utilities",
    "misc": "Miscellaneous",
    "cmd": "Commands",
}
_EMPTY = frozenset(["init", "main", "index", "mod", "py", "base", "core", "common", "tests", "test"])


def human_name(folder: str) -> str:
    """A folder's or file's name in words, with capitals and without abbreviations.

    Examples
    --------
    >>> human_name("db"), human_name("http_clients"), human_name("_utils")
    ('Database', 'HTTP Clients', 'Utilities')
    """
    words = name_words(folder)
    return " ".join(_title(word) for word in words) or folder.strip("/") or "Other"


def unique_names(names: Mapping[tuple[str, ...], str], taken: Collection[str]) -> dict[tuple[str, ...], str]:
    """The names with those that clash told apart by their folders; the first in order keeps its own."""
    used = {each.casefold() for each in taken}
    distinct = {}
    for key in sorted(names):
        name = names[key].replace("/", " ")
        if name.casefold() in used and len(key) > 1:
            name = f"{human_name(key[-2])} {name}"
        elif name.casefold() in used and key:
            name = f"{name} ({key[-1]})"
        distinct[key] = numbered(name, used)
        used.add(distinct[key].casefold())
    return distinct


def community_name(part: Sequence[str], whole: Sequence[str], hub: str) -> str:
    """Name files that have no folder of their own by the word they share, for want of one by their central file.

    Examples
    --------
    >>> part = ["a/csv_reader.py", "a/csv_writer.py", "a/rows.py"]
    >>> community_name(part, [*part, "a/http_client.py", "a/http_server.py"], "a/rows.py")
    'CSV'
    """
    inside, around = _word_counts(part), _word_counts(whole)
    shared = [word for word, count in inside.items() if count >= max(2, len(part) / 3) and word not in _EMPTY]
    if shared:
        return _title(min(shared, key=lambda word: (-inside[word] * inside[word] / around[word], word)))
    return human_name(PurePosixPath(hub).stem)


def _word_counts(paths: Sequence[str]) -> Counter[str]:
    return Counter(word for path in paths for word in set(name_words(PurePosixPath(path).stem)) if len(word) > 1)


def _title(word: str) -> str:
    if word in _PLURAL:
        return _PLURAL[word]
    if word in _ACRONYMS:
        return word.upper()
    return full_words().get(word, word).capitalize()


def numbered(name: str, used: Collection[str]) -> str:
    """The name, with the first free number after it if it is used already; ``used`` is case-folded."""
    candidate, count = name, 2
    while candidate.casefold() in used:
        candidate, count = f"{name} {count}", count + 1
    return candidate
