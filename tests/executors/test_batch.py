from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from repowright.executors import Box, Ended, Limits, Outcome, Sandbox, SandboxError, SandboxLost, SandboxUnavailable
from repowright.executors.batch import key_of, read_results, run_batch
from repowright.executors.jobs import Job, Suite
from repowright.executors.journal import Journal, JournalError, read_records

LIMITS = Limits(wall_s=20)
Behaviour = Callable[[Sequence[str]], Outcome]


class ScriptedBox:
    """A box whose commands do what a function says."""

    spent = False

    def __init__(self, behave: Behaviour) -> None:
        self._behave = behave
        self.files: dict[str, bytes] = {}

    def put(self, files: Mapping[str, bytes]) -> None:
        self.files.update(files)

    def run(self, argv: Sequence[str], limits: Limits, env: Mapping[str, str] | None = None) -> Outcome:
        return self._behave(argv)

    def get(self, paths: Sequence[str], max_bytes: int = 16_000_000) -> dict[str, bytes]:
        return {path: self.files[path] for path in paths if path in self.files}

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class ScriptedSandbox:
    """Opens boxes that do what a function says."""

    name = "scripted"
    python = "python3"

    def __init__(self, behave: Behaviour) -> None:
        self._behave = behave

    def open(self, limits: Limits) -> Box:
        return ScriptedBox(self._behave)  # type: ignore[return-value]

    def close(self) -> None:
        pass


def answer(argv: Sequence[str], said: str = "") -> Outcome:
    """What a command that prints ``said`` comes to; the nonce is the first argument of the job's script."""
    return Outcome(0, f"{argv[4]}\n{said or ' '.join(argv[5:])}", "", 0.0)


def job(name: str, *command: str) -> Job:
    return Job(name, {}, command or ("echo", name), LIMITS)


def test_results_of_commands_and_suites_are_journalled_whole(sandbox: Sandbox, tmp_path: Path) -> None:
    jobs = [
        Job("command", {"in": b"\xff\x00x"}, ("sh", "-c", "cp in out; echo said; exit 3"), LIMITS, fetch=("out", "no")),
        Job("suite", {"test_a.py": b"def test_a(): pass\ndef test_b(): assert 0\n"}, Suite(), LIMITS),
        Job("variable", {}, ("sh", "-c", "echo $SOME"), LIMITS, {"SOME": "value"}),
        Job("endless", {}, ("sh", "-c", "echo begun; sleep 60"), Limits(wall_s=0.7)),
        Job("outside", {"../x": b""}, ("true",), LIMITS),
    ]
    summary = run_batch(sandbox, jobs, tmp_path / "journal", workers=2)
    assert (summary.ran, summary.failed, summary.lost) == (5, 1, 0)
    results = {result.id: result for result in read_results(tmp_path / "journal")}
    command, suite, variable, endless = (results[each.id] for each in jobs[:4])
    assert command.outcome is not None and suite.report is not None
    assert (command.outcome.exit_code, command.outcome.stdout) == (3, "said\n")
    assert command.files == {"out": b"\xff\x00x"}
    assert [(each.test, each.outcome) for each in suite.report.results] == [
        ("test_a.py::test_a", "passed"),
        ("test_a.py::test_b", "failed"),
    ]
    assert variable.outcome is not None and variable.outcome.stdout == "value\n"
    assert endless.outcome is not None
    assert (endless.outcome.ended, endless.outcome.stdout) == (Ended.TIME, "begun\n")
    assert "no path inside the workspace" in results["outside"].error


def test_finished_jobs_are_not_run_again_and_changed_or_new_ones_are(tmp_path: Path) -> None:
    ran: list[str] = []

    def behave(argv: Sequence[str]) -> Outcome:
        ran.append(argv[-1])
        return answer(argv)

    sandbox = ScriptedSandbox(behave)
    run_batch(sandbox, [job("a"), job("b")], tmp_path / "journal", workers=1)
    ran.clear()
    again = run_batch(sandbox, [job("a"), job("b", "echo", "changed"), job("c")], tmp_path / "journal", workers=1)
    assert ran == ["changed", "c"]
    assert (again.kept, again.ran) == (1, 2)


def test_output_of_another_job_is_never_taken_for_ones_own(tmp_path: Path) -> None:
    calls = []

    def behave(argv: Sequence[str]) -> Outcome:
        calls.append(argv)
        return answer(argv) if len(calls) > 1 else Outcome(0, f"{'0' * 32}\nsomebody else's", "", 0.0)

    summary = run_batch(ScriptedSandbox(behave), [job("a")], tmp_path / "journal", workers=1)
    (result,) = read_results(tmp_path / "journal")
    assert result.outcome is not None
    assert result.outcome.stdout == "echo a"
    assert (summary.lost_boxes, result.lost_boxes) == (1, 1)


@pytest.mark.parametrize("said", ["", f"{'0' * 32}\nx", "x"])
def test_a_job_whose_nonce_never_comes_back_is_lost_after_three_boxes_and_runs_again(said: str, tmp_path: Path) -> None:
    mixed = ScriptedSandbox(lambda argv: Outcome(0, said, "", 0.0))
    summary = run_batch(mixed, [job("a")], tmp_path / "journal", workers=1)
    assert (summary.lost, summary.lost_boxes, summary.failed) == (1, 3, 0)
    (lost,) = read_results(tmp_path / "journal")
    assert lost.lost and lost.outcome is None and "not that of job a" in lost.error
    again = run_batch(ScriptedSandbox(answer), [job("a")], tmp_path / "journal", workers=1)
    assert (again.ran, again.lost) == (1, 0)


def test_lost_boxes_are_counted_apart_from_failures(tmp_path: Path) -> None:
    calls: list[str] = []

    def behave(argv: Sequence[str]) -> Outcome:
        calls.append(argv[-1])
        if calls.count(argv[-1]) <= int(argv[-1]):
            raise SandboxLost("the daemon went away")
        return answer(argv)

    summary = run_batch(ScriptedSandbox(behave), [job(n, n) for n in "0123"], tmp_path / "journal", workers=2)
    assert (summary.ran, summary.lost, summary.lost_boxes, summary.failed) == (4, 1, 0 + 1 + 2 + 3, 0)


def test_jobs_begin_in_their_order_and_no_more_are_taken_than_run(tmp_path: Path) -> None:
    begun: list[str] = []
    ahead: list[int] = []
    guard = threading.Lock()

    def behave(argv: Sequence[str]) -> Outcome:
        with guard:
            begun.append(argv[-1])
        time.sleep(0.002)
        return answer(argv)

    def jobs() -> Iterator[Job]:
        for number in range(60):
            ahead.append(number - sum(1 for _ in read_records(tmp_path / "journal")))
            yield job(f"job-{number:02}")

    run_batch(ScriptedSandbox(behave), jobs(), tmp_path / "journal", workers=4)
    places = [begun.index(f"job-{number:02}") for number in range(60)]
    assert all(abs(place - number) < 4 for number, place in enumerate(places))
    assert max(ahead) <= 4


def test_two_jobs_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="two jobs are named 'a'"):
        run_batch(ScriptedSandbox(answer), [job("a"), job("a")], tmp_path / "journal", workers=1)


def test_a_batch_stops_when_no_box_can_be_had_and_keeps_what_it_has(tmp_path: Path) -> None:
    def behave(argv: Sequence[str]) -> Outcome:
        if argv[-1] == "c":
            raise SandboxUnavailable("the Docker daemon is not back")
        return answer(argv)

    with pytest.raises(SandboxUnavailable):
        run_batch(ScriptedSandbox(behave), [job(n) for n in "abcde"], tmp_path / "journal", workers=1)
    assert [result.id for result in read_results(tmp_path / "journal")] == ["a", "b"]


def test_the_key_of_a_job_changes_with_all_that_it_is_made_of() -> None:
    one = Job("a", {"x": b"1"}, ("true",), LIMITS)
    others = [
        Job("a", {"x": b"2"}, ("true",), LIMITS),
        Job("a", {"y": b"1"}, ("true",), LIMITS),
        Job("a", {"x": b"1"}, ("false",), LIMITS),
        Job("a", {"x": b"1"}, Suite(("true",)), LIMITS),
        Job("a", {"x": b"1"}, ("true",), Limits()),
        Job("a", {"x": b"1"}, ("true",), LIMITS, {"A": "1"}),
        Job("a", {"x": b"1"}, ("true",), LIMITS, fetch=("x",)),
    ]
    keys = {key_of(each) for each in (one, *others)}
    assert len(keys) == 8
    assert key_of(one) == key_of(Job("a", {"x": b"1"}, ("true",), LIMITS))


@pytest.mark.parametrize("torn", [b'{"id": "half', b"x" * 100_000, b"\0" * 10])
def test_a_torn_last_line_is_cut_off_and_the_next_record_stands_alone(torn: bytes, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(b"first\nsecond\n" + torn)
    assert list(read_records(path)) == [b"first", b"second"]
    with Journal(path) as journal:
        journal.append(b"third")
    assert list(read_records(path)) == [b"first", b"second", b"third"]


def test_one_process_at_a_time_writes_a_journal(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal"), pytest.raises(JournalError, match="another process writes"):
        Journal(tmp_path / "journal")
    Journal(tmp_path / "journal").close()


def test_a_file_that_is_no_journal_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "journal").write_bytes(b'{"id": 3}\n')
    with pytest.raises(JournalError, match=r"line 1 of .* is no result of a job"):
        run_batch(ScriptedSandbox(answer), [job("a")], tmp_path / "journal", workers=1)
