"""Which checks a state of the translation is worth, in words that hold for every target language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from repowright.agent.workflows.translate.checks.conversions import Converting


@dataclass(frozen=True)
class StandIn:
    """One item of the translation that takes the place of a C definition.

    Parameters
    ----------
    exported
        Whether C calls it by its symbol; a ``static`` one only the translation calls.
    """

    path: str
    item: str
    name: str
    exported: bool


@dataclass(frozen=True)
class Wanted:
    """Which checks a state is worth, beside that it builds.

    Parameters
    ----------
    stand_ins
        Items typed as C that take C's place when both are compared.
    names
        Those of them that this is about.
    bridged
        Whether what is not typed as C takes C's place, as far as wrappers can be made.
    converting
        Makes the converters that wrappers use, where the types were designed.
    """

    tests: bool = False
    stand_ins: tuple[StandIn, ...] = ()
    names: tuple[str, ...] = ()
    subject: str = ""
    bridged: bool = False
    converting: Converting | None = None


class Mended(BaseModel):
    """What rules made of a state that does not build.

    Parameters
    ----------
    files
        Text of the files they changed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: dict[str, str] = {}
    fixes: int = 0
