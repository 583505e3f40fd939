"""Built distributions of the projects that are compiled: nothing is compiled here."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from platformdirs import user_cache_path

from repowright.benchmarks.repocraft.errors import SourceUnavailable
from repowright.benchmarks.repocraft.projects import Project

PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
DOWNLOAD_S = 600


def wheel_files(project: Project, lock: str, python: tuple[int, int], cache: Path | None = None) -> dict[str, bytes]:
    """Return the files of a project's wheel for CPython on Linux, fetched once; its hash is one of the lock's.

    Parameters
    ----------
    lock
        Text with the project's line and hashes.
    python
        Version of the interpreter that imports it.
    cache
        Where wheels are kept; the user's cache folder if it is `None`.

    Raises
    ------
    SourceUnavailable
        If the index has none, cannot be reached or serves another file.
    """
    tag = f"cp{python[0]}{python[1]}"
    folder = (cache or user_cache_path("repowright") / "wheels") / f"{project.name}-{project.version}-{tag}"
    if not folder.is_dir():
        _fetch(project, lock, python, folder)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as opened:
        return {entry.filename: opened.read(entry) for entry in opened.infolist() if not entry.is_dir()}


def _fetch(project: Project, lock: str, python: tuple[int, int], folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetch-") as scratch:
        wanted = Path(scratch) / "wanted.txt"
        wanted.write_text(project_lines(lock, project.name), encoding="utf-8")
        target = Path(scratch) / "wheel"
        version, tag = f"{python[0]}.{python[1]}", f"cp{python[0]}{python[1]}"
        argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        argv += ["--implementation", "cp", "--python-version", version, "--abi", tag, "--dest", str(target)]
        argv += [part for platform in PLATFORMS for part in ("--platform", platform)]
        _run([*argv, "--requirement", str(wanted)], project)
        if not folder.is_dir():
            target.rename(folder)


def _run(argv: list[str], project: Project) -> None:
    try:
        subprocess.run(argv, check=True, timeout=DOWNLOAD_S, capture_output=True, stdin=subprocess.DEVNULL)
    except subprocess.CalledProcessError as err:
        said = err.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise SourceUnavailable(
            f"no wheel of {project.name} {project.version} can be had: {said}", "check the network and pip's settings"
        ) from err
    except subprocess.TimeoutExpired as err:
        raise SourceUnavailable(
            f"the wheel of {project.name} did not arrive within {DOWNLOAD_S} s", "check the network"
        ) from err


def project_lines(lock: str, name: str) -> str:
    """Return the lines of a lock that speak of one distribution, its hashes included."""
    return "".join(each for each in _entries(lock) if _is_of(each, name))


def without_project(lock: str, name: str) -> str:
    """Return a lock without one distribution, so that only a workspace can answer for it."""
    return "".join(each for each in _entries(lock) if not _is_of(each, name))


def _entries(lock: str) -> list[str]:
    """Logical lines: a backslash joins a line to the next."""
    return [each.group() for each in re.finditer(r"(?:[^\n]*\\\n)*[^\n]*\n", lock)]


def _is_of(entry: str, name: str) -> bool:
    found = re.match(r"([A-Za-z0-9._-]+)(\[[^\]]*\])?\s*==", entry)
    return found is not None and _plain(found[1]) == _plain(name)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
