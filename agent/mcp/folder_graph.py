"""The graph of one folder, encoded when it is first asked for and brought up to date before each answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread
import xxhash

from repowright.graph.encode import Encoded, Means, UpdateReport, encode, load_graph
from repowright.graph.encode.pipeline import Progress
from repowright.graph.errors import StoreLocked
from repowright.graph.locate.locator import Locator
from repowright.graph.locate.reading import stored_corpus
from repowright.graph.model import RPG
from repowright.graph.opening import find_graph
from repowright.graph.references import References
from repowright.graph.search import SearchIndex
from repowright.graph.searching import stored_index
from repowright.graph.sources import SnapshotSources
from repowright.graph.store import Store, is_stored_graph
from repowright.repo_tools.snapshot_tree import WorkTreeSnapshot

T = TypeVar("T")

BEHIND = "another process is encoding this folder; the answer may be behind its files"


def _silent(stage: str, done: int, of: int) -> None:
    """Tell nobody."""


@dataclass
class Look:
    """One state of the graph with its code; what answers are looked up by is made once and kept.

    Parameters
    ----------
    state
        Tells this state from any other.
    report
        What it took to come here.
    note
        Why the state may not be that of the files; empty if it is.
    """

    folder: Path
    store_path: Path
    rpg: RPG
    state: str
    report: UpdateReport | None = None
    note: str = ""
    snapshot: WorkTreeSnapshot = field(init=False)

    def __post_init__(self) -> None:
        self.snapshot = WorkTreeSnapshot(self.folder)

    @cached_property
    def sources(self) -> SnapshotSources:
        """The code."""
        return SnapshotSources(self.snapshot)

    @cached_property
    def references(self) -> References:
        """What nodes are called."""
        return References(self.rpg)

    @cached_property
    def index(self) -> SearchIndex:
        """What search looks words up in."""
        return stored_index(self.store_path, self.rpg, self.snapshot)

    @cached_property
    def locator(self) -> Locator:
        """What finds the code that an issue is about."""
        with Store(self.store_path) as store:
            return Locator(stored_corpus(store, self.snapshot))


class FolderGraph:
    """Answers questions on a folder's graph, one at a time and in a thread, so that its loop stays free.

    Parameters
    ----------
    folder
        Of a repository, or any folder.
    workers
        Processes that encode; as `Means` has it.
    """

    def __init__(self, folder: Path, workers: int | None = None) -> None:
        self.folder = folder
        self._workers = workers
        self._lock = anyio.Lock()
        self._look: Look | None = None

    async def ask(self, act: Callable[[Look], T], progress: Progress = _silent) -> T:
        """Return what ``act`` says of the graph as the files are now.

        A caller who gives up waits until the thread is done, so that no two threads touch the graph.

        Raises
        ------
        RepoToolsError, GraphError
            If the folder cannot be encoded, or whatever ``act`` raises.
        """
        async with self._lock:
            return await anyio.to_thread.run_sync(lambda: act(self._fresh(progress)))

    def _fresh(self, progress: Progress) -> Look:
        try:
            encoded = encode(self.folder, means=Means(workers=self._workers, progress=progress))
            return self._opened(encoded)
        except StoreLocked:
            return self._behind()

    def _opened(self, encoded: Encoded) -> Look:
        state = _state(encoded.store_path)
        if self._look is None or self._look.state != state:
            self._look = Look(self.folder, encoded.store_path, encoded.graph(), state)
        self._look.report, self._look.note = encoded.report, ""
        return self._look

    def _behind(self) -> Look:
        """Return the last state there is while another process writes the next.

        Raises
        ------
        StoreLocked
            If there is none, or it cannot be read just now.
        """
        if self._look is None:
            found = find_graph(self.folder)
            if found is None or not is_stored_graph(found.path):
                raise StoreLocked(f"another process encodes {self.folder} for the first time", "ask again later")
            self._look = Look(self.folder, found.path, load_graph(found.path), _state(found.path))
        self._look.report, self._look.note = None, BEHIND
        return self._look


def _state(path: Path) -> str:
    """Return a digest of the files of a stored graph and of what a model wrote of them.

    What an update reports is not enough: the graph may be another since another process brought it up to date.
    """
    digest = xxhash.xxh3_128()
    with Store(path, read_only=True) as store, store.reading():
        for name, row in sorted(store.files().items()):
            digest.update(f"{name}\0{row.content}\0{row.reader}\n".encode("utf-8", "surrogatepass"))
        for key, lift in sorted(store.lifts().items()):
            digest.update(f"{key}\0{lift.content}\0{lift.feature}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
