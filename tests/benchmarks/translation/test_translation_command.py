from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from scripted_translator import Translator, translating
from small_translations import need_rust

from repowright.agent.runs import list_runs
from repowright.repo_tools.rust_source import stub_out
from repowright.tui.cli import cli

DICE_C = """unsigned roll(unsigned seed, unsigned sides) { return sides ? seed % sides : 0; }
unsigned both(unsigned seed, unsigned sides) { return roll(seed, sides) + roll(seed / 7, sides); }
"""
DICE_RS = """use rand::Rng;

pub fn roll(seed: u32, sides: u32) -> u32 {
    if sides == 0 {
        0
    } else {
        seed % sides
    }
}

pub fn both(seed: u32, sides: u32) -> u32 {
    roll(seed, sides) + roll(seed / 7, sides)
}
"""
TEST_RS = """use dice::dice::{both, roll};
use rand::Rng;

#[test]
fn rolls() {
    let seed: u32 = rand::thread_rng().gen_range(0..100);
    assert_eq!((roll(seed, 7), roll(seed, 0)), (seed % 7, 0));
}

#[test]
fn rolls_both() {
    assert_eq!(both(79, 7), 2 + 4);
}

#[test]
fn idle() {}

fn main() {}
"""
TOML = """[package]
name = "dice"
version = "0.1.0"
edition = "2021"

[dependencies]
rand = "0.8"
nix = "0.29"
"""


class Desk:
    """The command line over one temporary folder with a set of one project, which asks for crates."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data, self.out = folder / "set", folder / "work"
        crate = {
            "Cargo.toml": TOML,
            "src/lib.rs": "pub mod dice;\n",
            "src/interfaces/dice.rs": stub_out(DICE_RS.encode()).decode(),
            "src/bin/test.rs": TEST_RS,
        }
        self.answer = {"src/lib.rs": crate["src/lib.rs"], "src/dice.rs": DICE_RS}
        self.write(
            {"CBench/dice/dice.c": DICE_C} | {f"RBench/dice/{path}": text for path, text in crate.items()}, "set"
        )

    def write(self, files: dict[str, str], below: str) -> Path:
        for path, text in files.items():
            place = self.folder / below / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        return self.folder / below

    def __call__(self, *arguments: str) -> Result:
        environment = {"REPOWRIGHT_HOME": str(self.folder / "home"), "OPENAI_API_KEY": "none"}
        return CliRunner().invoke(cli, ["bench", "translation", *arguments], env=environment)

    def run(self, url: str, *arguments: str) -> Result:
        settings = ["--model", "translator", "--base-url", url, "--sandbox", "bubblewrap", "--plain"]
        return self("run", "--data", str(self.data), "--out", str(self.out), *settings, *arguments)


@pytest.mark.bubblewrap
def test_a_set_is_translated_gone_on_with_reported_and_not_done_again(tmp_path: Path) -> None:
    need_rust()
    desk, model = Desk(tmp_path), Translator({"src/dice.rs": DICE_RS})
    with translating(model) as url:
        stopped = desk.run(url, "--budget", "19ktok")
        assert stopped.exit_code == 4, stopped.output
        done = desk.run(url, "--budget", "1Mtok")
        assert done.exit_code == 0, done.output
        again = desk.run(url)
    assert "dice: begins" in stopped.output and "dice: goes on with" in done.output
    assert again.exit_code == 0 and "dice: delivered before" in again.output
    assert len(model.requests) == 2 and len(list_runs(tmp_path / "home" / "runs")) == 1
    (row,) = json.loads((desk.out / "report" / "report.json").read_text())["projects"]
    assert (row["builds"], row["official"], row["strict"], row["status"]) == (True, True, True, "done")
    assert (row["real_passed"], row["real_tests"], row["vacuous"], row["rounds"]) == (2, 2, 1, 0)
    assert "| dice | done | yes | yes | yes | 2 of 2 | 1 |" in again.output
    assert "- dice: stand-ins for rand; unused, taken out: nix" in again.output and "GPT-5 (high)" in again.output
    assert "dice: judged in the sandbox" in done.output and "judged" not in again.output


@pytest.mark.bubblewrap
def test_crates_are_judged_and_interfaces_and_c_tried(tmp_path: Path) -> None:
    need_rust()
    desk = Desk(tmp_path)
    answers = desk.write({f"dice/{path}": text for path, text in desk.answer.items()}, "answers")
    where = ("--data", str(desk.data), "--sandbox", "bubblewrap")
    judged = desk("verdict", *where, "--answers", str(answers))
    assert judged.exit_code == 0 and "1 projects: 1 build, 1 pass, 1 strictly." in judged.output, judged.output
    stubs = desk("stubs", *where)
    assert "1 of 1 build; by tier: A 0 of 0, B 1 of 1" in stubs.output and "1 of 3 tests pass on stubs" in stubs.output
    encoded = desk("encode", *where, "--out", str(tmp_path / "rows.jsonl"))
    assert "| skeletons that compile | 1 (100.0 %) |" in encoded.output, encoded.output
    again = desk("encode", *where, "--out", str(tmp_path / "rows.jsonl"))
    assert "dice:" not in again.output and "| projects | 1 |" in again.output
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
