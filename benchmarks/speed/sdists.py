"""Source distributions that the speed benchmarks run on, fetched once into a cache folder."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

from platformdirs import user_cache_path

SDISTS = ("django==5.2", "sympy==1.14.0")


def fetched(requirement: str, cache: Path | None = None) -> Path:
    """Return the unpacked source distribution of a requirement ``name==version``, fetching it if it is not there."""
    folder = (cache or user_cache_path("repowright") / "sdists") / requirement.replace("==", "-")
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        download = folder.with_name(f"{folder.name}.download")
        # Building is no part of fetching, and a distribution's build must not run here.
        subprocess.run([*pip, "--no-build-isolation", "--dest", str(download), requirement], check=True, timeout=600)
        archive = next(download.glob("*.tar.gz"))
        with tarfile.open(archive) as tar:
            tar.extractall(download, filter="data")
        next(each for each in download.iterdir() if each.is_dir()).rename(folder)
    return folder
