"""The stages of a resolution; this module loads in no time, for those who only show them."""

from __future__ import annotations

STAGES = (
    ("locate", "Find the code that the issue is about"),
    ("reproduce", "Write a test that shows the issue"),
    ("edit", "Change a copy of the code"),
    ("verify", "Run the affected tests before and after"),
    ("deliver", "Hand over the patch"),
)
"""Name and title of each stage."""
REPORT = "resolution.md"
"""File of the run's folder that tells how it ended."""
