"""Titles, sections and tables of contents of reStructuredText pages, as far as trees of features need them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

_UNDERLINE = re.compile(r"([=\-~^*+#\"'`.])\1{2,}\s*")
_TOCTREE = re.compile(r"^(?P<indent> *)\.\. toctree::.*\n(?P<body>(?:(?P=indent)[ \t]+.*\n|[ \t]*\n)*)", re.MULTILINE)
_TARGET = re.compile(r"(?:.*<(?P<inside>[^>]+)>|(?P<plain>\S+))$")
_ROLE = re.compile(r":[\w:.-]+:`~?([^`<]*?)(?: *<[^`]*>)?`")
_SUFFIXES = (".rst", ".txt", ".md")


@dataclass(frozen=True)
class Heading:
    """A heading of a page.

    Parameters
    ----------
    mark
        The character of its underline, which tells its level within the page.
    """

    text: str
    mark: str


def headings(path: Path) -> list[Heading]:
    """Return the headings of a page in order."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    found = []
    for text, under in pairwise(lines):
        mark = _UNDERLINE.fullmatch(under)
        if mark and text.strip() and not _UNDERLINE.fullmatch(text) and len(under.rstrip()) >= len(text.rstrip()) - 1:
            found.append(Heading(plain(text), mark[1]))
    return found


def title(path: Path) -> str:
    """Return the title of a page, in Markdown too; the words of its name if it has none."""
    if path.suffix == ".md":
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        return next((plain(line.lstrip("# ")) for line in lines if line.startswith("# ")), _spoken(path))
    found = headings(path)
    return found[0].text if found else _spoken(path)


def sections(path: Path) -> list[str]:
    """Return the headings one level below the title."""
    found = headings(path)
    below = next((each.mark for each in found[1:] if each.mark != found[0].mark), "") if found else ""
    return [each.text for each in found[1:] if each.mark == below]


def contents(path: Path) -> list[Path]:
    """Return the pages in a page's tables of contents, those that exist, in order."""
    text = path.read_text(encoding="utf-8", errors="replace") + "\n"
    pages = []
    for tree in _TOCTREE.finditer(text):
        for line in tree["body"].splitlines():
            target = _TARGET.match(line.strip())
            if target and not line.strip().startswith(":"):
                found = _page(path.parent, target["inside"] or target["plain"])
                pages += [found] if found else []
    return pages


def plain(text: str) -> str:
    """Return a heading without markup, numbers before it and the name of a module after it."""
    without_names = re.sub(r"(?<=\w) *(``[\w.]+``|:[\w:.-]+:`[\w.~<> ]+`)$", "", text.strip())
    return re.sub(r"^[\d.]+ +", "", _ROLE.sub(r"\1", without_names).replace("`", "").replace("*", "")).strip()


def _page(folder: Path, target: str) -> Path | None:
    base = folder / target.lstrip("/")
    for place in (base, *(base.with_name(base.name + suffix) for suffix in _SUFFIXES)):
        if place.is_file():
            return place
    return None


def _spoken(path: Path) -> str:
    name = path.parent.name if path.stem == "index" else path.stem
    return name.replace("_", " ").replace("-", " ")
