from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repowright.benchmarks.repocraft.measure.agreement import agreement_of
from repowright.benchmarks.repocraft.measure.intervals import (
    bootstrap,
    paired_gain,
    pass_rate,
    rate,
    vote_rate,
    wilson,
)
from repowright.benchmarks.repocraft.verdicts import ArmResult, State, TaskVerdict


def an_arm(states: dict[str, State], votes: dict[str, bool] | None = None) -> ArmResult:
    verdicts = [
        TaskVerdict(task=task, state=state, voted=None if votes is None else votes.get(task))
        for task, state in states.items()
    ]
    return ArmResult(arm="ours", project="requests", sandbox="local", verdicts=tuple(verdicts))


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(10, 20, 0.2993, 0.7007), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (1, 1, 0.2065, 1.0), (0, 0, 0.0, 1.0)],
)
def test_wilson_by_hand(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 2000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_wilson_holds_the_share_and_mirrors(drawn: tuple[int, int]) -> None:
    hits, of = drawn
    low, high = wilson(hits, of)
    assert 0 <= low <= hits / of <= high <= 1
    assert wilson(of - hits, of) == pytest.approx((1 - high, 1 - low))


def test_bootstrap_is_the_same_for_the_same_seed_alone() -> None:
    values = [1.0, 0.0, 0.0, 1.0, 1.0, 0.5, 0.2]
    assert bootstrap(values, 3) == bootstrap(values, 3)
    assert bootstrap(values, 3) != bootstrap(values, 4)


def test_bootstrap_of_what_never_varies_has_no_width() -> None:
    assert bootstrap([1.0] * 9) == (1.0, 1.0)


def test_bootstrap_nears_the_normal_interval_of_many() -> None:
    low, high = bootstrap([1.0] * 500 + [0.0] * 500)
    assert (low, high) == pytest.approx((0.469, 0.531), abs=0.003)


def test_whatever_did_not_pass_stays_in_the_denominator() -> None:
    found = pass_rate(an_arm({state.value: state for state in State}))
    assert (found.hits, found.of) == (1, len(State))


def test_an_arm_without_votes_has_no_vote_rate() -> None:
    states = {"a": State.PASSED, "b": State.FAILED}
    assert vote_rate(an_arm(states)) is None
    found = vote_rate(an_arm(states, {"a": True}))
    assert found is not None and (found.hits, found.of) == (1, 2)


def test_no_outcome_is_no_certainty() -> None:
    found = rate([])
    assert (found.share, found.wilson, found.bootstrap) == (0.0, (0.0, 1.0), (0.0, 1.0))


def test_gain_counts_shared_tasks_alone() -> None:
    first = an_arm({"a": State.PASSED, "b": State.PASSED, "c": State.FAILED, "d": State.PASSED, "only": State.PASSED})
    second = an_arm({"a": State.PASSED, "b": State.TIMEOUT, "c": State.PASSED, "d": State.SKIPPED})
    found = paired_gain(first, second)
    assert (found.tasks, found.share, found.only_first, found.only_second) == (4, 0.25, 2, 1)
    assert found.interval[0] < 0.25 < found.interval[1]
    assert paired_gain(first, first).interval == (0.0, 0.0)


def test_kappa_by_hand() -> None:
    # Agreement 1, 1/3, 1, 1; by chance (25 + 49) / 144; so (10/12 - 74/144) / (70/144) = 46/70.
    found = agreement_of([(True,) * 3, (True, True, False), (False,) * 3, (False,) * 3])
    assert found is not None
    assert found.kappa == pytest.approx(46 / 70)
    assert (found.tasks, found.ballots, found.unanimous, found.yes) == (4, 12, 0.75, 5 / 12)


def test_perfect_and_opposed_judges() -> None:
    perfect, opposed = agreement_of([(True, True), (False, False)]), agreement_of([(True, False), (False, True)])
    assert perfect is not None and opposed is not None
    assert (perfect.kappa, opposed.kappa) == (1.0, -1.0)


def test_where_all_say_the_same_kappa_says_nothing() -> None:
    found = agreement_of([(True,) * 5] * 3)
    assert found is not None and found.kappa is None and found.unanimous == 1.0


@pytest.mark.parametrize("ballots", [[], [()], [(True,), (False,)]])
def test_one_judge_agrees_with_nobody(ballots: list[tuple[bool, ...]]) -> None:
    assert agreement_of(ballots) is None


@given(st.lists(st.lists(st.booleans(), min_size=2, max_size=7), min_size=1, max_size=20))
def test_kappa_ignores_who_voted_and_which_way_is_yes(ballots: list[list[bool]]) -> None:
    found = agreement_of(ballots)
    other = agreement_of([[not each for each in reversed(task)] for task in reversed(ballots)])
    assert found is not None and other is not None
    assert (found.kappa is None) == (other.kappa is None)
    if found.kappa is not None:
        assert found.kappa == pytest.approx(other.kappa) and -1 <= found.kappa <= 1 + 1e-9
