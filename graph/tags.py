"""Marks that nodes carry, and what they mean to linter, context and workflows."""

from __future__ import annotations

BASE_TYPE = "base-type"
"""A type that several files share, or the file that holds such types: a declaration, not a unit of work."""

ENTRY_POINT = "entry-point"
"""The file or function that a program starts in."""

HAS_ENTRY_POINT = "has-entry-point"
"""On the repository: it shall have an entry point."""

PACKAGE = "package"
"""A file that makes a folder a package."""

TEST = "test"
"""A file of tests."""

UNPARSED = "unparsed"
"""A file that could not be read or parsed; its documentation is the error."""

PARTLY_PARSED = "partly-parsed"
"""A file with errors around which the rest was read."""
