"""The original's name replaced wherever it shows: in paths, names, phrases and docstrings."""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import dataclass

from repowright.agent.errors import UserError

_TELLING = 5
"""Letters from which a name inside a word gives the project away."""


@dataclass(frozen=True)
class Renamer:
    """Replaces one name by another in any text.

    A part of an identifier counts as the name (``RequestsCookieJar``, ``_requests``), and so does a part of a word
    (``requestscookiejar``) unless the name is so short that it may be there by chance.

    Parameters
    ----------
    old, new
        Import names of the package.
    project
        What the project is called beside that, such as ``scikit-learn``; replaced too.

    Examples
    --------
    >>> Renamer("requests", "httpeasy")("RequestsCookieJar of Requests, requests.get; a requestscookiejar")
    'HttpeasyCookieJar of Httpeasy, httpeasy.get; a httpeasycookiejar'
    >>> Renamer("six", "py23")("six.moves of sixty")
    'py23.moves of sixty'
    """

    old: str
    new: str
    project: str = ""

    @property
    def active(self) -> bool:
        """Whether anything is renamed at all."""
        return bool(self.new) and self.new != self.old

    def __call__(self, text: str) -> str:
        if not self.active or not any(name in text.lower() for name in self._names):
            return text
        for pattern, name in self._forms():
            text = re.sub(pattern, name, text)
        return text

    def left(self, text: str) -> int:
        """Return how often an old name still shows in a text, inside words too."""
        return sum(text.lower().count(name) for name in self._names) if self.active else 0

    @property
    def _names(self) -> tuple[str, ...]:
        """The spellings of the old names, in lower case."""
        names = (self.old.lower(), self.project.lower())
        spelled = (re.sub("[_-]", mark, name) for name in names if name for mark in ("_", "-", " "))
        return tuple(dict.fromkeys(spelled))

    def _forms(self) -> list[tuple[str, str]]:
        forms: list[tuple[str, str]] = []
        for name in self._names:
            mark = next((mark for mark in "_- " if mark in name), "_")
            new = self.new.replace("_", mark)
            camel = re.escape(_camel(name))
            forms += [
                (rf"(?<![a-zA-Z]){re.escape(name)}(?![a-z])", new),
                (rf"(?<![A-Z]){camel}(?![a-z])", _camel(self.new)),
                (rf"(?<![A-Z]){re.escape(name.upper())}(?![A-Z])", new.upper()),
                # "SymPy", "Unit Converter": any other spelling as a word of its own.
                (rf"(?i)(?<![a-z]){re.escape(name)}(?![a-z])", _camel(self.new)),
            ]
            forms += [(rf"(?i){re.escape(name)}", new)] if len(name) >= _TELLING else []
        return forms


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in re.split("[_ -]", name))


def package_name(text: str) -> str:
    """Return a text as an import name.

    Examples
    --------
    >>> package_name("Http-Easy 2")
    'http_easy_2'
    """
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def checked_alias(text: str) -> str:
    """Return an alias as the import name it stands for.

    Raises
    ------
    UserError
        If it cannot be imported, or hides a module of the standard library.
    """
    name = package_name(text)
    if not name.isidentifier() or keyword.iskeyword(name) or name in sys.stdlib_module_names:
        raise UserError(f"{text!r} cannot be the name of a package", "give --alias a free name such as http-easy")
    return name


def project_name(package: str) -> str:
    """Return the project's name of a package: lower case with hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", package.lower()).strip("-")
