"""What can go wrong with a report."""

from __future__ import annotations

from repowright.benchmarks.repocraft.errors import RepoCraftError


class ResultUnreadable(RepoCraftError):
    """A file that should hold the result of an arm or of an evaluation does not."""
