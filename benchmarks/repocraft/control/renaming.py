"""A copy of a project under another package name, made by rule: names as whole words, in text and in compiled modules.

What is left of a score on such a copy is what the checker itself loses, because a name is all that changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from repowright.benchmarks.repocraft.errors import RepoCraftError

_COMPILED = b"\0"


def renamed_files(files: Mapping[str, bytes], old: str, new: str) -> dict[str, bytes]:
    """Rename a package in paths and contents.

    A name counts where no letter, digit or underscore touches it: symbols of compiled modules, such as
    ``PyInit_old``, are looked up by a hash of the name and must stay as they are.

    Raises
    ------
    RepoCraftError
        If the names differ in length and a file is not text: what lies behind a name would move.
    """
    word = re.compile(rf"\b{re.escape(old)}\b")
    in_bytes = re.compile(rb"(?<![A-Za-z0-9_])" + re.escape(old.encode()) + rb"(?![A-Za-z0-9_])")
    found: dict[str, bytes] = {}
    for path, data in files.items():
        _check_length(path, data, in_bytes, len(old) == len(new))
        found[word.sub(new, path)] = in_bytes.sub(new.encode(), data)
    return found


def renamed_text(text: str, old: str, new: str) -> str:
    """Rename a package in a node id or a piece of source, as in files."""
    return re.sub(rf"\b{re.escape(old)}\b", new, text)


def _check_length(path: str, data: bytes, name: re.Pattern[bytes], same_length: bool) -> None:
    if not same_length and _COMPILED in data and name.search(data):
        raise RepoCraftError(
            f"{path} is not text and holds the old name, which the new one does not fit in", "take a name as long"
        )
