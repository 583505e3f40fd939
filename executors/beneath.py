"""Reads and writes files beneath one folder, never through a link and never outside it.

Used on the host for workspaces that it holds, and sent as text into boxes whose workspace it cannot reach:
it needs the standard library alone, and imports nothing of this package. Whoever runs in the box may change
the folder at any moment; every step is therefore taken from an open folder to a name in it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import time

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
DEPTH = 60
"""Folders within folders that are looked at; deeper ones would use up the descriptors of who looks."""
PLAIN, RUNNABLE = 0o644, 0o755


class TooMuch(Exception):
    """A bound was passed; the text says which."""


class Unwritten(Exception):
    """A file could not be written: which, and why."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(path, why)
        self.path = path
        self.why = why


class Beneath:
    """The folder and what it may cost to look at it.

    Parameters
    ----------
    owner
        The uid and gid that new files get; None leaves them to this process.
    """

    def __init__(self, root: str, owner: int | None = None) -> None:
        self.root = root
        self.owner = owner

    def write(self, files: list[tuple[str, bytes, bool]]) -> None:
        """Write files of path, bytes and executable bit; what stands at their place is replaced.

        Raises
        ------
        Unwritten
            If a folder stands in the place of a file, or anything else in that of a folder, or there is no room.
        """
        with _Folders(self, make=True) as folders:
            for path, data, executable in files:
                try:
                    self.write_one(*folders.of(path), data, executable)
                except OSError as err:
                    raise Unwritten(path, err.strerror or "no reason given") from err

    def write_one(self, folder: int, name: str, data: bytes, executable: bool) -> None:
        """Write a new file in the place of whatever has its name."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
        with open(os.open(name, WRITE, PLAIN, dir_fd=folder), "wb", buffering=0) as file:
            left = memoryview(data)
            while left:
                left = left[file.write(left) :]
            os.fchmod(file.fileno(), RUNNABLE if executable else PLAIN)
            if self.owner is not None:
                os.fchown(file.fileno(), self.owner, self.owner)

    def remove(self, paths: list[str]) -> None:
        """Remove files and links; what is missing, or a folder, is left as it is."""
        with _Folders(self, make=False) as folders:
            for path in paths:
                with contextlib.suppress(OSError):
                    folder, name = folders.of(path)
                    os.unlink(name, dir_fd=folder)

    def read(self, path: str, limit: int) -> tuple[bytes, bool] | None:
        """Bytes, at most one beyond ``limit``, and executable bit of a regular file; None for anything else."""
        try:
            with _Folders(self, make=False) as folders:
                folder, name = folders.of(path)
                with open(os.open(name, READ, dir_fd=folder), "rb") as file:
                    state = os.fstat(file.fileno())
                    if not stat.S_ISREG(state.st_mode):
                        return None
                    return file.read(limit + 1), bool(state.st_mode & stat.S_IXUSR)
        except OSError:
            return None

    def scan(self, files: int, size: int, seconds: float) -> dict[str, str]:
        """Mark of each regular file by path.

        Raises
        ------
        TooMuch
            If there are more than ``files`` entries, ``size`` bytes, or it takes longer than ``seconds``.
        """
        look = _Look(files, size, time.monotonic() + seconds)
        root = os.open(self.root, FOLDER)
        try:
            look.into(root, "", 0)
        finally:
            os.close(root)
        return look.found

    def names(self, files: int, size: int, seconds: float) -> list[str]:
        """Paths of all regular files, within the bounds of ``scan``; they are not read."""
        look = _Names(files, size, time.monotonic() + seconds)
        root = os.open(self.root, FOLDER)
        try:
            look.into(root, "", 0)
        finally:
            os.close(root)
        return sorted(look.found)

    def keep(self, wanted: dict[str, str], files: int, size: int, seconds: float) -> tuple[list[str], list[str]]:
        """Remove all but the regular files that have the mark wanted; return what is missing and what was removed.

        What is kept has one name, plain mode and attributes, a new time of change, and only folders that it
        needs around it, as if it had just been written.
        """
        removal = _Removal(wanted, files, size, time.monotonic() + seconds)
        root = os.open(self.root, FOLDER)
        try:
            removal.into(root, "", 0)
        finally:
            os.close(root)
        return sorted(set(wanted) - removal.kept), sorted(removal.removed)

    def enter(self, folder: int, name: str, make: bool) -> int:
        """Open a folder in a folder, making it where it is missing and ``make`` allows."""
        if make:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, RUNNABLE, dir_fd=folder)
                if self.owner is not None:
                    os.chown(name, self.owner, self.owner, dir_fd=folder, follow_symlinks=False)
        return os.open(name, FOLDER, dir_fd=folder)


class _Folders:
    """Opens the folders of paths one after the other, and keeps those open that the next path shares."""

    def __init__(self, beneath: Beneath, make: bool) -> None:
        self.beneath = beneath
        self.make = make
        self.names: list[str] = []
        self.open = [os.open(beneath.root, FOLDER)]

    def of(self, path: str) -> tuple[int, str]:
        """Folder of a path, and the name in it."""
        *names, last = path.split("/")
        if len(names) > DEPTH:
            raise OSError(0, "the path is too deep")
        shared = 0
        while shared < min(len(names), len(self.names)) and names[shared] == self.names[shared]:
            shared += 1
        self.back_to(shared)
        for name in names[shared:]:
            self.open.append(self.beneath.enter(self.open[-1], name, self.make))
            self.names.append(name)
        return self.open[-1], last

    def back_to(self, depth: int) -> None:
        while len(self.open) > depth + 1:
            os.close(self.open.pop())
        del self.names[depth:]

    def __enter__(self) -> _Folders:
        return self

    def __exit__(self, *_: object) -> None:
        self.back_to(0)
        os.close(self.open.pop())


class _Look:
    """One walk that takes the marks of regular files."""

    def __init__(self, files: int, size: int, deadline: float) -> None:
        self.found: dict[str, str] = {}
        self.left = files
        self.size = size
        self.bound = size
        self.deadline = deadline

    def into(self, folder: int, path: str, depth: int) -> None:
        if depth > DEPTH:
            raise TooMuch(f"folders lie more than {DEPTH} deep")
        with os.scandir(folder) as entries:
            for entry in entries:
                self.count()
                self.entry(folder, entry, f"{path}{entry.name}", depth)

    def entry(self, folder: int, entry: os.DirEntry[str], path: str, depth: int) -> None:
        with contextlib.suppress(OSError):
            if entry.is_dir(follow_symlinks=False):
                inner = os.open(entry.name, FOLDER, dir_fd=folder)
                try:
                    self.into(inner, f"{path}/", depth + 1)
                finally:
                    os.close(inner)
            elif entry.is_file(follow_symlinks=False) and path.isprintable():
                self.file(folder, entry.name, path)

    def file(self, folder: int, name: str, path: str) -> None:
        mark = self.mark(folder, name)
        if mark is not None:
            self.found[path] = mark

    def mark(self, folder: int, name: str) -> str | None:
        with open(os.open(name, READ, dir_fd=folder), "rb") as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode):
                return None
            digest = hashlib.sha256()
            while part := file.read(1 << 20):
                self.size -= len(part)
                self.count(0)
                digest.update(part)
        return digest.hexdigest() + ("x" if state.st_mode & stat.S_IXUSR else "")

    def count(self, entries: int = 1) -> None:
        self.left -= entries
        if self.left < 0:
            raise TooMuch("there are too many files")
        if self.size < 0:
            raise TooMuch(f"the files hold more than {self.bound} bytes")
        if time.monotonic() > self.deadline:
            raise TooMuch("reading the files takes too long")


class _Names(_Look):
    """One walk that takes only the names of regular files."""

    def file(self, folder: int, name: str, path: str) -> None:
        self.found[path] = ""


class _Removal(_Look):
    """One walk that removes what is not wanted."""

    def __init__(self, wanted: dict[str, str], files: int, size: int, deadline: float) -> None:
        super().__init__(files, size, deadline)
        self.wanted = wanted
        self.folders = {path[:at] for path in wanted for at in range(len(path)) if path[at] == "/"}
        self.kept: set[str] = set()
        self.removed: set[str] = set()

    def into(self, folder: int, path: str, depth: int) -> None:
        for name in os.listdir(folder):
            self.count()
            self.take(folder, name, f"{path}{name}", depth)

    def take(self, folder: int, name: str, path: str, depth: int) -> None:
        state = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISDIR(state.st_mode) and path in self.folders and stat.S_IMODE(state.st_mode) == RUNNABLE:
            inner = os.open(name, FOLDER, dir_fd=folder)
            try:
                if not os.listxattr(inner):
                    self.into(inner, f"{path}/", depth + 1)
                    return
            finally:
                os.close(inner)
        if path in self.wanted and self.is_plain(state) and self.is_wanted(folder, name, path):
            self.kept.add(path)
            return
        self.removed.add(path)
        remove(folder, name, stat.S_ISDIR(state.st_mode))

    def is_plain(self, state: os.stat_result) -> bool:
        plain = stat.S_IMODE(state.st_mode) in (PLAIN, RUNNABLE)
        return stat.S_ISREG(state.st_mode) and state.st_nlink == 1 and plain

    def is_wanted(self, folder: int, name: str, path: str) -> bool:
        if self.mark(folder, name) != self.wanted[path]:
            return False
        file = os.open(name, READ, dir_fd=folder)
        try:
            os.utime(file)
            return not os.listxattr(file)
        finally:
            os.close(file)


def remove(folder: int, name: str, is_folder: bool) -> None:
    """Remove an entry and all below it, links as links, folders without permission too."""
    if not is_folder:
        os.unlink(name, dir_fd=folder)
        return

    def allow(function: object, path: str, error: object) -> None:
        raise PermissionError(path)

    try:
        shutil.rmtree(name, dir_fd=folder, onerror=allow)
    except PermissionError:
        _unlock(folder, name)
        shutil.rmtree(name, dir_fd=folder)


def _unlock(folder: int, name: str, depth: int = 0) -> None:
    """Give folders that were locked up their permissions back."""
    inner = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    try:
        os.chmod(f"/proc/self/fd/{inner}", 0o700)
        for entry in os.listdir(f"/proc/self/fd/{inner}") if depth < DEPTH else []:
            state = os.stat(entry, dir_fd=inner, follow_symlinks=False)
            if stat.S_ISDIR(state.st_mode):
                _unlock(inner, entry, depth + 1)
    finally:
        os.close(inner)
