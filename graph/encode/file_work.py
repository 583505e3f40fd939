"""What is done with one file: read and parsed, then resolved. Pure functions of what they are given."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import ormsgpack

from repowright.graph.encode.contribution import Contribution, EdgeRow, Resolver, Value
from repowright.graph.encode.edges import pack_edges
from repowright.graph.encode.nodes import node_rows, unread_rows
from repowright.graph.encode.world import PackedContribution, RecordingWorld, pack_contribution
from repowright.graph.kinds import EdgeKind
from repowright.repo_tools import facts_codec
from repowright.repo_tools.errors import RepoToolsError
from repowright.repo_tools.facts import FileFacts
from repowright.repo_tools.languages.registry import frontend_for
from repowright.repo_tools.snapshot import Snapshot, blob_id

_log = logging.getLogger(__name__)
_IMPORTS = EdgeKind.IMPORTS.value
_NOTHING = pack_contribution(Contribution())


class FileJob(NamedTuple):
    """A file to be read.

    Parameters
    ----------
    facts
        Its facts where they are known already; then the file is not read.
    problem
        Why it cannot be read; then nobody tries.
    size
        Bytes, as far as known: large files are read first.
    """

    path: str
    content: str
    facts: bytes | None = None
    problem: str = ""
    size: int = 0


class ReadFile(NamedTuple):
    """What came of reading a file.

    Parameters
    ----------
    content
        Blob id of what was really read; the file may have changed since it was listed.
    facts
        Packed facts; empty where the file could not be read.
    parsed
        Whether a frontend read it now.
    """

    path: str
    content: str
    facts: bytes
    contribution: PackedContribution
    nodes: bytes
    node_count: int
    is_test: bool
    error: str
    parsed: bool


class KeptFile(NamedTuple):
    """What the process that reads a file keeps of it, so that it gets neither from elsewhere and unpacks neither.

    Parameters
    ----------
    entries
        Those of its contribution.
    """

    facts: FileFacts
    entries: Mapping[str, Value]


class ResolvedFile(NamedTuple):
    """What came of resolving a file: packed edges, packed lookups, ids of the imported.

    The defaults are what comes of a file that has no facts.
    """

    path: str
    edges: bytes = b""
    edge_count: int = 0
    lookups: bytes = b""
    imported: Sequence[str] = ()
    error: str = ""


def read_file(job: FileJob, snapshot: Snapshot, resolver: Resolver) -> tuple[ReadFile, KeptFile | None]:
    """Read one file; whatever is wrong with it becomes its error."""
    if job.problem:
        return _unread(job, job.content, job.problem), None
    if job.facts is not None:
        return _done(job.content, facts_codec.unpack(job.path, job.facts), job.facts, resolver, parsed=False)
    try:
        source = snapshot.read(job.path)
    except RepoToolsError as err:
        return _unread(job, f"!{err.message}", err.message), None
    content = blob_id(source) if snapshot.revision == "" else job.content
    try:
        facts = frontend_for(job.path).read(job.path, source)
        return _done(content, facts, facts_codec.pack(facts), resolver, parsed=True)
    except Exception as err:
        # The top of the loop over foreign files: one that a frontend falls over must not end the encoding.
        _log.debug("cannot parse %s", job.path, exc_info=err)
        return _unread(job, content, f"cannot be parsed: {_one_line(err)}"), None


def resolve_file(facts: FileFacts, world: RecordingWorld, resolver: Resolver) -> ResolvedFile:
    """Find the edges that lead from one file."""
    rows: list[EdgeRow] = []
    error = ""
    try:
        rows = resolver.resolve(facts, world)
    except Exception as err:
        # As above: the file keeps its nodes, and the report names it.
        _log.debug("cannot resolve %s", facts.path, exc_info=err)
        error = f"cannot be resolved: {_one_line(err)}"
    edges = pack_edges(rows)
    imported = sorted({row.dst for row in rows if row.kind == _IMPORTS})
    return ResolvedFile(facts.path, edges, len(rows), world.take_lookups(), imported, error)


def _done(
    content: str, facts: FileFacts, packed: bytes, resolver: Resolver, *, parsed: bool
) -> tuple[ReadFile, KeptFile]:
    rows = node_rows(facts)
    nodes = ormsgpack.packb(list(map(tuple, rows)))
    error = "; ".join(f"line {problem.line}: {problem.message}" for problem in facts.errors[:3])
    contribution = resolver.contribution(facts)
    offered, tested = pack_contribution(contribution), "test" in rows[0].tags
    outcome = ReadFile(facts.path, content, packed, offered, nodes, len(rows), tested, error, parsed)
    return outcome, KeptFile(facts, contribution.entries)


def _unread(job: FileJob, content: str, problem: str) -> ReadFile:
    nodes = ormsgpack.packb(list(map(tuple, unread_rows(job.path, problem))))
    return ReadFile(job.path, content, b"", _NOTHING, nodes, 1, False, problem, False)


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
