"""The seam between languages: what a pair of them must bring so that a translation can run.

A pair is looked up by its two names. The workflow knows only these protocols.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from repowright.agent.errors import UserError

if TYPE_CHECKING:
    from repowright.agent.workflows.translate.encoding import Refusal
    from repowright.agent.workflows.translate.target import Target
    from repowright.agent.workflows.translate.units import Unit
    from repowright.executors import Sandbox
    from repowright.graph.model import RPG


class PairUnknown(UserError):
    """Nothing translates between the languages asked for."""


class Encoded(Protocol):
    """A source project in the graph."""

    @property
    def graph(self) -> RPG:
        """Its definitions and what they need."""

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """Files and definitions that are not translated, each with the reason."""

    @property
    def notes(self) -> tuple[Refusal, ...]:
        """What was read otherwise than a full compilation would."""


class Bones(Protocol):
    """A target project that compiles and whose bodies are stubs."""

    @property
    def files(self) -> Mapping[str, str]:
        """Text by path."""

    @property
    def modules(self) -> Mapping[str, str]:
        """Target module by source file."""


class Encoder(Protocol):
    """Reads a source language."""

    def encode(self, folder: Path, sandbox: Sandbox) -> Encoded:
        """Bring a folder into the graph."""

    def units(self, encoded: Encoded) -> Sequence[Unit]:
        """What is translated at a time, dependencies first."""


class Skeleton(Protocol):
    """Writes a target project without a model."""

    def skeleton(self, name: str, encoded: Encoded) -> Bones:
        """Write every type and a stub for every function."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check says of a target project.

    Parameters
    ----------
    problems
        One line each; empty where the check passed.
    """

    passed: bool
    problems: tuple[str, ...] = ()


class Checker(Protocol):
    """Tells whether a target project is well formed; the cheapest check first."""

    def check(self, files: Mapping[str, str], sandbox: Sandbox) -> Verdict:
        """Check a whole project."""


class Oracle(Protocol):
    """Tells whether source and target behave alike."""

    def compare(self, source: Path, files: Mapping[str, str], sandbox: Sandbox) -> Verdict:
        """Run both and compare what they say."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What translates one language into another.

    Parameters
    ----------
    filling
        What the workflow asks of the target language.
    """

    source: str
    target: str
    encoder: Encoder
    skeleton: Skeleton
    checker: Checker
    oracle: Oracle
    filling: Target


class CEncoder:
    """Reads C by the preprocessor of the sandbox's compiler."""

    def encode(self, folder: Path, sandbox: Sandbox) -> Encoded:
        """Bring a folder of C into the graph; raises as `encoding.encode_c`."""
        from repowright.agent.workflows.translate.encoding import encode_c

        return encode_c(folder, sandbox)

    def units(self, encoded: Encoded) -> Sequence[Unit]:
        """Groups of definitions, dependencies first."""
        from repowright.agent.workflows.translate.units import order_units

        return order_units(encoded.graph)


class RustSkeleton:
    """Writes a Rust crate typed as C is typed."""

    def skeleton(self, name: str, encoded: Encoded) -> Bones:
        """Write the crate.

        Raises
        ------
        PairUnknown
            If what was encoded is no C.
        """
        from repowright.agent.workflows.translate.encoding import EncodedC
        from repowright.agent.workflows.translate.skeleton.generate import build_skeleton

        if not isinstance(encoded, EncodedC):
            raise PairUnknown("the Rust skeleton is made from C alone", "encode with the encoder of the pair c, rust")
        return build_skeleton(name, encoded.units)


class Pairs:
    """Pairs by their names."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self._pairs = {(pair.source, pair.target): pair for pair in pairs}

    def pair(self, source: str, target: str) -> Pair:
        """Return the pair of these names.

        Raises
        ------
        PairUnknown
            If there is none.
        """
        found = self._pairs.get((source.lower(), target.lower()))
        if found is None:
            known = ", ".join(f"{first} to {second}" for first, second in sorted(self._pairs)) or "no pair"
            raise PairUnknown(f"nothing translates {source} to {target}", f"known: {known}")
        return found


def known_pairs() -> Pairs:
    """The pairs that come with the program."""
    from repowright.agent.workflows.translate.checks.pair import CRustOracle, RustChecker
    from repowright.agent.workflows.translate.python.pair import CPythonOracle, PythonChecker, PythonSkeleton
    from repowright.agent.workflows.translate.python.python_target import PythonTarget
    from repowright.agent.workflows.translate.rust_target import RustTarget

    encoder = CEncoder()
    return Pairs(
        [
            Pair("c", "rust", encoder, RustSkeleton(), RustChecker(), CRustOracle(), RustTarget()),
            Pair("c", "python", encoder, PythonSkeleton(), PythonChecker(), CPythonOracle(), PythonTarget()),
        ]
    )
