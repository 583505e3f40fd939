"""The sets that ``--data`` names: a folder, an archive, a repository at a commit, or one that is known by name."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from repowright.benchmarks.translation.cases import CaseSet
from repowright.benchmarks.translation.crust import CrustData
from repowright.benchmarks.translation.errors import CasesUnavailable
from repowright.benchmarks.translation.project_folders import ProjectFolders
from repowright.benchmarks.translation.staged_crates import StagedCrates
from repowright.benchmarks.translation.stores import Store, store_at

FETCH_S = 1200
_REPOSITORY = re.compile(r"^(?P<url>(?:https?|ssh|git|file)://[^\s@]+|git@[^\s@]+)@(?P<commit>[0-9a-f]{40})$")


@dataclass(frozen=True)
class Repository:
    """A repository at a commit; ``folder`` is all of it that is fetched, if it is not empty."""

    url: str
    commit: str
    folder: str = ""


KNOWN: Mapping[str, Repository] = {
    "crust": Repository(
        "https://github.com/qsdrqs/CRUST-bench", "506fa93252270ba917b312c88ce60f349b6866f7", "datasets"
    ),
    "crust-2026": Repository(
        "https://github.com/benedikt-schesch/CRUST-bench", "4ea3751bf9a069b947abab87530ce90f7d2681fa", "datasets"
    ),
    "rosetta": Repository(
        "https://github.com/SheldonHH/RustMap", "c2341ba20526854a77e09370c1ac0d918ae091dc", "c-code/rosseta-125"
    ),
    "rustine": Repository(
        "https://github.com/Intelligent-CAT-Lab/Rustine", "774ff51e48d4d3a6a73e4864689a042fc1028fc0", "artifacts"
    ),
}


def open_cases(place: str, cache: Path) -> CaseSet:
    """Open a set.

    Parameters
    ----------
    place
        A folder, a ``.zip``, ``URL@COMMIT``, or a name of ``KNOWN``; the last two are fetched once.
    cache
        Folder for what is fetched.

    Raises
    ------
    CasesUnavailable
        If there is none, or it cannot be fetched.
    """
    named = _REPOSITORY.match(place)
    if Path(place).exists() or not (named or place in KNOWN):
        return cases_of(store_at(Path(place)))
    repository = Repository(named["url"], named["commit"]) if named else KNOWN[place]
    return cases_of(store_at(fetched(repository, cache)))


def cases_of(store: Store) -> CaseSet:
    """Tell what kind of set some files are, by how they are laid out."""
    paths = store.paths()
    if any("CBench" in path.split("/")[:-1] for path in paths):
        return CrustData(store)
    if any(path.endswith("/translate/Cargo.toml") for path in paths):
        return StagedCrates(store)
    return ProjectFolders(store)


def fetched(repository: Repository, cache: Path) -> Path:
    """Return the folder with the files that are wanted of a repository, fetched if it is not there.

    Raises
    ------
    CasesUnavailable
        If git cannot fetch them.
    """
    name = repository.url.rstrip("/").rpartition("/")[2].removesuffix(".git")
    part = repository.folder.replace("/", "+")
    place = cache / f"{name}-{repository.commit[:12]}{f'-{part}' if part else ''}"
    if not place.is_dir():
        unfinished = place.with_name(f"{place.name}.part")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        _fetch(repository, unfinished)
        unfinished.rename(place)
    return place / repository.folder


def _fetch(repository: Repository, folder: Path) -> None:
    _git(repository, folder, "init", "--quiet")
    if repository.folder:
        _git(repository, folder, "sparse-checkout", "set", repository.folder)
    _git(repository, folder, "remote", "add", "origin", repository.url)
    depth = ("--depth", "1", "--filter=blob:none")
    _git(repository, folder, "fetch", "--quiet", *depth, "origin", repository.commit)
    _git(repository, folder, "checkout", "--quiet", "--detach", "FETCH_HEAD")


def _git(repository: Repository, folder: Path, *words: str) -> None:
    argv = ["git", "-C", str(folder), "-c", "core.hooksPath=/dev/null", *words]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=FETCH_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as err:
        raise CasesUnavailable(f"git {words[0]} of {repository.url} did not end: {err}", _hint(repository)) from err
    if done.returncode:
        told = " ".join(done.stderr.split())[-300:]
        raise CasesUnavailable(f"git {words[0]} of {repository.url} fails: {told}", _hint(repository))


def _hint(repository: Repository) -> str:
    return f"get commit {repository.commit[:12]} by other means and name its folder with --data"
