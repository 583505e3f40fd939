"""What syntax says of test functions, classes and files; no record holds source text."""

from __future__ import annotations

from dataclasses import dataclass

FUNCTIONS = "functions"
"""Stands for the class of tests outside of classes."""


@dataclass(frozen=True)
class Reason:
    """Why tests become no task.

    Parameters
    ----------
    word
        As in ``Dropped.reason``.
    """

    word: str
    detail: str = ""


@dataclass(frozen=True)
class FoundTest:
    """A test function where it stands in the source.

    Parameters
    ----------
    file
        Relative to the release's root, with ``/``.
    owner
        The class it is written in, ``Outer::Inner`` for nested ones, or `FUNCTIONS`.
    runs_as
        The class it is collected in: the owner, or the first collected subclass of a mixin.
    span
        First and last line, 1-based and inclusive, decorators included.
    says
        First line of its docstring.
    calls
        Public names of the project it calls, as ``package.module.name``, then methods called on objects, as ``.name``.
    asserts
        Places that can fail it, a call of an asserting helper being one.
    reads
        Files of the release it opens.
    reason
        Why it is left out, if it is.
    """

    file: str
    owner: str
    name: str
    runs_as: str
    span: tuple[int, int]
    says: str
    fixtures: tuple[str, ...]
    decorators: tuple[str, ...]
    calls: tuple[str, ...]
    asserts: int
    reads: tuple[str, ...] = ()
    reason: Reason | None = None

    @property
    def label(self) -> str:
        """``file::Class::function``, as pytest names it."""
        middle = "" if self.runs_as == FUNCTIONS else f"{self.runs_as}::"
        return f"{self.file}::{middle}{self.name}"


@dataclass(frozen=True)
class FoundClass:
    """A class of a test file.

    Parameters
    ----------
    name
        ``Outer::Inner`` for nested ones.
    bases
        In full where an import tells, else as written.
    has_test_flag
        What it assigns to ``__test__``; `None` if nothing.
    defines
        Its methods.
    reason
        Why nothing in it can run, by its marks.
    """

    name: str
    bases: tuple[str, ...]
    has_init: bool
    has_test_flag: bool | None
    defines: frozenset[str]
    reason: Reason | None = None


@dataclass(frozen=True)
class FoundFile:
    """A test file that was read.

    Parameters
    ----------
    module
        Its dotted name below the root, by which other files import from it.
    problem
        Why nothing in it can be used, if so.
    """

    file: str
    module: str
    classes: tuple[FoundClass, ...] = ()
    tests: tuple[FoundTest, ...] = ()
    problem: Reason | None = None
