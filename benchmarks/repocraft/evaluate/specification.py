"""What an evaluation is about, as the text that its run is made for: the same text, the same work."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from repowright.agent.errors import RunDamaged
from repowright.agent.run import Run
from repowright.agent.spec import Spec, spec_from_bytes
from repowright.benchmarks.repocraft.evaluate.terms import TASKS, Terms, hash_of_tasks, read_tasks
from repowright.benchmarks.repocraft.evaluate.tree import RepositoryTree
from repowright.benchmarks.repocraft.tasks import Task

_REPOSITORY = re.compile(r"^- Repository: (?P<name>.+), (?P<files>\d+) files, (?P<tree>[0-9a-f]{64})$", re.MULTILINE)


@dataclass(frozen=True)
class Subject:
    """The repository: its name, the address of its listing, and how many files it has."""

    name: str
    tree: str
    files: int

    @classmethod
    def of(cls, spec: Spec) -> Subject:
        """Read it back from a run's specification.

        Raises
        ------
        RunDamaged
            If the text is not that of an evaluation.
        """
        found = _REPOSITORY.search(spec.text)
        if found is None:
            raise RunDamaged("the run's spec.md is not that of an evaluation", "start a new run")
        return cls(found["name"], found["tree"], int(found["files"]))


def specification(subject: Subject, tasks: Sequence[Task], terms: Terms) -> Spec:
    """Return the text of an evaluation."""
    project = tasks[0].project
    count = f"{len(tasks)} task{'' if len(tasks) == 1 else 's'}"
    text = (
        f"# Evaluate {subject.name} on {count} of {project}\n\n"
        f"- Repository: {subject.name}, {subject.files} files, {subject.tree}\n"
        f"- Tasks: {hash_of_tasks(tasks)}\n"
        f"- Terms: {terms.model_dump_json()}\n"
    )
    return spec_from_bytes(text.encode(), "repowright bench repocraft run")


def tasks_of(run: Run) -> tuple[Task, ...]:
    """Return the tasks of a run.

    Raises
    ------
    RunDamaged
        If they are not those that the run was made for.
    """
    tasks = read_tasks(run.folder)
    if f"- Tasks: {hash_of_tasks(tasks)}\n" not in run.spec().text:
        raise RunDamaged(f"{TASKS} of the run {run.id} was changed", "start a new run for other tasks")
    return tasks


def address_in(tree: RepositoryTree) -> str:
    """Return the address that `keep_tree` gives a repository's listing."""
    listing = {path: hashlib.sha256(data).hexdigest() for path, data in sorted(tree.files.items())}
    body = json.dumps({"name": tree.name, "files": listing}, sort_keys=True)
    return hashlib.sha256(body.encode()).hexdigest()
