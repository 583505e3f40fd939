"""What is filled, whatever its language: the files that are given or generated, and which of their items wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from repowright.agent.workflows.translate.linking import Key


@dataclass(frozen=True)
class Slot:
    """One item that waits to be written.

    Parameters
    ----------
    item
        Its path inside its file, such as ``Queue::push``.
    origin
        The C definition it stands for; ``None`` where no name says it.
    """

    path: str
    item: str
    origin: Key | None = None

    def __str__(self) -> str:
        return f"{self.path}::{self.item}"


@dataclass(frozen=True)
class Frame:
    """The translation as it is before any model is asked.

    Parameters
    ----------
    files
        Everything, by relative POSIX path.
    slots
        In the order of files and lines.
    tests
        Its tests; no answer changes them.
    given
        Whether its signatures were given: they are then safe, and what is written must be.
    refused
        C definitions that have no place in it, with the reason.
    written
        C functions that a given interface has in full already.
    """

    name: str
    files: Mapping[str, bytes]
    slots: tuple[Slot, ...]
    tests: tuple[str, ...]
    given: bool
    unsafe_budget: int
    refused: Mapping[Key, str]
    written: frozenset[Key] = frozenset()
    settled: tuple[Slot, ...] = ()
    """Variables whose value the skeleton has."""

    @property
    def allows_unsafe(self) -> bool:
        """Whether answers may hold unsafe code."""
        return not self.given


def tests_of(frame: Frame) -> dict[str, str]:
    """Text of the test files, by path."""
    return {path: frame.files[path].decode("utf-8", "replace") for path in frame.tests}
