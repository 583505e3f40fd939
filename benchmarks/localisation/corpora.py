"""The tree of a case's commit as a corpus: only what stands in that tree, nothing of what came after."""

from __future__ import annotations

from pathlib import Path

from repowright.benchmarks.localisation.bag_cache import BagCache
from repowright.benchmarks.localisation.cases import Case, CasesError
from repowright.graph.encode.test_code import is_test
from repowright.graph.locate.corpus import Corpus
from repowright.repo_tools.errors import RepoToolsError
from repowright.repo_tools.facts import FileFacts
from repowright.repo_tools.git_objects import GitObjects
from repowright.repo_tools.languages.registry import is_source
from repowright.repo_tools.snapshot_revision import RevisionSnapshot


def git_folder(repositories: Path, repository: str) -> Path:
    """Return the git folder of ``owner/name`` below a folder of clones.

    A clone is called ``owner/name``, ``owner+name``, ``owner__name`` or ``name``; a fork under the same name serves
    if the owner's own is not there. It may be bare, or hold its git folder as ``repo`` or ``.git``.

    Raises
    ------
    CasesError
        If there is none.
    """
    name = repository.rpartition("/")[2]
    exact = [repositories / repository.replace("/", mark) for mark in ("/", "+", "__")]
    forks = sorted(repositories.glob(f"*+{name}")) + sorted(repositories.glob(f"*__{name}"))
    for clone in (*exact, repositories / name, *forks):
        for folder in (clone / "repo", clone / ".git", clone):
            if (folder / "HEAD").is_file():
                return folder
    raise CasesError(f"no clone of {repository} below {repositories}", "clone it there, history included")


def corpus_of(case: Case, repositories: Path, cache: BagCache, suffixes: tuple[str, ...] = (".py",)) -> Corpus:
    """Return the corpus of a case's commit, in files of these endings.

    Raises
    ------
    CasesError
        If there is no clone.
    RepoToolsError
        If the clone lacks the commit.
    """
    snapshot = RevisionSnapshot(GitObjects.find(git_folder(repositories, case.repository)), case.commit)
    listing = snapshot.listing(lambda path: path.endswith(suffixes) and is_source(path), {})
    files, purposes = [], dict[tuple[str, str], str]()
    for entry in listing.files:
        if is_test(entry.path, FileFacts(entry.path, "")):
            continue
        known, words = cache.known(entry.path, entry.content)
        if not known:
            try:
                words = cache.add(entry.path, entry.content, snapshot.read(entry.path))
            except RepoToolsError:
                continue
        if words is not None:
            files.append((entry.path, words.bag))
            purposes.update(((entry.path, name), text) for name, text in words.purposes.items())
    cache.commit()
    return Corpus(files, purposes)
