"""Freezes what an installation made: a layer of an image, or a folder that boxes see read-only.

What comes in was written by the packages' own code: only plain files and folders are taken, under a
place of their own, with no owner, no special bit and no link.
"""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from repowright.executors.archives import check_archive, is_plain
from repowright.executors.docker.client import Daemon
from repowright.executors.images.layers import Context, archive_of, remove_image, run_build
from repowright.executors.images.names import DEPENDENCIES_LABEL
from repowright.executors.images.runtime import DEPENDENCIES, DEPENDENCIES_FILE, DEPENDENCIES_LINE
from repowright.executors.ownership import owned_name
from repowright.executors.sandbox import SandboxError, SandboxUnavailable

MOST_FILES = 100_000
RECIPE = "FROM {base}\nUSER root\nADD layer.tar /\n"


@dataclass(frozen=True)
class PlainFile:
    """A regular file of an archive."""

    path: str
    data: bytes
    mode: int
    modified_s: int


def plain_files(archive: bytes) -> Iterator[PlainFile]:
    """Read the regular files of an archive that nobody vouches for; everything else in it is left out.

    Raises
    ------
    SandboxError
        If it is no archive, names something outside of itself or holds too many files.
    """
    count = 0
    try:
        check_archive(archive)
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as opened:
            for entry in opened:
                count += 1
                if count > MOST_FILES:
                    raise SandboxError(f"more than {MOST_FILES} files were installed", "lock fewer packages")
                file = opened.extractfile(entry) if is_plain(entry, len(archive)) else None
                if file is not None:
                    mode = 0o755 if entry.mode & 0o100 else 0o644
                    yield PlainFile(_inside(entry.name), file.read(), mode, max(0, int(entry.mtime)))
    except tarfile.TarError as err:
        raise SandboxError(f"what was installed cannot be read: {err}", "install again") from err


def freeze_image(daemon: Daemon, base: str, site: str, archive: bytes, image: str, key: str) -> None:
    """Put the files of ``archive`` on top of ``base`` as ``image``, all of it or nothing.

    Parameters
    ----------
    site
        Where the image's interpreter looks for packages.
    """
    with tempfile.TemporaryDirectory(prefix=owned_name("repowright-layer-")) as work:
        layer = Path(work, "layer.tar")
        with tarfile.open(layer, "w", format=tarfile.GNU_FORMAT) as target:
            _add(target, f"{site}/{DEPENDENCIES_FILE}", PlainFile("", DEPENDENCIES_LINE.encode(), 0o644, 0))
            for file in plain_files(archive):
                _add(target, f"{DEPENDENCIES}/{file.path}", file)
        with tempfile.TemporaryFile() as context:
            archive_of(Context(RECIPE.format(base=base), {"layer.tar": layer}), context)
            try:
                run_build(daemon, context, image, {DEPENDENCIES_LABEL: key}, "none")
            except SandboxError:
                remove_image(daemon, image)
                raise


def freeze_folder(archive: bytes, folder: Path) -> None:
    """Put the files of ``archive`` into ``folder``, all of them or nothing.

    Raises
    ------
    SandboxUnavailable
        If there is no room for them.
    """
    work = Path(tempfile.mkdtemp(prefix=owned_name(".making-"), dir=folder.parent))
    try:
        work.chmod(0o755)
        for file in plain_files(archive):
            path = work / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.data)
            path.chmod(file.mode)
            os.utime(path, (file.modified_s, file.modified_s))
        for where, _, _ in os.walk(work):
            os.chmod(where, 0o755)
        work.rename(folder)
    except OSError as err:
        raise SandboxUnavailable(f"cannot keep what was installed in {folder.parent}: {err}", "make room") from err
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _add(target: tarfile.TarFile, path: str, file: PlainFile) -> None:
    entry = tarfile.TarInfo(path.lstrip("/"))
    entry.size, entry.mode, entry.mtime = len(file.data), file.mode, file.modified_s
    target.addfile(entry, io.BytesIO(file.data))


def _inside(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise SandboxError(f"an installed file lies outside of its place: {name[:120]!r}", "do not use the package")
    return path.as_posix()
