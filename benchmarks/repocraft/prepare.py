"""Fetches what tests and runs of a project need, so that they themselves touch no network.

python -m repowright.benchmarks.repocraft.prepare requests
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from repowright.benchmarks.repocraft.construction.release import release_of
from repowright.benchmarks.repocraft.control.environments import environment, lock_of
from repowright.benchmarks.repocraft.errors import RepoCraftError
from repowright.benchmarks.repocraft.projects import project_named
from repowright.executors import Preference, SandboxError, available

SANDBOXES: tuple[Preference, ...] = ("docker", "bubblewrap")


def prepare(names: Iterable[str]) -> Iterator[str]:
    """Fetch the releases, install their locks for every sandbox of this machine, and say what was done.

    Raises
    ------
    RepoCraftError
        If a release cannot be fetched, or a lock cannot be installed.
    """
    usable = [status.name for status in available() if status.usable]
    for name in names:
        project = project_named(name)
        yield f"{project.name} {project.version}: sources in {release_of(project.name).root}"
        for sandbox in SANDBOXES:
            if sandbox in usable:
                found = environment(lock_of(project), without=project.name, preference=sandbox)
                found.sandbox.close()
                yield f"{project.name} {project.version}: dependencies for {sandbox}, {found.layer[:12]}"


def main() -> int:
    """Prepare the projects that are named."""
    try:
        for line in prepare(sys.argv[1:]):
            print(line, flush=True)
    except (RepoCraftError, SandboxError) as err:
        print(err, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
