from __future__ import annotations

from dataclasses import replace

import pytest

from repowright.agent.workflows.translate.idiomatic.accepting import Whole, fault_of
from repowright.agent.workflows.translate.idiomatic.cluster_record import ClusterRecord, RoundTrip
from repowright.agent.workflows.translate.idiomatic.cluster_report import cluster_lines
from repowright.agent.workflows.translate.idiomatic.clusters import Cluster
from repowright.agent.workflows.translate.linking import Key
from repowright.agent.workflows.translate.records import Judgement, LadderStep, UnitRecord, UnitState
from repowright.agent.workflows.translate.slots import Slot

SUM = Key("tape.c", "tape_sum")
SLOT = Slot("src/tape.rs", "Tape::sum", SUM)
CLUSTER = Cluster("struct tape", (), (SUM,), (SUM,), (), (), "tape.c")
RECORD = ClusterRecord(name="struct tape", types=("struct tape",), unsafe_before=1)
UNIT = UnitRecord(name="tape_sum", origins=(str(SUM),), items=(str(SLOT),), state=UnitState.VERIFIED)
GOOD = Whole({}, Judgement(builds=True, swapped=True, reached=("tape_sum",)), (UNIT,), ())
CALLS = LadderStep(check="differential", verdict="passed", told="", functions=("tape_sum",))
DIFFERS = LadderStep(
    check="differential", verdict="failed", told="", problems=("tape_new(3) tape_sum(#): C gives 1, the candidate 2",)
)


def _told(whole: Whole = GOOD, record: ClusterRecord = RECORD, faults: dict[str, str] | None = None) -> str:
    return fault_of((SLOT,), CLUSTER, record, whole, faults or {})


def test_what_c_programs_or_generated_calls_show_equal_is_accepted() -> None:
    assert _told() == ""
    assert _told(replace(GOOD, now=Judgement(builds=True), steps=(CALLS,))) == ""


@pytest.mark.parametrize(
    ("whole", "told"),
    [
        (replace(GOOD, now=Judgement(builds=False)), "the crate does not build"),
        (
            replace(GOOD, units=(UNIT.model_copy(update={"state": UnitState.STUB, "reason": "it says no"}),)),
            "not written",
        ),
        (replace(GOOD, units=(UNIT.model_copy(update={"state": UnitState.FAILING}),)), "not right"),
        (replace(GOOD, steps=(DIFFERS,)), "generated values differ: tape_new(3) tape_sum(#)"),
        (replace(GOOD, now=Judgement(builds=True, swapped=True, reached=("other",))), "nothing shows how it behaves"),
    ],
)
def test_what_speaks_against_a_cluster_is_told(whole: Whole, told: str) -> None:
    assert told in _told(whole)


def test_unsafe_code_lost_values_and_blame_speak_against_a_cluster() -> None:
    assert _told(record=RECORD.model_copy(update={"unsafe_after": 1})) == "it holds 1 unsafe places, the safe stage 1"
    assert _told(faults={"struct tape": "it prints 3"}) == "it prints 3"
    trip = RoundTrip(type="struct tape", rust="Tape", ran=200, failed=9, told="length is lost")
    assert _told(record=RECORD.model_copy(update={"round_trips": (trip,)})).endswith("struct tape fail: length is lost")


def test_the_table_names_every_cluster_and_below_it_stands_what_is_wrong() -> None:
    trips = (
        RoundTrip(type="struct tape", rust="Tape", ran=200, failed=9, told="length is lost"),
        RoundTrip(type="struct reel", reason="it is packed"),
        RoundTrip(type="struct spool", rust="Spool", ran=200, not_compared=("room",)),
    )
    wrong = RECORD.model_copy(update={"round_trips": trips, "reason": "round trips fail"})
    text = "\n".join(cluster_lines([wrong, ClusterRecord(name="functions of a.c", unsafe_before=2)]))
    assert "| `struct tape` | `struct tape` | 0 | 2 of 3 | 400, 9 | 1, 0 | no |" in text
    assert "| `functions of a.c` | none | 0 | no type | none | 2, 0 | yes |" in text
    assert "- Converters of `struct reel` are not generated: it is packed" in text
    assert "- `struct tape` does not come back from `Tape`: length is lost" in text
    assert "- Of `struct spool` the SPEC leaves out `room`" in text and cluster_lines([]) == []
