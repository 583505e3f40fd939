from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from repowright.tui.commands.many import many

SOURCE = 'def total(prices: list[int]) -> int:\n    """Sum the prices."""\n    return sum(prices)\n'


def test_commands_run_side_by_side_and_leave_their_output(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "prices.py").write_text(SOURCE)
    script = tmp_path / "todo.txt"
    script.write_text("locate --repo ./code --text 'the sum of the prices is wrong'\ngraph show ./nothing.json\n")
    argv = [str(script), "--jobs", "2", "--out", str(tmp_path / "out"), "--json"]
    done = CliRunner().invoke(many, argv, standalone_mode=False)
    assert (done.exception, done.return_value) == (None, 1)
    told = {each["name"]: each["exit_code"] for each in map(json.loads, done.stdout.splitlines())}
    assert told == {"001-locate": 0, "002-graph": 2}
    assert "prices.py" in (tmp_path / "out" / "001-locate" / "output.log").read_text()
