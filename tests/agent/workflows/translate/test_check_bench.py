from __future__ import annotations

import pytest
from small_translations import open_sandbox

from repowright.agent.workflows.translate.checks import Bench
from repowright.agent.workflows.translate.checks.bench import Command
from repowright.executors import Ended, Sandbox, SandboxError

HANGS = Command(("sh", "-c", "echo begun > said; sleep 20"), wall_s=1)


@pytest.mark.docker
async def test_files_of_a_box_that_met_its_limit_are_told_as_missing_under_docker() -> None:

    await _hangs(open_sandbox("docker", ()))


@pytest.mark.bubblewrap
async def test_files_of_a_box_that_met_its_limit_are_told_where_they_can_be_read() -> None:
    await _hangs(open_sandbox("bubblewrap", ()))


@pytest.mark.bubblewrap
async def test_a_box_that_gives_no_file_for_another_reason_is_an_error() -> None:
    sandbox = open_sandbox("bubblewrap", ())
    with pytest.raises(SandboxError):
        await Bench(sandbox).run({}, [Command(("true",))], ["../outside"])
    sandbox.close()


async def _hangs(sandbox: Sandbox) -> None:
    done = await Bench(sandbox).run({}, [HANGS], ["said"])
    sandbox.close()
    assert done.last.ended is Ended.TIME
    assert done.files in ({}, {"said": b"begun\n"})
