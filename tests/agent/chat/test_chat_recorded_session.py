from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from repowright.agent.chat import events as c
from repowright.agent.chat.opening import open_chat
from repowright.agent.chat.options import ChatOptions
from repowright.agent.events import Event
from repowright.agent.settings import Settings
from repowright.benchmarks.speed.sdists import cached
from repowright.executors import Limits, TestReport, TestRequest, choose, framework_named, run_tests

EXAMPLE = Path(__file__).parents[3] / "examples" / "networkx"
RELEASE = "networkx==3.4.2"
TESTS = "networkx/classes/tests/test_subgraphviews.py"
VIEWS = "networkx/classes/coreviews.py"
FIX = "and any(self.EDGE_OK(nbr, key) for key in self._atlas[nbr])"
MOMENT = "2024-10-21T12:00:00Z"

pytestmark = [pytest.mark.slow, pytest.mark.bubblewrap]


@pytest.fixture
def networkx(tmp_path: Path) -> Path:
    source = cached(RELEASE)
    if source is None:
        pytest.skip(f"{RELEASE} is not fetched; python -m repowright.benchmarks.speed.sdists {RELEASE}")
    folder = tmp_path / source.name
    shutil.copytree(source, folder)
    identity = ["-c", "user.name=networkx", "-c", "user.email=networkx@example.org"]
    moment = {"GIT_AUTHOR_DATE": MOMENT, "GIT_COMMITTER_DATE": MOMENT}
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "networkx 3.4.2"]):
        argv = ["git", *identity, *arguments]
        subprocess.run(argv, cwd=folder, env={**os.environ, **moment}, check=True, timeout=60)
    return folder


async def session(folder: Path, runs: Path) -> list[Event]:
    settings = Settings(model="openai-compatible", base_url="http://127.0.0.1:9/v1", sandbox="bubblewrap")
    options = ChatOptions(mode="auto", attended=False, watch_s=0, replay=EXAMPLE / "recording")
    engine = await open_chat(folder, settings, runs, options, {"HOME": str(runs)})
    told: list[Event] = []
    engine.subscribe(told.append)
    await engine.start()
    try:
        for name in ("1-where.md", "2-fix.md"):
            await engine.send((EXAMPLE / name).read_text(encoding="utf-8").strip())
            await engine.settled()
    finally:
        await engine.close()
    return told


def verified(folder: Path) -> TestReport:
    paths = (path for path in folder.rglob("*") if path.is_file() and path.relative_to(folder).parts[0][0] != ".")
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    box = choose("bubblewrap")
    try:
        return run_tests(box, files, framework_named("pytest"), TestRequest((TESTS,)), Limits(wall_s=120))
    finally:
        box.close()


async def test_a_bug_of_a_large_repository_is_found_and_mended_as_it_was_recorded(
    networkx: Path, tmp_path: Path
) -> None:
    lines = sum(path.read_bytes().count(b"\n") for path in networkx.rglob("*.py"))
    assert lines > 100_000
    told = await session(networkx, tmp_path / "runs")
    ends = [event.status for event in told if isinstance(event, c.TurnEnd)]
    assert ends == ["done", "done"]
    where, fixed = [event.text for event in told if isinstance(event, c.ChatReply) and not event.calls]
    assert "coreviews.py" in where and "FilterMultiInner" in where
    assert "1672 passed" in fixed
    changed = {event.path for event in told if isinstance(event, c.FileChange)}
    assert changed == {TESTS, VIEWS}
    mended = (networkx / VIEWS).read_text(encoding="utf-8")
    assert mended.count(FIX) == 1

    after = verified(networkx)
    assert after.passed and len(after.results) == 38
    (networkx / VIEWS).write_text(mended.replace(FIX, ""), encoding="utf-8")
    before = verified(networkx)
    failing = [result.test for result in before.results if result.outcome == "failed"]
    assert failing == [
        f"{TESTS}::TestEdgeSubGraph::test_hidden_edge_lookup[{kind}]" for kind in ("MultiGraph", "MultiDiGraph")
    ]
