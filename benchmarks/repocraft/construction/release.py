"""The source release that tests are taken from: pinned and fetched, or a folder as it is."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from repowright.benchmarks.repocraft.construction.index import Index
from repowright.benchmarks.repocraft.construction.unpacking import unpacked
from repowright.benchmarks.repocraft.errors import ProjectUnknown, SourceUnavailable
from repowright.benchmarks.repocraft.projects import Project, project_named

_NO_PACKAGES = frozenset(
    {"tests", "test", "docs", "doc", "examples", "benchmarks", "tools", "scripts", "build", "dist"}
)
_VERSION = re.compile(r"^Version: *(\S+)", re.MULTILINE)
_SAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Release:
    """Sources of one project.

    Parameters
    ----------
    name, version
        On the package index; of a folder, its name and what its ``PKG-INFO`` says, else ``unversioned``.
    sdist_sha256
        Of the archive; empty for a folder.
    root
        Folder of the unpacked sources.
    package
        What the project is imported as.
    pinned
        The project of the benchmark, if it is one.
    """

    name: str
    version: str
    sdist_sha256: str
    root: Path
    package: str
    pinned: Project | None = None

    @property
    def alias(self) -> str:
        """What the benchmark calls it."""
        return self.pinned.alias if self.pinned else self.name


def release_of(wanted: str, cache: Path | None = None, index: Index | None = None) -> Release:
    """Return the sources of one of the six projects, of a folder, or of ``name`` or ``name==version`` on the index.

    Parameters
    ----------
    cache
        Where unpacked releases are kept; the user's cache folder if it is `None`.

    Raises
    ------
    ProjectUnknown
        If there is nothing of that name.
    SourceUnavailable
        If it cannot be fetched, or is not the release that was pinned.
    """
    folder = cache or user_cache_path("repowright") / "sdists"
    project = _pinned(wanted)
    if project is not None:
        return pinned_release(project, folder, index)
    path = Path(wanted).expanduser()
    if path.is_dir():
        return _of_folder(path.resolve())
    if path.exists() or "/" in wanted or wanted.startswith("."):
        raise ProjectUnknown(f"{wanted} is no folder", "name a folder with sources, or a project on the package index")
    return _of_index(wanted, folder, index or Index())


def _pinned(wanted: str) -> Project | None:
    """Return the project of the benchmark that is meant; another version of one is a project like any other."""
    name, _, version = wanted.partition("==")
    try:
        project = project_named(name.strip())
    except ProjectUnknown:
        return None
    return project if version.strip() in {"", project.version} else None


def pinned_release(project: Project, cache: Path, index: Index | None = None) -> Release:
    """Return the release that a project of the benchmark is pinned to; the index is asked once only.

    Raises
    ------
    SourceUnavailable
        If it cannot be had or its hash differs.
    """
    root = _kept(cache, project.name, project.version, project.sdist_sha256)
    if root is None:
        root = _fetched(project.name, project.version, project.sdist_sha256, cache, index or Index())[0]
    return Release(project.name, project.version, project.sdist_sha256, root, project.package, project)


def _of_index(wanted: str, cache: Path, index: Index) -> Release:
    package = index.find(wanted)
    version = package.version or "unversioned"
    root, digest = _fetched(package.name, version, "", cache, index)
    return Release(package.name, version, digest, root, package_of(root, package.name))


def _of_folder(root: Path) -> Release:
    try:
        told = _VERSION.search((root / "PKG-INFO").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        told = None
    return Release(root.name, told[1] if told else "unversioned", "", root, package_of(root, root.name))


def _fetched(name: str, version: str, sha256: str, cache: Path, index: Index) -> tuple[Path, str]:
    """Download and unpack beside the final place, then move there in one step."""
    package = index.find(f"{name}=={version}")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".fetch-") as scratch:
        archive = Path(scratch) / (package.link.filename or "release")
        digest = index.download(package, archive)
        if sha256 and digest != sha256:
            raise SourceUnavailable(
                f"{archive.name} has the SHA-256 {digest}, not {sha256}",
                "the index serves another archive: do not use it",
            )
        kept = cache / _folder_name(name, version, digest)
        if not kept.is_dir():
            top = unpacked(archive, Path(scratch) / "unpacked")
            staged = Path(scratch) / "staged"
            staged.mkdir()
            top.rename(staged / _SAFE.sub("-", f"{name}-{version}"))
            _move(staged, kept)
    return _inside(kept), digest


def _move(staged: Path, kept: Path) -> None:
    try:
        staged.rename(kept)
    except OSError:
        # Another process was faster; what it unpacked has the same hash.
        shutil.rmtree(staged, ignore_errors=True)


def _kept(cache: Path, name: str, version: str, sha256: str) -> Path | None:
    folder = cache / _folder_name(name, version, sha256)
    return _inside(folder) if sha256 and folder.is_dir() else None


def _inside(folder: Path) -> Path:
    return next(each for each in sorted(folder.iterdir()) if each.is_dir())


def _folder_name(name: str, version: str, sha256: str) -> str:
    return f"{_SAFE.sub('-', name)}-{_SAFE.sub('-', version)}-{sha256[:12]}"


def package_of(root: Path, name: str) -> str:
    """Return what the sources are imported as: the top-level package that is named as the project, else the largest.

    An empty project has none, and is imported as its name would be.
    """
    places = [each for top in (root, root / "src", root / "lib") if top.is_dir() for each in sorted(top.iterdir())]
    packages = [each for each in places if (each / "__init__.py").is_file() and each.name not in _NO_PACKAGES]
    plain = re.sub(r"[-_.]+", "_", name).lower()
    by_name = {each.name.lower(): each.name for each in packages}
    if plain in by_name or not packages:
        return by_name.get(plain, plain)
    return max(packages, key=lambda each: (sum(1 for _ in each.rglob("*.py")), each.name)).name
