"""Before any task: can the repository be imported at all, in the sandbox."""

from __future__ import annotations

from repowright.benchmarks.repocraft.control.judging import judge
from repowright.benchmarks.repocraft.evaluate.studio import Studio
from repowright.benchmarks.repocraft.evaluate.trial import node_ids, run_adapted
from repowright.benchmarks.repocraft.verdicts import State, TaskVerdict

_PROBE = "def test_imports_{name}():\n    import {name}\n\n    assert {name} is not None\n"


async def unusable(studio: Studio) -> TaskVerdict | None:
    """Return the verdict that every task gets where no package of the repository can be imported; else ``None``.

    No model is asked about a repository that nothing can be run of.
    """
    packages = studio.atlas.tree.packages
    name = studio.atlas.tree.name
    if not packages:
        return TaskVerdict(task="", state=State.NOT_LOCATED, detail="the repository has no Python code to import")
    found: TaskVerdict | None = None
    for package in packages:
        code = _PROBE.format(name=package)
        report = await run_adapted(name, code, studio, stubbed=False)
        found = judge("", report, node_ids(code))
        if found.state is State.PASSED:
            return None
    assert found is not None
    ended = found.state in (State.TIMEOUT, State.MEMORY, State.KILLED)
    detail = f"import of {packages[-1]}: {found.detail}"
    return TaskVerdict(task="", state=found.state if ended else State.NOT_IMPORTABLE, detail=detail[:300])
