from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attack_host import VARIABLE, AttackedHost
from attacked import sandbox_without

from repowright.executors import Sandbox
from repowright.executors.limits.defences import ALL_ON


@pytest.fixture(scope="module")
def whole(cache: Path) -> Iterator[Callable[[str, int], Sandbox]]:
    made: dict[tuple[str, int], Sandbox] = {}

    def get(kind: str, life_s: int) -> Sandbox:
        if (kind, life_s) not in made:
            made[kind, life_s] = sandbox_without(kind, cache, ALL_ON, life_s)
        return made[kind, life_s]

    yield get
    for sandbox in made.values():
        sandbox.close()


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[AttackedHost]:
    with AttackedHost(f"attack-{secrets.token_hex(6)}") as made:
        monkeypatch.setenv(VARIABLE, made.secret)
        yield made
