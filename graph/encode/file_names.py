"""Parts of a repository's paths, taken apart as text: path objects are dear where every file is asked for them."""

from __future__ import annotations


def stem_of(path: str) -> str:
    """Return the name of a file without its ending; of several endings the last.

    Examples
    --------
    >>> stem_of("shop/cart.test.js"), stem_of("shop/.hidden")
    ('cart.test', '.hidden')
    """
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    return name[:dot] if 0 < dot < len(name) - 1 else name


def folder_name_of(path: str) -> str:
    """Return the name of the folder that a file lies in; empty for one at the top."""
    return path.rpartition("/")[0].rpartition("/")[2]
