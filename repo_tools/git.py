"""Repositories through the ``git`` program, in an environment nothing outside can reach into."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from repowright.repo_tools.errors import GitError, GitMissing
from repowright.repo_tools.work_tree import check_room, enclosing_work_tree, remove_file, safe_target, write_file

__all__ = ["CommitRecord", "GitRepository", "enclosing_work_tree"]

_TIMEOUT_S = 120.0
# Hooks, file monitors and signing programs of a repository are commands; none of them may run.
_SETTINGS = (
    "safe.directory=*",
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.autocrlf=false",
    "core.safecrlf=false",
    "core.quotePath=false",
    "core.logAllRefUpdates=false",
    "commit.gpgSign=false",
    "gc.auto=0",
    "i18n.commitEncoding=utf-8",
    "i18n.logOutputEncoding=utf-8",
)
_LOG_FORMAT = "%x1f".join(("%H", "%an", "%ae", "%at", "%s", "%b"))


@dataclass(frozen=True)
class CommitRecord:
    """One commit; ``when`` is the author's time in seconds since the epoch."""

    sha: str
    subject: str
    body: str
    author_name: str
    author_email: str
    when: int


class GitRepository:
    """A work tree under git; commits depend on content, message, author and time, never on the machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def init(cls, path: Path) -> Self:
        """Make a repository with the branch ``main`` at ``path``; one that is there already is kept.

        Raises
        ------
        GitError
            If the folder cannot be made or git refuses.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise GitError(f"cannot make the folder {path}: {error.strerror}", "choose another folder") from error
        repository = cls(path.resolve())
        if not (repository.root / ".git").exists():
            repository._git("init", "--quiet", "--template=", "--initial-branch=main", "--object-format=sha1")
        return repository

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the repository whose root is ``path``.

        Raises
        ------
        GitError
            If ``path`` is not the root of a git work tree.
        """
        root = path.resolve()
        if enclosing_work_tree(root) != root:
            raise GitError(f"{path} is not the root of a git work tree", "give the folder that holds .git")
        return cls(root)

    def commit(
        self,
        files: Mapping[str, bytes | None],
        subject: str,
        body: str,
        author_name: str,
        author_email: str,
        when: int,
    ) -> str:
        """Write files, stage exactly those and commit them; return the commit's sha.

        The same content, message, author and time on the same parent give the same sha. A commit that would
        change nothing is not made: the current head is returned. What was staged before is committed too.

        Parameters
        ----------
        files
            Content by relative POSIX path; ``None`` deletes the file.
        when
            Author and committer time, in seconds since the epoch (UTC).

        Raises
        ------
        UnsafePath
            If a path leaves the repository, enters ``.git`` or passes a link; nothing is written then.
        GitError
            If there is nothing to commit and no head yet, or git refuses.
        """
        _check_subject(subject)
        targets = {path: safe_target(self.root, path) for path in sorted(files)}
        leaving = [path for path in files if files[path] is None]
        for path, target in targets.items():
            if path not in leaving:
                check_room(self.root, target, leaving)
        try:
            self._write(files, targets)
        except OSError as error:
            raise GitError(f"cannot write {error.filename}: {error.strerror}", "see to the folder") from error
        self._git("update-index", "--add", "--remove", "--replace", "-z", "--stdin", stdin=_nul_list(targets))
        return self._record(f"{subject}\n\n{body}".strip() + "\n", author_name, author_email, when)

    def _write(self, files: Mapping[str, bytes | None], targets: Mapping[str, Path]) -> None:
        # Deletions first: a file may make room for a folder of its name.
        for path in sorted(targets, key=lambda path: (files[path] is not None, path)):
            content = files[path]
            if content is None:
                remove_file(self.root, targets[path])
            else:
                write_file(targets[path], content)

    def _record(self, message: str, name: str, email: str, when: int) -> str:
        tree, head = self._git("write-tree").strip(), self.head()
        if head is not None and tree == self.tree_hash():
            return head
        if head is None and tree == _EMPTY_TREE:
            raise GitError(f"there is nothing to commit in {self.root}", "give at least one file")
        parent = () if head is None else ("-p", head)
        who = _identity(name, email, when)
        sha = self._git("commit-tree", tree, *parent, "-F", "-", stdin=message.encode(), env=who).strip()
        # The old value makes a second writer fail instead of losing a commit.
        self._git("update-ref", "HEAD", sha, head or "0" * 40, env=who)
        return sha

    def head(self) -> str | None:
        """Sha of the current commit; ``None`` before the first."""
        return self._git("rev-parse", "--verify", "--quiet", "HEAD", accept=(0, 1)).strip() or None

    def tree_hash(self) -> str:
        """Hash of the head's tree: equal for equal files, whatever the history.

        Raises
        ------
        GitError
            Before the first commit.
        """
        return self._git("rev-parse", "--verify", "HEAD^{tree}").strip()

    def is_clean(self) -> bool:
        """Whether work tree and index hold what the head holds, and nothing untracked."""
        return self._git("status", "--porcelain=v1", "-z", "--untracked-files=all") == ""

    def log(self) -> list[CommitRecord]:
        """The commits of the head's history, newest first."""
        if self.head() is None:
            return []
        text = self._git("log", "-z", f"--format={_LOG_FORMAT}")
        return [_commit_record(entry) for entry in text.split("\0") if entry]

    def break_locks(self) -> list[str]:
        """Remove the locks a killed git left, and name them; only where no other git works here."""
        found = [path for path in sorted((self.root / ".git").rglob("*.lock")) if path.is_file()]
        for path in found:
            path.unlink()
        return [path.relative_to(self.root).as_posix() for path in found]

    def _git(
        self,
        *arguments: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        accept: tuple[int, ...] = (0,),
    ) -> str:
        return self._git_bytes(*arguments, stdin=stdin, env=env, accept=accept).decode("utf-8", "replace")

    def _git_bytes(
        self,
        *arguments: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        accept: tuple[int, ...] = (0,),
    ) -> bytes:
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        argv = ["git", *settings, *arguments]
        try:
            done = subprocess.run(
                argv,
                cwd=self.root,
                env=_environment(self.root) | dict(env or {}),
                input=stdin,
                capture_output=True,
                timeout=_TIMEOUT_S,
                check=False,
            )
        except FileNotFoundError as error:
            raise _not_found(self.root) from error
        except subprocess.TimeoutExpired as error:
            raise GitError(f"git {arguments[0]} in {self.root} took more than {_TIMEOUT_S:.0f} s") from error
        if done.returncode not in accept:
            raise _refused(arguments[0], self.root, done.stderr)
        return done.stdout


_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def _environment(root: Path) -> dict[str, str]:
    """A closed environment: no configuration but the repository's own, no prompts, no inherited ``GIT_*``."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_DIR": str(root / ".git"),
        "GIT_WORK_TREE": str(root),
    }


def _identity(name: str, email: str, when: int) -> dict[str, str]:
    date = f"@{when} +0000"
    author = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email, "GIT_AUTHOR_DATE": date}
    return author | {"GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": email, "GIT_COMMITTER_DATE": date}


def _check_subject(subject: str) -> None:
    if not subject.strip() or "\n" in subject or "\0" in subject:
        raise GitError(f"a commit's subject is one line of text, not {subject!r}")


def _nul_list(paths: Mapping[str, Path]) -> bytes:
    return b"".join(path.encode() + b"\0" for path in paths)


def _commit_record(entry: str) -> CommitRecord:
    sha, name, email, when, subject, body = entry.split("\x1f", 5)
    return CommitRecord(sha, subject, body.strip(), name, email, int(when))


def _not_found(root: Path) -> GitError:
    if not root.is_dir():
        return GitError(f"the folder {root} is gone")
    return GitMissing("the git program is not on this machine", "install git and put it on PATH")


def _refused(command: str, root: Path, stderr: bytes) -> GitError:
    lines = [line for line in stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    said = lines[0] if lines else "it gave no reason"
    hint = "another git works here, or one was killed; see break_locks" if ".lock'" in said else ""
    return GitError(f"git {command} failed in {root}: {said}", hint)
