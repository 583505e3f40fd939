"""What a resolution comes to, as records that outlive it."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

SCHEMA: Literal["repowright.resolution/1"] = "repowright.resolution/1"


class Verdict(StrEnum):
    """What is known of the patch."""

    RESOLVED = "resolved"
    """A test failed before it and passes after it, and it breaks no affected test."""
    UNREPRODUCED = "unreproduced"
    """It breaks no affected test, but no test shows that the issue is gone."""
    FAILING = "failing"
    """The test of the issue still fails, or a test that passed before does not."""
    UNVERIFIED = "unverified"
    """No test could be run."""
    NO_PATCH = "no patch"
    """Nothing was changed."""


PASSES = frozenset({Verdict.RESOLVED, Verdict.UNREPRODUCED})


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Suspect(_Kept):
    """A function that localisation names."""

    entity: str
    reason: str = ""


class Reproduction(_Kept):
    """A test that fails as long as the issue is there; without a path there is none, and ``reason`` says why.

    Parameters
    ----------
    failing
        Tests of the file that fail before the change.
    failure
        How they fail.
    reason
        What the model says that shows, or why there is no test.
    """

    path: str = ""
    code: str = ""
    failing: tuple[str, ...] = ()
    failure: str = ""
    reason: str = ""


class Change(_Kept):
    """An edited copy and what the model says of it.

    Parameters
    ----------
    files
        Text of changed and new files by path.
    finished
        Whether the model handed it in; otherwise it is what its work had come to.
    """

    files: dict[str, str] = {}
    wrong: str = ""
    change: str = ""
    finished: bool = False


class Comparison(_Kept):
    """The same tests before and after the change.

    Parameters
    ----------
    selected
        What was run.
    why
        How it was chosen, or why nothing was run.
    passed, failed
        Tests after the change, errors among the failed.
    fixed
        Failed before, pass now.
    broken
        Passed before, or were not there, and do not pass now.
    still_failing
        Failed before and fail now.
    unfinished
        Which limit ended a run early; what it did not come to is not compared.
    failures
        How the broken ones fail.
    """

    selected: tuple[str, ...] = ()
    why: str = ""
    left_out: int = 0
    ran: bool = False
    passed: int = 0
    failed: int = 0
    passed_before: int = 0
    failed_before: int = 0
    fixed: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    still_failing: tuple[str, ...] = ()
    unfinished: str = ""
    failures: str = ""


class Resolution(_Kept):
    """The result of a run, as ``resolution.json`` in its folder."""

    schema_name: Literal["repowright.resolution/1"] = SCHEMA
    verdict: Verdict
    title: str
    repository: str
    tree: str
    """Address of the files the patch is for."""
    environment: Literal["lock", "standard library"]
    suspects: tuple[Suspect, ...]
    reproduction: Reproduction
    reproduced: Literal["yes", "still fails", "no"]
    """Whether the test of the issue failed before and passes after."""
    wrong: str
    change: str
    files: tuple[str, ...]
    """Paths that the patch changes."""
    tests: Comparison
    rounds: int
    """How often the change was worked on."""
    why_unverified: str = ""
