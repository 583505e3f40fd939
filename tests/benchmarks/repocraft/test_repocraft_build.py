import ast
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from repowright.benchmarks.repocraft.construction.building import Gathered, Wanted, draw, gather, task_set
from repowright.benchmarks.repocraft.construction.counting import counts_of, markdown_table
from repowright.benchmarks.repocraft.construction.release import Release, release_of
from repowright.benchmarks.repocraft.errors import RepoCraftError
from repowright.benchmarks.repocraft.tasks import Dropped, TaskSet, read_task_set, write_task_set
from repowright.tui.commands.bench import bench

BUILD = """
import sys
from pathlib import Path
from repowright.benchmarks.repocraft.construction.building import Wanted, draw, gather, task_set
from repowright.benchmarks.repocraft.construction.release import release_of
from repowright.benchmarks.repocraft.tasks import write_task_set
release = release_of("requests")
found = gather(release)
wanted = Wanted(release, seed=3)
write_task_set(task_set(found, wanted, draw(found, wanted)), Path(sys.argv[1]))
"""
SHAPES = """
from shapes import Square

class CheckArea:
    def test_area(self):
        assert self.shape.area() == 4

    def test_edge(self):
        assert self.shape.edge() == 2


class TestSquare(CheckArea):
    shape = Square(2)


def test_repr():
    # a comment stays
    assert repr(Square(1)) == "Square(1)"


def test_nothing():
    Square(1)
"""


@pytest.fixture(scope="session")
def requests_release() -> Release:
    return release_of("requests")


@pytest.fixture(scope="session")
def requests_found(requests_release: Release) -> Gathered:
    return gather(requests_release)


@pytest.fixture(scope="session")
def requests_tasks(requests_found: Gathered) -> TaskSet:
    return built(requests_found)


@pytest.fixture
def shapes(tmp_path: Path) -> Release:
    (tmp_path / "shapes").mkdir()
    (tmp_path / "shapes" / "__init__.py").write_text("")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_square.py").write_text(SHAPES)
    return Release("shapes", "1.0", "", tmp_path, "shapes")


def built(found: Gathered, seed: int = 0, count: int | None = None) -> TaskSet:
    wanted = Wanted(found.release, seed, count)
    return task_set(found, wanted, draw(found, wanted))


def test_a_real_release_gives_the_papers_count_and_a_reserve(requests_tasks: TaskSet) -> None:
    assert (requests_tasks.project, requests_tasks.alias, requests_tasks.version) == ("requests", "HttpEasy", "2.32.5")
    assert (len(requests_tasks.tasks), len(requests_tasks.reserve), requests_tasks.wanted) == (50, 8, 50)
    assert requests_tasks.harvested == 338
    every = [*requests_tasks.tasks, *requests_tasks.reserve]
    assert len({task.id for task in every}) == len(every)
    tests = [test for task in every for test in task.test_ids]
    assert len(set(tests)) == len(tests)


def test_each_task_shows_the_source_of_the_tests_it_names(requests_tasks: TaskSet) -> None:
    for task in requests_tasks.tasks:
        tree = ast.parse(task.query_code)
        names = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        assert set(task.functions) <= set(names)
        assert hashlib.sha256(task.query_code.encode()).hexdigest() == task.source_sha256
        assert task.query_code.startswith("class ") or task.module == "functions"


def test_no_description_of_a_real_task_names_the_project_or_a_dotted_name(requests_tasks: TaskSet) -> None:
    for task in requests_tasks.tasks:
        for text in (task.alg_description, task.task_query):
            assert "requests" not in text.lower().split()
            assert not any("_" in word or "." in word.strip(".") for word in text.split())


def test_the_ids_of_tests_are_those_that_pytest_finds(requests_tasks: TaskSet, requests_release: Release) -> None:
    names: dict[tuple[str, str], set[str]] = {}
    for file in {task.file for task in requests_tasks.tasks}:
        tree = ast.parse((requests_release.root / file).read_text(encoding="utf-8"))
        scopes = {f"class {node.name}": node.body for node in tree.body if isinstance(node, ast.ClassDef)}
        for owner, body in {"functions": tree.body, **scopes}.items():
            names[file, owner] = {node.name for node in body if isinstance(node, ast.FunctionDef)}
    for task in requests_tasks.tasks:
        assert set(task.functions) <= names[task.file, task.module]


def test_the_same_seed_gives_the_same_bytes_in_processes_that_hash_differently(tmp_path: Path) -> None:
    contents = []
    for number in ("1", "2"):
        out = tmp_path / f"{number}.json"
        environment = os.environ | {"PYTHONHASHSEED": number}
        subprocess.run([sys.executable, "-c", BUILD, str(out)], check=True, env=environment, timeout=120)
        contents.append(out.read_bytes())
    assert contents[0] == contents[1]
    assert json.loads(contents[0])["seed"] == 3


def test_another_seed_draws_other_tasks_with_the_same_ids(requests_found: Gathered, requests_tasks: TaskSet) -> None:
    other = built(requests_found, seed=1)
    first, second = ({task.id: task for task in each.tasks} for each in (requests_tasks, other))
    assert first.keys() != second.keys()
    shared = first.keys() & second.keys()
    assert shared and all(first[name] == second[name] for name in shared)


def test_what_is_written_is_read_back(requests_tasks: TaskSet, tmp_path: Path) -> None:
    write_task_set(requests_tasks, tmp_path / "requests.json")
    assert read_task_set(tmp_path / "requests.json") == requests_tasks


def test_what_runs_on_the_real_project_dropped_becomes_no_task(shapes: Release) -> None:
    known = [Dropped(test="tests/test_square.py::test_repr", reason="gold-failed", detail="twice")]
    tasks = built(gather(shapes, known))
    assert [task.functions for task in tasks.tasks] == [("test_area", "test_edge")]
    assert known[0] in tasks.dropped


def test_a_mixin_is_shown_with_the_class_it_runs_in(shapes: Release) -> None:
    tasks = built(gather(shapes)).tasks
    mixin = next(task for task in tasks if task.module == "class TestSquare")
    assert mixin.test_ids == (
        "tests/test_square.py::TestSquare::test_area",
        "tests/test_square.py::TestSquare::test_edge",
    )
    assert mixin.query_code == (
        "class CheckArea:\n    def test_area(self):\n        assert self.shape.area() == 4\n\n"
        "    def test_edge(self):\n        assert self.shape.edge() == 2\n\n\nclass TestSquare(CheckArea):\n    ...\n"
    )
    function = next(task for task in tasks if task.module == "functions")
    assert "    # a comment stays\n" in function.query_code


def test_every_test_is_a_task_in_reserve_or_dropped_with_a_reason(shapes: Release) -> None:
    tasks = built(gather(shapes))
    kept = [test for task in (*tasks.tasks, *tasks.reserve) for test in task.test_ids]
    assert len(kept) + len(tasks.dropped) == tasks.harvested == 4
    assert tasks.dropped == (Dropped(test="tests/test_square.py::test_nothing", reason="no-assertion"),)


def test_a_project_without_tests_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shapes").mkdir()
    with pytest.raises(RepoCraftError, match=r"no tests that can become tasks .0 found"):
        gather(Release("shapes", "1.0", "", tmp_path, "shapes"))


def test_counts_add_up_and_are_laid_out_as_a_table(requests_found: Gathered, requests_tasks: TaskSet) -> None:
    row = counts_of(requests_found, requests_tasks)
    kept = sum(len(group.tests) for group in requests_found.groups)
    assert row.functions == kept + row.dropped == 338
    assert row.cpu_seconds < 60
    table = markdown_table([row, row])
    assert "| requests (HttpEasy) | 2.32.5 | 9 | 338 |" in table and "| all | | 18 | 676 |" in table


def test_the_command_writes_tasks_and_prints_counts(tmp_path: Path) -> None:
    args = ["repocraft", "build", "--project", "requests", "--out", str(tmp_path), "--count", "5", "--json"]
    done = CliRunner().invoke(bench, args, catch_exceptions=False)
    assert done.exit_code == 0
    row = json.loads(done.stdout)
    assert (row["project"], row["sampled"], row["reserve"]) == ("requests", 5, 1)
    assert sum(row["reasons"].values()) == row["dropped"]
    assert "requests.json: 5 of 5 tasks" in done.stderr
    assert len(read_task_set(tmp_path / "requests.json").tasks) == 5


def test_the_command_takes_a_folder(shapes: Release, tmp_path: Path) -> None:
    out = tmp_path / "out"
    args = ["repocraft", "build", "--project", str(shapes.root), "--out", str(out)]
    assert CliRunner().invoke(bench, args, catch_exceptions=False).exit_code == 0
    written = read_task_set(out / f"{tmp_path.name}.json")
    assert written.wanted == 50 and len(written.tasks) == 2


def test_the_command_names_an_unknown_project(tmp_path: Path) -> None:
    done = CliRunner().invoke(bench, ["repocraft", "build", "--project", str(tmp_path / "none")])
    assert isinstance(done.exception, RepoCraftError)
    assert "is no folder" in str(done.exception)
