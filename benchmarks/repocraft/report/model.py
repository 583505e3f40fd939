"""What a report says, as data: the JSON file is this and nothing else. All shares are percent."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FORMAT = "repowright.repocraft.report/1"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Share(_Record):
    """A share in percent with its 95 % intervals."""

    hits: int
    of: int
    percent: float
    wilson: tuple[float, float]
    bootstrap: tuple[float, float]


class Row(_Record):
    """One repository, real, generated or spoiled, on the tasks of one project."""

    kind: Literal["run", "control"]
    system: str
    """Name of the repository or of the arm."""
    model: str = ""
    """Who wrote it, where known."""
    sandbox: str = ""
    passed: Share | None = None
    voted: Share | None = None
    of_ceiling: float | None = None
    """Passes as percent of those of the ceiling on the same tasks; above 100 if it beats it."""
    coverage: Share | None = None
    novelty: float | None = None
    novel: int | None = None
    features: int | None = None
    unbuilt: int = 0
    """Planned features that no code implements; they do not count."""
    feature_source: str = ""
    files: int | None = None
    lines: int | None = None
    tokens: int | None = None
    unparsed: int = 0
    """Files that Python cannot parse."""
    states: dict[str, int] = Field(default_factory=dict)
    """Tasks by how they ended."""


class Judging(_Record):
    """Who judged, how well they agree, what it cost; ``None`` where the result does not tell."""

    system: str
    model: str
    judge_model: str
    votes: int
    adapter: str
    """Who rewrote the tests."""
    environment: str
    """What they could import: the locked dependencies of the real project, or pytest alone."""
    replayed: bool
    kappa: float | None
    unanimous: float | None
    ballots: int
    calls: int | None
    tokens: int | None
    usd: float | None


class TaskLine(_Record):
    """What became of a task."""

    system: str
    task: str
    about: str
    """Category and capability."""
    state: str
    detail: str
    yes: int
    ballots: int
    voted: bool | None
    located: tuple[str, ...]
    attempts: int
    adaptations: int
    seconds: float
    controls: dict[str, str]
    """How it ended in each control arm."""


class Compared(_Record):
    """Two results on the tasks they share; ``points`` of passes by which the first is better."""

    first: str
    second: str
    tasks: int
    points: float
    interval: tuple[float, float]
    only_first: int
    only_second: int


class LeafLine(_Record):
    """A reference feature and what hits it."""

    leaf: str
    features: int
    nearest: str
    """The nearest feature that hits it; empty if none does."""
    nearness: float | None


class CoverageDetail(_Record):
    """How coverage and novelty of a repository came about."""

    system: str
    embedder: str
    reassigned_by: str
    """Who moved features to other leaves after clustering; ``none`` if no model was asked."""
    coverage_as_released: float
    novelty_as_released: float
    """As the released evaluator counts without its model step: near 100 and 0 for whatever is large, gibberish too."""
    leaves: tuple[LeafLine, ...]
    novel: tuple[str, ...]
    """Features outside of the reference, farthest first, as many as a page holds."""


class PublishedRow(_Record):
    """A row of someone's table: ``published, not re-run``."""

    mark: str
    system: str
    model: str
    project: str
    coverage: float | None
    novelty: float | None
    passed: float | None
    voted: float | None
    files: float | None
    lines: int | None
    tokens: int | None
    source: str
    note: str


class Mean(_Record):
    """Plain means over projects, each counting the same, as in the papers; ``None`` where a project lacks a figure."""

    projects: int
    passed: float | None
    voted: float | None
    coverage: float | None
    novelty: float | None
    files: float | None
    lines: float | None
    tokens: float | None


class ProjectReport(_Record):
    """All that is known of one project of the benchmark."""

    project: str
    alias: str
    described_by: tuple[str, ...]
    """Who wrote the tasks' descriptions; empty if the tasks are not known."""
    grouped_by: tuple[str, ...]
    ceiling: str
    """What passes are divided by; empty if there is nothing to divide by."""
    rows: tuple[Row, ...]
    judging: tuple[Judging, ...]
    compared: tuple[Compared, ...]
    tasks: tuple[TaskLine, ...]
    coverage: tuple[CoverageDetail, ...]
    remarks: tuple[str, ...]
    """What a reader must know to believe the figures."""


class Report(_Record):
    """The whole report."""

    schema_name: str = Field(default=FORMAT, alias="schema")
    seed: int
    projects: tuple[ProjectReport, ...]
    mean: Mean | None = None
    """Of the repositories under evaluation, where there are several projects with one each."""
    published: tuple[PublishedRow, ...]
