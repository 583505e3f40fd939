"""A Rust interface that is given is the skeleton: which of its items stands for which C function.

Names decide first (snake and camel case, methods with their type's or module's name before them, constructors and
destructors), the number of parameters second. What finds no partner is told, on both sides.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from repowright.agent.workflows.translate.skeleton.crate import Refused
from repowright.repo_tools.c_source.project import is_test_path
from repowright.repo_tools.c_source.translation_unit import FunctionDefinition, TranslationUnit
from repowright.repo_tools.languages.rust import RustFrontend

LEAST = 50.0
"""Score below which two names are not taken for one."""

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_MAKERS = frozenset({"new", "create", "init", "alloc", "make", "initialize", "construct", "setup", "build"})
_ENDERS = frozenset({"drop", "free", "destroy", "delete", "dispose", "cleanup", "release", "destruct", "deinit"})
_FILLER = frozenset({"get", "set", "from", "to", "the", "of", "is", "t"})


@dataclass(frozen=True, slots=True)
class InterfaceItem:
    """A function or method of the interface.

    Parameters
    ----------
    owner
        The type it is a method of; empty for a function.
    parameters
        Their number, ``self`` counted.
    """

    path: str
    owner: str
    name: str
    parameters: int
    signature: str

    @property
    def qualname(self) -> str:
        """Type and name."""
        return f"{self.owner}::{self.name}" if self.owner else self.name


@dataclass(frozen=True, slots=True)
class Match:
    """A C function and the item that stands for it; ``score`` from `LEAST` up, 100 for the same name."""

    path: str
    name: str
    item: InterfaceItem
    score: float


@dataclass(frozen=True, slots=True)
class InterfaceMap:
    """How an interface stands to a C project.

    Parameters
    ----------
    left_items
        Items that no C function was found for.
    left_functions
        C functions without an item, each with the reason.
    """

    files: Mapping[str, str]
    matches: tuple[Match, ...]
    left_items: tuple[InterfaceItem, ...]
    left_functions: tuple[Refused, ...]


def map_interface(files: Mapping[str, str], units: Sequence[TranslationUnit]) -> InterfaceMap:
    """Find the C function that each item of an interface stands for.

    Parameters
    ----------
    files
        Text of the interface's Rust files, by path.
    """
    items = read_items(files)
    functions = _functions(units)
    prefix = _shared_prefix([function.name for function in functions])
    scored = [(_score(function, item, prefix), function, item) for function in functions for item in items]
    wanted = [each for each in scored if each[0] >= LEAST]
    wanted.sort(key=lambda each: (-each[0], each[1].site.path, each[1].site.line, each[2].path, each[2].qualname))
    taken_items: set[InterfaceItem] = set()
    matches: dict[tuple[str, str], Match] = {}
    for score, function, item in wanted:
        key = (function.site.path, function.name)
        if key not in matches and item not in taken_items:
            matches[key] = Match(*key, item, score)
            taken_items.add(item)
    left = [function for function in functions if (function.site.path, function.name) not in matches]
    return InterfaceMap(
        files,
        tuple(matches[key] for key in sorted(matches)),
        tuple(item for item in items if item not in taken_items),
        tuple(Refused(each.site.path, each.name, _why_left(each)) for each in left),
    )


def _why_left(function: FunctionDefinition) -> str:
    seen = "is static and" if function.is_static else "is seen by other files but"
    return f"{seen} has no item in the interface; it becomes private code of its module"


def read_items(files: Mapping[str, str]) -> tuple[InterfaceItem, ...]:
    """Functions and methods of Rust files, in the order of paths and lines."""
    found: dict[tuple[str, str, str], InterfaceItem] = {}
    for path in sorted(files):
        facts = RustFrontend().read(path, files[path].encode())
        for each in facts.definitions:
            if each.kind not in ("function", "method"):
                continue
            owner = each.qualname.rpartition(".")[0].rpartition(".")[2]
            item = InterfaceItem(path, owner, each.name, parameter_count(each.signature), each.signature)
            found.setdefault((path, owner, each.name), item)
    return tuple(found.values())


def parameter_count(signature: str) -> int:
    """Number of parameters of a Rust signature, ``self`` counted.

    Examples
    --------
    >>> parameter_count("pub fn put<K: Fn(u8) -> u8>(&mut self, key: K, pair: (u8, u8)) -> bool")
    3
    """
    depth, angle, start = 0, 0, -1
    commas, filled = 0, False
    text = signature[signature.find("fn ") + 3 :].replace("->", "  ")
    for sign in text:
        if start < 0:
            angle += (sign == "<") - (sign == ">")
            if sign == "(" and angle == 0:
                start = depth = 1
            continue
        depth += (sign in "([{<") - (sign in ")]}>")
        if depth == 0:
            break
        if sign == "," and depth == 1:
            commas += filled
            filled = False
        elif not sign.isspace():
            filled = True
    return commas + filled


def _functions(units: Iterable[TranslationUnit]) -> list[FunctionDefinition]:
    found: dict[tuple[str, str], FunctionDefinition] = {}
    for unit in units:
        for function in unit.functions:
            if not is_test_path(function.site.path):
                found.setdefault((function.site.path, function.name), function)
    return [found[key] for key in sorted(found, key=lambda key: (key[0], found[key].site.line))]


@lru_cache(maxsize=10_000)
def words_of(name: str) -> tuple[str, ...]:
    """Words of a name in snake or camel case, in lower case.

    Examples
    --------
    >>> words_of("HTTPServer_open2")
    ('http', 'server', 'open', '2')
    """
    return tuple(word.lower() for word in _WORD.findall(name))


def _shared_prefix(names: Sequence[str]) -> tuple[str, ...]:
    """The word that most functions of a project begin with."""
    firsts = [words_of(name)[:1] for name in names if len(words_of(name)) > 1]
    common = max(set(firsts), key=lambda each: (firsts.count(each), each), default=())
    return common if firsts.count(common) * 2 > len(names) else ()


def _score(function: FunctionDefinition, item: InterfaceItem, prefix: tuple[str, ...]) -> float:
    own = words_of(function.name)
    named = _by_name(own, item, prefix)
    if named < LEAST:
        return 0.0
    apart = abs(len(function.type.parameters) - item.parameters)
    same_file = words_of(_stem(function.site.path)) == words_of(_stem(item.path))
    return named + (3.0 if apart == 0 else 1.0 if apart == 1 else -2.0 * apart) + (2.0 if same_file else 0.0)


def _by_name(own: tuple[str, ...], item: InterfaceItem, prefix: tuple[str, ...]) -> float:
    words, owner, module = words_of(item.name), words_of(item.owner), words_of(_stem(item.path))
    joined = "".join(own)
    if joined == "".join(words):
        return 95.0
    plain = "".join(own[len(prefix) :]) if prefix and own[: len(prefix)] == prefix else joined
    for before, score in ((owner, 92.0), (module, 88.0), ((*module, *owner), 86.0), (prefix, 84.0)):
        for whole in (joined, plain):
            if before and whole in ("".join((*before, *words)), "".join((*words, *before))):
                return score
    return max(_by_role(own, words, owner or module), _by_words(own, words, owner, module))


def _by_role(own: tuple[str, ...], words: tuple[str, ...], owner: tuple[str, ...]) -> float:
    """Constructors and destructors have other names in Rust."""
    for role in (_MAKERS, _ENDERS):
        if set(words) & role and set(own) & role:
            rest = set(own) - role - _FILLER
            left = set(words) - role - _FILLER
            about = set(owner) | left
            return 75.0 + 5.0 * bool(rest & about) if not rest or rest & about else 55.0 if len(rest) == 1 else 0.0
    return 0.0


def _by_words(own: tuple[str, ...], words: tuple[str, ...], owner: tuple[str, ...], module: tuple[str, ...]) -> float:
    """How many words two names share, those of the type and the module taken as said."""
    mine = set(own) - set(owner) - set(module) or set(own)
    other = set(words) - set(owner) - set(module) or set(words)
    shared = mine & other
    return 80.0 * len(shared) / len(mine | other) if shared else 0.0


def _stem(path: str) -> str:
    return posixpath.splitext(posixpath.basename(path))[0]
