"""Workspaces: what a box knows of its files, and workspaces kept as folders of the host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

from repowright.executors.beneath import Beneath, TooMuch, Unwritten
from repowright.executors.sandbox import SandboxError
from repowright.executors.trees import Changes, File, Mark, Snapshot, Synced, TransferBounds, Tree, as_files, frozen


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


def checked_files(tree: Tree) -> dict[str, File]:
    """Return the files of a tree under their plain paths, refusing paths that could leave the workspace."""
    return {"/".join(checked_parts(path)): file for path, file in as_files(tree).items()}


class FileStore(Protocol):
    """The few things a workspace must be able to do, wherever its files lie."""

    def write(self, files: Mapping[str, File], remove: Sequence[str] = ()) -> None:
        """Remove files, then write others; what stands at their place is replaced, never written through."""

    def read(self, paths: Sequence[str] | None, bounds: TransferBounds) -> dict[str, File]:
        """Read regular files, all where ``paths`` is None; what is no regular file is left out."""

    def scan(self, bounds: TransferBounds) -> dict[str, Mark]:
        """Look at all regular files. Those with a name that is not printable UTF-8 are left out."""

    def keep(self, wanted: Mapping[str, Mark], bounds: TransferBounds) -> tuple[list[str], list[str]]:
        """Remove all but the regular files wanted; return which of them are missing, and what was removed."""


class Tracked:
    """Transfers only what differs from what the workspace holds.

    Parameters
    ----------
    store
        A workspace that is empty now.
    """

    def __init__(self, store: FileStore) -> None:
        self._store = store
        self._put: dict[str, Mark] = {}
        self._touched = False

    def touched(self) -> None:
        """Note that a command ran, so that what the workspace holds is no longer known."""
        self._touched = True

    def put(self, tree: Tree) -> None:
        """Write files without a look at what is there."""
        self._store.write(checked_files(tree))
        self.was_put(tree)

    def was_put(self, tree: Tree) -> None:
        """Note that files were written."""
        self._put |= {path: file.mark for path, file in checked_files(tree).items()}

    def sync(self, tree: Tree, bounds: TransferBounds) -> Synced:
        """Make the workspace hold ``tree``; remove what an earlier transfer put there and the tree has no longer."""
        files = checked_files(tree)
        held = self._store.scan(bounds) if self._touched else self._put
        sent = {path: file for path, file in files.items() if held.get(path) != file.mark}
        removed = sorted(path for path in self._put if path not in files and path in held)
        if sent or removed:
            self._store.write(sent, removed)
        self._settled(files)
        return _synced(sent, removed, len(files))

    def mirror(self, tree: Tree, bounds: TransferBounds) -> Synced:
        """Make the workspace hold ``tree`` and nothing else."""
        files = checked_files(tree)
        marks = {path: file.mark for path, file in files.items()}
        missing, removed = self._store.keep(marks, bounds)
        sent = {path: files[path] for path in missing}
        if sent:
            self._store.write(sent)
        self._settled(files)
        return _synced(sent, removed, len(files))

    def changes(self, bounds: TransferBounds) -> Changes:
        """Read back what differs from the last transfer."""
        held = self._store.scan(bounds)
        differing = sorted(path for path, mark in held.items() if self._put.get(path) != mark)
        changed = self._store.read(differing, bounds) if differing else {}
        removed = tuple(sorted(path for path in self._put if path not in held))
        return Changes(frozen(changed), removed)

    def snapshot(self, bounds: TransferBounds) -> Snapshot:
        """Read back everything."""
        return Snapshot(frozen(self._store.read(None, bounds)))

    def _settled(self, files: Mapping[str, File]) -> None:
        # What was touched stays touched: a stray of an earlier command may still write.
        self._put = {path: file.mark for path, file in files.items()}


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
        self._beneath = Beneath(str(root), owner)

    def put(self, tree: Tree) -> None:
        """Write files; what stands at their place is replaced, never written through."""
        self.write(checked_files(tree))

    def get(self, paths: Sequence[str], max_bytes: int) -> dict[str, bytes]:
        """Read regular files; links, folders, devices and missing files are left out.

        Raises
        ------
        SandboxError
            If the files hold more than ``max_bytes`` together.
        """
        plain = {path: "/".join(checked_parts(path)) for path in sorted(set(paths))}
        found = self.read(list(plain.values()), TransferBounds(max_bytes, len(plain)))
        return {path: found[name].data for path, name in plain.items() if name in found}

    def write(self, files: Mapping[str, File], remove: Sequence[str] = ()) -> None:
        self._beneath.remove(list(remove))
        try:
            self._beneath.write([(path, file.data, file.executable) for path, file in sorted(files.items())])
        except Unwritten as err:
            raise SandboxError(f"cannot write {err.path!r} into the workspace: {err.why}") from err

    def read(self, paths: Sequence[str] | None, bounds: TransferBounds) -> dict[str, File]:
        names = self._names(bounds) if paths is None else paths
        found: dict[str, File] = {}
        left = bounds.bytes
        for name in sorted(set(names)):
            read = self._beneath.read(name, left)
            if read is None:
                continue
            left -= len(read[0])
            if left < 0:
                raise SandboxError(f"the files asked for hold more than {bounds.bytes} bytes", "ask for fewer files")
            found[name] = File(*read)
        return found

    def _names(self, bounds: TransferBounds) -> list[str]:
        try:
            return self._beneath.names(bounds.files, bounds.bytes, bounds.seconds)
        except (OSError, TooMuch) as err:
            raise unreadable(str(err)) from err

    def scan(self, bounds: TransferBounds) -> dict[str, Mark]:
        try:
            return self._beneath.scan(bounds.files, bounds.bytes, bounds.seconds)
        except (OSError, TooMuch) as err:
            raise unreadable(str(err)) from err

    def keep(self, wanted: Mapping[str, Mark], bounds: TransferBounds) -> tuple[list[str], list[str]]:
        try:
            return self._beneath.keep(dict(wanted), bounds.files, bounds.bytes, bounds.seconds)
        except (OSError, TooMuch, RecursionError) as err:
            raise unreadable(str(err)) from err


def unreadable(why: str) -> SandboxError:
    """Return the error of a workspace that passes a bound."""
    return SandboxError(f"cannot read the workspace: {why}", "raise the bounds of the transfer, or use a new box")


def _synced(sent: Mapping[str, File], removed: Sequence[str], total: int) -> Synced:
    size = sum(len(file.data) for file in sent.values())
    return Synced(tuple(sorted(sent)), tuple(removed), total - len(sent), size)
