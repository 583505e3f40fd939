"""The lock of a project's dependencies: exact versions, with or without hashes, and nothing else."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

from repowright.executors.sandbox import SandboxError

PINNED = re.compile(
    r"(?P<name>[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)(?P<extras>\[[A-Za-z0-9._,\s-]*\])?\s*"
    r"==\s*(?P<version>[A-Za-z0-9.!+_-]+)\s*(?P<marker>;[^#]*?)?(?P<hashes>(\s+--hash=[a-z0-9]+:[0-9a-f]{32,128})*)"
)
HINT = "a lock has lines like name==1.0 or name==1.0 --hash=sha256:..., as pip freeze or pip-compile write them"


class LockError(SandboxError):
    """A lock that cannot be taken at its word: it names no exact version, or something that is no package."""


@dataclass(frozen=True)
class Lock:
    """Requirements, one exact version each, sorted."""

    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The lock as pip reads it."""
        return "".join(f"{line}\n" for line in self.lines)

    def key(self, *facts: str) -> str:
        """Hash of the lock and of whatever else decides what is installed."""
        return hashlib.sha256(json.dumps([self.lines, facts]).encode()).hexdigest()


def read_lock(text: str) -> Lock:
    """Read requirements; options, addresses and paths are refused, since pip would follow them anywhere.

    Raises
    ------
    LockError
        If a line is anything but a package in one version.
    """
    joined = re.sub(r"\\\r?\n", " ", text)
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines())
    return Lock(tuple(sorted({_checked(line) for line in lines if line})))


def _checked(line: str) -> str:
    found = PINNED.fullmatch(line)
    if found is None:
        raise LockError(f"not a package in one version: {line[:120]!r}", HINT)
    hashes = "".join(f" {each}" for each in sorted(found["hashes"].split()))
    marker = f" {found['marker'].strip()}" if found["marker"] else ""
    return f"{found['name']}{found['extras'] or ''}=={found['version']}{marker}{hashes}"
