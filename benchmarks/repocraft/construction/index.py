"""Finds and downloads a source release on the package index, without building anything."""

from __future__ import annotations

import ast
import hashlib
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement

from repowright.benchmarks.repocraft.errors import ProjectUnknown, SourceUnavailable

if TYPE_CHECKING:
    from unearth import Package, PackageFinder

_PUBLIC_INDEX = "https://pypi.org/simple/"
_CHUNK = 1 << 16
_PIP_TIMEOUT_S = 30
_OPTIONS = ("index-url", "extra-index-url", "find-links")
_HINT = "check the network and pip's settings (index-url, find-links)"


class Index:
    """The package index that pip would ask.

    Parameters
    ----------
    places
        Values of pip's options ``index-url``, ``extra-index-url`` and ``find-links``; see `pip_places`.
    """

    def __init__(self, places: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._finder = _finder(pip_places() if places is None else places)

    def find(self, requirement: str) -> Package:
        """Return the source release that fits ``name`` or ``name==version``, the newest of several.

        Raises
        ------
        ProjectUnknown
            If the index has none.
        SourceUnavailable
            If the index cannot be asked.
        """
        from httpx2 import HTTPError

        try:
            best = self._finder.find_best_match(Requirement(requirement)).best
        except InvalidRequirement as err:
            raise ProjectUnknown(
                f"{requirement!r} is no folder and no name of a package", "give a path, or NAME==VERSION"
            ) from err
        except HTTPError as err:
            raise SourceUnavailable(f"the package index cannot be asked for {requirement}: {err}", _HINT) from err
        if best is None:
            raise ProjectUnknown(f"the package index has no source release of {requirement}", _HINT)
        return best

    def download(self, package: Package, target: Path) -> str:
        """Write the archive of a release to a file, and return its SHA-256.

        Raises
        ------
        SourceUnavailable
            If it cannot be had.
        """
        from httpx2 import HTTPError

        digest = hashlib.sha256()
        try:
            with target.open("wb") as file, self._finder.session.get_stream(package.link.normalized) as answer:
                answer.raise_for_status()
                for chunk in answer.iter_bytes(_CHUNK):
                    digest.update(chunk)
                    file.write(chunk)
        except (HTTPError, OSError) as err:
            raise SourceUnavailable(f"{package.link.filename} cannot be downloaded: {err}", _HINT) from err
        return digest.hexdigest()


def pip_places(environment: Mapping[str, str] | None = None) -> dict[str, tuple[str, ...]]:
    """Return where pip is told to look, by its files and by environment variables, which go before them.

    Parameters
    ----------
    environment
        That of this process if it is `None`.
    """
    around = os.environ if environment is None else environment
    found = _of_files()
    for option in _OPTIONS:
        told = around.get(f"PIP_{option.upper().replace('-', '_')}", "")
        if told.strip():
            found[option] = tuple(told.split())
    return found


def _of_files() -> dict[str, tuple[str, ...]]:
    """Read pip's own listing of its files; without pip there are none."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        capture_output=True,
        encoding="utf-8",
        timeout=_PIP_TIMEOUT_S,
        check=False,
    )
    pairs = (line.partition("=") for line in done.stdout.splitlines())
    return {
        key.rpartition(".")[2]: tuple(str(ast.literal_eval(value)).split())
        for key, _, value in pairs
        if key.rpartition(".")[2] in _OPTIONS and not key.startswith(":env:")
    }


def _finder(places: Mapping[str, tuple[str, ...]]) -> PackageFinder:
    from unearth import PackageFinder

    # It warns of every index that lacks a project, which is the ordinary case where there are several.
    logging.getLogger("unearth").setLevel(logging.ERROR)
    urls = places.get("index-url", (_PUBLIC_INDEX,))
    return PackageFinder(
        index_urls=(*urls, *places.get("extra-index-url", ())),
        find_links=places.get("find-links", ()),
        no_binary=(":all:",),
        ignore_compatibility=True,
    )
