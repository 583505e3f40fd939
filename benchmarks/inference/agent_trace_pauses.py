"""How long the tools of recorded loops take: their recorded calls are made again, on clones as they are now."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from repowright.agent.graph_tools import FetchArguments, GraphReader, SearchArguments
from repowright.agent.workflows.locate.shell import LIMITS
from repowright.benchmarks.localisation.cases import CasesError
from repowright.benchmarks.localisation.corpora import git_folder
from repowright.benchmarks.localisation.trees import tree_files
from repowright.executors import choose
from repowright.graph.encode import encode, load_graph
from repowright.graph.errors import GraphError
from repowright.graph.sources import SnapshotSources
from repowright.repo_tools.snapshot import MemorySnapshot

_log = logging.getLogger(__name__)
TEST_RUN = "run_tests"
_AT = "HEAD"


@dataclass(frozen=True)
class ToolCall:
    """A recorded call of a tool."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """A recorded call of a model; prompt and answer in tokens.

    Parameters
    ----------
    subject
        What it was about: a repository, for those that localise.
    """

    subject: str
    prompt: int
    answer: int
    tools: tuple[ToolCall, ...]

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Call:
        """Read a recorded reply."""
        body = raw["body"]
        used = tuple(ToolCall(each["name"], _arguments(each["arguments"])) for each in body["tool_calls"] or ())
        return cls(raw["subject"], body["usage"]["prompt_tokens"], body["usage"]["completion_tokens"], used)


def measured(calls: Iterable[Call], examples: Path, repositories: Path) -> dict[str, list[float]]:
    """Return the seconds that calls of each tool took.

    Parameters
    ----------
    examples
        Folder of recordings: the durations of their test runs count as they were recorded.
    repositories
        Folder of clones; calls about a repository that is not there are left out.
    """
    found: dict[str, list[float]] = {TEST_RUN: recorded_test_runs(examples)}
    by_subject: dict[str, list[ToolCall]] = {}
    for call in calls:
        by_subject.setdefault(call.subject, []).extend(call.tools)
    for subject, tools in sorted(by_subject.items()):
        try:
            clone = git_folder(repositories, subject)
        except CasesError:
            _log.info("no clone of %s: its calls are not made again", subject)
            continue
        for tool, seconds in asyncio.run(_again(clone, tools)):
            found.setdefault(tool, []).append(seconds)
    return found


def recorded_test_runs(examples: Path) -> list[float]:
    """Return how long the recorded test runs took, seconds."""
    files = sorted(examples.rglob("record/sandbox/*.json"))
    runs = (json.loads(json.loads(file.read_text(encoding="utf-8"))["body"]["text"]) for file in files)
    return [float(run["duration_s"]) for run in runs if "duration_s" in run]


async def _again(clone: Path, tools: list[ToolCall]) -> list[tuple[str, float]]:
    files = tree_files(clone, _AT)
    source = MemorySnapshot(files, clone.parent.name)
    found = []
    with TemporaryDirectory() as folder, closing(choose()) as sandbox, sandbox.open(LIMITS) as box:
        box.put(files)
        graph = load_graph(encode(source, Path(folder) / "graph.rpg", languages=("python",)).store_path)
        reader = GraphReader(graph, SnapshotSources(source))
        for call in tools:
            begun = time.monotonic()
            if call.tool == "shell":
                box.run(["bash", "-c", str(call.arguments["command"])], LIMITS)
            elif not await _looked_up(reader, call):
                continue
            found.append((call.tool, time.monotonic() - begun))
    return found


async def _looked_up(reader: GraphReader, call: ToolCall) -> bool:
    try:
        if call.tool == "fetch":
            await reader.fetch(FetchArguments.model_validate(call.arguments))
        elif call.tool == "search":
            await reader.search(SearchArguments.model_validate(call.arguments))
        else:
            return False
    except GraphError as err:
        _log.info("answered with a refusal: %s", err)
    return True


def _arguments(raw: str | Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(raw) if isinstance(raw, str) else raw
    return found
