from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from rebuilding import EXAMPLE, Rebuilding, replay_example, seed_of_folder
from recalled import Recalled
from workshop import Told

from repowright.agent.events import Decision, LlmReply
from repowright.agent.graph_origin import Keep
from repowright.agent.recording import export_recording
from repowright.graph.encode import encode
from repowright.graph.kinds import NodeKind, State
from repowright.graph.serial import load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Told]:
    folder = tmp_path_factory.mktemp("example")
    return folder / "out", replay_example(folder)


def recalled(told: Told, alias: tuple[str, str] = ("", "")) -> Recalled:
    return Recalled.of(EXAMPLE / "recording", told.events, alias)


def test_everything_but_bodies_rebuilds_the_example_and_its_recorded_tests_pass(
    example: tuple[Path, Told], tmp_path: Path
) -> None:
    delivered, told = example
    before = next(event for event in reversed(told.events) if event.type == "run.end")
    model, rebuilding = recalled(told), Rebuilding(tmp_path)
    end = rebuilding.start(seed_of_folder(delivered, Keep.INTERFACES), model)
    assert (end.status, end.units_verified, end.units_total) == ("done", 13, 13)
    assert end.tests_passed == before.tests_passed > 600 and end.tests_failed == 0
    assert {task for task, _ in model.asked} == {
        "generate.tests",
        "generate.code",
        "generate.integration_tests",
        "generate.readme",
    }
    rebuilt = load(rebuilding.out / "graph.json")
    assert all(node.state is State.VERIFIED for node in rebuilt)
    original = load(delivered / "graph.json")
    assert [node.path for node in rebuilt.nodes(NodeKind.FILE)] == [node.path for node in original.nodes(NodeKind.FILE)]


def test_encoded_example_is_rebuilt_under_another_name_that_no_request_gives_away(
    example: tuple[Path, Told], tmp_path: Path
) -> None:
    delivered, told = example
    encoded = tmp_path / "encoded"
    shutil.copytree(delivered, encoded, ignore=shutil.ignore_patterns(".git", "graph.json"))
    encode(encoded)
    model, rebuilding = recalled(told, ("unit_converter", "metrology")), Rebuilding(tmp_path)
    end = rebuilding.start(seed_of_folder(encoded, Keep.INTERFACES, "metrology"), model)
    assert (end.status, end.units_verified, end.tests_failed) == ("done", 13, 0)
    # The tests and code it answered itself come back in later requests, renamed as well.
    assert not [text for text in model.requests if re.search("unit[-_]converter", text, re.IGNORECASE)]
    assert (rebuilding.out / "src" / "metrology" / "conversion.py").is_file()
    told_of = next(event for event in rebuilding.told.of(Decision) if "is told" in event.subject)
    assert any("replaced by metrology; the original's is left in 0 places" in line for line in told_of.evidence)


def test_rebuilt_run_is_exported_and_replayed_with_its_graph_alone(example: tuple[Path, Told], tmp_path: Path) -> None:
    delivered, told = example
    seed = seed_of_folder(delivered, Keep.INTERFACES)
    first = Rebuilding(tmp_path / "first")
    first.start(seed, recalled(told))
    kept = tmp_path / "recording"
    export_recording(first.run, kept)
    again = Rebuilding(tmp_path / "again")
    assert again.start(seed, None, replay=kept).status == "done"
    assert {reply.source for reply in again.told.of(LlmReply)} == {"replay"}
    for path in ("src/unit_converter/conversion.py", "graph.json", "README.md"):
        assert (again.out / path).read_bytes() == (first.out / path).read_bytes()
