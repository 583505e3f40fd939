"""Converters between C's layout and the crate's types, as wrappers use them where C looks into a structure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from repowright.agent.workflows.translate.checks.crate import Crate
from repowright.agent.workflows.translate.checks.finding import Diagnostic

TYPES, SUPPORT = "src/types.rs", "src/round_trip.rs"
_ROOT = "src/lib.rs"
_MODULES = """
#[allow(warnings, clippy::all)]
pub mod types;
#[allow(warnings, clippy::all)]
pub mod round_trip;
"""


@dataclass(frozen=True)
class Conversion:
    """The converters of one type.

    Parameters
    ----------
    names
        What C may call it, without ``struct`` and ``enum``.
    rust
        Name of the Rust type.
    module
        Path of the converters: ``to_rust``, ``to_c``, ``update`` and ``release``, and C's layout as ``C``.
    path, text
        The file of the crate that they stand in, and their code.
    needs
        Modules of converters that it calls.
    left_out
        Members of C that get no value of Rust's.
    """

    names: frozenset[str]
    rust: str
    module: str
    path: str
    text: str
    needs: frozenset[str] = frozenset()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conversions:
    """All converters of a crate.

    Parameters
    ----------
    types, support
        The modules that they stand on.
    """

    every: tuple[Conversion, ...] = ()
    types: bytes = b""
    support: bytes = b""

    def of(self, name: str) -> Conversion | None:
        """The converters of a type of C, by its tag or name."""
        plain = re.sub(r"^(?:struct|enum|union)\s+", "", name)
        return next((each for each in self.every if plain and plain in each.names), None)

    def only(self, names: Collection[str]) -> Conversions:
        """Those of some types, with all that they call."""
        modules = {each.module for each in self.every if each.names & set(names)}
        while more := {needed for each in self.every if each.module in modules for needed in each.needs} - modules:
            modules |= more
        return replace(self, every=tuple(each for each in self.every if each.module in modules))

    def added_to(self, files: dict[str, bytes], folder: str) -> dict[str, bytes]:
        """The files of a crate in a folder, with the converters behind what they hold already."""
        if not self.every:
            return files
        found = dict(files)
        for each in self.every:
            found[f"{folder}/{each.path}"] += each.text.encode()
        found[f"{folder}/{_ROOT}"] += _MODULES.encode()
        return {**found, f"{folder}/{TYPES}": self.types, f"{folder}/{SUPPORT}": self.support}

    def broken(self, files: Mapping[str, bytes], folder: str, errors: Sequence[Diagnostic]) -> frozenset[str]:
        """Modules of those that compile errors stand in, and of all that call them."""
        gone = {
            each.module
            for each in self.every
            for error in errors
            if error.path.removeprefix(f"{folder}/") == each.path and _stands_in(each, files, folder, error)
        }
        while more := {each.module for each in self.every if each.needs & gone} - gone:
            gone |= more
        return frozenset(gone)

    def without(self, modules: Collection[str]) -> Conversions:
        """All but those of some modules."""
        return replace(self, every=tuple(each for each in self.every if each.module not in modules))

    @property
    def digest(self) -> str:
        """Of all that wrappers get from it; empty where there is nothing."""
        text = "".join(each.text for each in self.every).encode() + self.types + self.support
        return hashlib.sha256(text).hexdigest() if self.every else ""


NONE = Conversions()
Converting = Callable[[Crate], Conversions]
"""Makes the converters of a crate in the state that it is in."""


def _stands_in(each: Conversion, files: Mapping[str, bytes], folder: str, error: Diagnostic) -> bool:
    text = each.text.encode()
    start = files[f"{folder}/{each.path}"].find(text)
    return start <= error.start < start + len(text)
