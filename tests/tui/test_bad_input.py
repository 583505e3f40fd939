from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from misbehaving import Behaviour, garbage, misbehaving, refusing, slow, web_page, wrong_key
from workshop import Workshop

KEY = "sk-very-secret-0123456789"


def repowright(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(cwd),
        "REPOWRIGHT_HOME": str(cwd / "home"),
        "REPOWRIGHT_ALLOW_MODEL_REQUESTS": "loopback",
        **environment,
    }
    argv = [sys.executable, "-m", "repowright.tui", *arguments]
    return subprocess.run(argv, cwd=cwd, env=variables, capture_output=True, text=True, timeout=120, check=False)


def said(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line that closes standard error; there is never a traceback."""
    assert "Traceback" not in done.stderr
    return done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("spec", "words"),
    [("", "empty"), ("  \n\t ", "empty"), ("...", "empty"), ("missing.md", "no file missing.md")],
)
def test_specification_that_says_nothing(tmp_path: Path, spec: str, words: str) -> None:
    done = repowright("generate", spec, "--model", "m", cwd=tmp_path)
    assert done.returncode == 2 and words in said(done)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(("content", "words"), [(b"\x7fELF\0\0", "binary"), (b"caf\xe9", "not UTF-8"), (b"", "empty")])
def test_specification_file_that_is_no_text(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "spec.md").write_bytes(content)
    done = repowright("generate", "spec.md", "--model", "m", cwd=tmp_path)
    assert done.returncode == 2 and words in said(done)


def test_out_folder_that_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "precious").write_text("mine")
    done = repowright("generate", "a tool", "--model", "m", "--out", "out", cwd=tmp_path, OPENAI_API_KEY=KEY)
    assert done.returncode == 2 and "out is not empty" in said(done)
    assert (tmp_path / "out" / "precious").read_text() == "mine"


def test_out_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    done = repowright("generate", "a tool", "--model", "m", "--out", "out", cwd=tmp_path, OPENAI_API_KEY=KEY)
    assert done.returncode == 2 and "is a file" in said(done)


def test_out_folder_below_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = repowright("generate", "a tool", "--model", "m", "--out", "file/out", cwd=tmp_path, OPENAI_API_KEY=KEY)
    assert done.returncode == 2 and "file/out" in said(done)


def test_out_folder_inside_another_work_tree(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "repo"], cwd=tmp_path, check=True)
    done = repowright("generate", "a tool", "--model", "m", "--out", "repo/a/b", cwd=tmp_path, OPENAI_API_KEY=KEY)
    assert done.returncode == 2 and "work tree" in said(done)
    assert not (tmp_path / "repo" / "a").exists()


def test_no_model(tmp_path: Path) -> None:
    done = repowright("generate", "a tool", cwd=tmp_path)
    assert done.returncode == 3 and "no model is set" in said(done) and "--model" in said(done)


def test_no_key(tmp_path: Path) -> None:
    done = repowright("generate", "a tool", "--model", "m", cwd=tmp_path)
    assert done.returncode == 3 and "OPENAI_API_KEY" in said(done)


@pytest.mark.parametrize(
    ("behaviour", "words", "code"),
    [
        (wrong_key, "key", 3),
        (garbage, "no usable answer", 3),
        (web_page, "HTML page", 3),
        (refusing, "declines", 3),
        (slow, "1 s", 75),
    ],
)
def test_model_that_cannot_be_used(tmp_path: Path, behaviour: Behaviour, words: str, code: int) -> None:
    with misbehaving(behaviour) as url:
        flags = ["--model", "m", "--base-url", url, "--timeout", "1", "--sandbox", "bubblewrap"]
        done = repowright("generate", "a tool", *flags, cwd=tmp_path, OPENAI_API_KEY=KEY)
    assert done.returncode == code, done.stderr
    assert words in said(done)
    assert done.stderr.count(said(done).removeprefix("repowright: ")[:40]) == 1, "the error is told twice"
    assert KEY not in done.stdout + done.stderr
    written = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert written and not any(KEY.encode() in path.read_bytes() for path in written)


@pytest.mark.parametrize("budget", ["5", "0usd", "-1usd", "manytok", "1e400usd"])
def test_budget_that_cannot_be_read(tmp_path: Path, budget: str) -> None:
    done = repowright("generate", "a tool", "--model", "m", f"--budget={budget}", cwd=tmp_path, OPENAI_API_KEY=KEY)
    assert done.returncode == 2 and "budget" in said(done)


def test_budget_that_pays_for_no_call(tmp_path: Path) -> None:
    with misbehaving(garbage) as url:
        flags = ["--model", "m", "--base-url", url, "--budget", "10tok"]
        done = repowright("generate", "a tool", *flags, cwd=tmp_path)
    assert done.returncode == 2 and "too small" in said(done)


def test_no_sandbox(tmp_path: Path) -> None:
    flags = ["--model", "m", "--base-url", "http://127.0.0.1:9/v1", "--sandbox", "docker"]
    done = repowright("generate", "a tool", *flags, cwd=tmp_path, DOCKER_HOST=f"unix://{tmp_path}/none.sock")
    assert done.returncode == 3 and "docker" in said(done).lower()
    assert not (tmp_path / "home" / "runs").exists()


def test_local_sandbox_needs_its_flag(tmp_path: Path) -> None:
    flags = ["--model", "m", "--base-url", "http://127.0.0.1:9/v1", "--sandbox", "local"]
    done = repowright("generate", "a tool", *flags, cwd=tmp_path)
    assert done.returncode == 3 and "--unsafe-local" in said(done)


def test_replay_of_a_run_that_is_not_there(tmp_path: Path) -> None:
    done = repowright("generate", "a tool", "--replay", "nothing", cwd=tmp_path)
    assert done.returncode == 2 and "nothing" in said(done)


def test_replay_of_a_folder_that_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    done = repowright("generate", "a tool", "--replay", "./folder", cwd=tmp_path)
    assert done.returncode == 2 and "manifest" in said(done)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    workshop = Workshop(tmp_path / "made")
    workshop.start(1)
    folder = tmp_path / "recording"
    shutil.copytree(workshop.run.record, folder / "record")
    shutil.copy(workshop.run.folder / "manifest.json", folder)
    shutil.copy(workshop.run.folder / "spec.md", tmp_path)
    return folder


def test_replay_of_a_recording_from_a_newer_version(tmp_path: Path, recorded: Path) -> None:
    manifest = recorded / "manifest.json"
    manifest.write_text(manifest.read_text().replace("repowright.run/1", "repowright.run/99"))
    done = repowright("generate", "spec.md", "--replay", "./recording", cwd=tmp_path)
    assert done.returncode == 2 and "newer version" in said(done)


def test_replay_of_a_damaged_recording(tmp_path: Path, recorded: Path) -> None:
    answer = sorted((recorded / "record" / "reply").glob("*.json"))[0]
    answer.write_bytes(answer.read_bytes()[:-40])
    done = repowright("generate", "spec.md", "--replay", "./recording", "--sandbox", "bubblewrap", cwd=tmp_path)
    assert done.returncode == 2 and answer.name in said(done)


def test_replay_of_an_empty_recording(tmp_path: Path, recorded: Path) -> None:
    shutil.rmtree(recorded / "record" / "reply")
    done = repowright("generate", "spec.md", "--replay", "./recording", "--sandbox", "bubblewrap", cwd=tmp_path)
    assert done.returncode == 2 and "no answers" in said(done)


def test_graph_from_a_newer_version(tmp_path: Path) -> None:
    (tmp_path / "graph.json").write_text('{"schema":"repowright.rpg/99","nodes":[],"edges":[]}')
    done = repowright("graph", "check", "graph.json", cwd=tmp_path)
    assert done.returncode == 2 and "newer version" in said(done)


def test_json_tells_an_error_and_the_end_as_events(tmp_path: Path) -> None:
    with misbehaving(wrong_key) as url:
        flags = ["--model", "m", "--base-url", url, "--json", "--sandbox", "bubblewrap"]
        done = repowright("generate", "a tool", *flags, cwd=tmp_path, OPENAI_API_KEY=KEY)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["type"] for event in told[-2:]] == ["error", "run.end"]
    assert told[-1]["exit_code"] == done.returncode == 3
    assert "runs resume" in told[-1]["resume"]
