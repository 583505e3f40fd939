from __future__ import annotations

import pytest
from workshop import Workshop

from repowright.agent.events import SandboxRun

HEAD = "from adders.file_0 import add_1\n\n\ndef test_adds() -> None:\n"
GOOD = f"{HEAD}    assert add_1(1) == 2\n"
LOOP = "    while True:\n        pass\n    assert add_1(1) == 2\n"
HOSTILE = {
    "time": f"import signal\n{HEAD}    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{LOOP}",
    "memory": f"{HEAD}    held = [bytearray(64 << 20) for _ in range(160)]\n    assert held and add_1(1) == 2\n",
    "pids": (
        f"import os\nimport time\n{HEAD}    while True:\n        try:\n            if os.fork() == 0:\n"
        "                time.sleep(30)\n        except OSError:\n            pass\n    assert add_1(1) == 2\n"
    ),
    "disk": (
        f"from pathlib import Path\n{HEAD}    with Path('/tmp/x').open('wb') as file:\n"
        "        for _ in range(10_000):\n            file.write(bytes(1 << 20))\n    assert add_1(1) == 2\n"
    ),
    "network": (
        f"import socket\n{HEAD}    socket.create_connection(('192.0.2.1', 80), timeout=2)\n    assert add_1(1) == 2\n"
    ),
}


@pytest.mark.parametrize("attack", sorted(HOSTILE))
@pytest.mark.parametrize(
    "sandbox",
    [pytest.param("bubblewrap", marks=pytest.mark.bubblewrap), pytest.param("docker", marks=pytest.mark.docker)],
)
def test_hostile_test_is_contained_named_and_the_run_goes_on(workshop: Workshop, sandbox: str, attack: str) -> None:
    asked = []

    def mistakes(system: str, user: str) -> str | None:
        if "write the unit tests" in system and "def add_1(" in user:
            asked.append(user)
            return f"```python\n{HOSTILE[attack] if len(asked) == 1 else GOOD}```"
        if "decide what is to blame" in system:
            return '{"blame": "test", "culprit": "add_1", "reason": "the specification names no such thing"}'
        return f"```python\n{GOOD}```" if "mend the tests" in system else None

    end = workshop.start(2, mistakes=mistakes, sandbox=sandbox, suite_timeout_s=6)
    assert (end.status, end.units_verified) == ("done", 2)
    ends = [event.ended for event in workshop.told.of(SandboxRun)]
    assert attack in ends, ends
    assert "192.0.2.1" not in (workshop.out / "tests/unit/test_file_0_add_1.py").read_text()
