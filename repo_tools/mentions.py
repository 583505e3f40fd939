"""What the text of an issue names: files, modules, frames of tracebacks, symbols, messages, lines of code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Zone(StrEnum):
    """What kind of text a segment of an issue is."""

    TITLE = "title"
    PROSE = "prose"
    CODE = "code"
    TRACE = "trace"
    ENVIRONMENT = "environment"


@dataclass(frozen=True)
class Segment:
    """Neighbouring lines of one kind."""

    zone: Zone
    text: str


@dataclass(frozen=True)
class Frame:
    """One place of a traceback or link: a path as written, a line and a function's name, where given."""

    path: str
    line: int = 0
    function: str = ""


@dataclass(frozen=True)
class Symbol:
    """A name as the text writes it, dotted where it is.

    Parameters
    ----------
    strength
        3: marked as code by backticks, a call's parenthesis or a dot; 2: shaped like code (``snake_case``,
        ``CamelCase``); 1: a plain word.
    zone
        The best zone it stands in: title before prose before the others.
    count
        How often it stands in the text.
    """

    name: str
    strength: int
    zone: Zone
    count: int


@dataclass(frozen=True)
class Issue:
    """An issue's text, taken apart.

    Parameters
    ----------
    frames
        Places in tracebacks and links, in the order of the text.
    paths
        Paths of files as written, with ``/``.
    symbols
        Names, strongest first, then in the order of the text.
    """

    segments: tuple[Segment, ...]
    frames: tuple[Frame, ...]
    paths: tuple[str, ...]
    symbols: tuple[Symbol, ...]

    def text(self, *zones: Zone) -> str:
        """Return the text of some zones."""
        return "\n".join(segment.text for segment in self.segments if segment.zone in zones)


MOST_CHARACTERS = 60_000
"""What stands behind that in an issue is logs."""

_FENCE = re.compile(r"^\s*(```|~~~)")
_HTML_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_PROMPT = re.compile(r"^\s*(>>>|\.\.\.|In \[\d+\]:|Out\[\d+\]:|\$ )")
_TRACE_START = re.compile(r"^\s*Traceback \(most recent call last\)|^\s*File \"[^\"]+\", line \d+")
_HEADING = re.compile(r"^\s*(?:#{1,6}\s+(.+?)\s*#*|\*\*(.+?)\*\*:?|(.{3,60}))\s*$")
_UNDERLINE = re.compile(r"^\s*(-{4,}|={4,}|~{4,})\s*$")
_ENVIRONMENT = re.compile(
    r"\b(versions?|environment|system info\w*|platform|python deps|checklist|confirmation|setup|installed|"
    r"pip (list|freeze)|code of conduct)\b|^os$",
    re.IGNORECASE,
)
_FRAME = re.compile(r"File \"([^\"\n]+)\", line (\d+)(?:, in ([\w<>.]+))?")
_PYTEST_FRAME = re.compile(r"^(\S+\.\w{1,4}):(\d+):(?: in (\w+))?", re.MULTILINE)
_LINK = re.compile(r"(?:blob|tree|src)/[\w.\-]+/([\w./\-+]+\.\w{1,4})(?:#L(\d+))?")
_IPYTHON_FRAME = re.compile(r"^(~?[/\w.\-]+/[\w.\-]+\.\w{1,4}) in (\w+)\(", re.MULTILINE)
_PATH = re.compile(r"(?<![\w/])((?:[\w.\-+~]+[/\\])*[\w.\-+]+\.(?:py|pyx|c|h|cc|cpp|hpp|rs|js|jsx|ts|tsx|java|go))\b")
_BACKTICKS = re.compile(r"``([^`\n]+)``|`([^`\n]+)`|:\w+:`~?([\w.]+)`")
_NAME = re.compile(r"(?<![\w.])(@?[^\W\d]\w*(?:(?:\.|::|->)[^\W\d]\w*)*)(\s?\()?")
_SHAPED = re.compile(r"[a-z0-9]_+[a-z0-9]|[a-z][A-Z]|[A-Z][A-Z]+[a-z]|^_|[A-Z]_[A-Z]|^[A-Z][a-z]+[A-Z]")
_ORDER = {Zone.TITLE: 0, Zone.PROSE: 1, Zone.TRACE: 2, Zone.CODE: 3, Zone.ENVIRONMENT: 4}


def read_issue(text: str) -> Issue:
    """Take the text of an issue apart; the first line that says something is its title.

    Examples
    --------
    >>> issue = read_issue("Cart.total is wrong\\nsee shop/cart.py and `sum_prices`")
    >>> issue.paths, [symbol.name for symbol in issue.symbols if symbol.strength > 1]
    (('shop/cart.py',), ['Cart.total', 'sum_prices'])
    """
    text = _HTML_COMMENT.sub(" ", text[:MOST_CHARACTERS].replace("\r\n", "\n"))
    segments = tuple(_joined(_zones(text.split("\n"))))
    return Issue(segments, tuple(_frames(text)), tuple(_paths(text)), tuple(_symbols(segments)))


def _zones(lines: list[str]) -> Iterator[Segment]:
    """Each line with its zone; state runs from fence to fence and from heading to heading."""
    titled = fenced = tracing = environment = False
    for number, line in enumerate(lines):
        if not titled:
            if line.strip():
                titled = True
                yield Segment(Zone.TITLE, line.strip().lstrip("#").strip())
            continue
        if _FENCE.match(line):
            fenced, tracing = not fenced, False
            continue
        if not fenced:
            heading = _heading(line, lines[number + 1] if number + 1 < len(lines) else "")
            if heading:
                environment = bool(_ENVIRONMENT.search(heading))
        tracing = bool(_TRACE_START.match(line)) or (tracing and bool(line.strip()) and (fenced or line[:1] in " \t"))
        if environment:
            yield Segment(Zone.ENVIRONMENT, line)
        elif tracing:
            yield Segment(Zone.TRACE, line)
        elif fenced or _PROMPT.match(line) or line.startswith(("    ", "\t\t")):
            yield Segment(Zone.CODE, line)
        else:
            yield Segment(Zone.PROSE, line)


def _heading(line: str, below: str) -> str:
    found = _HEADING.match(line)
    if not found:
        return ""
    if found[3] is not None:
        return found[3] if _UNDERLINE.match(below) or line.strip().endswith(":") else ""
    return found[1] or found[2] or ""


def _joined(segments: Iterator[Segment]) -> Iterator[Segment]:
    held: list[str] = []
    zone = Zone.TITLE
    for segment in segments:
        if segment.zone is not zone and held:
            yield Segment(zone, "\n".join(held))
            held = []
        zone = segment.zone
        held.append(segment.text)
    if held:
        yield Segment(zone, "\n".join(held))


def _frames(text: str) -> Iterator[Frame]:
    found = [(hit.start(), Frame(_slashes(hit[1]), int(hit[2]), hit[3] or "")) for hit in _FRAME.finditer(text)]
    found += [(hit.start(), Frame(_slashes(hit[1]), int(hit[2]), hit[3] or "")) for hit in _PYTEST_FRAME.finditer(text)]
    found += [(hit.start(), Frame(hit[1], int(hit[2] or 0))) for hit in _LINK.finditer(text)]
    found += [(hit.start(), Frame(hit[1], 0, hit[2])) for hit in _IPYTHON_FRAME.finditer(text)]
    yield from (frame for _, frame in sorted(found, key=lambda each: each[0]))


def _paths(text: str) -> list[str]:
    return list(dict.fromkeys(_slashes(hit[1]) for hit in _PATH.finditer(text)))


def _slashes(path: str) -> str:
    return path.replace("\\", "/")


def _symbols(segments: tuple[Segment, ...]) -> list[Symbol]:
    strength: dict[str, int] = {}
    zone: dict[str, Zone] = {}
    count: dict[str, int] = {}
    for segment in segments:
        ticked = {
            name for hit in _BACKTICKS.finditer(segment.text) for name in _NAME_ONLY.findall("".join(hit.groups("")))
        }
        for hit in _NAME.finditer(segment.text):
            name = hit[1].lstrip("@").replace("::", ".").replace("->", ".")
            found = _strength(name, bool(hit[2]) or hit[1][0] == "@", name in ticked)
            strength[name] = max(strength.get(name, 0), found)
            count[name] = count.get(name, 0) + 1
            if name not in zone or _ORDER[segment.zone] < _ORDER[zone[name]]:
                zone[name] = segment.zone
    found_symbols = [Symbol(name, strength[name], zone[name], count[name]) for name in strength]
    return sorted(found_symbols, key=lambda symbol: -symbol.strength)


_NAME_ONLY = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


def _strength(name: str, called: bool, ticked: bool) -> int:
    if called or ticked or "." in name:
        return 3
    return 2 if _SHAPED.search(name) else 1
