from __future__ import annotations

import pytest

from repowright.inference_backend.engine.programs import Programs
from repowright.inference_backend.engine.request import Program
from repowright.inference_backend.engine.ttl import COLD_START_S, ENOUGH, ReloadCost, TimeToLive


def _known(tool: str, durations: list[float], reload: float) -> TimeToLive:
    ttl = TimeToLive(ReloadCost(constant=reload))
    for seconds in durations:
        ttl.tool_took(tool, seconds)
    return ttl


def test_unknown_tools_get_the_cold_start() -> None:
    assert TimeToLive(ReloadCost(constant=100.0)).seconds("grep", 1000) == COLD_START_S


def test_rule_is_the_best_of_the_observed_durations() -> None:
    durations = [1.0] * 90 + [30.0] * 10
    assert _known("grep", durations, reload=10.0).seconds("grep", 0) == 1.0
    assert _known("grep", durations, reload=400.0).seconds("grep", 0) == 30.0


def test_turn_that_is_cheap_to_reload_is_not_kept() -> None:
    assert _known("build", [60.0] * ENOUGH, reload=5.0).seconds("build", 0) == 0.0


def test_tool_counts_on_its_own_only_once_it_is_known_well() -> None:
    ttl = _known("slow", [50.0] * (ENOUGH - 1), reload=60.0)
    for _ in range(2 * ENOUGH):
        ttl.tool_took("fast", 1.0)
    assert ttl.seconds("slow", 0) == 1.0
    ttl.tool_took("slow", 50.0)
    assert ttl.seconds("slow", 0) == 50.0


def test_queueing_delay_makes_keeping_worth_more() -> None:
    ttl = _known("grep", [8.0] * ENOUGH, reload=1.0)
    assert ttl.seconds("grep", 0) == 0.0
    ttl.queued(20.0)
    assert ttl.seconds("grep", 0) == 8.0


def test_programs_of_one_length_remember_and_mixed_ones_less() -> None:
    ttl = TimeToLive()
    assert ttl.memoryfulness == 1.0
    for _ in range(5):
        ttl.program_ended(6)
    assert ttl.memoryfulness == pytest.approx(1.0)
    for _ in range(5):
        ttl.program_ended(40)
    assert ttl.memoryfulness < 0.7


def test_reload_cost_is_fitted_to_what_was_measured() -> None:
    cost = ReloadCost(2e-6, 1e-3, 0.1)
    fitted = ReloadCost.fit([(n, cost.seconds(n)) for n in (100, 1000, 4000, 8000)])
    assert fitted.seconds(6000) == pytest.approx(cost.seconds(6000), rel=1e-6)
    with pytest.raises(ValueError, match="three lengths"):
        ReloadCost.fit([(1, 1.0), (1, 1.1), (2, 2.0)])


def test_time_between_turns_is_what_the_tool_took() -> None:
    now = [0.0]
    ttl = TimeToLive(ReloadCost(constant=100.0))
    programs = Programs(lambda: now[0], ttl)
    programs.turn_began(Program("job"))
    now[0] = 3.0
    programs.turn_ended(Program("job"))
    programs.called("job", "pytest")
    now[0] = 10.0
    assert programs.turn_began(Program("job", last_tool="pytest")) == 0.0
    assert ttl.seconds("pytest", 0) == 7.0


def test_last_turn_ends_the_program() -> None:
    ttl = TimeToLive()
    programs = Programs(lambda: 0.0, ttl)
    for turns in (3, 9):
        for turn in range(turns):
            program = Program(f"of {turns}", is_last=turn == turns - 1)
            programs.turn_began(program)
            programs.turn_ended(program)
    assert ttl.memoryfulness < 1.0
