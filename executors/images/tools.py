"""The test tools every box has, at one set of versions so that all sandboxes report alike."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path

from repowright.executors.sandbox import SandboxUnavailable

PINS = {
    "coverage": "7.17.3",
    "iniconfig": "2.3.1",
    "packaging": "26.3",
    "pluggy": "1.7.0",
    "pygments": "2.21.0",
    "pytest": "9.2.0",
}
MINIMUM_PYTHON = (3, 11)
PIP_TIMEOUT_S = 120.0


def requirements() -> tuple[str, ...]:
    """The pinned tools as pip names them."""
    return tuple(f"{name}=={version}" for name, version in sorted(PINS.items()))


def installed() -> dict[str, str]:
    """Versions of the tools in the running environment; those missing are left out."""
    found: dict[str, str] = {}
    for name in sorted(PINS):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def install_tools(target: Path, python: tuple[int, int]) -> dict[str, str]:
    """Put the test tools into ``target`` for an interpreter of version ``python``; return their versions.

    The running environment is copied when it has the pinned versions and the same Python, else pip
    fetches them (offline this fails at once), else whatever complete set the environment has is copied,
    without compiled modules if it is of another Python.

    Raises
    ------
    SandboxUnavailable
        If none of these gives a complete set.
    """
    present = installed()
    fits = present == PINS and python == sys.version_info[:2]
    if not fits and _fetch(target, python):
        return dict(PINS)
    if set(present) != set(PINS):
        missing = ", ".join(sorted(set(PINS) - set(present)))
        hint = f"pip install {' '.join(requirements())}"
        raise SandboxUnavailable(f"the test tools of the sandbox are not installed: {missing}", hint)
    for name in present:
        _copy_distribution(name, target, python)
    return present


def _fetch(target: Path, python: tuple[int, int]) -> bool:
    argv = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    argv += ["--only-binary=:all:", "--python-version", f"{python[0]}.{python[1]}", "--target", str(target)]
    try:
        done = subprocess.run(
            [*argv, *requirements()], capture_output=True, timeout=PIP_TIMEOUT_S, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        done = None
    if done is not None and done.returncode == 0:
        return True
    shutil.rmtree(target, ignore_errors=True)
    return False


def _copy_distribution(name: str, target: Path, python: tuple[int, int]) -> None:
    same_python = python == sys.version_info[:2]
    for entry in importlib.metadata.files(name) or []:
        compiled = entry.suffix in {".so", ".pyd"}
        if ".." in entry.parts or entry.suffix == ".pyc" or (compiled and not same_python):
            continue
        place = target / os.fspath(entry)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(os.fspath(entry.locate()), place)
