"""What a translation comes to, as records that outlive it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from repowright.agent.workflows.translate.idiomatic.cluster_record import ClusterRecord

SCHEMA: Literal["repowright.translation/1"] = "repowright.translation/1"


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UnitState(StrEnum):
    """How far a unit came."""

    VERIFIED = "verified"
    """A test or a swapped C program that runs it passes."""
    COMPILED = "compiled"
    """It compiles; nothing that runs it could be run."""
    FAILING = "failing"
    """It compiles, and what runs it shows a difference: kept, since a stub would be worse."""
    STUB = "stub"
    """Nothing that compiles was written; the stub stands."""


_DECISIVE = frozenset({"parse", "compile", "tests", "unsafe-budget", "swap"})
WRITTEN = frozenset({UnitState.VERIFIED, UnitState.COMPILED, UnitState.FAILING})


class FailedTest(_Kept):
    """A test and what it says."""

    test: str
    told: str


class Judgement(_Kept):
    """What the checks say of a crate in one state.

    Parameters
    ----------
    errors
        What the compiler says, for a model.
    ran
        Whether tests were run.
    passed
        Tests that pass, those that pass on stubs left out.
    pending
        Tests that stop in a stub.
    failing
        Tests that fail otherwise.
    swap
        What the C programs said with Rust in them; empty where none was tried.
    swapped
        Whether they came to it and did as C alone does.
    reached
        C functions whose Rust they called.
    differences
        How they differ from C alone.
    unsafe_places
        In the crate's own code.
    laundered
        Safe signatures over unsafe code.
    """

    builds: bool
    errors: tuple[str, ...] = ()
    ran: bool = False
    passed: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    failing: tuple[FailedTest, ...] = ()
    swap: str = ""
    swapped: bool = False
    reached: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    unsafe_places: int = 0
    laundered: tuple[str, ...] = ()

    @property
    def rank(self) -> tuple[bool, int, int, int]:
        """Larger is better: it builds, tests that pass, fewer that fail, fewer unsafe places."""
        wrong = len(self.failing) + len(self.differences) if self.builds else len(self.errors)
        return self.builds, len(self.passed), -wrong, -self.unsafe_places


def new_failures(now: Judgement, before: Sequence[FailedTest]) -> tuple[FailedTest, ...]:
    """Tests that fail now and did not before."""
    known = {each.test for each in before}
    return tuple(each for each in now.failing if each.test not in known)


class UnitRecord(_Kept):
    """One unit of the report."""

    name: str
    origins: tuple[str, ...]
    """C definitions, as ``path:name``."""
    items: tuple[str, ...]
    """Items of the crate, as ``path::item``."""
    state: UnitState
    attempts: int = 0
    """Answers of the model, continued ones counted once."""
    by_rules: int = 0
    """Fixes that rules made."""
    faults: tuple[str, ...] = ()
    """Kinds of what was refused in answers, one for each answer and kind."""
    notes: tuple[str, ...] = ()
    """Kinds of what was wrong with the form of answers and did not keep them from being used."""
    reason: str = ""
    unsafe_places: int = 0


class RefusedUnit(_Kept):
    """Something of the C that is not translated."""

    path: str
    name: str
    line: int
    code: str
    reason: str


class UnsafeFigures(_Kept):
    """What of the delivered code the compiler does not vouch for."""

    total: int = 0
    blocks: int = 0
    functions: int = 0
    lines: int = 0
    raw_pointer_types: int = 0
    raw_casts: int = 0
    dereferences: int = 0
    static_mut: int = 0
    transmutes: int = 0
    laundering: int = 0


class Metrics(_Kept):
    """The metrics that the papers report, of one project."""

    c_lines: int
    rust_lines: int
    units: int
    written: int
    verified: int
    refused: int
    builds: bool
    tests_total: int
    tests_passed: int
    tests_failed: int
    tests_vacuous: int
    assertions: int
    assertions_passed: int
    """Assertions in tests that pass, those that pass on stubs left out."""
    unsafe: UnsafeFigures
    clippy_warnings: int = -1
    """-1 where clippy could not be run."""
    requests: int
    prompt_tokens: int
    completion_tokens: int
    usd: float = 0.0
    seconds: float = 0.0
    """Of the model, as it told them."""


class LadderStep(_Kept):
    """One check of the delivered crate."""

    check: str
    verdict: str
    told: str
    problems: tuple[str, ...] = ()
    figures: dict[str, float] = {}
    functions: tuple[str, ...] = ()
    """C functions whose results it compared."""


class Translation(_Kept):
    """The result of a run, as ``translation.json`` in its folder."""

    schema_name: Literal["repowright.translation/1"] = SCHEMA
    title: str
    source: str
    """Address of the C files."""
    crate: str
    """Name of the crate or package."""
    target: str = "rust"
    interface: Literal["given", "designed", "generated"]
    """Where types and signatures come from."""
    metrics: Metrics
    units: tuple[UnitRecord, ...]
    refused: tuple[RefusedUnit, ...]
    notes: tuple[RefusedUnit, ...]
    """What was read or written otherwise than a full compilation would."""
    ladder: tuple[LadderStep, ...]
    clusters: tuple[ClusterRecord, ...] = ()
    """Type clusters of an interface that was designed."""
    failing: tuple[FailedTest, ...]
    differences: tuple[str, ...]
    """How Rust behaves otherwise than C, inputs that no program gives included."""
    faults: dict[str, int]
    """Refused answers by kind."""
    form: dict[str, int]
    """Answers of an odd form by kind."""

    @property
    def is_complete(self) -> bool:
        """True where it builds, no unit is left, no test fails and the C programs behave the same with Rust in them.

        A difference on generated calls is told and does not count here: they may lie outside of what C defines. For
        other languages than Rust they are made only where C is defined, and count.
        """
        written = all(unit.state in (UnitState.VERIFIED, UnitState.COMPILED) for unit in self.units)
        failed = {step.check for step in self.ladder if step.verdict == "failed"}
        decisive = _DECISIVE if self.target == "rust" else _DECISIVE | {"differential"}
        return self.metrics.builds and written and not self.failing and not failed & decisive
