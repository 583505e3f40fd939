from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
NOWHERE = {"DOCKER_HOST": "unix:///nowhere/docker.sock", "PYTEST_ADDOPTS": ""}


def run_tests_of_docker(**variables: str) -> tuple[int, str]:
    environment = {name: value for name, value in os.environ.items() if name != "REPOWRIGHT_WITHOUT"}
    test = "tests/executors/test_boxes.py::test_put_replaces_a_file[docker]"
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", test]
    done = subprocess.run(
        argv, cwd=ROOT, env={**environment, **NOWHERE, **variables}, capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stdout


def test_tests_of_docker_fail_where_docker_cannot_be_had() -> None:
    code, said = run_tests_of_docker()
    assert code == 1
    assert "docker cannot be used here: no Docker daemon answers" in said
    assert "1 skipped" not in said
    assert "1 error" in said


def test_a_developer_can_leave_them_out_and_is_told_so() -> None:
    code, said = run_tests_of_docker(REPOWRIGHT_WITHOUT="docker")
    assert code == 0
    assert said.count("REPOWRIGHT_WITHOUT is set: nothing is shown of docker") == 2
    assert "1 skipped" in said


def test_ci_never_leaves_them_out() -> None:
    assert "REPOWRIGHT_WITHOUT" not in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "REPOWRIGHT_WITHOUT" not in (ROOT / "Makefile").read_text(encoding="utf-8")
