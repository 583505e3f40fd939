from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from scripted_translator import Translator, translating
from small_c_projects import MANIFEST, QUEUE
from small_translations import need_rust

from repowright.agent.runs import list_runs
from repowright.tui.cli import cli


class Desk:
    """The command line over one temporary folder with a set of one project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data, self.out = folder / "set", folder / "work"
        files = {f"ring/{path}": text for path, text in QUEUE.c.items()}
        files |= {f"ring/rust/{path}": text for path, text in QUEUE.interface.items()}
        files |= {f"ring/rust/tests/{path}": text for path, text in QUEUE.tests.items()}
        files["ring/rust/Cargo.toml"] = MANIFEST.format(name="ring")
        for path, text in files.items():
            place = self.data / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")

    def __call__(self, *arguments: str) -> Result:
        environment = {"REPOWRIGHT_HOME": str(self.folder / "home"), "OPENAI_API_KEY": "none"}
        return CliRunner().invoke(cli, ["bench", "translation", *arguments], env=environment)

    def run(self, url: str, *arguments: str) -> Result:
        settings = ["--model", "translator", "--base-url", url, "--sandbox", "bubblewrap", "--plain"]
        return self("run", "--data", str(self.data), "--out", str(self.out), *settings, *arguments)


@pytest.mark.bubblewrap
def test_a_set_is_translated_gone_on_with_reported_and_not_done_again(tmp_path: Path) -> None:
    need_rust()
    desk, model = Desk(tmp_path), Translator(QUEUE.solution)
    with translating(model) as url:
        stopped = desk.run(url, "--budget", "19ktok")
        assert stopped.exit_code == 4, stopped.output
        done = desk.run(url, "--budget", "1Mtok")
        assert done.exit_code == 0, done.output
        again = desk.run(url)
    assert "ring: begins" in stopped.output and "ring: goes on with" in done.output
    assert again.exit_code == 0 and "ring: delivered before" in again.output
    assert len(model.requests) == 3 and len(list_runs(tmp_path / "home" / "runs")) == 1
    (row,) = json.loads((desk.out / "report" / "report.json").read_text())["projects"]
    assert (row["builds"], row["official"], row["strict"], row["status"]) == (True, True, True, "done")
    assert (row["real_passed"], row["real_tests"], row["vacuous"], row["rounds"]) == (2, 2, 1, 0)
    assert "| ring | done | yes | yes | yes | 2 of 2 | 1 |" in again.output
    assert "ring: judged in the sandbox" in done.output and "judged" not in again.output


@pytest.mark.bubblewrap
def test_crates_are_judged_and_interfaces_and_c_tried(tmp_path: Path) -> None:
    need_rust()
    desk = Desk(tmp_path)
    answer = {**QUEUE.interface, **QUEUE.solution}
    for path, text in answer.items():
        place = tmp_path / "answers" / "ring" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    where = ("--data", str(desk.data), "--sandbox", "bubblewrap")
    judged = desk("verdict", *where, "--answers", str(tmp_path / "answers"))
    assert judged.exit_code == 0 and "1 projects: 1 build, 1 pass, 1 strictly." in judged.output, judged.output
    stubs = desk("stubs", *where)
    assert "1 of 1 build; by tier: A 1 of 1" in stubs.output and "1 of 3 tests pass on stubs" in stubs.output
    encoded = desk("encode", *where, "--out", str(tmp_path / "rows.jsonl"))
    assert "| skeletons that compile | 1 (100.0 %) |" in encoded.output, encoded.output
    again = desk("encode", *where, "--out", str(tmp_path / "rows.jsonl"))
    assert "ring:" not in again.output and "| projects | 1 |" in again.output
    proved = desk("oracle", *where, "--mutants", "2")
    assert "1 projects: 1 equal to themselves" in proved.output and "of 2 mutants" in proved.output


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for words in (
        ("report", "nothing", "--data", str(desk.data)),
        ("verdict", "--data", str(tmp_path / "nowhere")),
        ("stubs", "--data", str(desk.data), "--project", "rang"),
        ("oracle",),
    ):
        done = desk(*words)
        assert done.exit_code == 2 and done.output.strip().splitlines()[-1], done.output
        assert "Traceback" not in done.output
