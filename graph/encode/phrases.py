"""Verb-object phrases without a model: from documentation where it says what a thing does, else from names.

The words, their number and their form are those of the features that a model writes (RPG-Encoder, arXiv
2602.02084, section 3): three to eight, lower case, a verb first.
"""

from __future__ import annotations

from repowright.graph.encode.file_names import folder_name_of, stem_of
from repowright.graph.encode.names import callable_phrase, type_phrase, value_phrase
from repowright.graph.encode.sentences import noun_phrase, sentence_words, verb_phrase
from repowright.graph.encode.verbs import verbs
from repowright.graph.encode.words import LONGEST, is_plural, joined, name_words, spelled_out, trimmed, with_article
from repowright.repo_tools.facts import MODULE, Definition, FileFacts

_CALLABLE = frozenset(["function", "method"])
_TYPES = frozenset(["class", "interface", "trait", "struct", "union", "enum", "typedef"])
_MAIN = _CALLABLE | _TYPES
_RAISED = frozenset(["raised ", "thrown "])
_PACKAGE_FILES = frozenset(["__init__", "index", "mod", "lib", "package-info", "doc"])
_LAYOUT_FOLDERS = frozenset(["src", "lib", "source", "main"])
_TEST_WORDS = frozenset(["test", "tests", "spec"])
_WHOLE_FILES = {
    "__main__": ["run", "from", "the", "command", "line"],
    "main": ["run", "the", "program"],
    "conftest": ["provide", "fixtures", "for", "the", "tests"],
    "setup": ["build", "and", "install", "the", "package"],
    "manage": ["run", "management", "commands"],
}


def phrase(definition: Definition, owner: str) -> str:
    """What a definition is for, as a phrase of three to eight lower-case words that begins with a verb.

    Parameters
    ----------
    owner
        Name of the definition around it; empty at the top of a file. It is used of methods only.

    Examples
    --------
    >>> phrase(Definition("method", "is_empty", "Cart.is_empty", (1, 2), "def is_empty(self)"), "Cart")
    'check whether the cart is empty'
    >>> phrase(Definition("function", "rows", "rows", (1, 2), "def rows()", "Yields parsed CSV rows."), "")
    'yield parsed csv rows'
    """
    kind, name, doc = definition.kind, definition.name, definition.doc
    if doc.startswith(name):
        doc = _after_name(doc, name)
    if kind in _CALLABLE:
        if definition.decorators and definition.decorators[-1].endswith(".setter"):
            name = f"set_{name}"
        return (_of_callable(name, doc) if doc else "") or callable_phrase(name, owner if kind == "method" else "")
    if kind in _TYPES:
        return (_of_type(kind, doc) if doc else "") or type_phrase(kind, name)
    return (verb_phrase(doc) if doc and kind == "macro" else "") or value_phrase(kind, name)


def file_phrase(path: str, facts: FileFacts) -> str:
    """What a file is for: from its documentation, else from its main definitions, else from its name.

    Examples
    --------
    >>> file_phrase("shop/cart.py", FileFacts("shop/cart.py", "python", docstring="Shopping carts and their items."))
    'provide shopping carts and their items'
    """
    doc = facts.docstring
    if doc.startswith("Package "):
        doc = _after_name(doc[8:], doc[8:].partition(" ")[0])
    if doc and (found := verb_phrase(doc, may_be_noun=True)):
        return found
    if doc and (words := noun_phrase(doc)):
        return joined(["provide", *trimmed(words[: LONGEST - 1])])
    return _of_known_file(path) or _of_definitions(path, facts.definitions) or _of_name(path)


def _after_name(doc: str, name: str) -> str:
    """Return what a sentence says of its subject, as Go's documentation has it: ``Cart holds items``."""
    rest = doc[len(name) :]
    if not rest.startswith(" "):
        return doc
    return rest[1:].removeprefix("is ").removeprefix("are ")


def _of_callable(name: str, doc: str) -> str:
    found = verb_phrase(doc)
    if found:
        return found
    words = name_words(name)
    if words and words[0] in verbs():
        return ""
    named = noun_phrase(doc)
    is_noun = doc[:4].lower().startswith(("the ", "a ", "an ")) or named[1:2] == ["of"]
    return joined(["return", "the", *trimmed(named[: LONGEST - 2])]) if named and is_noun else ""


def _of_type(kind: str, doc: str) -> str:
    if doc[:7].lower() in _RAISED:
        return joined(["signal", *trimmed(noun_phrase(doc)[1:LONGEST])])
    found = verb_phrase(doc, may_be_noun=True)
    if found:
        return found
    words = trimmed(noun_phrase(doc)[: LONGEST - 2])
    if not words:
        return ""
    if kind == "enum":
        return joined(["enumerate", *words])
    lead = sentence_words(doc)[0]
    return joined(["represent", *(with_article(words[:1]) if lead in ("a", "an") else words[:1]), *words[1:]])


def _of_known_file(path: str) -> str:
    stem, folder = stem_of(path), folder_name_of(path)
    if stem in _WHOLE_FILES:
        return joined(_WHOLE_FILES[stem])
    if stem in _PACKAGE_FILES and folder:
        return joined(["gather", "the", *spelled_out(name_words(folder))[: LONGEST - 3], "package"])
    return ""


def _of_definitions(path: str, definitions: tuple[Definition, ...]) -> str:
    stem = stem_of(path).lower()
    if stem.startswith("test") or stem.endswith("test"):
        return ""
    main = [each for each in definitions if each.parent == MODULE and each.kind in _MAIN and each.name[0] != "_"]
    plain_stem = stem.replace("_", "")
    for each in main:
        if each.name.replace("_", "").lower() == plain_stem:
            return phrase(each, "")
    types = [each.name for each in main if each.kind in _TYPES]
    if len(main) == 1 and main[0].doc:
        return phrase(main[0], "")
    return _listed("define", types) if len(types) > 1 else ""


def _listed(verb: str, names: list[str]) -> str:
    words: list[str] = []
    for name in names:
        more = spelled_out(name_words(name))
        if len(words) + len(more) + 2 > LONGEST:
            break
        words += ["and", *more] if words else more
    words = words or spelled_out(name_words(names[0]))
    return joined([verb, *words] if len(words) > 1 else [verb, *with_article(words)])


def _of_name(path: str) -> str:
    folder = folder_name_of(path)
    words = spelled_out(name_words(stem_of(path))) or ["unnamed", "file"]
    subject = [word for word in words if word not in _TEST_WORDS]
    if subject and (words[0] in _TEST_WORDS or words[-1] in _TEST_WORDS):
        return joined(["test", "the", *subject])
    above = spelled_out(name_words(folder)) if folder not in _LAYOUT_FOLDERS else []
    if words[0] in verbs() and len(words) > 1:
        return joined([*words, *(["for", *above] if len(words) == 2 and above else [])])
    if above and is_plural(above[-1]):
        return joined(["provide", *words[:4], *above[-3:]])
    return joined(["provide", *words[:4], "for", *above[-2:]] if above else ["provide", "the", *words])
