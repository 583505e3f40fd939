from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from attack_host import AttackedHost
from attacked import LIFE_S, MARKS, assert_gone, assert_next_run_is_clean, sandbox_without, strike_once
from box_attack import Attack, GotThrough
from box_attacks import ATTACKS

from repowright.executors import Sandbox
from repowright.executors.limits.defences import Defence, Without

CONTAINED = [
    pytest.param(kind, attack, id=f"{kind}: {attack.name}", marks=MARKS[kind])
    for kind in MARKS
    for attack in ATTACKS
    if kind in attack.only
]
MUTATIONS = [
    pytest.param(
        kind,
        attack,
        without,
        id=f"{kind}: {attack.name} without {' and '.join(sorted(defence.name for defence in without))}",
        marks=MARKS[kind],
    )
    for kind in MARKS
    for attack in ATTACKS
    for without in attack.off.get(kind, ())
]


@pytest.mark.parametrize(("kind", "attack"), CONTAINED)
def test_an_attack_is_contained_and_named(
    kind: str, attack: Attack, whole: Callable[[str, int], Sandbox], host: AttackedHost, cache: Path
) -> None:
    outcome = strike_once(whole(kind, attack.life_s), attack, host, attack.full)
    attack.judge(outcome, host.evidence())
    assert_gone(host.word, cache)
    assert_next_run_is_clean(whole(kind, LIFE_S))


@pytest.mark.parametrize(("kind", "attack", "without"), MUTATIONS)
def test_an_attack_gets_through_without_its_defence(
    kind: str, attack: Attack, without: Without, host: AttackedHost, cache: Path
) -> None:
    sandbox = sandbox_without(kind, cache, without, attack.life_s)
    try:
        outcome = strike_once(sandbox, attack, host, attack.mild)
        evidence = host.evidence()
        with pytest.raises(GotThrough):
            attack.judge(outcome, evidence)
        assert attack.evidence <= set(evidence)
    finally:
        sandbox.close()
    assert_gone(host.word, cache)


def test_every_defence_is_switched_off_somewhere() -> None:
    in_table = {defence for attack in ATTACKS for sets in attack.off.values() for each in sets for defence in each}
    elsewhere = {Defence.REMOVAL, Defence.SESSION}
    assert in_table | elsewhere == set(Defence)
