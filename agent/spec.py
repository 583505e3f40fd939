"""The specification: what the user wants built, from a sentence, a file or standard input."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from repowright.agent.errors import SpecError

MAX_BYTES = 200_000
TITLE_LENGTH = 60

_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s|\n\s*\n")
_PATH_SUFFIXES = (".md", ".txt", ".markdown", ".rst")


@dataclass(frozen=True)
class Spec:
    """What to build, in the user's words.

    ``origin`` is the file's path, ``standard input`` or ``the command line``.
    """

    title: str
    text: str
    origin: str

    @property
    def hash(self) -> str:
        """SHA-256 of the text, 64 hex digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def slug(self) -> str:
        """The title as a file name: lower-case ASCII words joined by hyphens, at most 40 characters."""
        return slug_of(self.title)


def read_spec(argument: str, stdin: BinaryIO) -> Spec:
    """Read the specification that ``argument`` gives or names.

    Parameters
    ----------
    argument
        ``-`` for standard input, the path of an existing file, or the specification itself.

    Raises
    ------
    SpecError
        If it is empty, binary, larger than 200 kB, or names a file that is not there.
    """
    if argument == "-":
        return spec_from_bytes(stdin.read(MAX_BYTES + 1), "standard input")
    path = _existing(argument)
    if path is not None:
        return spec_from_bytes(_read(path), str(path))
    if argument.strip().lower().endswith(_PATH_SUFFIXES) and len(argument.split()) == 1:
        raise SpecError(f"no file {argument}", "give an existing file, a sentence in quotes, or - for standard input")
    return spec_from_bytes(argument.encode(errors="surrogateescape"), "the command line")


def spec_from_bytes(data: bytes, origin: str) -> Spec:
    """Check raw bytes and make the specification of them; line ends become ``\\n``.

    Raises
    ------
    SpecError
        If they are empty, not UTF-8 text, or more than 200 kB.
    """
    if len(data) > MAX_BYTES:
        raise SpecError(
            f"the specification from {origin} is over {MAX_BYTES // 1000} kB",
            "shorten it, or split the project",
        )
    if b"\0" in data:
        raise SpecError(f"the specification from {origin} is binary", "give plain text or Markdown")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise SpecError(f"the specification from {origin} is not UTF-8 (byte {err.start})", "save it as UTF-8") from err
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not any(character.isalnum() for character in text):
        raise SpecError(f"the specification from {origin} is empty", "say in a sentence what to build")
    return Spec(title_of(text), text + "\n", origin)


def title_of(text: str) -> str:
    """Return the first heading, else the first sentence, cut at a word to 60 characters."""
    heading = _HEADING.search(text)
    first = heading.group(1) if heading else _SENTENCE_END.split(text.strip(), maxsplit=1)[0]
    words = " ".join(re.sub(r"[`*]", "", first).split()).rstrip(".")
    if len(words) <= TITLE_LENGTH:
        return words
    cut = words[: TITLE_LENGTH - 3]
    return (cut[: cut.rfind(" ")] if " " in cut[20:] else cut) + "..."


def slug_of(title: str) -> str:
    """Return the title as a file name.

    Examples
    --------
    >>> slug_of("A to-do list, for teams!")
    'a-to-do-list-for-teams'
    """
    words = re.findall(r"[a-z0-9]+", title.lower())
    slug = "-".join(words)
    if len(slug) > 40:
        slug = slug[:41].rpartition("-")[0] or slug[:40]
    return slug or "project"


def _existing(argument: str) -> Path | None:
    path = Path(argument)
    try:
        if path.is_dir() and argument.strip():
            raise SpecError(f"{argument} is a folder", "give a file, a sentence in quotes, or - for standard input")
        return path if argument.strip() and path.exists() else None
    except (OSError, ValueError):
        return None  # a sentence may be too long, or hold a NUL, to be a path at all


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as err:
        raise SpecError(f"cannot read {path}: {err.strerror}", "check its permissions") from err
