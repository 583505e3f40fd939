"""A workspace kept as a folder of the host: written and read beneath it, links never followed."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from repowright.executors.sandbox import SandboxError

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def checked_parts(path: str) -> tuple[str, ...]:
    """Split a relative POSIX path, refusing one that could leave the workspace.

    Raises
    ------
    SandboxError
        If the path is empty, absolute, or holds ``..`` or a NUL byte.
    """
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\0" in path:
        raise SandboxError(f"{path!r} is no path inside the workspace", "name files by relative path, without ..")
    return parts


class HostWorkspace:
    """Files of a box that live in a host folder which the box can write.

    Parameters
    ----------
    root
        The folder; nothing outside it is ever touched.
    owner
        The uid and gid new files get; None leaves them to this process.
    """

    def __init__(self, root: Path, owner: int | None = None) -> None:
        self.root = root
        self._owner = owner

    def put(self, files: Mapping[str, bytes]) -> None:
        """Write ``files``; what stands at their place is replaced, never written through."""
        checked = {path: checked_parts(path) for path in sorted(files)}
        for path, parts in checked.items():
            try:
                with self._parent(parts, make=True) as folder:
                    self._write(folder, parts[-1], files[path])
            except OSError as err:
                raise SandboxError(f"cannot write {path!r} into the workspace: {err.strerror}") from err

    def get(self, paths: Sequence[str], max_bytes: int) -> dict[str, bytes]:
        """Read regular files; links, folders, devices and missing files are left out.

        Raises
        ------
        SandboxError
            If the files hold more than ``max_bytes`` together.
        """
        found: dict[str, bytes] = {}
        left = max_bytes
        for path in sorted(set(paths)):
            data = self._read(checked_parts(path), left)
            if data is None:
                continue
            if len(data) > left:
                raise SandboxError(f"the files asked for hold more than {max_bytes} bytes", "ask for fewer files")
            found[path] = data
            left -= len(data)
        return found

    @contextlib.contextmanager
    def _parent(self, parts: Sequence[str], make: bool) -> Iterator[int]:
        folder = os.open(self.root, FOLDER)
        try:
            for name in parts[:-1]:
                inner = self._enter(folder, name, make)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)

    def _enter(self, folder: int, name: str, make: bool) -> int:
        if make:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o755, dir_fd=folder)
                if self._owner is not None:
                    os.chown(name, self._owner, self._owner, dir_fd=folder, follow_symlinks=False)
        return os.open(name, FOLDER, dir_fd=folder)

    def _write(self, folder: int, name: str, data: bytes) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(name, flags, 0o644, dir_fd=folder), "wb") as file:
            file.write(data)
            if self._owner is not None:
                os.fchown(file.fileno(), self._owner, self._owner)

    def _read(self, parts: Sequence[str], limit: int) -> bytes | None:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            with self._parent(parts, make=False) as folder:
                descriptor = os.open(parts[-1], flags, dir_fd=folder)
        except OSError:
            return None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            return None
        with open(descriptor, "rb") as file:
            return file.read(limit + 1)
