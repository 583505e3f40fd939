from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from repowright.executors import BoxPool, Limits, Sandbox
from tests.executors.conftest import ISOLATED, make_sandbox

LIMITS = Limits(wall_s=10, cpu_s=10, memory_mb=256, pids=32, disk_mb=16)
NESTED = "for _ in range(3000):\n    os.mkdir('d', 0o700)\n    os.chdir('d')\n"
STOPPER = """
import os, time
if os.fork() == 0:
    os.setsid()
    for number in range(3):
        os.close(number)
    time.sleep(0.3)
    for name in os.listdir('/proc'):
        if name.isdigit() and int(name) not in (1, os.getpid()):
            try:
                os.kill(int(name), 19)
            except OSError:
                pass
    time.sleep(60)
"""
SPOILERS = {
    "nested folders": f"import os\n{NESTED}",
    "nested temporary folders": f"import os\nos.chdir('/tmp')\n{NESTED}",
    "workspace without permission": "import os\nos.chmod('/workspace', 0)",
    "tmp without permission": "import os\nos.chmod('/tmp', 0)",
    "inner folders without permission": "import os\nos.makedirs('/workspace/a/b')\nos.chmod('/workspace/a', 0)",
    "a stray that stops all others": STOPPER,
}
LOOK = "import os\nopen('x', 'w').write('1')\nopen('/tmp/y', 'w').close()\nprint(os.listdir('.'), os.listdir('/tmp'))"


@pytest.fixture(scope="module", params=ISOLATED)
def lent(request: pytest.FixtureRequest, cache: Path) -> Iterator[Sandbox]:
    made = make_sandbox(request.param, cache)
    yield made
    made.close()


@pytest.mark.parametrize("spoiler", SPOILERS)
def test_the_next_box_of_the_domain_is_clean_and_soon_there(lent: Sandbox, spoiler: str) -> None:
    domain = BoxPool(lent).domain(spoiler)
    with domain.open(LIMITS) as box:
        box.run([lent.python, "-c", SPOILERS[spoiler]], LIMITS)
        if spoiler == "a stray that stops all others":
            time.sleep(0.8)
        given_back = time.monotonic()
    assert time.monotonic() - given_back < 15
    with domain.open(LIMITS) as box:
        seen = box.run([lent.python, "-c", LOOK], LIMITS)
    domain.pool.end_domain(spoiler)
    assert (seen.exit_code, seen.stdout.strip()) == (0, "['x'] ['y']"), seen
