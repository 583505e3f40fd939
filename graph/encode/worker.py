"""One worker process: it reads files, keeps their facts, and resolves them when it is told the world."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import NamedTuple

from repowright.graph.encode.contribution import Resolver
from repowright.graph.encode.file_work import FileJob, KeptFile, ReadFile, ResolvedFile, read_file, resolve_file
from repowright.graph.encode.world import RecordingWorld
from repowright.graph.errors import EncodeError
from repowright.repo_tools import facts_codec
from repowright.repo_tools.facts import FileFacts
from repowright.repo_tools.snapshot import Snapshot


class ResolveJob(NamedTuple):
    """A file to be resolved; its packed facts are needed only by a worker that has not read it."""

    path: str
    facts: bytes = b""


def serve(pipe: Connection, others: Iterable[Connection], snapshot: Snapshot, resolver: Resolver) -> None:
    """Serve a pipe until it says ``end``; what goes wrong is sent, not shown.

    Parameters
    ----------
    others
        Ends of pipes that a fork brought along: as long as they are open here, nobody learns of their end.
    """
    for other in others:
        other.close()
    # Records live until the end; looking for cycles among them costs a fifth of the time and finds none.
    gc.disable()
    kept: dict[str, KeptFile] = {}
    world: RecordingWorld | None = None
    with suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            task, given = pipe.recv()
            if task == "end":
                # Nothing is left to be kept, and taking a million records apart takes its time.
                os._exit(0)
            try:
                if task == "world":
                    world = RecordingWorld(given, {path: each.entries for path, each in kept.items()})
                elif task == "read":
                    pipe.send(_read(given, snapshot, resolver, kept))
                elif world is not None:
                    pipe.send(_resolve(given, world, resolver, kept))
            except (EncodeError, ValueError) as err:
                pipe.send(err)


def _read(jobs: Sequence[FileJob], snapshot: Snapshot, resolver: Resolver, kept: dict[str, KeptFile]) -> list[ReadFile]:
    outcomes = []
    for job in jobs:
        outcome, own = read_file(job, snapshot, resolver)
        if own is not None:
            kept[job.path] = own
        outcomes.append(outcome)
    return outcomes


def _resolve(
    jobs: Sequence[ResolveJob], world: RecordingWorld, resolver: Resolver, kept: Mapping[str, KeptFile]
) -> list[ResolvedFile]:
    return [resolve_file(facts_of(job, kept), world, resolver) for job in jobs]


def facts_of(job: ResolveJob, kept: Mapping[str, KeptFile]) -> FileFacts:
    """Return the facts of a file to be resolved: those that were kept, or those that came with the job."""
    own = kept.get(job.path)
    return own.facts if own is not None else facts_codec.unpack(job.path, job.facts)
