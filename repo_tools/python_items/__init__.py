"""Python source as items: found, spliced, and judged by what it holds; for code that is written, never run, here."""

from repowright.repo_tools.python_items.cutting import complete_part
from repowright.repo_tools.python_items.forbidden import Forbidden, find_forbidden
from repowright.repo_tools.python_items.items import (
    Item,
    Source,
    head_lines,
    is_annotated,
    is_stub,
    names_of,
    read_source,
    signature,
    stubs_of,
)
from repowright.repo_tools.python_items.literals import find_literals
from repowright.repo_tools.python_items.splicing import Spliced, splice

__all__ = [
    "Forbidden",
    "Item",
    "Source",
    "Spliced",
    "complete_part",
    "find_forbidden",
    "find_literals",
    "head_lines",
    "is_annotated",
    "is_stub",
    "names_of",
    "read_source",
    "signature",
    "splice",
    "stubs_of",
]
