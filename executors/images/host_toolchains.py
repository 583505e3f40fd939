"""Toolchains of this machine for boxes without an image: bound read-only, copied where the box may not read them."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from repowright.executors.binds import Bind
from repowright.executors.images.toolchains import TOOLCHAIN_FOLDER, HostToolchain, in_order, on_this_machine
from repowright.executors.ownership import owned_name
from repowright.executors.sandbox import SandboxUnavailable

LAYOUT = 1
"""Raised when the content of a toolchain folder changes shape."""
COPIED = ("bin", "lib")
COPY_S = 300.0


def toolchain_binds(cache: Path, toolchains: Iterable[str]) -> tuple[Bind, ...]:
    """Return what a box needs to see of this machine to have ``toolchains``; the system's /usr it has anyway.

    Raises
    ------
    SandboxUnavailable
        If one of them is not on this machine.
    """
    found = [on_this_machine(each) for each in in_order(toolchains)]
    if not found:
        return ()
    folder = _prepare(cache, found)
    binds = [Bind(folder, TOOLCHAIN_FOLDER)]
    for host in found:
        if host.folder is not None and _readable_by_all(host.folder):
            binds.append(Bind(host.folder, f"{TOOLCHAIN_FOLDER}/{host.toolchain.name}"))
        for pattern in host.toolchain.etc:
            binds += [Bind(path, str(path)) for path in sorted(Path("/etc").glob(pattern)) if path.is_dir()]
    return tuple(binds)


def place_in_box(host: HostToolchain, command: Path) -> Path:
    """Where a box has a command of this machine."""
    if host.folder is None or not command.is_relative_to(host.folder):
        return command
    return Path(TOOLCHAIN_FOLDER, host.toolchain.name) / command.relative_to(host.folder)


def _prepare(cache: Path, found: Sequence[HostToolchain]) -> Path:
    """Make the folder that holds the commands' links and the copies, once."""
    folder = cache / "toolchains" / _key(found)
    folder.parent.mkdir(mode=0o755, exist_ok=True)
    if not folder.is_dir():
        with _lock(folder.parent / "lock"):
            if not folder.is_dir():
                _build(folder, found)
    return folder


def _build(folder: Path, found: Sequence[HostToolchain]) -> None:
    work = Path(tempfile.mkdtemp(prefix=owned_name(".making-"), dir=folder.parent))
    try:
        (work / "bin").mkdir()
        for host in found:
            for name, path in sorted(host.commands.items()):
                (work / "bin" / name).symlink_to(place_in_box(host, path))
            if host.folder is not None:
                (work / host.toolchain.name).mkdir()
                if not _readable_by_all(host.folder):
                    _copy(host.folder, work / host.toolchain.name)
        _open_to_all(work)
        work.rename(folder)
    except (OSError, subprocess.SubprocessError) as err:
        raise SandboxUnavailable(f"cannot copy a toolchain into {folder.parent}: {err}", "make room there") from err
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    parts = [str(source / name) for name in COPIED if (source / name).is_dir()]
    argv = ["cp", "-r", "--preserve=mode,links", "--reflink=auto", "--", *parts, str(target)]
    subprocess.run(argv, capture_output=True, timeout=COPY_S, stdin=subprocess.DEVNULL, check=True)


def _open_to_all(folder: Path) -> None:
    for where, _, names in os.walk(folder):
        os.chmod(where, 0o755)
        for name in names:
            path = Path(where, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def _readable_by_all(folder: Path) -> bool:
    """True when the box's user can reach the folder: it is this process's own user, or every door is open."""
    if os.geteuid() != 0:
        return True
    doors = [*folder.parents, folder, folder / "bin", folder / "lib"]
    return all(stat.S_IMODE(door.stat().st_mode) & 0o005 == 0o005 for door in doors)


def _key(found: Sequence[HostToolchain]) -> str:
    facts = [
        [host.toolchain.name, host.version, str(host.folder), {name: str(path) for name, path in host.commands.items()}]
        for host in found
    ]
    return hashlib.sha256(json.dumps([LAYOUT, facts], sort_keys=True).encode()).hexdigest()[:16]


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
