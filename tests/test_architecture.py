from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BELOW = {
    "tui": {"benchmarks", "agent", "graph", "repo_tools", "executors", "inference_backend"},
    "benchmarks": {"agent", "graph", "repo_tools", "executors", "inference_backend"},
    "agent": {"graph", "repo_tools", "executors", "inference_backend"},
    "graph": {"repo_tools"},
    "repo_tools": set(),
    "executors": set(),
    "inference_backend": set(),
}
FORBIDDEN = {
    "graph": {"openai", "subprocess", "docker", "langgraph", "textual", "rich"},
    "agent": {"ast", "subprocess", "tree_sitter", "docker", "textual", "rich", "click"},
    "executors": {"openai", "langgraph", "networkx"},
    "repo_tools": {"openai", "langgraph", "networkx", "docker"},
}
LONGEST_FILE = 500


def sources(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("room", sorted(BELOW))
def test_room_imports_only_rooms_below_it(room: str) -> None:
    for path in sources(room):
        rooms = {name.split(".")[1] for name in imported(path) if name.startswith("repowright.") and name.count(".")}
        assert rooms <= BELOW[room] | {room}, path


@pytest.mark.parametrize("room", sorted(FORBIDDEN))
def test_room_leaves_to_others_what_is_theirs(room: str) -> None:
    for path in sources(room):
        assert not {name.split(".")[0] for name in imported(path)} & FORBIDDEN[room], path


def test_every_room_is_found_in_the_tree() -> None:
    for room in BELOW:
        assert (ROOT / room / "__init__.py").is_file() and (ROOT / room / "py.typed").is_file()
        assert (ROOT / "_ns" / "repowright" / room).resolve() == ROOT / room


def test_files_hold_one_idea() -> None:
    lengths = {path: len(path.read_text().splitlines()) for room in BELOW for path in sources(room)}
    assert not {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE}


def test_nothing_but_the_command_line_and_the_benchmarks_prints() -> None:
    for room in set(BELOW) - {"tui", "benchmarks"}:
        for path in sources(room):
            calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
            assert not any(isinstance(call.func, ast.Name) and call.func.id == "print" for call in calls), path


def test_generic_folder_names_stay_out_of_the_import_space() -> None:
    code = "import repowright.tui.cli, repowright.agent.workflows.generate.session, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert not set(BELOW) & set(done.stdout.split())


def test_command_line_starts_without_heavy_imports() -> None:
    code = "import repowright.tui.cli, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"langgraph", "openai", "networkx", "docker", "textual", "torch"} & set(done.stdout.split())
