"""What encoding asks of a model, without knowing any: the protocol that a lifter fulfils."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from repowright.graph.encode.lift_batches import Batch


class FileBrief(NamedTuple):
    """A file as its summary and its place are decided from.

    Parameters
    ----------
    phrases
        Features of its definitions, each after the definition's name.
    doc
        The beginning of its documentation.
    summary
        What it is for, once that is known.
    """

    path: str
    phrases: tuple[str, ...] = ()
    doc: str = ""
    summary: str = ""


class AreaBrief(NamedTuple):
    """A functional area: its name in PascalCase, and what it is responsible for."""

    name: str
    purpose: str


class Route(NamedTuple):
    """Where a file belongs: an area and one or two categories, the outer first."""

    area: str
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answers:
    """What came of one question; what could not be answered is left out and told of.

    Parameters
    ----------
    texts
        Feature by unit key, or summary by path.
    problems
        Pairs of what it is about and why it has no answer.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Routes:
    """Where files belong, by path; ``problems`` as in `Answers`."""

    places: Mapping[str, Route] = field(default_factory=dict)
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Areas:
    """The areas of a repository; ``problems`` as in `Answers`."""

    found: tuple[AreaBrief, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()


class Lifter(Protocol):
    """Writes features and finds places (RPG-Encoder, arXiv 2602.02084, section 3).

    A question that gets no usable answer gives what can be had and its problems. An exception means that no
    question can be answered any more; what was answered before it is kept.
    """

    @property
    def model(self) -> str:
        """Name of what writes the features."""

    async def features(self, batch: Batch) -> Answers:
        """Return a feature for each unit of the batch: three to eight words, a verb first, no detail of how."""

    async def summaries(self, files: Sequence[FileBrief]) -> Answers:
        """Return what each file is for, in one phrase."""

    async def areas(self, files: Sequence[FileBrief]) -> Areas:
        """Return the functional areas of a repository with these files."""

    async def routes(self, files: Sequence[FileBrief], areas: Sequence[AreaBrief], tree: Sequence[Route]) -> Routes:
        """Return the best existing place of each file, or a new category where none fits.

        Parameters
        ----------
        tree
            The places that have files already, sorted.
        """
