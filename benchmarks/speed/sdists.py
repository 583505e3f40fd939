"""Source distributions that benchmarks and tests run on, fetched once into a cache folder.

python -m repowright.benchmarks.speed.sdists networkx==3.4.2
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

from platformdirs import user_cache_path

SDISTS = ("django==5.2", "sympy==1.14.0")


def fetched(requirement: str, cache: Path | None = None) -> Path:
    """Return the unpacked source distribution of a requirement ``name==version``, fetching it if it is not there."""
    folder = _folder(requirement, cache)
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


def cached(requirement: str, cache: Path | None = None) -> Path | None:
    """Return the unpacked source distribution if it was fetched before; for tests, which touch no network."""
    folder = _folder(requirement, cache)
    return folder if folder.is_dir() else None


def _folder(requirement: str, cache: Path | None) -> Path:
    return (cache or user_cache_path("repowright") / "sdists") / requirement.replace("==", "-")


def main() -> int:
    """Fetch the distributions that are named, so that tests touch no network."""
    for requirement in sys.argv[1:]:
        print(f"{requirement}: {fetched(requirement)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
