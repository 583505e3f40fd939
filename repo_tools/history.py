"""Many commits in one go, each a function of content, message, author and time alone.

One ``git fast-import`` writes a whole series; it starts from a commit that is named, never from where a
branch happens to stand, so that a series that was cut off is simply written again.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from repowright.repo_tools.errors import GitError
from repowright.repo_tools.git import GitRepository
from repowright.repo_tools.work_tree import safe_target

_BRANCH = "refs/heads/main"


@dataclass(frozen=True)
class CommitSpec:
    """One commit to make: files by relative POSIX path (``None`` deletes), message and time.

    Parameters
    ----------
    when
        Author and committer time, in seconds since the epoch (UTC).
    """

    files: Mapping[str, bytes | None]
    subject: str
    body: str
    when: int


class History(GitRepository):
    """A repository that is written commit by commit without a work tree."""

    def append(self, head: str, commits: Sequence[CommitSpec], name: str, email: str) -> list[str]:
        """Write a series of commits on top of ``head`` (empty: a new history) and return their ids in order.

        Raises
        ------
        UnsafePath
            If a path leaves the repository or enters ``.git``.
        GitError
            If git refuses.
        """
        if not commits:
            return []
        marks = self.root / ".git" / "repowright-marks"
        identity = f"{name} <{email}>"
        stream = b"".join(self._commit(number, head, spec, identity) for number, spec in enumerate(commits, 1))
        self._git("fast-import", "--quiet", "--force", f"--export-marks={marks}", stdin=stream + b"done\n")
        found = dict(line.split() for line in marks.read_text(encoding="ascii").splitlines())
        marks.unlink()
        return [found[f":{number}"] for number in range(1, len(commits) + 1)]

    def files(self, commit: str) -> dict[str, bytes]:
        """Return the files of a commit by path."""
        with tarfile.open(fileobj=io.BytesIO(self._git_bytes("archive", "--format=tar", commit))) as archive:
            members = [member for member in archive if member.isfile()]
            return {member.name: _content(archive, member) for member in members}

    def deliver(self, commit: str, out: Path) -> None:
        """Make ``out`` an ordinary repository whose branch ``main`` is at ``commit``, checked out.

        Raises
        ------
        GitError
            If the folder cannot be written.
        """
        self._git("update-ref", _BRANCH, commit)
        delivered = GitRepository.init(out)
        source = str(self.root / ".git")
        delivered._git("fetch", "--quiet", "--no-write-fetch-head", "--update-head-ok", source, f"+{_BRANCH}:{_BRANCH}")
        delivered._git("reset", "--quiet", "--hard", _BRANCH)
        if delivered.head() != commit:
            raise GitError(f"{out} is not at commit {commit[:12]}", "remove the folder and resume the run")

    def _commit(self, number: int, head: str, spec: CommitSpec, identity: str) -> bytes:
        message = f"{spec.subject}\n\n{spec.body}".strip().encode() + b"\n"
        lines = [f"commit {_BRANCH}", f"mark :{number}"]
        lines += [f"{role} {identity} {spec.when} +0000" for role in ("author", "committer")]
        parts = ["\n".join(lines).encode() + b"\n", _data(message)]
        if number == 1 and head:
            parts.append(f"from {head}\n".encode())
        elif number > 1:
            parts.append(f"from :{number - 1}\n".encode())
        for path in sorted(spec.files):
            safe_target(self.root, path)
            content = spec.files[path]
            quoted = '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
            if content is None:
                parts.append(f"D {quoted}\n".encode())
            else:
                parts += [f"M 100644 inline {quoted}\n".encode(), _data(content)]
        return b"".join([*parts, b"\n"])


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = archive.extractfile(member)
    return stream.read() if stream is not None else b""


def _data(content: bytes) -> bytes:
    return f"data {len(content)}\n".encode() + content + b"\n"
