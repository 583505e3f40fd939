from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_shop import SHOP

from repowright.graph.encode import encode


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for path, text in SHOP.items():
        (tmp_path / "shop" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "shop" / path).write_text(text)
    encode(tmp_path / "shop")
    return tmp_path / "shop"


def generate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": os.environ["PATH"], "HOME": str(folder), "REPOWRIGHT_HOME": str(folder / "home")}
    argv = [sys.executable, "-m", "repowright.tui", "generate", *arguments]
    given = ["--model", "m", "--base-url", "http://127.0.0.1:9/v1", "--sandbox", "bubblewrap"]
    whole = [*argv, *given]
    return subprocess.run(whole, cwd=folder, env=variables, capture_output=True, text=True, timeout=120, check=False)


def test_decided_stages_are_told_and_no_model_is_asked(shop: Path) -> None:
    folder = shop.parent
    done = generate(
        folder, "--from-graph", "shop", "--keep", "interfaces", "--alias", "bazaar", "--stop-after", "units", "--json"
    )
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[0]["title"] == "bazaar" and events[-1]["status"] == "stopped"
    assert not [event for event in events if event["type"] == "llm.call"]
    stages = [event["stage"] for event in events if event["type"] == "stage.end"]
    assert stages[-2:] == ["interfaces", "units"]
    (run,) = (folder / "home" / "runs").iterdir()
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["from_graph"]["keep"] == "interfaces" and manifest["from_graph"]["alias"] == "bazaar"
    assert manifest["spec_origin"] == "the graph of bazaar"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--from-graph", "nowhere"), "nowhere"),
        (("--from-graph", "shop", "--alias", "json"), "cannot be the name of a package"),
        (("--keep", "files", "a shop"), "are for --from-graph"),
        (("--from-graph", "shop", "--resume", "last"), "--from-graph"),
        (("--from-graph", "shop", "--keep", "bodies"), "bodies"),
        ((), "SPEC is missing"),
    ],
)
def test_contradictory_or_unusable_options_are_one_line(shop: Path, arguments: tuple[str, ...], words: str) -> None:
    done = generate(shop.parent, *arguments)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert words in done.stderr.strip().splitlines()[-1]
    assert not (shop.parent / "home" / "runs").exists()


def test_given_specification_is_used_instead_of_the_written_one(shop: Path) -> None:
    folder = shop.parent
    done = generate(folder, "A bazaar for goats.", "--from-graph", "shop", "--stop-after", "structure", "--plain")
    assert done.returncode == 0, done.stderr
    (run,) = (folder / "home" / "runs").iterdir()
    assert (run / "spec.md").read_text() == "A bazaar for goats.\n"
    assert "src/shop/cart.py" in (run / "plan.md").read_text()
