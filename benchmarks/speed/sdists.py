"""Source distributions that benchmarks and tests run on, fetched once into a cache folder.

python -m repowright.benchmarks.speed.sdists networkx==3.4.2
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from platformdirs import user_cache_path

from repowright.benchmarks.repocraft.construction.index import Index
from repowright.benchmarks.repocraft.construction.unpacking import unpacked

SDISTS = ("django==5.2", "sympy==1.14.0")


def fetched(requirement: str, cache: Path | None = None) -> Path:
    """Return the unpacked source distribution of a requirement ``name==version``, fetching it if it is not there.

    Nothing of it is built or run: pip would, to learn what it depends on.

    Raises
    ------
    ProjectUnknown
        If the index has none.
    SourceUnavailable
        If it cannot be downloaded or unpacked.
    """
    folder = _folder(requirement, cache)
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetch-") as scratch:
            index = Index()
            package = index.find(requirement)
            archive = Path(scratch) / (package.link.filename or "release")
            index.download(package, archive)
            unpacked(archive, Path(scratch) / "unpacked").rename(folder)
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
