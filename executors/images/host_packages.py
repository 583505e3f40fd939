"""The files of installed Debian packages, with all that these depend on, so that they can be copied."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from repowright.executors.sandbox import SandboxUnavailable

QUERY_S = 60.0
FORMAT = "${db:Status-Abbrev}\t${Package}\t${Provides}\t${Pre-Depends}, ${Depends}\n"
LEFT_OUT = re.compile(
    r"(python3|perl|debconf|dpkg|coreutils|bash|dash|procps|adduser|sensible-utils|ca-certificates|fonts?-|libpython|"
    r"libperl|fontconfig|systemd|libsystemd|udev|util-linux|base-files|base-passwd|init-system|install-info|lsb-)"
)
"""Packages that every base has in its own way, or that no compiler reads."""
WASTE = ("/usr/share/doc/", "/usr/share/man/", "/usr/share/locale/", "/usr/share/info/", "/usr/share/lintian/")


@dataclass(frozen=True)
class Packages:
    """What dpkg knows: what each installed package depends on, and which one provides a name."""

    needs: Mapping[str, tuple[str, ...]]
    provider: Mapping[str, str]

    def closure(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the installed packages among ``names`` and all that they need, sorted."""
        found: set[str] = set()
        waiting = [self.provider[name] for name in names if name in self.provider]
        while waiting:
            name = waiting.pop()
            if name not in found and not LEFT_OUT.match(name):
                found.add(name)
                waiting += [self.provider[need] for need in self.needs[name] if need in self.provider]
        return tuple(sorted(found))


def installed_packages() -> Packages:
    """Ask dpkg.

    Raises
    ------
    SandboxUnavailable
        If this machine has no dpkg.
    """
    needs: dict[str, tuple[str, ...]] = {}
    provider: dict[str, str] = {}
    for line in _told(["dpkg-query", "-W", "-f", FORMAT]).splitlines():
        status, name, provided, depends = line.split("\t")
        if status.startswith("ii"):
            needs[name] = tuple(_names(depends))
            provider.update({each: name for each in _names(provided) if each not in provider})
            provider[name] = name
    return Packages(needs, provider)


def owner_of(path: Path) -> str | None:
    """Return the package that a file came with."""
    for candidate in (str(path), str(path).removeprefix("/usr")):
        try:
            return _told(["dpkg-query", "-S", candidate]).partition(":")[0].split(",")[0]
        except SandboxUnavailable:
            continue
    return None


def files_of(packages: Iterable[str]) -> list[Path]:
    """Return files and links of packages that are there, documents left out, by real place, sorted."""
    names = list(packages)
    listed = {line for line in _told(["dpkg-query", "-L", *names]).splitlines() if line.startswith("/")}
    wanted = {line for line in listed if not line.startswith(WASTE)}
    folders: dict[str, str] = {}
    found: set[Path] = set()
    for line in sorted(wanted):
        parent, _, name = line.rpartition("/")
        if parent not in folders:
            folders[parent] = os.path.realpath(parent or "/")
        path = Path(folders[parent], name)
        # A base that keeps /lib apart from /usr/lib would lose all in it to a link of that name.
        if parent and (path.is_symlink() or path.is_file()):
            found.add(path)
    return sorted(found)


def _names(relation: str) -> list[str]:
    """``a (>= 1) | b, c:any`` -> a, b, c: of alternatives those that are installed are wanted."""
    words = re.split(r"[,|]", relation)
    return [word.split("(")[0].split(":")[0].strip() for word in words if word.strip()]


def _told(argv: list[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, timeout=QUERY_S, stdin=subprocess.DEVNULL, check=True)
    except (OSError, subprocess.SubprocessError) as err:
        raise SandboxUnavailable(f"{argv[0]} does not say which files belong to a package", "needs Debian") from err
    return done.stdout.decode("utf-8", "replace")
