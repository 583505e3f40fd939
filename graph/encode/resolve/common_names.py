"""Names that tell nothing of the type they are taken from."""

from __future__ import annotations

import builtins
import datetime
import io
import pathlib
import re
from functools import cache


def listed(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


@cache
def common_names() -> frozenset[str]:
    """Return the members that objects of built-in types have, in lower case; no guess by name follows them."""
    types = (
        str, bytes, bytearray, int, float, complex, list, tuple, dict, set, frozenset, object, type, Exception,
        property, memoryview, range, slice, io.TextIOWrapper, io.BytesIO, io.StringIO, pathlib.Path, datetime.datetime,
        datetime.timedelta, re.Pattern, re.Match, type(common_names), type(name for name in ""),
    )  # fmt: skip
    return frozenset(name.lower() for each in types for name in (*dir(each), *_OTHERS))


def telling(name: str) -> bool:
    """Return whether a member's name alone may tell what is meant: not ``get``, ``Close`` or ``toString``."""
    return not name.startswith("__") and name.lower() not in common_names()


@cache
def python_builtins() -> frozenset[str]:
    """Return the names every Python module sees without defining them."""
    return frozenset(dir(builtins)) | {"reveal_type", "WindowsError", "__file__", "__path__"}


_OTHERS = listed(
    "acquire add all any apply assertEqual body call cancel catch charAt clone collect commit concat connect contains "
    "cursor debug do done equals err error exception execute exit fetchall fetchone filter first forEach getLogger "
    "getvalue group handle has hashCode header includes info init into into_iter isEmpty is_empty iter last len length "
    "lock log main map match max mean method min name new next notify ok on open parse path push put query raw reduce "
    "release request reset reshape result rollback run save scan search send set setup shape size skip slice some "
    "start status step stop string sum test then time toLowerCase toString toUpperCase to_owned to_string trim type "
    "unlock unwrap unwrap_or url validate value valueOf wait warn warning with"
)
