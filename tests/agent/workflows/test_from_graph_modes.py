from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from plain_planner import plan_by_rule
from rebuilding import Rebuilding, seed_of_folder
from workshop import Workshop

from repowright.agent.errors import RunDamaged, SpecError
from repowright.agent.events import Decision, LlmCall, StageEnd
from repowright.agent.graph_origin import Keep
from repowright.agent.recording import export_recording
from repowright.agent.workflows.generate.plan import Plan
from repowright.agent.workflows.generate.stages import NAMES
from repowright.benchmarks.speed.sdists import cached
from repowright.graph.encode import encode
from repowright.graph.kinds import EdgeKind, NodeKind
from repowright.graph.lint import lint
from repowright.graph.model import RPG
from repowright.graph.serial import load
from repowright.repo_tools.git import GitRepository

RELEASE = "requests==2.32.5"
DECIDED = {Keep.FEATURES: "areas", Keep.FILES: "structure", Keep.INTERFACES: "interfaces"}


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    release = cached(RELEASE)
    if release is None:
        pytest.skip(f"{RELEASE} is not fetched; python -m repowright.benchmarks.speed.sdists {RELEASE}")
    folder = tmp_path_factory.mktemp("real") / release.name
    shutil.copytree(release, folder)
    encode(folder)
    return folder


def files_of(rpg: RPG) -> set[str]:
    return {node.path for node in rpg.nodes(NodeKind.FILE)}


def errors(rpg: RPG, stage: str) -> list[str]:
    return [finding.message for finding in lint(rpg, stage) if finding.severity == "error"]


@pytest.mark.parametrize("keep", list(Keep))
def test_real_project_comes_to_the_code_stage_in_each_mode(keep: Keep, requests: Path, tmp_path: Path) -> None:
    rebuilding = Rebuilding(tmp_path)
    end = rebuilding.start(seed_of_folder(requests, keep, "httpeasy"), plan_by_rule, stop_after="units")
    assert (end.status, end.exit_code) == ("stopped", 0)
    done = [event.stage for event in rebuilding.told.of(StageEnd)]
    assert done == list(NAMES[: NAMES.index("units") + 1])
    asked = {event.task for event in rebuilding.told.of(LlmCall)}
    later = {"generate.structure", "generate.flows", "generate.base_types", "generate.interface"}
    if keep is Keep.FILES:
        later.discard("generate.structure")
    assert asked == (set() if keep is Keep.INTERFACES else later) - {"generate.flows"}
    rpg = load(rebuilding.run.graph)
    assert errors(rpg, "interfaces") == []
    assert ("src/httpeasy/sessions.py" in files_of(rpg)) is (keep is not Keep.FEATURES)
    names = {node.name for node in rpg.nodes(NodeKind.CLASS)}
    assert ("HttpeasyCookieJar" in names) is (keep is Keep.INTERFACES)
    assert not any("test" in path for path in files_of(rpg))


@pytest.mark.parametrize("keep", list(Keep))
def test_no_text_of_a_renamed_plan_names_the_original(keep: Keep, requests: Path, tmp_path: Path) -> None:
    seed = seed_of_folder(requests, keep, "http-easy")
    text = "\n".join([seed.spec.text, *(content.decode() for content in seed.artifacts)]).lower()
    assert "http_easy" in text
    assert "requests" not in text
    (said,) = [note for note in seed.record.notes if "is told" in note.subject]
    assert any("replaced by http_easy; the original's is left in 0 places" in line for line in said.evidence)
    assert (any("signatures: none" in line for line in said.evidence)) is (keep is not Keep.INTERFACES)


def test_same_graph_gives_the_same_seed(requests: Path) -> None:
    one, two = (seed_of_folder(requests, Keep.INTERFACES, "httpeasy") for _ in range(2))
    assert one == two


def test_stage_that_the_graph_decided_can_be_stopped_after_edited_and_resumed(requests: Path, tmp_path: Path) -> None:
    rebuilding = Rebuilding(tmp_path)
    seed = seed_of_folder(requests, Keep.FILES, "httpeasy")
    assert rebuilding.start(seed, plan_by_rule, stop_after="areas").status == "stopped"
    assert not rebuilding.told.of(LlmCall)
    plan = rebuilding.run.plan
    plan.write_text(plan.read_text().replace("merge the cookies", "join two cookie jars", 1))
    assert rebuilding.resume(plan_by_rule, stop_after="interfaces").status == "stopped"
    assert rebuilding.run.manifest.from_graph == seed.origin


def test_run_that_lost_its_seed_before_it_began_says_so(requests: Path, tmp_path: Path) -> None:
    rebuilding = Rebuilding(tmp_path)
    seed = seed_of_folder(requests, Keep.FEATURES)
    rebuilding.start(seed, plan_by_rule, stop_after="areas")
    for name in ("seed.json", "checkpoints.sqlite"):
        (rebuilding.run.folder / name).unlink()
    with pytest.raises(RunDamaged, match=r"seed\.json"):
        rebuilding.resume(plan_by_rule)


def test_run_killed_before_its_first_checkpoint_begins_from_its_seed_again(requests: Path, tmp_path: Path) -> None:
    rebuilding = Rebuilding(tmp_path)
    rebuilding.start(seed_of_folder(requests, Keep.FEATURES), plan_by_rule, stop_after="areas")
    for path in rebuilding.run.folder.glob("checkpoints.sqlite*"):
        path.unlink()
    end = rebuilding.resume(plan_by_rule, stop_after="structure")
    assert end.status == "stopped"
    assert {event.task for event in rebuilding.told.of(LlmCall)} == {"generate.structure"}


@pytest.mark.parametrize("keep", [Keep.FEATURES, Keep.FILES])
def test_planned_graph_is_rebuilt_to_the_end(keep: Keep, workshop: Workshop) -> None:
    workshop.start(6)
    rebuilding = Rebuilding(workshop.folder / "again")
    seed = seed_of_folder(workshop.out, keep)
    end = rebuilding.start(seed, None)
    assert (end.status, end.units_verified, end.units_total) == ("done", 6, 6)
    subjects = [commit.subject for commit in GitRepository.open(rebuilding.out).log()][::-1]
    assert subjects[0] == "Plan adders"
    before, after = load(workshop.out / "graph.json"), load(rebuilding.out / "graph.json")
    assert files_of(after) == files_of(before)
    kept = [{(edge.src, edge.dst) for edge in each.edges(EdgeKind.IMPORTS)} for each in (before, after)]
    assert kept[0] == kept[1]


def test_recording_of_another_mode_is_refused(workshop: Workshop) -> None:
    workshop.start(4)
    first = Rebuilding(workshop.folder / "first")
    first.start(seed_of_folder(workshop.out, Keep.FILES), None)
    kept = workshop.folder / "recording"
    export_recording(first.run, kept)
    again = Rebuilding(workshop.folder / "again")
    with pytest.raises(SpecError, match="another graph"):
        again.start(replace(seed_of_folder(workshop.out, Keep.FEATURES), spec=first.run.spec()), None, replay=kept)


def test_what_is_left_out_is_said_with_its_reason(requests: Path, tmp_path: Path) -> None:
    rebuilding = Rebuilding(tmp_path)
    rebuilding.start(seed_of_folder(requests, Keep.INTERFACES), plan_by_rule, stop_after="interfaces")
    said = {event.why: event.evidence for event in rebuilding.told.of(Decision)}
    assert "tests/test_requests.py" in said["test code"]
    assert said["outside the package requests"] == ["setup.py"]
    circles = said["a dependency that closed a circle of files was dropped"]
    assert circles == ["src/requests/models.py -> src/requests/auth.py"]
    assert "src/requests/help.py:_implementation" in said["a private helper is the coder's business"]


def test_seeded_plan_is_kept_whole_in_the_run(requests: Path, tmp_path: Path) -> None:
    rebuilding = Rebuilding(tmp_path)
    seed = seed_of_folder(requests, Keep.INTERFACES)
    rebuilding.start(seed, plan_by_rule, stop_after="interfaces")
    plan = Plan.load(rebuilding.run.artifacts, seed.record.plan)
    assert len(plan.unit_nodes()) > 100
