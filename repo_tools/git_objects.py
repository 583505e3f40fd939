"""Reading a git repository: revisions, trees, blobs. Nothing here writes, runs a hook or reaches a network."""

from __future__ import annotations

import os
import subprocess
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Self

from repowright.repo_tools.errors import GitError, GitMissing, SnapshotError

_TIMEOUT_S = 120.0
_SETTINGS = ("safe.directory=*", "core.fsmonitor=false", "core.hooksPath=/dev/null", "protocol.allow=never")
_REGULAR = (b"100644", b"100755", b"100664")


class TreeFile(NamedTuple):
    """One regular file of a tree; the path as the bytes git holds."""

    path: bytes
    blob: str


class GitObjects:
    """A repository to read from: a work tree, a folder inside one, or a bare repository.

    Parameters
    ----------
    folder
        Where paths are relative to; the git folder itself for a bare repository.
    git_dir
        The ``.git`` folder, or the file that a linked work tree has in its place.
    root
        Top of the work tree; `None` for a bare repository.
    """

    def __init__(self, folder: Path, git_dir: Path, root: Path | None) -> None:
        self.folder = folder
        self.git_dir = git_dir
        self.root = root

    @classmethod
    def find(cls, path: Path) -> Self:
        """Return the repository that ``path`` is or lies in.

        Raises
        ------
        GitError
            If there is none.
        """
        folder = Path(os.path.realpath(path))
        if is_git_dir(folder):
            return cls(folder, folder, None)
        root = next((each for each in (folder, *folder.parents) if _holds_git(each)), None)
        if root is None:
            raise GitError(f"{path} is not a git repository", "give a work tree or a bare repository")
        return cls(folder, root / ".git", root)

    def commit(self, revision: str) -> str:
        """Return the id of the commit that a revision names.

        Raises
        ------
        GitError
            If it names none.
        """
        if not revision or revision.startswith("-") or "\0" in revision:
            raise GitError(f"{revision!r} is no revision", "give a commit, branch or tag")
        try:
            found = self._run("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        except GitMissing:
            raise
        except GitError as err:
            raise GitError(f"{self.folder} has no revision {revision!r}", "give a commit, branch or tag") from err
        return found.decode().strip()

    def tree(self, commit: str) -> tuple[list[TreeFile], int]:
        """Return the regular files of a commit, below `folder`, and the number of all else (links, submodules)."""
        listed = self._run("ls-tree", "-r", "-z", "--full-tree", f"{commit}:{self._prefix()}").split(b"\0")
        found, others = [], 0
        for line in listed[:-1]:
            head, _, path = line.partition(b"\t")
            mode, kind, blob = head.split(b" ")
            if kind == b"blob" and mode in _REGULAR:
                found.append(TreeFile(path, blob.decode()))
            else:
                others += 1
        return found, others

    def first_parents(self, start: str, end: str) -> list[str]:
        """Return the commits after ``start`` up to ``end`` along first parents, oldest first.

        Raises
        ------
        GitError
            If ``start`` does not lie on that line.
        """
        listed = (
            self._run("rev-list", "--first-parent", "--reverse", "--parents", end, f"^{start}").decode().split("\n")
        )
        rows = [line.split() for line in listed if line]
        if start != end and (not rows or start not in rows[0][1:2]):
            raise GitError(
                f"{start[:12]} is not on the first-parent line of {end[:12]}", "give an ancestor, or leave --each out"
            )
        return [row[0] for row in rows]

    def ancestors(self, end: str, count: int) -> list[str]:
        """Return the last commits up to ``end`` along first parents, oldest first."""
        listed = self._run("rev-list", "--first-parent", "--reverse", f"--max-count={count}", end).decode().split()
        return listed if listed[-1:] == [end] else listed[::-1]

    def work_files(self) -> tuple[list[bytes], list[bytes]]:
        """Return the tracked paths and the untracked ones that are not ignored, below `folder`."""
        listed = self._run("ls-files", "-c", "-o", "-t", "--exclude-standard", "-z").split(b"\0")[:-1]
        tracked = [line[2:] for line in listed if line[:1] != b"?"]
        return tracked, [line[2:] for line in listed if line[:1] == b"?"]

    def blobs(self) -> BlobReader:
        """Return a reader of contents, which holds a process until it is closed."""
        return BlobReader(self)

    def argv(self, *arguments: str) -> list[str]:
        """Return the command line of a git command in this repository."""
        return ["git", *(part for setting in _SETTINGS for part in ("-c", setting)), *arguments]

    def environment(self) -> dict[str, str]:
        """Return a closed environment: no configuration but the repository's own, no inherited ``GIT_*``."""
        closed = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_DIR": str(self.git_dir),
        }
        return closed if self.root is None else closed | {"GIT_WORK_TREE": str(self.root)}

    def _prefix(self) -> str:
        return "" if self.root is None or self.root == self.folder else self.folder.relative_to(self.root).as_posix()

    def _run(self, *arguments: str) -> bytes:
        try:
            done = subprocess.run(
                self.argv(*arguments),
                cwd=self.folder,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TIMEOUT_S,
                check=False,
            )
        except FileNotFoundError as err:
            raise git_not_found(self.folder) from err
        except subprocess.TimeoutExpired as err:
            raise GitError(f"git {arguments[0]} in {self.folder} took more than {_TIMEOUT_S:.0f} s") from err
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it gave no reason"]
            raise GitError(f"git {arguments[0]} failed in {self.folder}: {said[0]}")
        return done.stdout


class BlobReader:
    """Reads contents by blob id through one ``git cat-file --batch``; for one thread."""

    def __init__(self, objects: GitObjects) -> None:
        self._objects = objects
        self._process: subprocess.Popen[bytes] | None = None
        self._end: weakref.finalize[..., BlobReader] | None = None
        self._owner = os.getpid()

    def read(self, blob: str, most: int) -> bytes:
        """Return the content of a blob.

        Raises
        ------
        SnapshotError
            If the repository lacks it, or it has more than ``most`` bytes.
        GitError
            If git cannot be run.
        """
        process = self._started()
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(f"{blob}\n".encode())
            process.stdin.flush()
            head = process.stdout.readline().split()
        except OSError:
            head = []
        if len(head) != 3:
            # A repository without all its blobs may end the program; the next read starts another.
            if head[-1:] != [b"missing"]:
                self.close()
            raise SnapshotError(f"is missing from the repository (blob {blob[:12]})")
        size = int(head[2])
        if size > most:
            self.close()
            raise SnapshotError(f"is larger than {most // 2**20} MiB")
        content = process.stdout.read(size + 1)
        if len(content) != size + 1:
            self.close()
            raise SnapshotError(f"is damaged in the repository (blob {blob[:12]})")
        return content[:-1]

    def close(self) -> None:
        """End the process; one that nobody closes ends with its reader."""
        if self._end is not None:
            self._end()
        self._process = self._end = None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._owner != os.getpid():
            self._owner = os.getpid()  # after a fork the old process answers the parent
            try:
                self._process = subprocess.Popen(
                    self._objects.argv("cat-file", "--batch"),
                    cwd=self._objects.folder,
                    env=self._objects.environment(),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
                self._end = weakref.finalize(self, _end, self._process, self._owner)
            except FileNotFoundError as err:
                raise git_not_found(self._objects.folder) from err
        return self._process


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    if os.getpid() != owner:
        return
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()
    process.kill()
    process.wait()


def is_git_dir(folder: Path) -> bool:
    """Tell whether the folder is a git folder: a bare repository or a ``.git``."""
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


def git_not_found(folder: Path) -> GitError:
    """Return the error for a git program that could not be started."""
    if not folder.is_dir():
        return GitError(f"the folder {folder} is gone")
    return GitMissing("the git program is not on this machine", "install git and put it on PATH")


def _holds_git(folder: Path) -> bool:
    git = folder / ".git"
    return git.is_file() or is_git_dir(git)


def decoded(paths: list[bytes]) -> Iterator[str]:
    """Return paths as text; bytes that are not UTF-8 become lone surrogates."""
    return (path.decode("utf-8", "surrogateescape") for path in paths)
