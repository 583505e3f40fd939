"""The crate that a skeleton is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

StubKind = Literal["function", "global"]


@dataclass(frozen=True, slots=True)
class Stub:
    """One item that waits for its translation.

    Parameters
    ----------
    name, path
        In C.
    module, item
        In Rust.
    signature
        The item's head as it stands in the crate.
    """

    kind: StubKind
    name: str
    path: str
    module: str
    item: str
    signature: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Something of the C that the skeleton does not hold, or not as C has it, and why.

    Parameters
    ----------
    name
        Empty for a file as a whole.
    """

    path: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Crate:
    """A skeleton.

    Parameters
    ----------
    files
        Text by path: ``Cargo.toml``, ``src/lib.rs``, ``src/types.rs``, one module a C file.
    modules
        Rust module by C file.
    types
        Number of types defined, each once.
    notes
        What the skeleton says otherwise than C does, one line each.
    """

    name: str
    files: Mapping[str, str]
    modules: Mapping[str, str]
    stubs: tuple[Stub, ...]
    refused: tuple[Refused, ...]
    types: int
    constants: int
    notes: tuple[Refused, ...] = ()
