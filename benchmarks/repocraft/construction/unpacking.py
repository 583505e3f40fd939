"""Unpacks the archive of a release, and nothing beside its folder."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path, PurePosixPath

from repowright.benchmarks.repocraft.errors import SourceUnavailable

MOST_BYTES = 2_000_000_000
"""Of all files together; a larger archive is refused."""


def unpacked(archive: Path, folder: Path) -> Path:
    """Unpack into a new folder, and return the one folder at the archive's top (or the folder, if there are more).

    Raises
    ------
    SourceUnavailable
        If it is no archive, is too large, or holds a member that would lie outside of the folder.
    """
    folder.mkdir(parents=True)
    try:
        if zipfile.is_zipfile(archive):
            _unzip(archive, folder)
        else:
            _untar(archive, folder)
    except tarfile.FilterError as err:
        raise SourceUnavailable(f"{archive.name} is not safe to unpack: {err}", "use another release") from err
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as err:
        raise SourceUnavailable(f"{archive.name} cannot be unpacked: {err}", "fetch it again") from err
    inside = list(folder.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder


def _untar(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as tar:
        members = tar.getmembers()
        _refuse_large(archive, sum(member.size for member in members))
        tar.extractall(folder, members, filter="data")


def _unzip(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as bundle:
        _refuse_large(archive, sum(member.file_size for member in bundle.infolist()))
        for name in bundle.namelist():
            parts = PurePosixPath(name.replace("\\", "/"))
            if parts.is_absolute() or ".." in parts.parts:
                raise SourceUnavailable(
                    f"{archive.name} is not safe to unpack: {name!r} leaves it", "use another release"
                )
        bundle.extractall(folder)


def _refuse_large(archive: Path, total: int) -> None:
    if total > MOST_BYTES:
        raise SourceUnavailable(f"{archive.name} unpacks to {total:,} bytes", f"{MOST_BYTES:,} is the most")
