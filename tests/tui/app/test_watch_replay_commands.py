from pathlib import Path

import pytest
from click.testing import CliRunner

from repowright.agent.run import Run
from repowright.tui.commands.replay import replay
from repowright.tui.commands.watch import watch


def test_a_replay_without_a_terminal_is_lines(told_run: Run) -> None:
    done = CliRunner().invoke(replay, ["last"])
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert lines[0].startswith("run A list") and lines[-1].startswith("end failing")


def test_watching_a_run_that_is_over_ends_with_its_code(told_run: Run) -> None:
    done = CliRunner().invoke(watch, ["last", "--plain"], standalone_mode=False)
    assert done.return_value == 1
    assert "unit verified Store" in done.output


def test_watching_changes_nothing(told_run: Run) -> None:
    def contents() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(Path(told_run.folder).iterdir()) if path.is_file()}

    before = contents()
    CliRunner().invoke(watch, ["last", "--plain"])
    CliRunner().invoke(replay, ["last", "--plain"])
    assert contents() == before


@pytest.mark.parametrize("command", [watch, replay])
def test_an_unknown_run_is_named(home: Path, command: object) -> None:
    done = CliRunner().invoke(command, ["nothing"])  # type: ignore[arg-type]
    assert done.exit_code != 0 and "nothing" in str(done.exception)
