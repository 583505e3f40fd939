"""Files are read and resolved in this process when they are few, and on all cores when they are many.

A worker keeps the facts of the files it read, so that they travel nowhere to be resolved. What is done, and its
outcome, does not depend on who does it.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import sys
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Protocol, Self

from repowright.graph.encode.contribution import Resolver
from repowright.graph.encode.file_work import FileJob, KeptFile, ReadFile, ResolvedFile, read_file, resolve_file
from repowright.graph.encode.worker import ResolveJob, facts_of, serve
from repowright.graph.encode.world import RecordingWorld, Source
from repowright.graph.errors import EncodeError
from repowright.repo_tools.snapshot import Snapshot

FEW = 40
"""Files up to which starting processes costs more than it saves."""
_READ_CHUNK = 48
_READ_BYTES = 400_000
_RESOLVE_CHUNK = 48
_AHEAD = 2


class Crew(Protocol):
    """Who reads and resolves files."""

    def read(self, jobs: Sequence[FileJob]) -> Iterator[ReadFile]:
        """Read files; outcomes come in no particular order."""

    def resolve(self, jobs: Sequence[ResolveJob], source: Source) -> Iterator[ResolvedFile]:
        """Resolve files against what all files contribute; outcomes come in no particular order."""

    def known(self) -> Collection[str]:
        """Return the paths of files whose facts need not be handed out again."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Let everybody go."""


class Alone:
    """This process does it all, and meanwhile looks for no cycles: see `worker.serve`."""

    def __init__(self, snapshot: Snapshot, resolver: Resolver) -> None:
        self._snapshot = snapshot
        self._resolver = resolver
        self._kept: dict[str, KeptFile] = {}
        self._collecting = False

    def read(self, jobs: Sequence[FileJob]) -> Iterator[ReadFile]:
        """Read files in their order."""
        for job in jobs:
            outcome, own = read_file(job, self._snapshot, self._resolver)
            if own is not None:
                self._kept[job.path] = own
            yield outcome

    def resolve(self, jobs: Sequence[ResolveJob], source: Source) -> Iterator[ResolvedFile]:
        """Resolve files in their order."""
        world = RecordingWorld(source, {path: each.entries for path, each in self._kept.items()})
        for job in jobs:
            yield resolve_file(facts_of(job, self._kept), world, self._resolver)

    def known(self) -> Collection[str]:
        """Return the paths of files whose facts are here."""
        return self._kept.keys()

    def __enter__(self) -> Self:
        self._collecting = gc.isenabled()
        gc.disable()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._collecting:
            gc.enable()


class Processes:
    """One process a core.

    Raises
    ------
    EncodeError
        While working, if a process ends before its work does.
    """

    def __init__(self, snapshot: Snapshot, resolver: Resolver, count: int) -> None:
        method = _start_method()
        context = multiprocessing.get_context(method)
        make: Any = context.Process  # type: ignore[attr-defined]
        self._pipes: list[Connection] = []
        self._processes: list[BaseProcess] = []
        for _ in range(count):
            ours, theirs = context.Pipe()
            others = tuple(self._pipes) if method == "fork" else ()
            process = make(target=serve, args=(theirs, (*others, ours), snapshot, resolver), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)
        self._holder: dict[str, int] = {}

    def read(self, jobs: Sequence[FileJob]) -> Iterator[ReadFile]:
        """Read files, whoever is free the next few."""
        shares = [_chunks(jobs)[::-1]] * len(self._pipes)
        ahead = 1 if any(job.facts for job in jobs) else _AHEAD
        for worker, outcomes in self._rounds("read", shares, ahead):
            for outcome in outcomes:
                if outcome.facts:
                    self._holder[outcome.path] = worker
                yield outcome

    def resolve(self, jobs: Sequence[ResolveJob], source: Source) -> Iterator[ResolvedFile]:
        """Resolve files, each where its facts are; the source must be a merged one."""
        world = pickle.dumps(("world", source), pickle.HIGHEST_PROTOCOL)
        for pipe in self._pipes:
            pipe.send_bytes(world)
        shares: list[list[Sequence[ResolveJob]]] = []
        for worker in range(len(self._pipes)):
            own = [job for number, job in enumerate(jobs) if self._worker_of(job, number) == worker]
            chunks: list[Sequence[ResolveJob]] = [
                own[at : at + _RESOLVE_CHUNK] for at in range(0, len(own), _RESOLVE_CHUNK)
            ]
            shares.append(chunks[::-1])
        ahead = 1 if any(job.facts for job in jobs) else _AHEAD
        for _, outcomes in self._rounds("resolve", shares, ahead):
            yield from outcomes

    def known(self) -> Collection[str]:
        """Return the paths of files whose facts some worker has."""
        return self._holder.keys()

    def _worker_of(self, job: ResolveJob, number: int) -> int:
        return self._holder.get(job.path, number % len(self._pipes))

    def _rounds(self, task: str, shares: Sequence[list[Sequence[Any]]], ahead: int) -> Iterator[tuple[int, list[Any]]]:
        """Keep every worker busy with chunks of its share and yield outcomes as they come.

        Parameters
        ----------
        ahead
            Chunks a worker has at a time. It is 1 where chunks are so large that both sides could wait for the other
            to take what it sends.
        """
        numbers = {pipe: number for number, pipe in enumerate(self._pipes)}
        busy = dict.fromkeys(self._pipes, 0)
        for _ in range(ahead):
            for pipe, number in numbers.items():
                busy[pipe] += self._hand_out(pipe, task, shares[number])
        while any(busy.values()):
            for ready in wait([pipe for pipe, count in busy.items() if count]):
                assert isinstance(ready, Connection)
                outcomes = self._received(ready)
                busy[ready] += self._hand_out(ready, task, shares[numbers[ready]]) - 1
                yield numbers[ready], outcomes

    def _hand_out(self, pipe: Connection, task: str, share: list[Sequence[Any]]) -> int:
        if not share:
            return 0
        try:
            pipe.send((task, share.pop()))
        except OSError as err:
            raise _ended() from err
        return 1

    def _received(self, pipe: Connection) -> list[Any]:
        try:
            found = pipe.recv()
        except (EOFError, OSError) as err:
            raise _ended() from err
        if isinstance(found, BaseException):
            raise found
        return found  # type: ignore[no-any-return]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for pipe in self._pipes:
            with suppress(OSError):
                pipe.send(("end", None))
            pipe.close()
        for process in self._processes:
            if kind is not None:
                process.terminate()
            process.join()


def crew(count: int, snapshot: Snapshot, resolver: Resolver, workers: int | None = None) -> Crew:
    """Return who shall do the work on that many files.

    Parameters
    ----------
    workers
        Number of processes; one a core if it is `None`, none at all if it is 0.
    """
    wanted = cores() if workers is None else workers
    if wanted < 1 or (workers is None and (count < FEW or wanted == 1)):
        return Alone(snapshot, resolver)
    return Processes(snapshot, resolver, wanted)


def cores() -> int:
    """Return the number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _chunks(jobs: Sequence[FileJob]) -> list[Sequence[FileJob]]:
    """Cut jobs into chunks, the largest files first, so that no large one is left for the end."""
    chunks: list[list[FileJob]] = [[]]
    room = _READ_BYTES
    for job in sorted(jobs, key=lambda each: (-each.size, each.path)):
        if len(chunks[-1]) == _READ_CHUNK or room < 0:
            chunks.append([])
            room = _READ_BYTES
        chunks[-1].append(job)
        room -= job.size
    return list(chunks)


def _start_method() -> str:
    """A fork takes only the calling thread along: with others running it may take their locks along, closed."""
    if sys.platform == "linux":
        return "fork" if threading.active_count() == 1 else "forkserver"
    return "spawn"


def _ended() -> EncodeError:
    return EncodeError("a worker process ended before its work did", "see whether memory ran out, and try again")
