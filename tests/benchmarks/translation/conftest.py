from collections.abc import Iterator

import pytest
from small_translations import bench_on, open_sandbox

from repowright.agent.workflows.translate.checks import Bench


@pytest.fixture(scope="package")
def bench() -> Iterator[Bench]:
    """One box with compilers for all checks of this folder."""
    sandbox = open_sandbox("bubblewrap")
    yield bench_on(sandbox)
    sandbox.close()
