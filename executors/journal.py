"""An append-only file of records, one JSON line each, that survives what kills its writer."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from repowright.executors.sandbox import SandboxError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class JournalError(SandboxError):
    """A journal cannot be used: held by another process, not readable, or not a journal."""


class JournalFull(JournalError):
    """A record found no room on the disk; the records before it are there and whole."""


class Journal:
    """Records are on the disk when ``append`` returns. One process writes at a time.

    A last line that a killed writer tore is cut off when the journal is opened.

    Raises
    ------
    JournalError
        If another process writes it, or the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as err:
            raise _failure(path, "open", err) from err
        try:
            self._end = self._take()
        except BaseException:
            os.close(self._file)
            raise

    def append(self, record: bytes) -> None:
        """Write one line and wait until the disk has it.

        Raises
        ------
        JournalFull
            If the disk is full; nothing of the record is left in the file.
        """
        line = record + b"\n"
        try:
            written = 0
            while written < len(line):
                written += os.pwrite(self._file, line[written:], self._end + written)
            os.fsync(self._file)
        except OSError as err:
            os.ftruncate(self._file, self._end)
            raise _failure(self.path, "write to", err) from err
        self._end += len(line)

    def close(self) -> None:
        """Let another process write."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take(self) -> int:
        """Lock the file, make its name last, and cut off a torn line; return where the next one begins."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
            end = _whole_bytes(self._file)
            os.ftruncate(self._file, end)
        except BlockingIOError as err:
            raise JournalError(f"another process writes the journal {self.path}", "wait for it, or end it") from err
        except OSError as err:
            raise _failure(self.path, "open", err) from err
        return end


def read_records(path: Path) -> Iterator[bytes]:
    """Return the whole lines of a journal, oldest first; none when there is no file.

    Raises
    ------
    JournalError
        If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield line[:-1]
    except FileNotFoundError:
        return
    except OSError as err:
        raise _failure(path, "read", err) from err


def _whole_bytes(file: int) -> int:
    """Bytes up to the end of the last whole line."""
    end = os.fstat(file).st_size
    while end > 0:
        start = max(0, end - 65536)
        found = os.pread(file, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _failure(path: Path, doing: str, err: OSError) -> JournalError:
    message = f"cannot {doing} the journal {path}: {err.strerror}"
    if err.errno in FULL:
        return JournalFull(message, "free disk space and start again: what is in it is kept")
    return JournalError(message)
