"""The stages of a translation; this module loads in no time, for those who only show them."""

from __future__ import annotations

STAGES = (
    ("encode", "Read the C and bring it into the graph"),
    ("design", "Design an interface of safe types and signatures"),
    ("skeleton", "Lay out the crate that is filled"),
    ("translate", "Translate unit by unit"),
    ("mend", "Mend what the whole crate still does otherwise"),
    ("deliver", "Check the whole crate and hand it over"),
)
"""Name and title of each stage."""
REPORT = "translation.md"
"""File of the run's folder that tells how it ended."""


def stages_of(*, idiomatic: bool) -> tuple[tuple[str, str], ...]:
    """Return the stages that a translation goes through.

    Parameters
    ----------
    idiomatic
        Whether an interface may be designed.
    """
    return tuple(stage for stage in STAGES if idiomatic or stage[0] != "design")
