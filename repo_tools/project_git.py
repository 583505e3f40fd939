"""The project's git: what changed, what was said of it, and commits; pushing is not among it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from repowright.repo_tools.errors import GitError
from repowright.repo_tools.git import GitRepository
from repowright.repo_tools.work_tree import enclosing_work_tree

_TIMEOUT_S = 10.0
_NOBODY = "Repowright"


class ProjectGit:
    """Git for one folder, which may lie inside a work tree or in none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def status(self) -> str:
        """Return branch and changed files, short.

        Raises
        ------
        GitError
            If the folder is in no work tree, or git refuses; so for all methods.
        """
        return self._open().told("status", "--short", "--branch", "--untracked-files=all", "--", self._here())

    def diff(self, against: str, path: str) -> str:
        """Return the difference between a revision and the folder, or one path of it."""
        where = f"{self._here()}/{path}" if path else self._here()
        return self._open().told("diff", "--no-ext-diff", "--no-textconv", _revision(against or "HEAD"), "--", where)

    def log(self, count: int, path: str) -> str:
        """Return the last commits, one a line."""
        where = f"{self._here()}/{path}" if path else self._here()
        return self._open().told("log", f"-{count}", "--date=short", "--format=%h %ad %an: %s", "--", where)

    def show(self, revision: str) -> str:
        """Return one commit with its changes."""
        return self._open().told("show", "--no-ext-diff", "--no-textconv", "--stat", "--patch", _revision(revision))

    def changed(self) -> list[str]:
        """Return paths from the folder that differ from the head, or are new, sorted; none without git."""
        try:
            tree = self._open()
            said = tree.told("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all")
        except GitError:
            return []
        prefix = "" if self._here() == "." else f"{self._here()}/"
        paths = (entry[3:] for entry in said.split("\0") if len(entry) > 3)
        return sorted(path.removeprefix(prefix) for path in paths if path.startswith(prefix))

    def ignored(self, paths: Iterable[str]) -> set[str]:
        """Return those of the paths that git ignores; none without git."""
        prefix = "" if self._safe_here() in ("", ".") else f"{self._safe_here()}/"
        asked = [f"{prefix}{path}" for path in paths]
        if not asked or not self._safe_here():
            return set()
        said = self._open().ignored(asked)
        return {path.removeprefix(prefix) for path in said}

    def commit(self, paths: Iterable[str], subject: str, body: str, when: int) -> str:
        """Commit the files as they are on disk and return the commit's id."""
        tree = self._open()
        prefix = "" if self._here() == "." else f"{self._here()}/"
        files = {f"{prefix}{path}": _content(self._folder / path) for path in sorted(paths)}
        return tree.commit(files, subject, body, *self._author(), when)

    def _open(self) -> _Tree:
        root = enclosing_work_tree(self._folder)
        if root is None:
            raise GitError(f"{self._folder} is in no git repository", "git init makes one")
        return _Tree(root)

    def _here(self) -> str:
        root = enclosing_work_tree(self._folder)
        return self._folder.resolve().relative_to(root).as_posix() if root is not None else ""

    def _safe_here(self) -> str:
        return self._here() if enclosing_work_tree(self._folder) is not None else ""

    def _author(self) -> tuple[str, str]:
        return self._setting("user.name") or _NOBODY, self._setting("user.email") or "repowright@localhost"

    def _setting(self, name: str) -> str:
        environment = {key: os.environ[key] for key in ("PATH", "HOME", "XDG_CONFIG_HOME") if key in os.environ}
        argv = ["git", "config", "--get", name]
        try:
            done = subprocess.run(
                argv, cwd=self._folder, env=environment, capture_output=True, timeout=_TIMEOUT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as err:
            raise GitError("the git program cannot be used", "install git and put it on PATH") from err
        return done.stdout.decode("utf-8", "replace").strip()


class _Tree(GitRepository):
    """The work tree, with what a conversation asks of it beside commits."""

    def told(self, *arguments: str) -> str:
        """Return what git says, links and programs of the repository left aside."""
        return self._git(*arguments)

    def ignored(self, paths: Iterable[str]) -> list[str]:
        """Return which paths ignore rules name."""
        listed = b"".join(path.encode() + b"\0" for path in paths)
        return [
            path for path in self._git("check-ignore", "-z", "--stdin", stdin=listed, accept=(0, 1)).split("\0") if path
        ]


def _content(path: Path) -> bytes | None:
    if path.is_symlink():
        raise GitError(f"{path} is a link", "commit it by hand")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as err:
        raise GitError(f"{path} cannot be read: {err.strerror}") from err


def _revision(name: str) -> str:
    """Return a revision's name that cannot be taken for an option."""
    if name.startswith("-") or "\0" in name:
        raise GitError(f"{name!r} is no revision", "give a branch, a tag or a commit")
    return name
