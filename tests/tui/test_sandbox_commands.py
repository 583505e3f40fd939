from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from repowright.executors.images.toolchains import TOOLCHAINS
from repowright.tui.cli import cli
from repowright.tui.commands.sandbox import build

EXAMPLE = Path(__file__).parents[2] / "examples" / "unit-converter"
WARNING = "--unsafe-local: generated code runs on this machine itself"


def test_every_toolchain_can_be_asked_for() -> None:
    (option,) = (each for each in build.params if each.name == "toolchains")
    assert isinstance(option.type, click.Choice)
    assert set(option.type.choices) == set(TOOLCHAINS)


@pytest.mark.docker
def test_building_what_is_there_prints_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(cli, ["sandbox", "build"])
    assert result.exit_code == 0
    assert result.stdout.startswith("repowright-python:")


def test_the_status_tells_every_candidate_and_as_json_too() -> None:
    shown = CliRunner().invoke(cli, ["sandbox", "status"]).stdout
    for name in ("docker ", "bubblewrap ", "sandbox ", "local ", "leftovers "):
        assert f"\n{name}" in f"\n{shown}"
    lines = CliRunner().invoke(cli, ["sandbox", "status", "--json"]).stdout.splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["docker", "bubblewrap", "local"]


def test_an_unsafe_run_says_so_when_it_starts_and_when_it_goes_on(tmp_path: Path) -> None:
    environment = {**os.environ, "REPOWRIGHT_HOME": str(tmp_path / "home")}
    start = ["generate", str(EXAMPLE / "spec.md"), "--replay", str(EXAMPLE / "recording"), "--out", str(tmp_path / "o")]
    resume = ["runs", "resume", "last"]
    for arguments, stage in ((start, "proposal"), (resume, "areas")):
        argv = [sys.executable, "-m", "repowright.tui", *arguments, "--unsafe-local", "--plain", "--stop-after"]
        done = subprocess.run(
            [*argv, stage], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120
        )
        assert done.stderr.count(WARNING) == 1, done.stderr


@pytest.mark.bubblewrap
def test_installing_without_leave_to_fetch_ends_with_3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lock.txt").write_text("demo==1.0\n")
    arguments = ["sandbox", "install", str(tmp_path / "lock.txt"), "--sandbox", "bubblewrap"]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 3
    assert "the locked dependencies (1) are not installed yet" in result.stderr
