import subprocess
import sys

import pytest

from repowright.benchmarks.speed.app import FIRST_PAINT_S, MS_A_KEY, STREAM_S, measure

HEAVY = (
    "asyncpg",
    "docker",
    "httpx",
    "httpx2",
    "jinja2",
    "langchain_core",
    "langgraph",
    "langsmith",
    "mcp",
    "networkx",
    "numpy",
    "openai",
    "pydantic",
    "sqlite3",
    "torch",
    "tree_sitter_python",
    "transformers",
    "repowright.agent.events",
    "repowright.agent.run",
    "repowright.executors",
    "repowright.graph",
)
FACTOR = 3
"""A loaded machine counts more processor time for the same work."""

_FIRST_PAINT = """
import asyncio, sys
from pathlib import Path
from repowright.tui.cli import cli
from repowright.tui.app.app import RepowrightApp
from repowright.tui.app.opening import Wanted, chat_screen
from repowright.tui.app.screens.run import RunScreen

def opened(self):
    print(*sorted(sys.modules), sep="\\n")
    self.app.exit(0)

RunScreen._open = opened
screen = chat_screen(Wanted(Path.cwd(), "", None, {}))
RepowrightApp(lambda: screen).run(headless=True, size=(100, 30))
"""


def test_nothing_heavy_is_imported_before_the_first_paint() -> None:
    done = subprocess.run([sys.executable, "-c", _FIRST_PAINT], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.split())
    assert "textual.app" in loaded and "repowright.tui.app.screens.chat" in loaded
    assert sorted(loaded.intersection(HEAVY)) == []


@pytest.mark.slow
def test_the_app_keeps_its_bounds_with_room_to_spare() -> None:
    cost = measure(keys=40, starts=1)
    assert cost.first_paint_s < FACTOR * FIRST_PAINT_S
    assert cost.key_ms < FACTOR * MS_A_KEY
    assert cost.stream_s < FACTOR * STREAM_S
