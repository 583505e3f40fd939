from __future__ import annotations

import json
from pathlib import Path

import pytest

from repowright.agent.errors import RunDamaged
from repowright.agent.events import EventBus, RunEnd
from repowright.agent.run import Run
from repowright.agent.settings import Settings
from repowright.agent.spec import spec_from_bytes
from repowright.agent.workflows.translate.checks import Bench, c_program
from repowright.agent.workflows.translate.records import (
    Metrics,
    RefusedUnit,
    Translation,
    UnitRecord,
    UnitState,
    UnsafeFigures,
)
from repowright.benchmarks.translation.cases import Case
from repowright.benchmarks.translation.errors import CasesUnavailable
from repowright.benchmarks.translation.judging import Verdicts, judged_rows, runs_at
from repowright.benchmarks.translation.published import CRUST, TESTED, WHOLE_SET
from repowright.benchmarks.translation.report import markdown, report_of
from repowright.benchmarks.translation.rows import ProjectRow, row_of, subject_of, totals
from repowright.benchmarks.translation.verdict import ProjectVerdict
from repowright.executors.local import LocalSandbox

ADDRESS = "a" * 64
CASE = Case("my_queue", c_program({"queue.c": b"int size(void) { return 0; }\n"}))
VERDICT = ProjectVerdict(
    "my_queue", True, True, True, passed=("t::real", "t::idle"), vacuous=("t::idle",), lines=200, clippy=3,
    tier="B", stood_in=("rand",), dropped=("nix",),
)  # fmt: skip


class OneCase:
    def names(self) -> tuple[str, ...]:
        return ("my_queue",)

    def case(self, name: str) -> Case:
        return CASE


def translation() -> Translation:
    figures = dict.fromkeys(Metrics.model_fields, 0)
    metrics = Metrics.model_validate(
        figures
        | {"c_lines": 150, "rust_lines": 1, "units": 3, "verified": 2, "refused": 2, "requests": 6, "builds": True}
        | {"prompt_tokens": 1000, "completion_tokens": 50, "usd": 0.25, "unsafe": UnsafeFigures()}
    )
    units = tuple(
        UnitRecord(name=name, origins=(), items=(), state=UnitState.VERIFIED, attempts=attempts)
        for name, attempts in (("a", 1), ("b", 3), ("c", 0))
    )
    refused = tuple(
        RefusedUnit(path="q.c", name=name, line=1, code=code, reason="why")
        for name, code in (("x", "not-in-interface"), ("y", "setjmp"))
    )
    return Translation(
        title="my-queue to Rust", source=ADDRESS, crate="my_queue", interface="given", metrics=metrics, units=units,
        refused=refused, notes=(), ladder=(), failing=(), differences=(), faults={}, form={},
    )  # fmt: skip


def a_run(root: Path, out: Path, *, delivered: bool = True, interface: str = "proj_my_queue") -> Run:
    text = f"# my-queue to Rust\n\n- Source: my-queue, 2 files, {ADDRESS}\n"
    text += f"- Interface: {interface}, 3 files, {ADDRESS}\n" if interface else ""
    spec = spec_from_bytes(f"{text}- Target: rust\n".encode(), "/c/my-queue")
    settings = Settings.model_validate({"model": "m-1"})
    number = iter(range(1_700_000_000, 1_800_000_000))
    run = Run.create(root, spec, settings, out, lambda: float(next(number)), None, "translate")
    log = run.log()
    bus = EventBus(run.id, lambda: 1_700_000_100.0)
    bus.subscribe(log)
    for seconds in (30.0, 60.0):
        bus.emit(RunEnd(status="done", exit_code=0, seconds=seconds, prompt_tokens=1000, completion_tokens=50))
    log.close()
    run.update_status("done" if delivered else "interrupted")
    if delivered:
        (run.folder / "translation.json").write_text(translation().model_dump_json(), encoding="utf-8")
        out.mkdir(parents=True, exist_ok=True)
        (out / "Cargo.toml").write_text("[package]\n", encoding="utf-8")
    return run


@pytest.fixture
def bench() -> Bench:
    """A bench that nothing may run on: its sandbox refuses to be used."""
    return Bench(LocalSandbox())


def test_a_row_brings_run_and_verdict_together(tmp_path: Path) -> None:
    run = a_run(tmp_path / "runs", tmp_path / "out")
    row = row_of("my_queue", run, VERDICT)
    assert (row.status, row.model, row.seconds, row.usd) == ("done", "m-1", 90.0, 0.25)
    assert (row.units, row.verified, row.refused, row.outside, row.rounds) == (3, 2, 2, 1, 4)
    assert (row.real_passed, row.real_tests, row.vacuous, row.passed) == (1, 1, 1, 2)
    assert (row.rust_lines, row.c_lines, row.clippy_per_1000, row.tier) == (200, 150, 15.0, "B")


def test_a_run_that_delivered_nothing_counts_as_a_project_that_failed(tmp_path: Path) -> None:
    row = row_of("my_queue", a_run(tmp_path / "runs", tmp_path / "out", delivered=False), None)
    assert (row.status, row.judged, row.builds, row.prompt_tokens) == ("interrupted", False, False, 1000)
    text = markdown(report_of("Some", [row]))
    assert "GPT-5" not in text.partition("## Results")[0]
    assert "1 projects, 1 of them not finished." in text and "the run is interrupted" in text


def test_a_damaged_record_is_one_line(tmp_path: Path) -> None:
    run = a_run(tmp_path / "runs", tmp_path / "out")
    (run.folder / "translation.json").write_text("{}", encoding="utf-8")
    with pytest.raises(RunDamaged, match="is no record of a translation"):
        row_of("my_queue", run, None)


async def test_a_crate_that_was_judged_is_not_judged_again(tmp_path: Path, bench: Bench) -> None:
    run = a_run(tmp_path / "runs", tmp_path / "out")
    kept, told = Verdicts(tmp_path / "verdicts"), list[str]()
    kept.put(CASE, {"Cargo.toml": b"[package]\n"}, VERDICT)
    (row,) = await judged_rows(bench, OneCase(), [run], kept, told.append)
    assert (row.project, row.strict, told) == ("my_queue", True, [])
    assert kept.get(CASE, {"Cargo.toml": b"[package]\n\n"}) is None
    (tmp_path / "out" / "Cargo.toml").unlink()
    (row,) = await judged_rows(bench, OneCase(), [run], kept, told.append)
    assert (row.judged, told) == (False, [])


def test_runs_are_found_by_name_by_folder_and_by_where_they_deliver(tmp_path: Path) -> None:
    root, work = tmp_path / "runs", tmp_path / "work"
    first = a_run(root, work / "my_queue" / "crate")
    last = a_run(root, tmp_path / "elsewhere")
    assert subject_of(first) == "proj_my_queue"
    assert [run.id for run in runs_at([str(root)], root)] == [last.id]
    assert [run.id for run in runs_at([first.id], root)] == [first.id]
    assert [run.id for run in runs_at([str(work)], root)] == [first.id]
    assert subject_of(a_run(root, tmp_path / "third", interface="")) == "my-queue"


def test_sums_hold_clippy_against_the_lines_it_saw() -> None:
    rows = [
        ProjectRow(project="a", run="1", model="m", status="done", clippy=5, rust_lines=1000, unsafe=2, strict=True),
        ProjectRow(project="b", run="2", model="m", status="failing", rust_lines=9000),
    ]
    sums = totals(rows)
    assert (sums.projects, sums.finished, sums.strict, sums.unsafe_projects) == (2, 2, 1, 1)
    assert sums.clippy_per_1000 == 5.0 and totals([]).clippy_per_1000 is None


def test_the_report_lays_rates_beside_published_ones(tmp_path: Path) -> None:
    row = row_of("my_queue", a_run(tmp_path / "runs", tmp_path / "out"), VERDICT)
    report = report_of("CRUST-bench, one project", [row], CRUST)
    text = markdown(report)
    assert "| **Repowright** (m-1) | 1 | 100 % (1; 21 to 100) |" in text
    assert "| GPT-5 (high), with test repair | 100 | 85 % | 70 % | |" in text
    assert "- my_queue: stand-ins for rand; unused, taken out: nix" in text
    assert "| my_queue | 2 of 3 | 2 (1) | 4 | 6 | 1000 | 50 | 0.25 | 1.5 |" in text
    assert "Why not strictly" not in text
    read = json.loads(report.model_dump_json())
    assert read["totals"]["strict"] == 1 and read["projects"][0]["stood_in"] == ["rand"]
    assert {"system": "o3", "setting": TESTED}.items() <= read["published"][11].items()


def test_published_rates_are_of_the_whole_set_and_pass_no_more_than_they_build() -> None:
    assert all(0 < row.passes <= row.builds <= row.projects == WHOLE_SET for row in CRUST)
    assert len({(row.system, row.setting) for row in CRUST}) == len(CRUST)


def test_who_else_solved_the_same_projects_is_counted(tmp_path: Path) -> None:
    table = tmp_path / "solved.tsv"
    table.write_text("rbench\ttier\tsolved_by\nmy_queue\tA\tone,two\nother\tA\ttwo\nhard\tA\t-\n", encoding="utf-8")
    rows = [ProjectRow(project=name, run="1", model="m", status="done") for name in ("hard", "proj_my_queue", "new")]
    report = report_of("Some", rows, solved=table)
    assert [(each.system, each.passes, each.projects) for each in report.beside] == [("one", 1, 2), ("two", 1, 2)]
    assert "| two | 1 of 2 |" in markdown(report)
    table.write_text("project\tby\n", encoding="utf-8")
    assert report_of("Some", rows, solved=table).beside == ()
    table.write_text("project\tby\na\tb\n", encoding="utf-8")
    with pytest.raises(CasesUnavailable, match="does not tell who solved what"):
        report_of("Some", rows, solved=table)
