from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from given_up import WITHOUT, given_up

from repowright.executors import BubblewrapSandbox, DockerSandbox, LocalSandbox, Sandbox, available

ISOLATED = [
    pytest.param("docker", marks=pytest.mark.docker),
    pytest.param("bubblewrap", marks=pytest.mark.bubblewrap),
    pytest.param("bubblewrap without kernel bounds", marks=pytest.mark.bubblewrap),
]


@pytest.fixture(scope="session")
def cache() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="repowright-test-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def make_sandbox(name: str, cache: Path) -> Sandbox:
    """Make a sandbox; fail where it cannot be had, since a skipped test shows nothing."""
    kind = name.partition(" ")[0]
    if kind in given_up():
        pytest.skip(f"{WITHOUT} names {kind}")
    status = {status.name: status for status in available()}[kind]
    if not status.usable:
        pytest.fail(f"{kind} cannot be used here: {status.why} ({status.hint}); {WITHOUT}={kind} leaves its tests out")
    if name == "docker":
        return DockerSandbox(ahead=False)
    return LocalSandbox() if name == "local" else BubblewrapSandbox(cache, kernel_bounds=name == "bubblewrap")


@pytest.fixture(scope="module", params=[*ISOLATED, "local"])
def sandbox(request: pytest.FixtureRequest, cache: Path) -> Iterator[Sandbox]:
    made = make_sandbox(request.param, cache)
    yield made
    made.close()


@pytest.fixture(scope="module", params=ISOLATED)
def isolated(request: pytest.FixtureRequest, cache: Path) -> Iterator[Sandbox]:
    made = make_sandbox(request.param, cache)
    yield made
    made.close()
