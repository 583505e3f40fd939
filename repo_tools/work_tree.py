"""Files of a work tree: where one begins, and writing that never leaves it or follows a link."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from repowright.repo_tools.errors import UnsafePath

_FILE_MODE = 0o644


def enclosing_work_tree(path: Path) -> Path | None:
    """Root of the git work tree that holds ``path``, which need not exist; ``None`` outside of one.

    It looks at the file system alone: neither a missing git nor an owner git distrusts hides a work tree.
    """
    resolved = Path(os.path.realpath(path))
    return next((folder for folder in (resolved, *resolved.parents) if _has_git(folder)), None)


def _has_git(folder: Path) -> bool:
    """Whether the folder holds a repository, or the file by which a linked work tree names its own."""
    git = folder / ".git"
    try:
        if git.is_dir():
            return (git / "HEAD").exists() or (git / "HEAD").is_symlink()
        return git.is_file() and git.read_bytes()[:8] == b"gitdir: "
    except OSError:
        return False


def safe_target(root: Path, path: str) -> Path:
    """Place of a relative POSIX path below ``root``.

    Raises
    ------
    UnsafePath
        If it is absolute, holds ``..`` or ``.git``, or passes through a link.
    """
    parts = PurePosixPath(path).parts
    if not parts or path != "/".join(parts) or "\0" in path or "\\" in path or ".." in parts or path[0] == "/":
        raise UnsafePath(f"{path!r} is not a plain relative path", "use forward slashes, no '..', no drive")
    if any(part.lower() in (".git", "git~1") for part in parts):
        raise UnsafePath(f"{path!r} lies inside git's own folder")
    current = root
    for part in parts:
        current = current / part
        if current.is_symlink():
            raise UnsafePath(f"{path!r} passes through the link {current.relative_to(root).as_posix()!r}")
    return current


def check_room(root: Path, target: Path, leaving: Collection[str]) -> None:
    """Check that a file can be put at ``target`` once the files in ``leaving``, named from ``root``, are gone.

    Raises
    ------
    UnsafePath
        If a folder with other files stands there, or a file where one of its folders must be.
    """
    path = target.relative_to(root).as_posix()
    if target.is_dir():
        inside = [entry.relative_to(root).as_posix() for entry in target.rglob("*") if not entry.is_dir()]
        if not set(inside) <= set(leaving):
            raise UnsafePath(f"{path!r} is a folder, not a file")
    for folder in target.parents:
        name = folder.relative_to(root).as_posix() if folder != root else ""
        if not name:
            return
        if folder.is_file() and name not in leaving:
            raise UnsafePath(f"{path!r} cannot be written: {name!r} is a file")


def write_file(target: Path, content: bytes) -> None:
    """Write a file whole or not at all, keeping the executable bit of the one it replaces."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        target.rmdir()
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else _FILE_MODE
    handle, name = tempfile.mkstemp(prefix=".repowright-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.chmod(name, mode)
        # Replacing a name never writes through a link, even one made since the check.
        os.replace(name, target)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def remove_file(root: Path, target: Path) -> None:
    """Remove a file, and the folders below ``root`` that it leaves empty."""
    target.unlink(missing_ok=True)
    for folder in target.parents:
        if folder == root or not folder.is_dir() or any(folder.iterdir()):
            return
        folder.rmdir()
