from __future__ import annotations

import re

import pytest

from repowright.benchmarks.repocraft.control.environments import lock_of
from repowright.benchmarks.repocraft.control.wheels import project_lines, without_project
from repowright.benchmarks.repocraft.projects import PROJECTS, Project
from repowright.executors.locks import read_lock

LOCK = """\
# how it was made
scikit-learn==1.7.2 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
scikit-learn-intelex==1.0 \\
    --hash=sha256:cc
numpy==2.3.3 ; python_version >= '3.11' \\
    --hash=sha256:dd
"""


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)
def test_every_project_has_a_lock_of_its_pinned_release_with_hashes(project: Project) -> None:
    lock = lock_of(project)
    lines = read_lock(lock).lines
    own = [line for line in lines if re.match(rf"{re.escape(project.name)}(\[|=)", line)]
    assert [re.split(r"[=\s]+", line)[1] for line in own] == [project.version]
    assert all(" --hash=sha256:" in line for line in lines)
    assert any(line.startswith("pytest==") for line in lines)
    assert set(lines) - set(read_lock(without_project(lock, project.name)).lines) == set(own)


def test_a_distribution_is_told_from_one_whose_name_begins_like_it() -> None:
    assert project_lines(LOCK, "Scikit_Learn") == "".join(LOCK.splitlines(keepends=True)[1:4])
    rest = without_project(LOCK, "scikit-learn")
    assert "intelex==1.0" in rest and "sha256:aa" not in rest and "numpy==2.3.3" in rest


def test_extras_belong_to_the_name() -> None:
    assert without_project("requests[socks]==2.32.5\nidna==3.10\n", "requests") == "idna==3.10\n"
