"""The folder where runtimes and boxes live between runs."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from repowright.executors.sandbox import SandboxUnavailable


def cache_root() -> Path:
    """Return the cache folder, made if missing: ``REPOWRIGHT_CACHE``, else ``/var/tmp/repowright-<uid>``.

    Raises
    ------
    SandboxUnavailable
        If the folder is a link, belongs to somebody else or is writable by others.
    """
    root = Path(os.environ.get("REPOWRIGHT_CACHE") or f"/var/tmp/repowright-{os.getuid()}")
    hint = "set REPOWRIGHT_CACHE to a folder of your own"
    try:
        root.mkdir(mode=0o755, parents=True, exist_ok=True)
        found = root.lstat()
    except OSError as err:
        raise SandboxUnavailable(f"cannot make the cache folder {root}: {err.strerror}", hint) from err
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise SandboxUnavailable(f"the cache folder {root} is not a folder that only you can write", hint)
    return root
