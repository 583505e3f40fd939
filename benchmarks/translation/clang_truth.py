"""What clang says of C files: the outside truth that the encoder is held against.

The ``libclang`` package is given by its folder and is no dependency of the project.
"""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from repowright.repo_tools.errors import RepoToolsError

_ERROR = 3
_RECORDS = {"STRUCT_DECL": "struct", "UNION_DECL": "union", "ENUM_DECL": "enum"}


class ClangMissing(RepoToolsError):
    """There is no libclang in the folder given."""


@dataclass
class Truth:
    """Definitions and calls of a project.

    Parameters
    ----------
    functions, globals
        Path and name.
    calls
        Path and name of the caller, name of the callee.
    types
        Path, kind and name, of those that have a name.
    sizes
        Bytes of each named record, by path, kind and name.
    """

    functions: set[tuple[str, str]] = field(default_factory=set)
    globals: set[tuple[str, str]] = field(default_factory=set)
    calls: set[tuple[str, str, str]] = field(default_factory=set)
    types: set[tuple[str, str, str]] = field(default_factory=set)
    sizes: dict[tuple[str, str, str], int] = field(default_factory=dict)


class Clang:
    """Reads C files with libclang.

    Parameters
    ----------
    package
        Folder that holds the ``clang`` package, ``clang/native/libclang.so`` included.

    Raises
    ------
    ClangMissing
        If it does not.
    """

    def __init__(self, package: Path) -> None:
        library = package / "clang" / "native" / "libclang.so"
        if not library.is_file():
            raise ClangMissing(
                f"{package} holds no clang package", "pip download libclang, unpack it and name the folder"
            )
        sys.path.insert(0, str(package))
        self._cindex: Any = import_module("clang.cindex")
        if not self._cindex.Config.loaded:
            self._cindex.Config.set_library_file(str(library))
        self._index = self._cindex.Index.create()
        self._headers = [
            word for each in sorted(Path("/usr/lib/gcc").glob("*/*/include")) for word in ("-isystem", str(each))
        ]

    def read(self, folder: Path, path: str, arguments: Sequence[str], truth: Truth) -> str:
        """Add what a file holds to the truth; return the first error instead, if clang finds one.

        Parameters
        ----------
        folder
            Of the project, which paths are relative to.
        """
        words = [f"-working-directory={folder}", "-w", *arguments, *self._headers]
        try:
            unit = self._index.parse(str(folder / path), args=words, options=0)
        except self._cindex.TranslationUnitLoadError:
            return "clang gives no answer"
        for problem in unit.diagnostics:
            if problem.severity >= _ERROR:
                return str(problem.spelling)
        root = str(folder.resolve()) + "/"
        for cursor in unit.cursor.get_children():
            place = _place(cursor, root)
            if place:
                self._top(cursor, place, root, truth)
        return ""

    def _top(self, cursor: Any, path: str, root: str, truth: Truth) -> None:
        kind = cursor.kind.name
        if kind == "FUNCTION_DECL" and cursor.is_definition():
            truth.functions.add((path, cursor.spelling))
            for name in _called(cursor):
                truth.calls.add((path, cursor.spelling, name))
        elif kind == "VAR_DECL" and (cursor.is_definition() or cursor.storage_class.name != "EXTERN"):
            truth.globals.add((path, cursor.spelling))
        elif kind == "TYPEDEF_DECL":
            truth.types.add((path, "typedef", cursor.spelling))
        self._records(cursor, root, truth)

    def _records(self, cursor: Any, root: str, truth: Truth) -> None:
        """Records and enums, those inside others too, but not those inside functions."""
        waiting = [cursor]
        while waiting:
            each = waiting.pop()
            word = _RECORDS.get(each.kind.name)
            if each.kind.name == "FUNCTION_DECL":
                continue
            path = _place(each, root)
            # Clang calls a record without a tag by its typedef's name.
            if word and path and each.is_definition() and each.type.spelling == f"{word} {each.spelling}":
                truth.types.add((path, word, each.spelling))
                truth.sizes[path, word, each.spelling] = each.type.get_size()
            waiting += each.get_children()


def _place(cursor: Any, root: str) -> str:
    """The project's file that a cursor stands in; empty where it is none of the project."""
    file = cursor.location.file
    if file is None:
        return ""
    path = posixpath.normpath(posixpath.join(root, str(file.name)))
    return path.removeprefix(root) if path.startswith(root) else ""


def _called(function: Any) -> Iterator[str]:
    for cursor in function.walk_preorder():
        if cursor.kind.name == "CALL_EXPR":
            referenced = cursor.referenced
            if referenced is not None and referenced.kind.name == "FUNCTION_DECL":
                yield referenced.spelling
