"""Which files are source, and what reads each."""

from __future__ import annotations

from collections.abc import Collection

from repowright.graph.errors import EncodeError
from repowright.repo_tools import facts_codec
from repowright.repo_tools.languages.registry import frontend_for, is_source

LANGUAGES = ("c", "go", "java", "javascript", "python", "rust", "typescript")
"""Names of the languages that can be asked for."""


class Readers:
    """The frontends of some languages, or of all.

    Raises
    ------
    EncodeError
        If a language is unknown.
    """

    def __init__(self, languages: Collection[str] = ()) -> None:
        unknown = sorted(set(languages) - set(LANGUAGES))
        if unknown:
            raise EncodeError(f"there is no language {unknown[0]!r}", f"known are {', '.join(LANGUAGES)}")
        self.languages = tuple(sorted(set(languages)))
        self._by_suffix: dict[str, str] = {}

    def wants(self, path: str) -> bool:
        """Tell whether a file is source of one of the languages."""
        return self.reader(path) != ""

    def reader(self, path: str) -> str:
        """Return the name of what reads a file, with all that its facts depend on besides the content.

        It is empty for files that nothing reads. Facts depend on the ending too: headers, typed dialects.
        """
        suffix = _suffix(path)
        if suffix not in self._by_suffix:
            self._by_suffix[suffix] = self._named(suffix)
        return self._by_suffix[suffix]

    def _named(self, suffix: str) -> str:
        if not suffix or not is_source(f"a{suffix}"):
            return ""
        frontend = frontend_for(f"a{suffix}")
        if self.languages and frontend.name not in self.languages:
            return ""
        return f"{frontend.name}/{frontend.version}.{facts_codec.FORMAT}{suffix}"


def _suffix(path: str) -> str:
    stem, dot, ending = path[path.rfind("/") + 1 :].rpartition(".")
    return f".{ending.lower()}" if dot and stem else ""
