from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from workshop import Told

from repowright.agent import events
from repowright.agent.event_log import read_events
from repowright.agent.events import LlmReply, RunEnd, SandboxRun
from repowright.agent.manifest import read_manifest
from repowright.agent.runs import list_runs
from repowright.agent.settings import Settings
from repowright.agent.spec import spec_from_bytes
from repowright.agent.workflows.generate.session import start
from repowright.graph.kinds import NodeKind, State
from repowright.graph.serial import load
from repowright.repo_tools.git import GitRepository

EXAMPLES = Path(__file__).parents[3] / "examples"
RECORDED = sorted(path.parent.name for path in EXAMPLES.glob("*/recording"))


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
