"""Lays tests over a repository, so that nothing of the repository has a say in how it is tested."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

_SETTINGS = frozenset({"conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini"})
"""Files that pytest reads wherever they lie."""
_ROOT_SETTINGS = frozenset({"setup.cfg", "pyproject.toml"})
_TAKEN = frozenset({"pytest", "_pytest", "pluggy", "iniconfig", "sitecustomize", "usercustomize"})
"""Modules that a test process imports by itself and would find in the repository's root."""


def overlaid(repository: Mapping[str, bytes], tests: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the repository with tests in it; where both have a file, that of the tests counts.

    Left out of the repository are its own ``conftest.py`` files, settings of pytest, start-up files of Python and
    modules in place of pytest's: any of them could report tests as passed.
    """
    kept = {path: data for path, data in repository.items() if not steers_tests(path)}
    return {**kept, **tests}


def steers_tests(path: str) -> bool:
    """True for a file of a repository that could change how tests run or are reported."""
    pure = PurePosixPath(path)
    if pure.name in _SETTINGS or pure.suffix == ".pth":
        return True
    if len(pure.parts) == 1 and pure.name in _ROOT_SETTINGS:
        return True
    return pure.parts[0].removesuffix(".py") in _TAKEN or _lies_in_tool(pure)


def _lies_in_tool(path: PurePosixPath) -> bool:
    """True for entry points, by which an installed distribution adds plugins to pytest."""
    return path.name == "entry_points.txt" and path.parent.suffix in {".dist-info", ".egg-info"}
