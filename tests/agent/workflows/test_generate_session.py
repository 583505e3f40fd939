from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from workshop import Workshop

from repowright.agent import events
from repowright.agent.errors import BudgetError, BudgetSpent, PlanError, ReplayMiss, ReplyInvalid, RunDamaged, SpecError
from repowright.agent.events import LlmReply
from repowright.agent.llm import Record
from repowright.agent.recording import export_recording
from repowright.repo_tools.git import GitRepository


def recording(workshop: Workshop, units: int = 4) -> Path:
    workshop.start(units)
    kept = workshop.folder / "recording"
    kept.mkdir()
    shutil.copy(workshop.run.folder / "manifest.json", kept)
    shutil.copytree(workshop.run.record, kept / "record")
    return kept


def files_of(folder: Path) -> dict[str, bytes]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and ".git" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_replay_makes_the_same_repository_and_asks_nobody(workshop: Workshop) -> None:
    kept = recording(workshop)
    first = files_of(workshop.out)
    asked = [event for event in workshop.told.of(LlmReply) if event.source == "endpoint"]
    assert asked
    workshop.told.events.clear()
    for name in ("one", "two"):
        end = workshop.start(4, replay=kept, out=workshop.folder / name, base_url="http://127.0.0.1:9/v1")
        assert end.status == "done"
        assert files_of(workshop.folder / name) == first
    assert {event.source for event in workshop.told.of(LlmReply)} == {"replay"}
    heads = {GitRepository.open(workshop.folder / name).head() for name in ("one", "two", "out")}
    assert len(heads) == 1


def test_replay_names_the_first_request_the_recording_lacks(workshop: Workshop) -> None:
    kept = recording(workshop)
    lost = next(event for event in workshop.told.of(LlmReply) if event.task == "generate.areas")
    (kept / "record" / "reply" / f"{lost.key}.json").unlink()
    with pytest.raises(ReplayMiss, match=r"generate\.areas"):
        workshop.start(4, replay=kept, out=workshop.folder / "again")


def test_replay_refuses_an_altered_answer(workshop: Workshop) -> None:
    kept = recording(workshop)
    answer = sorted((kept / "record" / "reply").glob("*.json"))[0]
    answer.write_text(answer.read_text().replace("add", "sub", 1))
    with pytest.raises(RunDamaged, match=answer.name):
        workshop.start(4, replay=kept, out=workshop.folder / "again")


def test_replay_refuses_another_specification(workshop: Workshop) -> None:
    kept = recording(workshop)
    with pytest.raises(SpecError, match="another specification"):
        workshop.start(5, replay=kept, out=workshop.folder / "again")


def test_replay_says_where_the_sandbox_ended_otherwise(workshop: Workshop) -> None:
    kept = recording(workshop)
    record = Record(kept / "record")
    for key in record.keys("sandbox"):
        told = record.get_text("sandbox", key)
        assert told is not None
        record.put_text("sandbox", key, told.replace('"outcome":"passed"', '"outcome":"skipped"'))
    end = workshop.start(4, replay=kept, out=workshop.folder / "again")
    assert end.status == "done"
    warnings = [event.message for event in workshop.told.of(events.Warning)]
    assert any("skipped then, passed now" in message for message in warnings)


def test_stopped_run_is_edited_as_markdown_and_resumed(workshop: Workshop) -> None:
    end = workshop.start(4, stop_after="areas")
    assert (end.status, end.exit_code) == ("stopped", 0) and end.resume
    assert not workshop.out.exists()
    plan = workshop.run.plan
    assert "## Area 0" in plan.read_text() or "Area 0" in plan.read_text()
    plan.write_text(plan.read_text().replace("Adds, part 0.", "Adds whole numbers."))
    assert workshop.resume().status == "done"
    assert "Adds whole numbers." in (workshop.out / "graph.json").read_text()


def test_stopped_run_is_edited_as_json_and_resumed(workshop: Workshop) -> None:
    workshop.start(4, stop_after="interfaces")
    graph = workshop.run.graph
    graph.write_text(graph.read_text().replace("Return value plus 3.", "Return value plus three."))
    assert workshop.resume().status == "done"
    assert "plus three" in (workshop.out / "src/adders/file_0.py").read_text()


def test_edit_that_breaks_the_plan_is_refused_and_the_run_kept(workshop: Workshop) -> None:
    workshop.start(4, stop_after="areas")
    graph = workshop.run.graph
    sound = graph.read_text()
    graph.write_text(sound.replace('"kind":"contains"', '"kind":"imports"', 1))
    with pytest.raises(PlanError, match=r"graph\.json"):
        workshop.resume()
    graph.write_text(sound)
    assert workshop.resume().status == "done"


def test_budget_stops_before_the_call_and_a_larger_one_goes_on(workshop: Workshop) -> None:
    with pytest.raises(BudgetSpent):
        workshop.start(4, budget="21ktok")
    assert workshop.run.status == "budget"
    spent = [event for event in workshop.told.of(LlmReply) if event.source == "endpoint"]
    assert spent
    assert sum(event.prompt_tokens + event.completion_tokens for event in spent) <= 21_000
    assert workshop.resume(budget="2Mtok").status == "done"
    keys = [event.key for event in workshop.told.of(LlmReply) if event.source == "endpoint"]
    assert len(keys) == len(set(keys))


def test_budget_below_one_call_is_refused_at_once(workshop: Workshop) -> None:
    with pytest.raises(BudgetError, match="too small"):
        workshop.start(4, budget="10tok")


def test_each_generation_of_units_is_committed_with_what_it_does(workshop: Workshop) -> None:
    workshop.start(6)
    subjects = [commit.subject for commit in GitRepository.open(workshop.out).log()][::-1]
    assert subjects[0] == "Plan adders"
    assert subjects[1:7] == [f"Add add_{one} to src/adders/file_{one // 4}.py" for one in range(6)]
    assert subjects[7:] == ["Test Area 0 as a whole", "Describe the project"]


def test_state_in_the_checkpoint_stays_small(workshop: Workshop) -> None:
    workshop.start(4)
    small = workshop.run.checkpoints.stat().st_size
    other = Workshop(workshop.folder / "larger")
    other.start(12)
    # Three times the units: what grows is the number of steps, not what each step writes.
    assert other.run.checkpoints.stat().st_size < 4 * small


def test_run_that_ended_over_useless_answers_asks_anew_when_resumed(workshop: Workshop) -> None:
    def mistakes(system: str, user: str) -> str | None:
        return '{"areas": []}' if "sort the features" in system else None

    with pytest.raises(ReplyInvalid, match="areas") as caught:
        workshop.start(2, mistakes=mistakes)
    assert "resume" in caught.value.hint
    assert workshop.resume().status == "done"
    kept = workshop.folder / "recording"
    export_recording(workshop.run, kept)
    assert workshop.start(2, replay=kept, out=workshop.folder / "again").status == "done"
