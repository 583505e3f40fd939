from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from repowright.agent.llm import Record, Replay
from repowright.agent.workflows.locate.shell import LIMITS, OUTPUT, Command, ShellTool
from repowright.executors import Box, BubblewrapSandbox

pytestmark = pytest.mark.bubblewrap


@pytest.fixture
def box() -> Iterator[Box]:
    sandbox = BubblewrapSandbox()
    with sandbox.open(LIMITS) as opened:
        opened.put({"shop/cart.py": b"def add():\n    pass\n", "big.txt": b"x" * 50_000})
        yield opened
    sandbox.close()


async def said(tool: ShellTool, command: str) -> str:
    return await tool.call(Command(command=command))


async def test_commands_run_in_the_copy_and_their_ends_are_told(box: Box, tmp_path: Path) -> None:
    tool = ShellTool(box, "case", Record(tmp_path), None)
    assert await said(tool, "grep -rn 'def ' shop") == "shop/cart.py:1:def add():"
    assert await said(tool, "true") == "(no output)"
    assert (await said(tool, "ls nowhere")).endswith("(exit code 2)")
    cut = await said(tool, "cat big.txt")
    assert len(cut) < OUTPUT + 100 and "40000 characters left out" in cut


async def test_replay_tells_what_was_recorded_and_the_same_command_later_is_another(box: Box, tmp_path: Path) -> None:
    first = ShellTool(box, "case", Record(tmp_path / "one"), None)
    before = await said(first, "ls shop")
    await said(first, "touch shop/till.py")
    after = await said(first, "ls shop")
    assert (before, after) == ("cart.py", "cart.py\ntill.py")
    again = ShellTool(box, "case", Record(tmp_path / "two"), Replay(Record(tmp_path / "one")))
    assert await said(again, "ls shop") == before
