"""Thousands of mutated source files through the whole encoding: no crash, no lost file.

Seeds are the source files below a folder; each mutated file gets the ending of its seed or that of another language.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

from repowright.benchmarks.speed.mutations import monsters, mutated
from repowright.graph.encode import Encoded, encode
from repowright.graph.encode.soundness import unsound_edges
from repowright.graph.model import NodeKind
from repowright.graph.store import Store
from repowright.repo_tools.snapshot import MemorySnapshot

ENDINGS = (".py", ".c", ".h", ".rs", ".go", ".js", ".jsx", ".ts", ".tsx", ".java")
_BATCH = 2_000
_LARGEST_SEED = 40_000
_SHOWN = 20


def seeds_below(folder: Path) -> list[tuple[str, bytes]]:
    """Return ending and content of the source files below a folder."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix in ENDINGS and path.is_file() and path.stat().st_size < _LARGEST_SEED:
            found.append((path.suffix, path.read_bytes()))
    return found


def batch(random: Random, seeds: Sequence[tuple[str, bytes]], count: int) -> dict[str, bytes]:
    """Return mutated files by path; one of ten has the ending of another language."""
    files = {}
    for number in range(count):
        ending, source = random.choice(seeds)
        ending = random.choice(ENDINGS) if random.random() < 0.1 else ending
        files[f"p{number % 37}/f{number}{ending}"] = mutated(random, source)
    return files


def faults(files: dict[str, bytes], encoded: Encoded) -> list[str]:
    """Return what is wrong: files that are lost, that stopped a frontend, or that could not be resolved."""
    paths = {node.path for node in encoded.graph().nodes(NodeKind.FILE)}
    lost = [f"{path} is lost" for path in sorted(files.keys() - paths)]
    broken = [f"{path} {problem}" for path, problem in encoded.report.errors if problem.startswith("cannot be")]
    with Store(encoded.store_path, read_only=True) as store:
        loose = [f"an edge leads nowhere: {edge}" for edge in unsound_edges(store)]
    return lost + broken + loose


def main() -> int:
    """Encode the files in batches and return 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=Path, required=True, help="folder with source files of any language")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    random, seeds = Random(given.seed), seeds_below(given.seeds)
    found, marks, start = [], Counter[str](), time.perf_counter()
    batches = [monsters(), *(batch(random, seeds, min(_BATCH, given.files - n)) for n in range(0, given.files, _BATCH))]
    with tempfile.TemporaryDirectory(prefix="repowright-fuzz-") as folder:
        for number, files in enumerate(batches):
            encoded = encode(MemorySnapshot(files), Path(folder) / f"{number}.rpg")
            found += faults(files, encoded)
            marks.update(tag for node in encoded.graph().nodes(NodeKind.FILE) for tag in node.tags)
            print(f"{len(files)} files, {encoded.report.total_seconds:.1f} s, {len(found)} faults", flush=True)
    print(*found[:_SHOWN], sep="\n")
    total = sum(map(len, batches))
    print(f"{total} files in {time.perf_counter() - start:.0f} s; {dict(marks)}; {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
