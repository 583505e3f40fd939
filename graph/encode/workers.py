"""Files are read and resolved in this process when they are few, and on all cores when they are many.

A worker keeps the facts of the files it read, so that they travel nowhere to be resolved. What is done, and its
outcome, does not depend on who does it.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from repowright.graph.encode.contribution import Resolver
from repowright.graph.encode.file_work import FileJob, ReadFile, ResolvedFile, read_file, resolve_file
from repowright.graph.encode.world import MergedSource, RecordingWorld, Source
from repowright.graph.errors import EncodeError
from repowright.repo_tools import facts_codec
from repowright.repo_tools.facts import FileFacts
from repowright.repo_tools.snapshot import Snapshot

FEW = 40
"""Files up to which starting processes costs more than it saves."""
_READ_CHUNK = 24
_RESOLVE_CHUNK = 48
_AHEAD = 2


class ResolveJob(NamedTuple):
    """A file to be resolved; its facts are needed only by a worker that has not read it."""

    path: str
    facts: bytes = b""


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
    """This process does it all."""

    def __init__(self, snapshot: Snapshot, resolver: Resolver) -> None:
        self._snapshot = snapshot
        self._resolver = resolver
        self._facts: dict[str, FileFacts] = {}

    def read(self, jobs: Sequence[FileJob]) -> Iterator[ReadFile]:
        """Read files in their order."""
        for job in jobs:
            outcome, facts = read_file(job, self._snapshot, self._resolver)
            if facts is not None:
                self._facts[job.path] = facts
            yield outcome

    def resolve(self, jobs: Sequence[ResolveJob], source: Source) -> Iterator[ResolvedFile]:
        """Resolve files in their order."""
        world = RecordingWorld(source)
        for job in jobs:
            facts = self._facts.get(job.path) or facts_codec.unpack(job.path, job.facts)
            yield resolve_file(facts, world, self._resolver)

    def known(self) -> Collection[str]:
        """Return the paths of files whose facts are here."""
        return self._facts.keys()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        return None


class Processes:
    """One process a core.

    Raises
    ------
    EncodeError
        While working, if a process ends before its work does.
    """

    def __init__(self, snapshot: Snapshot, resolver: Resolver, count: int) -> None:
        context = multiprocessing.get_context(_start_method())
        self._pipes: list[Connection] = []
        self._processes = []
        for _ in range(count):
            ours, theirs = context.Pipe()
            others = tuple(self._pipes) if context.get_start_method() == "fork" else ()
            process = context.Process(target=_work, args=(theirs, (*others, ours), snapshot, resolver), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)
        self._holder: dict[str, int] = {}

    def read(self, jobs: Sequence[FileJob]) -> Iterator[ReadFile]:
        """Read files, whoever is free the next few."""
        chunks = [jobs[at : at + _READ_CHUNK] for at in range(0, len(jobs), _READ_CHUNK)][::-1]
        shares = [chunks] * len(self._pipes)
        for worker, outcomes in self._rounds("read", shares):
            for outcome in outcomes:
                read = ReadFile(*outcome)  # type: ignore[arg-type]
                if read.facts:
                    self._holder[read.path] = worker
                yield read

    def resolve(self, jobs: Sequence[ResolveJob], source: Source) -> Iterator[ResolvedFile]:
        """Resolve files, each where its facts are."""
        merged = source if isinstance(source, MergedSource) else None
        if merged is None:
            raise EncodeError("processes resolve against merged contributions only", "this is a fault of repowright")
        for pipe in self._pipes:
            pipe.send(("world", tuple(merged)))
        shares: list[list[Sequence[ResolveJob]]] = []
        for worker in range(len(self._pipes)):
            own = [job for number, job in enumerate(jobs) if self._worker_of(job, number) == worker]
            shares.append([own[at : at + _RESOLVE_CHUNK] for at in range(0, len(own), _RESOLVE_CHUNK)][::-1])
        for _, outcomes in self._rounds("resolve", shares):
            yield from (ResolvedFile(*outcome) for outcome in outcomes)

    def known(self) -> Collection[str]:
        """Return the paths of files whose facts some worker has."""
        return self._holder.keys()

    def _worker_of(self, job: ResolveJob, number: int) -> int:
        return self._holder.get(job.path, number % len(self._pipes))

    def _rounds(
        self, task: str, shares: Sequence[list[Sequence[object]]]
    ) -> Iterator[tuple[int, list[tuple[object, ...]]]]:
        """Keep every worker busy with chunks of its share and yield outcomes as they come.

        A worker gets its next chunk while it is at one, unless chunks are so large that both sides could wait for
        the other to take what it sends.
        """
        ahead = (
            1
            if any(isinstance(part, bytes) for share in shares for chunk in share for job in chunk for part in job)
            else _AHEAD
        )
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

    def _hand_out(self, pipe: Connection, task: str, share: list[Sequence[object]]) -> int:
        if not share:
            return 0
        try:
            pipe.send((task, [tuple(job) for job in share.pop()]))  # type: ignore[arg-type]
        except OSError as err:
            raise _ended() from err
        return 1

    def _received(self, pipe: Connection) -> list[tuple[object, ...]]:
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


def _start_method() -> str:
    """A fork takes only the calling thread along: with others running it may take their locks along, closed."""
    if sys.platform == "linux":
        return "fork" if threading.active_count() == 1 else "forkserver"
    return "spawn"


def _ended() -> EncodeError:
    return EncodeError("a worker process ended before its work did", "see whether memory ran out, and try again")


def _work(pipe: Connection, others: Iterable[Connection], snapshot: Snapshot, resolver: Resolver) -> None:
    """Serve one pipe until it says ``end``; what goes wrong is sent, not shown."""
    for other in others:
        other.close()
    # Records live until the end; looking for cycles among them costs a fifth of the time and finds none.
    import gc

    gc.disable()
    facts: dict[str, FileFacts] = {}
    world: RecordingWorld | None = None
    with suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            task, given = pipe.recv()
            if task == "end":
                return
            try:
                if task == "world":
                    world = RecordingWorld(MergedSource(*given))
                elif task == "read":
                    pipe.send(_read([FileJob(*job) for job in given], snapshot, resolver, facts))
                elif world is not None:
                    pipe.send(_resolve([ResolveJob(*job) for job in given], world, resolver, facts))
            except (EncodeError, ValueError) as err:
                pipe.send(err)


def _read(
    jobs: Sequence[FileJob], snapshot: Snapshot, resolver: Resolver, kept: dict[str, FileFacts]
) -> list[tuple[object, ...]]:
    outcomes: list[tuple[object, ...]] = []
    for job in jobs:
        outcome, facts = read_file(job, snapshot, resolver)
        if facts is not None:
            kept[job.path] = facts
        outcomes.append((*outcome[:3], outcome.contribution, *outcome[4:]))
    return outcomes


def _resolve(
    jobs: Sequence[ResolveJob], world: RecordingWorld, resolver: Resolver, kept: Mapping[str, FileFacts]
) -> list[tuple[object, ...]]:
    return [
        tuple(resolve_file(kept.get(job.path) or facts_codec.unpack(job.path, job.facts), world, resolver))
        for job in jobs
    ]
