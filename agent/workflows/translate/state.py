"""What the checkpoints of a translation hold: numbers and addresses; everything long lies in the artifact store."""

from __future__ import annotations

from typing import TypedDict


class TranslateState(TypedDict, total=False):
    """State of a translation."""

    compiled: str
    """Address of what the C compiler said of each file."""
    designed: str
    """Address of the interface that was designed; empty where none was."""
    clusters: str
    """Address of what the design says of its type clusters; empty where nothing was designed."""
    crate: str
    """Address of the crate as it stands."""
    judgement: str
    """Address of what the checks say of it."""
    vacuous: list[str]
    """Tests that pass on stubs."""
    at: int
    """Number of the next unit."""
    units: list[str]
    """Addresses of the records of the units that are done."""
    mended: int
    """How often the whole crate was mended."""
    mending: str
    """Address of the record of that."""
    translation: str
    """Address of the result; there once it is delivered."""
