"""Facts as bytes: what is kept of a file so that it need not be parsed again.

The path is left out: files of the same content share their facts.
"""

from __future__ import annotations

from itertools import starmap
from typing import Any

import ormsgpack

from repowright.repo_tools.facts import (
    Binding,
    Call,
    Definition,
    FileFacts,
    Import,
    Inheritance,
    ParseProblem,
    Use,
)

FORMAT = 1
"""Raised whenever the bytes of some facts change."""


def pack(facts: FileFacts) -> bytes:
    """Return the facts as bytes, without their path."""
    return ormsgpack.packb(
        (
            facts.language,
            facts.lines,
            list(map(tuple, facts.definitions)),
            list(map(tuple, facts.imports)),
            list(map(tuple, facts.calls)),
            list(map(tuple, facts.uses)),
            list(map(tuple, facts.bindings)),
            list(map(tuple, facts.inheritances)),
            facts.docstring,
            facts.package,
            facts.exports,
            list(map(tuple, facts.errors)),
        )
    )


def unpack(path: str, data: bytes) -> FileFacts:
    """Return the facts that `pack` made bytes of, for a file at ``path``.

    Raises
    ------
    ValueError
        If the bytes are not such facts.
    """
    try:
        return _facts(path, ormsgpack.unpackb(data))
    except (TypeError, IndexError, KeyError) as err:
        raise ValueError(f"damaged facts of {path}: {err}") from err


def _facts(path: str, row: list[Any]) -> FileFacts:
    language, lines, definitions, imports, calls, uses, bindings, bases, docstring, package, exports, errors = row
    return FileFacts(
        path,
        language,
        lines,
        tuple(_definition(*each) for each in definitions),
        tuple(starmap(Import, imports)),
        tuple(starmap(Call, calls)),
        tuple(starmap(Use, uses)),
        tuple(starmap(Binding, bindings)),
        tuple(starmap(Inheritance, bases)),
        docstring,
        package,
        None if exports is None else tuple(exports),
        tuple(starmap(ParseProblem, errors)),
    )


def _definition(*row: Any) -> Definition:
    kind, name, qualname, span, signature, doc, decorators, parent, conditional = row
    return Definition(kind, name, qualname, (span[0], span[1]), signature, doc, tuple(decorators), parent, conditional)
