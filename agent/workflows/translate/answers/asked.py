"""What a model was asked to write, and what reading its answer gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LENGTH = "length"
"""The finish reason of an answer that met the output limit."""


class Fault(StrEnum):
    """Why an answer, or a part of it, is not taken."""

    EMPTY = "empty"
    DECLINED = "declined"
    """Words, no code."""
    NO_SUCH_FILE = "no-such-file"
    """Code that belongs to none of the files asked for."""
    CUT_OFF = "cut-off"
    """It ends where the output limit was: continue it, or ask for the rest in smaller parts."""
    UNREADABLE = "unreadable"
    """No code of the language."""
    MISSING = "missing"
    """Something asked for is not there."""
    SIGNATURE = "changed-signature"
    STUB = "stub-left"
    UNSAFE = "new-unsafe"
    TESTS = "edited-tests"
    FROZEN = "edited-frozen-file"
    FOREIGN = "calls-c"
    PROCESS = "starts-a-process"
    INCLUDED = "includes-a-file"
    HARD_CODED = "hard-coded-expectations"
    TEST_SNIFFING = "asks-whether-tests-run"


class Note(StrEnum):
    """What was wrong with an answer and did not keep it from being used."""

    NO_HEADER = "no-header"
    SEVERAL_BLOCKS = "several-blocks"
    NO_FENCE = "no-fence"
    OPEN_FENCE = "open-fence"
    NOT_ASKED = "not-asked"
    """It repeats or changes what nobody asked for; that part was left out."""
    JSON = "json"


@dataclass(frozen=True)
class Asked:
    """The files of the crate a model was shown, and the items it was asked to write."""

    files: Mapping[str, str]
    """Text by path, the items to be written as stubs."""
    wanted: Mapping[str, tuple[str, ...]]
    """Paths of items by the path of their file."""
    tests: Mapping[str, str] = field(default_factory=dict)
    """Test files, by path; nothing in them may change."""
    origin: str = ""
    """The text that is translated: what stands in it is no guess at what the tests expect."""
    allows_unsafe: bool = False
    allows_foreign: bool = False

    def items(self) -> tuple[str, ...]:
        """Everything wanted, as ``path::item``."""
        return tuple(f"{path}::{item}" for path, items in self.wanted.items() for item in items)


@dataclass(frozen=True)
class Refusal:
    """One reason not to take an answer, in words for a model and for a person."""

    fault: Fault
    what: str
    """The item or file it is about; empty for the whole answer."""
    detail: str

    def __str__(self) -> str:
        return f"{self.what}: {self.detail}" if self.what else self.detail


@dataclass(frozen=True)
class AnswerReading:
    """What one answer is good for."""

    files: Mapping[str, str]
    """The files asked for with the answer's items in them; those the answer does not touch are left out."""
    taken: tuple[str, ...] = ()
    """What was written, as ``path::item``."""
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[Note, ...] = ()
    remaining: tuple[str, ...] = ()
    """What was asked for and is not there, as ``path::item``."""

    @property
    def usable(self) -> bool:
        """True where nothing speaks against the answer."""
        return not self.refusals

    @property
    def faults(self) -> frozenset[Fault]:
        """Kinds of the refusals."""
        return frozenset(each.fault for each in self.refusals)

    @property
    def can_be_continued(self) -> bool:
        """True where the answer was cut off and nothing else is wrong with it."""
        return self.faults == {Fault.CUT_OFF}
