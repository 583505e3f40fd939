"""Names of C made names of Python."""

from __future__ import annotations

import builtins
import keyword
import posixpath
import re
import sys
from collections.abc import Collection, Iterable

TYPES_MODULE, CONSTANTS_MODULE = "c_types", "constants"
_UNUSABLE = re.compile(r"\W")
_BUILTIN = frozenset(dir(builtins))
_HEADER = frozenset({"Any", "Callable", "IntEnum", "dataclass", "field", "annotations", TYPES_MODULE, CONSTANTS_MODULE})
"""What the heads of modules bind."""


def value_name(name: str, taken: Collection[str] = ()) -> str:
    """A name for a function, variable, member or constant; one that Python has already gets a line behind it.

    Examples
    --------
    >>> value_name("lambda"), value_name("print"), value_name("count")
    ('lambda_', 'print_', 'count')
    """
    name = _UNUSABLE.sub("_", name)
    while keyword.iskeyword(name) or name in _BUILTIN or name in _HEADER or name in taken:
        name += "_"
    return name


def member_name(name: str, taken: Collection[str] = ()) -> str:
    """A name for a member of a structure, which hides nothing of Python's."""
    name = _UNUSABLE.sub("_", name)
    while keyword.iskeyword(name) or name in _HEADER or name in taken:
        name += "_"
    return name


def class_name(name: str) -> str:
    """The name of a type: ``list_node`` becomes ``ListNode``."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_")) or name


def package_name(name: str) -> str:
    """A name for the package, which no module of the standard library has."""
    plain = _UNUSABLE.sub("_", name.lower()).strip("_") or "translated"
    plain = f"c_{plain}" if plain[0].isdigit() else plain
    taken = plain in sys.stdlib_module_names or plain in ("test", "tests", "pytest", "conftest")
    return f"{plain}_py" if taken or keyword.iskeyword(plain) else plain


def module_names(paths: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """One module for each C file: its stem, with folders before it where stems are shared.

    Parameters
    ----------
    taken
        Names that modules must not have, since every module sees the others by their names.
    """
    ordered = sorted(set(paths))
    stems = [_stem(path) for path in ordered]
    found: dict[str, str] = {}
    for path, stem in zip(ordered, stems, strict=True):
        shared = stems.count(stem) > 1
        name = value_name(_stem(path.replace("/", "_")) if shared else stem)
        while name in taken or name in found.values():
            name += "_c"
        found[path] = name
    return found


def _stem(path: str) -> str:
    base, ending = posixpath.splitext(posixpath.basename(path) if "/" in path else path)
    name = _UNUSABLE.sub("_", base) + ("" if ending == ".c" else _UNUSABLE.sub("_", ending))
    return f"m{name}" if not name or name[0].isdigit() else name
