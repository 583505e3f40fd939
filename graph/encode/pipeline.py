"""One mechanism: bring a stored graph to the state of a snapshot.

Encoding is the update of an empty store, evolving the update of a filled one. What a file's nodes and edges are
depends on its own facts and on the answers to its recorded lookups alone; so after any sequence of updates the
graph is the one that a clean encoding gives.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from repowright.graph.encode import nodes
from repowright.graph.encode.contribution import Resolver
from repowright.graph.encode.file_work import FileJob, ResolvedFile
from repowright.graph.encode.ledger import Ledger, facts_key
from repowright.graph.encode.plan import Plan, known_files, planned
from repowright.graph.encode.readers import Readers
from repowright.graph.encode.report import UpdateReport
from repowright.graph.encode.skeleton import group_nodes, plan_skeleton
from repowright.graph.encode.stored_world import StoredSource, files_asking, merged_source
from repowright.graph.encode.worker import ResolveJob
from repowright.graph.encode.workers import Alone, Crew, crew
from repowright.graph.encode.world import MergedSource, Source
from repowright.graph.store import FileRow, Store
from repowright.repo_tools.snapshot import Listing, Snapshot

Progress = Callable[[str, int, int], None]
"""Told of a stage, how many files are done, and how many there are."""

_MANY = 300
"""Files to resolve from which processes are worth starting for that alone."""


@dataclass(frozen=True)
class Means:
    """What an update works with.

    Parameters
    ----------
    resolver
        How files find each other's definitions; the product's own if it is `None`.
    workers
        Number of processes; `None` for one a core where files are many, 0 for none.
    """

    resolver: Resolver | None = None
    workers: int | None = None
    progress: Progress = lambda stage, done, of: None


def update(
    store: Store, snapshot: Snapshot, languages: Collection[str] | None = None, means: Means | None = None
) -> UpdateReport:
    """Bring the stored graph to the state of the snapshot, all or nothing, and tell what it took.

    Parameters
    ----------
    languages
        Names of the languages to read; `None` for those of the last update, empty for all.

    Raises
    ------
    RepoToolsError
        If the snapshot cannot be listed.
    StoreError
        If the store cannot be written.
    EncodeError
        If a language is unknown or a worker process died.
    """
    with store.writing():
        return _Update(store, snapshot, languages, means or Means()).run()


class _Update:
    """One update, from listing to report."""

    def __init__(self, store: Store, snapshot: Snapshot, languages: Collection[str] | None, means: Means) -> None:
        self._store, self._snapshot, self._means = store, snapshot, means
        self._meta = store.meta()
        self._readers = Readers(self._meta.get("languages", "").split() if languages is None else languages)
        self._resolver, version = _resolver(means.resolver)
        self._encoder = f"{nodes.VERSION}.{version}"
        self._seconds: dict[str, float] = {}
        self._merged: MergedSource | None = None

    def run(self) -> UpdateReport:
        held = self._store.files()
        with self._clock("list"):
            listing = self._snapshot.listing(self._readers.wants, known_files(held), unread=not held)
            afresh = self._meta.get("encoder", self._encoder) != self._encoder
            plan = planned(held, listing, self._readers.reader, afresh)
        ledger = Ledger(self._store, held, {entry.path: entry for entry in listing.files})
        done = _Done()
        if not plan.is_empty:
            done = self._work(plan, ledger)
        self._store.put_files(plan.touched)
        moved = self._group(ledger) if ledger.outline_changed else 0
        return self._finish(listing, plan, ledger, done, moved)

    def _work(self, plan: Plan, ledger: Ledger) -> _Done:
        ledger.remove(plan.removed)
        jobs = self._with_facts(plan.jobs) if len(ledger.files) else plan.jobs
        with crew(len(jobs), self._snapshot, self._resolver, self._means.workers) as hands:
            with self._clock("read"):
                parsed = self._read(jobs, hands, ledger)
            with self._clock("merge"):
                fresh = [job.path for job in jobs]
                waiting = self._affected(fresh, ledger)
            with self._clock("resolve"):
                resolved = self._resolve(waiting, hands, ledger)
        if plan.removed or len(jobs) < len(ledger.files):
            self._store.prune_facts(facts_key(row) for row in ledger.files.values())
        return _Done(len(jobs), parsed, resolved)

    def _with_facts(self, jobs: tuple[FileJob, ...]) -> tuple[FileJob, ...]:
        """Give jobs the facts of their content where they are stored: of moved files, or of the same ones."""
        keys = (f"{self._readers.reader(job.path)}:{job.content}" for job in jobs)
        return tuple(job._replace(facts=self._store.facts(key)) for job, key in zip(jobs, keys, strict=True))

    def _read(self, jobs: tuple[FileJob, ...], hands: Crew, ledger: Ledger) -> int:
        parsed = 0
        # In a first encoding the world is merged while others still read; later most of it lies in the store.
        merged = None if ledger.files or isinstance(hands, Alone) else MergedSource({}, {}, {})
        for number, outcome in enumerate(hands.read(jobs)):
            parsed += outcome.parsed
            ledger.take_read(outcome, self._readers.reader(outcome.path))
            if merged is not None:
                merged.add(outcome.path, outcome.contribution)
            self._means.progress("read", number + 1, len(jobs))
        ledger.finish_reading(asked=isinstance(hands, Alone))
        self._merged = merged
        return parsed

    def _affected(self, fresh: list[str], ledger: Ledger) -> list[FileRow]:
        """Return the files to resolve: those read now, and those that asked for what is different now."""
        paths = set(fresh)
        asking = files_asking(self._store, ledger.changed)
        found = [row for row in ledger.files.values() if row.path in paths or row.number in asking]
        return sorted(found, key=lambda row: row.path)

    def _resolve(self, waiting: list[FileRow], hands: Crew, ledger: Ledger) -> int:
        if isinstance(hands, Alone) and self._means.workers is None and len(waiting) >= _MANY:
            with crew(len(waiting), self._snapshot, self._resolver) as more:
                return self._resolve_with(hands if isinstance(more, Alone) else more, waiting, ledger)
        return self._resolve_with(hands, waiting, ledger)

    def _resolve_with(self, hands: Crew, waiting: list[FileRow], ledger: Ledger) -> int:
        known = hands.known()
        jobs = []
        for row in waiting:
            facts = b"" if row.path in known else self._store.facts(facts_key(row))
            if facts is None:
                ledger.take_resolved(ResolvedFile(row.path))
            else:
                jobs.append(ResolveJob(row.path, facts))
        source: Source
        if isinstance(hands, Alone):
            source = StoredSource(self._store)
        else:
            source = self._merged or merged_source(self._store, ledger.files.values())
        for number, outcome in enumerate(hands.resolve(jobs, source)):
            if number == 0:
                ledger.write_index()
            ledger.take_resolved(outcome)
            self._means.progress("resolve", number + 1, len(jobs))
        ledger.write_index()
        ledger.finish_resolving()
        return len(jobs)

    def _group(self, ledger: Ledger) -> int:
        """Plan areas anew and return how many files came to another."""
        with self._clock("areas"):
            old = self._store.groups()
            new = plan_skeleton(ledger.files)
            if old == new:
                return 0
            self._store.put_groups(new)
            (nodes_before, group_before), (nodes_after, group_after) = group_nodes(old), group_nodes(new)
            ledger.nodes.compare({node.id: node for node in nodes_before}, {node.id: node for node in nodes_after})
            return sum(group_before[path] != group_after[path] for path in group_before.keys() & group_after.keys())

    def _finish(self, listing: Listing, plan: Plan, ledger: Ledger, done: _Done, moved: int) -> UpdateReport:
        meta = self._meta
        totals = {
            "nodes": int(meta.get("nodes", 1)) + ledger.nodes.growth,
            "edges": int(meta.get("edges", 0)) + ledger.edges.growth,
        }
        new = {
            "name": meta.get("name") or self._snapshot.name,
            "revision": self._snapshot.revision,
            "languages": " ".join(self._readers.languages),
            "encoder": self._encoder,
        } | {key: str(value) for key, value in totals.items()}
        if new != meta:
            self._store.put_meta(new)
        return UpdateReport(
            revision=self._snapshot.revision,
            files=len(ledger.files),
            others=listing.others,
            read=done.read,
            parsed=done.parsed,
            resolved=done.resolved,
            removed=len(plan.removed),
            renamed=plan.renamed,
            **totals,
            nodes_added=ledger.nodes.added,
            nodes_removed=ledger.nodes.removed,
            nodes_changed=ledger.nodes.changed,
            edges_added=ledger.edges.added,
            edges_removed=ledger.edges.removed,
            edges_changed=ledger.edges.changed,
            moved=moved,
            errors=tuple(
                (row.path, "; ".join(row.error.split("\n")).strip("; ")) for row in ledger.files.values() if row.error
            ),
            unfit=listing.unfit,
            seconds=tuple(self._seconds.items()),
        )

    @contextmanager
    def _clock(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._seconds[stage] = self._seconds.get(stage, 0.0) + time.perf_counter() - start


@dataclass(frozen=True)
class _Done:
    read: int = 0
    parsed: int = 0
    resolved: int = 0


def _resolver(given: Resolver | None) -> tuple[Resolver, int]:
    if given is not None:
        return given, 0
    from repowright.graph.encode.resolve import VERSION, resolver

    return resolver(), VERSION
