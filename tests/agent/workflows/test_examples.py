from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from workshop import Told

from repowright.agent import events
from repowright.agent.event_log import read_events
from repowright.agent.events import LlmReply, RunEnd, SandboxRun
from repowright.agent.manifest import read_manifest
from repowright.agent.runs import list_runs
from repowright.agent.settings import Settings
from repowright.agent.side_record import recorded_shape
from repowright.agent.spec import spec_from_bytes
from repowright.agent.workflows.generate.session import start
from repowright.agent.workflows.lift.session import lift_graph
from repowright.agent.workflows.locate.session import locate_with_model
from repowright.agent.workflows.locate.workflow import TURNS, Task
from repowright.graph.encode import encode, load_graph
from repowright.graph.kinds import NodeKind, State
from repowright.graph.locate.locator import Locator
from repowright.graph.locate.reading import stored_corpus
from repowright.graph.serial import load
from repowright.graph.sources import SnapshotSources
from repowright.graph.store import Store
from repowright.repo_tools.git import GitRepository
from repowright.repo_tools.snapshot_tree import WorkTreeSnapshot

EXAMPLES = Path(__file__).parents[3] / "examples"
RECORDED = sorted(path.parent.name for path in EXAMPLES.glob("*/spec.md"))


def replay(name: str, folder: Path, sandbox: str) -> tuple[RunEnd, Told]:
    recording = EXAMPLES / name / "recording"
    remembered = read_manifest(recording).settings
    settings = Settings.model_validate(remembered.model_dump() | {"sandbox": sandbox, "parallel": 4})
    told = Told()
    end = asyncio.run(
        start(
            spec_from_bytes((EXAMPLES / name / "spec.md").read_bytes(), "spec.md"),
            settings,
            out=folder / "out",
            runs=folder / "runs",
            replay=recording,
            stop_after=None,
            subscribers=[told],
        )
    )
    return end, told


def files_of(folder: Path) -> dict[str, bytes]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and ".git" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_both_examples_are_recorded() -> None:
    assert RECORDED == ["kvstore", "unit-converter"]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", RECORDED)
def test_example_replays_twice_to_the_same_bytes(name: str, tmp_path: Path) -> None:
    ends = []
    for sitting, sandbox in (("first", "bubblewrap"), ("second", "docker")):
        end, told = replay(name, tmp_path / sitting, sandbox)
        assert not told.of(events.Warning), "a sandbox run ended otherwise than in the recording"
        assert {reply.source for reply in told.of(LlmReply)} == {"replay"}
        final = [run for run in told.of(SandboxRun) if run.purpose == "final"]
        assert len(final) == 1 and final[0].passed == end.tests_passed > 0
        ends.append(end)
    one, two = (files_of(tmp_path / sitting / "out") for sitting in ("first", "second"))
    assert one == two
    heads = {GitRepository.open(tmp_path / sitting / "out").head() for sitting in ("first", "second")}
    assert len(heads) == 1
    assert ends[0].tests_failed == ends[1].tests_failed
    assert ends[0].line_coverage is not None and ends[0].line_coverage > 0.9
    if (EXAMPLES / name / "lift").is_dir():
        asyncio.run(_lifted_and_localised(EXAMPLES / name, tmp_path / "first" / "out", tmp_path / name))


async def _lifted_and_localised(example: Path, generated: Path, folder: Path) -> None:
    shutil.copytree(generated, folder)
    snapshot = WorkTreeSnapshot(folder)
    store_path = encode(folder).store_path
    with Store(store_path) as store:
        settings = _recorded(example / "lift")
        done = await lift_graph(store, snapshot.read, settings, name=folder.name, replay=example / "lift")
        assert done.report.lifted > 200 and not done.report.problems
        corpus = stored_corpus(store, snapshot)
    rpg = load_graph(store_path)
    assert "DurablePersistence" in {node.name for node in rpg.nodes(NodeKind.AREA)}
    issue = (example / "locate" / "issue.md").read_text()
    found = Locator(corpus).locate(issue, 20)
    ranked = [each.label for each in found.files], [each.label for each in found.functions]
    task = Task(folder.name, issue, rpg, SnapshotSources(snapshot), *ranked)
    settings, recording = _recorded(example / "locate"), example / "locate"
    judged = (await locate_with_model(task, settings, folder / "record", recording)).judged
    assert judged.ended == "finished" and judged.turns <= TURNS
    assert judged.functions[0] == "src/kvstore/snapshots/cycle.py:SnapshotCycle.snapshot"
    assert set(ranked[1][:5]) <= set(judged.functions[:10])


def _recorded(folder: Path) -> Settings:
    return Settings().with_shape(recorded_shape(folder))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_small_example_is_whole(tmp_path: Path) -> None:
    end, _ = replay("unit-converter", tmp_path, "bubblewrap")
    assert (end.status, end.exit_code, end.units_verified) == ("done", 0, end.units_total)
    rpg = load(tmp_path / "out" / "graph.json")
    features = rpg.nodes(NodeKind.FEATURE)
    assert features and all(node.state is State.VERIFIED for node in rpg)
    commits = GitRepository.open(tmp_path / "out").log()
    assert len(commits) > end.units_total
    (run,) = list_runs(tmp_path / "runs")
    told = list(read_events(run.folder / "events.jsonl"))
    assert told[-1].type == "run.end"
    wanted = {"README.md", "pyproject.toml", "graph.json", ".gitignore"}
    assert wanted <= {path.name for path in (tmp_path / "out").iterdir()}
