"""Names of C made names of Rust."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable

_KEYWORDS = """
as break const continue else enum extern false fn for if impl in let loop match mod move mut pub ref return static
struct trait true type unsafe use where while async await dyn abstract become box do final macro override priv typeof
unsized virtual yield try gen
"""
KEYWORDS = frozenset(_KEYWORDS.split())
_NEVER_RAW = frozenset({"self", "Self", "super", "crate", "_"})
_PRIMITIVES = """
bool char str u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f16 f32 f64 f128 core std alloc Option Some None
"""
PRIMITIVES = frozenset(_PRIMITIVES.split())
_TAKEN_MODULES = frozenset({"types", "constants", "main", "lib", "mod", "core", "std", "alloc", "test", "build"})
LONG_DOUBLE = "CLongDouble"
VA_LIST = "CVaListTag"
UNKNOWN = "CUnknown"
SUPPORT_NAMES = frozenset({LONG_DOUBLE, VA_LIST, UNKNOWN})
"""Types that every skeleton has."""

_UNUSABLE = re.compile(r"\W")


def value_name(name: str, taken: Collection[str] = ()) -> str:
    """A name for a function, a variable or a constant; one that is taken in Rust gets a line behind it.

    Examples
    --------
    >>> value_name("type"), value_name("self"), value_name("count", {"count"})
    ('r#type', 'self_', 'count_')
    """
    name = _UNUSABLE.sub("_", name)
    found = _usable(name)
    while found in taken:
        name += "_"
        found = _usable(name)
    return found


def _usable(name: str) -> str:
    if name in _NEVER_RAW:
        return f"{name}_"
    return f"r#{name}" if name in KEYWORDS else name


def type_name(name: str) -> str:
    """A name for a type, which is none of Rust's own."""
    name = _UNUSABLE.sub("_", name)
    if name in _NEVER_RAW or name in PRIMITIVES:
        return f"{name}_"
    return f"r#{name}" if name in KEYWORDS else name


def free(name: str, taken: Collection[str]) -> str:
    """The name, with a number where it is taken."""
    count, found = 1, name
    while found in taken:
        count += 1
        found = f"{name}_{count}"
    return found


def module_names(paths: Iterable[str]) -> dict[str, str]:
    """One module name for each C file: its stem, with folders before it where stems are shared.

    Examples
    --------
    >>> module_names(["src/list.c", "test/list.c", "src/main.c"])
    {'src/list.c': 'src_list', 'src/main.c': 'main_c', 'test/list.c': 'test_list'}
    """
    ordered = sorted(set(paths))
    stems = [_stem(path) for path in ordered]
    found: dict[str, str] = {}
    for path, stem in zip(ordered, stems, strict=True):
        shared = sum(each == stem for each in stems) > 1
        name = _stem(path.replace("/", "_")) if shared else stem
        found[path] = free(name, set(found.values()))
    return found


def _stem(path: str) -> str:
    base, ending = posixpath.splitext(posixpath.basename(path))
    name = _UNUSABLE.sub("_", base)
    if ending != ".c":
        name += _UNUSABLE.sub("_", ending)
    if not name or name[0].isdigit():
        name = f"m{name}"
    return f"{name}_c" if name in _TAKEN_MODULES | KEYWORDS | _NEVER_RAW | PRIMITIVES else name
