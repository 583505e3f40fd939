import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from repowright.agent.run import Run
from repowright.agent.runs import list_runs
from repowright.graph.kinds import NodeKind
from repowright.graph.model import RPG
from repowright.graph.serial import save
from repowright.tui.cli import cli

PROGRAM = [sys.executable, "-c", "from repowright.tui.cli import main; main()"]


def invoke(*arguments: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, list(arguments), input=given)


@pytest.fixture
def silent_endpoint() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"
        server.shutdown(socket.SHUT_RDWR)
        for connection in held:
            connection.close()


def test_help_comes_at_once_and_names_every_command() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = subprocess.run([*PROGRAM, "--help"], capture_output=True, text=True, timeout=30, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert all(name in told.stdout for name in cli.commands)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.3


@pytest.mark.parametrize("arguments", [(), ("runs",), ("graph",), ("sandbox",)])
def test_a_group_alone_shows_its_help(arguments: tuple[str, ...]) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 0
    assert "Commands:" in result.stdout


def test_the_version_is_that_of_the_package() -> None:
    assert invoke("--version").stdout.startswith("repowright 0.")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("generate",), 2, "SPEC is missing"),
        (("generate", ""), 2, "is empty"),
        (("generate", "nothing.md"), 2, "no file nothing.md"),
        (("generate", "."), 2, "is a folder"),
        (("generate", "a list"), 3, "no model is set"),
        (("generate", "a list", "-m", "m"), 3, "OPENAI_API_KEY is not set"),
        (("generate", "a list", "-m", "m", "--base-url", "ftp://x"), 2, "base_url must be an address"),
        (("generate", "a list", "--parallel", "0"), 2, "parallel should be"),
        (("generate", "a list", "--parallel", "x"), 2, "'x' is not a valid integer"),
        (("generate", "a list", "--bogus"), 2, "no such option"),
        (("generate", "a list", "--stop-after", "lunch"), 2, "the stages are proposal"),
        (("generate", "a list", "--replay", "none"), 2, "no run none"),
        (("generate", "a list", "--replay", "."), 2, "is no run"),
        (("generate", "a list", "--resume", "none"), 2, "--resume takes no SPEC"),
        (("generate", "--resume", "none"), 2, "no run none"),
        (("runs", "show", "none"), 2, "there are no runs yet"),
        (("runs", "resume", "none"), 2, "no run none"),
        (("runs", "rm", "none"), 2, "no run none"),
        (("graph", "show", "none"), 2, "no run none"),
        (("graph", "check", "none", "--stage", "lunch"), 2, "no stage lunch"),
        (("completion", "tcsh"), 2, "'tcsh' is not one of"),
        (("lunch",), 2, "no such command"),
    ],
)
def test_bad_input_is_one_clear_line(home: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    result = invoke(*arguments)
    assert words in result.stderr
    assert result.stderr.startswith("repowright: ")
    assert result.stderr.count("\n") == 1
    assert (result.exit_code, result.stdout) == (code, "")
    assert not home.exists()


@pytest.mark.parametrize("given", [b"", b"a\0b", b"\xff\xfe"])
def test_an_unusable_specification_from_standard_input_is_refused(home: Path, given: bytes) -> None:
    result = invoke("generate", "-", "-m", "m", given=given)
    assert result.exit_code == 2
    assert "the specification from standard input" in result.stderr


def test_unusable_out_folders_are_refused(home: Path) -> None:
    Path("full").mkdir()
    Path("full/file").touch()
    Path("work/.git").mkdir(parents=True)
    Path("work/.git/HEAD").touch()
    base = ("generate", "a list", "-m", "m", "--base-url", "http://127.0.0.1:9/v1", "--out")
    for out, words in (("full", "is not empty"), ("full/file", "is a file"), ("work/x", "git work tree")):
        result = invoke(*base, out)
        assert (result.exit_code, words in result.stderr) == (2, True)


def test_a_recording_of_a_newer_version_is_refused(run: Run) -> None:
    run.record.mkdir()
    path = run.folder / "manifest.json"
    path.write_text(path.read_text().replace("repowright.run/1", "repowright.run/9"))
    result = invoke("generate", "a list", "--replay", run.id)
    assert (result.exit_code, "written by a newer version" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    "arguments", [("generate", "", "--json"), ("generate", "--json", "--bogus"), ("runs", "resume", "x", "--json")]
)
def test_with_json_a_failure_is_an_event_and_the_end_is_the_last(home: Path, arguments: tuple[str, ...]) -> None:
    result = invoke(*arguments)
    error, end = map(json.loads, result.stdout.splitlines())
    assert (error["type"], end["type"], end["exit_code"]) == ("error", "run.end", 2)
    assert result.stderr.count("\n") == 1


def test_runs_are_listed_shown_and_removed(told_run: Run) -> None:
    listed = invoke("runs", "list")
    assert told_run.id in listed.stdout and "failing" in listed.stdout
    (line,) = invoke("runs", "list", "--json").stdout.splitlines()
    assert json.loads(line)["title"] == "A list"
    shown = invoke("runs", "show", "last")
    assert f"run       {told_run.id}\n" in shown.stdout
    assert json.loads(invoke("runs", "show", "last", "--json").stdout)["status"] == "failing"
    assert invoke("runs", "rm", told_run.id).exit_code == 130
    assert told_run.folder.is_dir()
    assert invoke("runs", "rm", told_run.id, "--yes").exit_code == 0
    assert list_runs(told_run.folder.parent) == []


def test_a_report_is_written_anew_and_its_path_printed(told_run: Run) -> None:
    assert invoke("runs", "report", "last").stdout == f"{told_run.report}\n"
    assert told_run.report.is_file()


def test_a_run_of_another_process_is_busy(told_run: Run) -> None:
    with told_run.lock():
        result = invoke("runs", "rm", "last", "--yes")
    assert (result.exit_code, f"process {os.getpid()} works on" in result.stderr) == (2, True)


@pytest.fixture
def graph(run: Run) -> RPG:
    rpg = RPG.new("list", "keep tasks")
    rpg.add(NodeKind.AREA, "storage", rpg.root.id, feature="keep them")
    save(rpg, run.graph)
    return rpg


def test_a_graph_is_shown_from_a_run_a_folder_or_a_file(run: Run, graph: RPG) -> None:
    shown = {invoke("graph", "show", str(place)).stdout for place in ("last", run.folder, run.graph)}
    assert len(shown) == 1
    assert "area storage" in shown.pop()


def test_checking_a_graph_ends_with_1_on_errors(graph: RPG) -> None:
    result = invoke("graph", "check", "last", "--stage", "areas")
    assert result.exit_code == 1
    assert result.stdout.startswith("error")
    assert "error" in result.stderr
    line = invoke("graph", "check", "last", "--stage", "areas", "--json").stdout.splitlines()[0]
    assert json.loads(line)["severity"] == "error"


@pytest.mark.parametrize(
    ("form", "start"), [("tree", "list"), ("mermaid", "flowchart"), ("svg", "<svg"), ("html", "<!doctype html>")]
)
def test_a_graph_is_drawn(graph: RPG, form: str, start: str) -> None:
    result = invoke("graph", "render", "last", "--format", form, "--level", "area")
    assert result.stdout.lower().startswith(start)
    invoke("graph", "render", "last", "--format", form, "--level", "area", "-o", "out.txt")
    assert Path("out.txt").read_text(encoding="utf-8").strip() == result.stdout.strip()


def test_a_run_without_a_graph_says_so(run: Run) -> None:
    result = invoke("graph", "show", "last")
    assert (result.exit_code, "has no graph yet" in result.stderr) == (2, True)


def test_a_graph_that_is_none_is_refused(home: Path) -> None:
    Path("graph.json").write_text("[]")
    result = invoke("graph", "show", "graph.json")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_call_back(shell: str) -> None:
    assert f"_REPOWRIGHT_COMPLETE={shell}_complete" in invoke("completion", shell).stdout


def completions(*words: str) -> list[str]:
    line = " ".join(["repowright", *words])
    environ = os.environ | {"_REPOWRIGHT_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words))}
    told = subprocess.run(PROGRAM, env=environ, capture_output=True, text=True, timeout=30, check=False)
    return [entry.partition(",")[2] for entry in told.stdout.splitlines()]


def test_completion_knows_commands_stages_and_runs(run: Run) -> None:
    assert completions("gen") == ["generate"]
    assert completions("generate", "x", "--stop-after", "inte") == ["interfaces", "integration"]
    assert completions("runs", "show", run.id[:4]) == [run.id]


def started(home: Path, endpoint: str, *arguments: str) -> subprocess.Popen[str]:
    environ = os.environ | {"OPENAI_BASE_URL": endpoint, "OPENAI_API_KEY": "not-a-key"}
    command = [*PROGRAM, "generate", "a list", "-m", "m", "--sandbox", "local", "--unsafe-local", *arguments]
    return subprocess.Popen(command, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_real_run_in_order(home: Path, silent_endpoint: str, number: signal.Signals) -> None:
    process = started(home, silent_endpoint, "--json")
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(json.loads(line))
        if lines[-1]["type"] == "llm.call":
            process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (lines[-1]["type"], lines[-1]["status"], lines[-1]["exit_code"]) == ("run.end", "interrupted", 130)
    warning, said = err.splitlines()
    assert warning.startswith("--unsafe-local: ")
    assert said == f"repowright: interrupted (go on with {lines[-1]['resume']})"
    (summary,) = list_runs(home / "runs")
    assert summary.status == "interrupted"
    assert lines[-1]["resume"] == f"repowright runs resume {summary.id}"


def test_a_reader_that_goes_away_interrupts_the_run(home: Path, silent_endpoint: str) -> None:
    process = started(home, silent_endpoint, "--json")
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    with process.stderr:
        process.stderr.read()
    assert process.wait(60) in (130, -signal.SIGPIPE)


def test_an_endpoint_that_is_not_there_ends_with_3(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    process = started(home, f"http://127.0.0.1:{port}/v1", "--plain")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 3
    assert f"127.0.0.1:{port}" in err.splitlines()[-1]
    assert "repowright runs resume" in out
    assert "not-a-key" not in out + err
