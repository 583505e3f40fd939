from collections.abc import Iterable

from repowright.agent import events as e
from repowright.tui.view_state import RECENT, ViewState

STAGES = (("proposal", "features"), ("structure", "files"), ("code", "unit by unit"), ("delivery", "hand-over"))


def after(events: Iterable[e.Event]) -> ViewState:
    state = ViewState.of_stages(STAGES)
    for event in events:
        state = state.apply(event)
    return state


def a_run(purpose: str, passed: int = 0, failed: int = 0, errors: int = 0) -> e.SandboxRun:
    return e.SandboxRun(
        purpose=purpose,
        subject="A",
        backend="docker",
        ended="exited",
        seconds=1,
        passed=passed,
        failed=failed,
        errors=errors,
    )


def test_before_the_first_event_every_stage_is_pending() -> None:
    state = ViewState.of_stages(STAGES)
    assert [stage.state for stage in state.stages] == ["pending"] * 4
    assert (state.start, state.end, state.tokens, state.stage) == (None, None, 0, None)


def test_a_whole_run_adds_up(story: list[e.Event]) -> None:
    state = after(story)
    assert state.start and state.start.title == "A list"
    assert state.end and state.end.exit_code == 1
    assert (state.calls, state.reused, state.prompt_tokens, state.completion_tokens) == (2, 1, 2400, 600)
    assert round(state.usd, 6) == 0.04
    assert (state.passed, state.failed) == (7, 2)
    assert [unit.state for unit in state.units] == ["verified", "failed"]
    assert state.running == ()
    assert state.budget and state.budget.level == "warn"


def test_the_state_before_is_left_as_it_was(story: list[e.Event]) -> None:
    before = after(story[:5])
    after_it = before.apply(story[5])
    assert before == after(story[:5])
    assert after_it != before


def test_stages_go_from_pending_over_running_to_done(story: list[e.Event]) -> None:
    running = after(story[:4])
    assert running.stage and running.stage.name == "proposal"
    done = after(story)
    assert [(stage.name, stage.state, stage.seconds) for stage in done.stages] == [
        ("proposal", "done", 4.0),
        ("structure", "done", None),
        ("code", "done", 9.0),
        ("delivery", "pending", None),
    ]


def test_a_resumed_run_shows_the_stages_before_as_done() -> None:
    state = after([e.StageStart(stage="code", title="unit by unit", ts=5.0)])
    assert [stage.state for stage in state.stages] == ["done", "done", "running", "pending"]


def test_a_stage_nobody_announced_is_added() -> None:
    state = after([e.StageStart(stage="extra", title="more")])
    assert state.stages[-1].name == "extra"


def test_units_are_at_work_from_start_to_end(story: list[e.Event]) -> None:
    begun = after(story[:11])
    assert [unit.name for unit in begun.running] == ["Store", "main"]
    assert [unit.name for unit in after(story[:20]).running] == ["main"]


def test_a_unit_that_is_begun_again_is_listed_once() -> None:
    unit = e.UnitStart(unit="u", name="n", path="p")
    assert len(after([unit, unit]).running) == 1


def test_the_stub_gate_counts_as_no_failure() -> None:
    gate = e.SandboxRun(purpose="stub gate", subject="A", backend="docker", ended="exited", seconds=1, failed=9)
    assert after([gate]).failed == 0


def test_the_last_run_of_a_subject_counts() -> None:
    state = after([a_run("unit tests", failed=2, errors=1), a_run("unit tests", passed=3)])
    assert (state.passed, state.failed) == (3, 0)


def test_a_run_of_the_whole_suite_replaces_the_runs_of_units() -> None:
    unit, whole = a_run("unit tests", passed=3), a_run("final", passed=10, failed=1)
    state = after([unit, whole, unit])
    assert (state.passed, state.failed) == (10, 1)


def test_time_left_follows_the_pace_of_the_stage() -> None:
    begun = after([e.StageStart(stage="code", title="", total=10, ts=100.0)])
    assert begun.seconds_left(130.0) is None
    state = begun.apply(e.StageProgress(stage="code", done=4, total=10, ts=140.0))
    assert state.seconds_left(140.0) == 60.0


def test_only_the_latest_lines_are_kept_and_without_noise(story: list[e.Event]) -> None:
    state = after(story * 3)
    assert len(state.recent) == RECENT
    assert not any(line.startswith(("reply", "progress")) for _, line in state.recent)


def test_tasks_of_an_evaluation_count_as_they_end() -> None:
    begun = e.StageStart(stage="tasks", title="Judge the tasks", total=3, ts=5.0)
    run = e.SandboxRun(purpose="adapted test", subject="t-1", backend="docker", ended="exited", seconds=1, passed=7)
    ends = [e.TaskEnd(task="t-1", state="passed"), e.TaskEnd(task="t-2", state="voted-down")]
    state = after([begun, run, *ends, ends[1]])
    assert (state.passed, state.failed) == (1, 1)
    assert state.stage is not None
    assert (state.stage.done, state.stage.total) == (2, 3)
