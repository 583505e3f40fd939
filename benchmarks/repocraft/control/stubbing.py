"""A copy of a repository that can be imported and does nothing: every function raises ``NotImplementedError``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from repowright.repo_tools.errors import SourceError
from repowright.repo_tools.stubs import stub

COMPILED = (".so", ".pyd", ".dll", ".dylib", ".pyc", ".pyo", ".jar", ".wasm")
NOTHING = b"raise NotImplementedError\n"
"""Stands for a module that is no text or does not parse."""


def stubbed(files: Mapping[str, bytes], package_roots: Sequence[str]) -> dict[str, bytes]:
    """Replace the body of every function below ``package_roots``, and leave compiled modules out.

    Parameters
    ----------
    files
        A repository by relative POSIX path.
    package_roots
        Folders, or single modules, whose code is stubbed; an empty path stands for all of the repository. Tests
        inside them stay as they are, since a stubbed test proves nothing.
    """
    roots = tuple(root.strip("/") for root in package_roots)
    found: dict[str, bytes] = {}
    for path, data in files.items():
        if not _below(path, roots) or is_test_file(path):
            found[path] = data
        elif path.endswith((".py", ".pyi")):
            found[path] = stubbed_source(data)
        elif not path.endswith(COMPILED):
            found[path] = data
    return found


def stubbed_source(data: bytes) -> bytes:
    """Stub one module; one that cannot be read raises as soon as it is imported."""
    try:
        return stub(data.decode("utf-8-sig")).encode()
    except (SourceError, UnicodeDecodeError, RecursionError):
        return NOTHING


def is_test_file(path: str) -> bool:
    """True for what belongs to tests: files below a folder ``tests``, ``test_*.py`` and ``conftest.py``."""
    pure = PurePosixPath(path)
    in_folder = "tests" in pure.parts[:-1]
    return in_folder or pure.name == "conftest.py" or (pure.name.startswith("test_") and pure.suffix == ".py")


def _below(path: str, roots: Sequence[str]) -> bool:
    return any(not root or path == root or path.startswith(f"{root}/") for root in roots)
