"""What a resolution is about, as the text that its run is made for: the same text, the same work."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from repowright.agent.errors import RunDamaged, SpecError
from repowright.agent.run import Run
from repowright.agent.spec import Spec, spec_from_bytes, title_of
from repowright.agent.workflows.resolve.source_tree import SourceTree

_ISSUE = "\n## Issue\n\n"
_REPOSITORY = re.compile(r"^- Repository: (?P<name>.+), (?P<files>\d+) files, (?P<tree>[0-9a-f]{64})$", re.MULTILINE)
_LOCK = re.compile(r"^- Lock: (?P<hash>[0-9a-f]{64})$", re.MULTILINE)
_LOCK_FILE = "lock.txt"


@dataclass(frozen=True)
class Subject:
    """An issue and the repository it is about.

    Parameters
    ----------
    tree
        Address of the repository's files.
    lock
        SHA-256 of the lock of its dependencies; empty for the standard library alone.
    """

    name: str
    tree: str
    lock: str
    title: str
    issue: str

    @classmethod
    def of(cls, spec: Spec) -> Subject:
        """Read it back from a run's specification.

        Raises
        ------
        RunDamaged
            If the text is not that of a resolution.
        """
        head, separator, issue = spec.text.partition(_ISSUE)
        found = _REPOSITORY.search(head)
        if found is None or not separator:
            raise RunDamaged("the run's spec.md is not that of a resolution", "start a new run")
        lock = _LOCK.search(head)
        return cls(found["name"], found["tree"], lock["hash"] if lock else "", spec.title, issue.strip())


def specification(issue: str, origin: str, tree: SourceTree, lock: str) -> Spec:
    """Return the text of a resolution.

    Raises
    ------
    SpecError
        If the issue says nothing or is too long.
    """
    if not any(character.isalnum() for character in issue):
        raise SpecError(f"the issue from {origin} is empty", "say what is wrong")
    environment = f"- Lock: {hash_of(lock)}" if lock else "- Environment: the standard library"
    text = (
        f"# {title_of(issue)}\n\n"
        f"- Repository: {tree.name}, {len(tree.files)} files, {tree.address}\n"
        f"{environment}\n{_ISSUE}{issue.strip()}\n"
    )
    return spec_from_bytes(text.encode(), origin)


def hash_of(lock: str) -> str:
    """Return SHA-256 of a lock's text, 64 hex digits."""
    return hashlib.sha256(lock.encode()).hexdigest()


def keep_lock(run: Run, lock: str) -> None:
    """Keep the lock beside the run, for those who resume it."""
    if lock:
        (run.folder / _LOCK_FILE).write_text(lock, encoding="utf-8")


def kept_lock(run: Run, subject: Subject) -> str:
    """Return the lock of a run; empty if it has none.

    Raises
    ------
    RunDamaged
        If it is missing or was changed.
    """
    if not subject.lock:
        return ""
    try:
        lock = (run.folder / _LOCK_FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise RunDamaged(f"the run {run.id} has lost its {_LOCK_FILE}", "start a new run") from err
    if hash_of(lock) != subject.lock:
        raise RunDamaged(f"{_LOCK_FILE} of the run {run.id} was changed", "start a new run")
    return lock
