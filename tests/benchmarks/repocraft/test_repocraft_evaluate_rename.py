from __future__ import annotations

from pathlib import Path

import pytest
from evaluations import Court, task

from repowright.agent.events import LlmCall
from repowright.benchmarks.repocraft.construction.release import release_of
from repowright.benchmarks.repocraft.control.renaming import renamed_files
from repowright.benchmarks.repocraft.evaluate.terms import Terms
from repowright.benchmarks.repocraft.projects import project_named
from repowright.benchmarks.repocraft.tasks import Task
from repowright.benchmarks.repocraft.verdicts import State

REQUESTS = project_named("requests")


def of_requests(module: str, file: str, *functions: str) -> Task:
    facts = {
        "module": module,
        "file": file,
        "functions": functions,
        "version": REQUESTS.version,
        "sdist_sha256": REQUESTS.sdist_sha256,
        "id": f"requests-{functions[0]}",
    }
    return task(" ".join(functions), "def test_a(): ...\n", "requests").model_copy(update=facts)


TASKS = [
    of_requests("functions", "tests/test_hooks.py", "test_hooks"),
    of_requests("class TestRequests", "tests/test_requests.py", "test_fragment_maintained_on_redirect"),
]


def copy_of_requests(folder: Path, package: str) -> Path:
    source = release_of("requests").root / "src" / "requests"
    files = {path.relative_to(source.parent).as_posix(): path.read_bytes() for path in source.rglob("*.py")}
    for path, data in renamed_files(files, "requests", package).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


@pytest.mark.bubblewrap
@pytest.mark.timeout(300)
def test_renamed_copy_of_the_real_project_passes_its_own_tests_without_a_model(tmp_path: Path) -> None:
    court = Court(tmp_path)
    copy = copy_of_requests(tmp_path / "copy", "httpeasy")
    end = court.judge("", copy, TASKS, terms=Terms(adapter="rename", package="httpeasy"), suite_timeout_s=60)
    assert [verdict.state for verdict in court.result().verdicts] == [State.PASSED] * 2
    assert (end.tasks_passed, end.tasks_voted) == (2, 0)
    assert not court.told.of(LlmCall)

    (copy / "httpeasy" / "hooks.py").write_text("def default_hooks():\n    return {}\n", encoding="utf-8")
    court.judge("", copy, TASKS, terms=Terms(adapter="rename", package="httpeasy"), suite_timeout_s=60)
    assert State.PASSED not in {verdict.state for verdict in court.result().verdicts}
