from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from scripted_translator import Translator, translating
from small_c_projects import CProject
from small_translations import need_rust

from repowright.agent.event_log import read_events
from repowright.agent.events import Decision, UnitEnd, parse_event
from repowright.agent.manifest import read_manifest
from repowright.agent.run import Run
from repowright.agent.runs import list_runs
from repowright.agent.settings import Settings
from repowright.agent.spec import spec_from_bytes
from repowright.tui.app.attach import shown_of
from repowright.tui.cli import cli
from repowright.tui.run_stages import stages_of

NOBODY = ("--model", "m", "--base-url", "http://127.0.0.1:9/v1")
ADD = "int add(int a, int b) { return a + b; }\n"
HARD = {
    "add.c": ADD,
    "old.c": "int twice(a)\nint a;\n{ return a + a; }\n",
    "machine.c": 'int spin(int a) { __asm__ volatile("nop"); return a; }\n',
    "jump.c": "#include <setjmp.h>\nstatic jmp_buf back;\nint risky(void) { return setjmp(back); }\n",
    "many.c": "#include <stdarg.h>\nint sum(int n, ...) { va_list l; va_start(l, n); va_end(l); return n; }\n",
    "lost.c": '#include "gone.h"\nint lost(int a) { return a + 1; }\n',
    "broken.c": "int broken( { ]]\n",
    "meson.build": "project('hard', 'c')\n",
}
INT = "::core::ffi::c_int"
WRITTEN = {
    "src/add.rs": f'pub unsafe extern "C" fn add(a: {INT}, b: {INT}) -> {INT} {{\n    a + b\n}}\n',
    "src/old.rs": f'pub unsafe extern "C" fn twice(a: {INT}) -> {INT} {{\n    a + a\n}}\n',
    "src/lost.rs": f'pub unsafe extern "C" fn lost(a: {INT}) -> {INT} {{\n    a + 1\n}}\n',
}

STUB, CODE = ("pub fn add(a: i32, b: i32) -> i32 {\n    " + body + "\n}\n" for body in ("unimplemented!()", "a + b"))
SUM = CProject(
    "sum",
    {"add.c": ADD},
    {"src/lib.rs": "pub mod add;\n", "src/add.rs": STUB},
    {"adds.rs": "#[test]\nfn adds() {\n    assert_eq!(sum::add::add(20, 22), 42);\n}\n"},
    {"src/add.rs": CODE},
)


class Desk:
    """The command line over one temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str, path: str | None = None) -> Result:
        environment = {"REPOWRIGHT_HOME": str(self.folder / "home"), "OPENAI_API_KEY": "none"}
        if path is not None:
            environment |= {"PATH": path, "HOME": path, "CARGO_HOME": path, "RUSTUP_HOME": path}
        return CliRunner().invoke(cli, list(arguments), env=environment)

    def write(self, name: str, files: Mapping[str, str | bytes]) -> str:
        for path, content in files.items():
            target = self.folder / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(self.folder / name)

    def translate(self, *arguments: str) -> Result:
        return self("translate", *arguments, "--out", str(self.folder / "out"), "--sandbox", "bubblewrap")

    @property
    def runs(self) -> Path:
        return self.folder / "home" / "runs"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def begun(desk: Desk, workflow: str, text: str = "# A queue\n") -> Run:
    settings = Settings(model="m", base_url="http://127.0.0.1:9/v1")
    spec = spec_from_bytes(text.encode(), "a test")
    return Run.create(desk.runs, spec, settings, desk.folder / "out", lambda: 1_800_000_000.0, workflow=workflow)  # type: ignore[arg-type]


@pytest.mark.bubblewrap
@pytest.mark.timeout(240)
def test_translation_is_a_run_like_all_others(desk: Desk, tmp_path: Path) -> None:
    need_rust()
    place, model = SUM.write(tmp_path / "project"), Translator(SUM.solution)
    given = [str(place / "c"), "--to", "rust", "--interface", str(place / "interface"), "--tests", str(place / "tests")]
    with translating(model) as url:
        done = desk.translate(*given, "--model", "translator", "--base-url", url, "--json")
    assert done.exit_code == 0, done.output
    events = [parse_event(line) for line in done.stdout.splitlines()]
    assert (events[0].type, events[-1].type) == ("run.start", "run.end")
    (run,) = list_runs(desk.runs)
    manifest = read_manifest(run.folder)
    assert (manifest.workflow, manifest.status, manifest.out) == ("translate", "done", str(tmp_path / "out"))
    assert (tmp_path / "out/TRANSLATION.md").read_bytes() == (run.folder / "translation.md").read_bytes()

    assert json.loads(desk("runs", "show", "last", "--json").stdout)["workflow"] == "translate"
    assert f"crate     {tmp_path / 'out'}" in desk("runs", "show", "last").stdout
    page = Path(desk("runs", "report", "last").stdout.strip()).read_text(encoding="utf-8")
    assert "<dt>crate</dt>" in page and "<code>add.c:add</code>" in page and "<code>src/add.rs</code>" in page
    assert "unit verified add.c:add" in desk("watch", "last", "--plain").stdout
    recording = tmp_path / "recording"
    assert desk("runs", "export", "last", str(recording)).exit_code == 0
    again = desk("translate", *given, "--out", str(tmp_path / "again"), "--replay", str(recording), "--plain")
    assert again.exit_code == 0, again.output
    assert f"crate     {tmp_path / 'again'}" in again.stdout and "# c to Rust" in again.stdout
    assert len(model.requests) == 1
    both = [(tmp_path / name / "src/add.rs").read_bytes() for name in ("out", "again")]
    assert both[0] == both[1]


@pytest.mark.bubblewrap
@pytest.mark.timeout(240)
def test_what_rust_cannot_say_is_named_and_the_rest_is_translated(desk: Desk, tmp_path: Path) -> None:
    need_rust()
    folder = desk.write("hard", {**HARD, "Makefile": bytes(range(256))})
    with translating(Translator(WRITTEN)) as url:
        done = desk.translate(folder, "--to", "rust", "--model", "translator", "--base-url", url, "--plain")
    assert "Traceback" not in done.output and done.exit_code in (0, 1), done.output
    (run,) = list_runs(desk.runs)
    told = read_events(run.folder / "events.jsonl")
    plan = next(event for event in told if isinstance(event, Decision))
    reasons = "\n".join(plan.evidence)
    for reason in (
        "machine.c: spin holds inline assembly",
        "jump.c: risky jumps out of functions by setjmp",
        "many.c: sum takes variable arguments",
        "lost.c: is read without gone.h",
        "meson.build: Meson is not read",
        "broken.c",
    ):
        assert reason in reasons
    units = {event.name: event.state for event in told if isinstance(event, UnitEnd)}
    assert {"add.c:add", "old.c:twice", "lost.c:lost"} <= units.keys()
    assert "a + a" in (tmp_path / "out/src/old.rs").read_text()
    report = (run.folder / "translation.md").read_text()
    assert "inline assembly" in report and "gone.h" in report and "Meson" in report


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name the folder of a C project"),
        (["c"], "--to is missing; give --to rust or --to python"),
        (["c", "--to", "rust", "--stage", "other"], "'other' is not one of 'safe', 'idiomatic'"),
        (["c", "--to", "rust", "--stage", "safe", "--interface", "whole"], "--stage is for a translation without"),
        (["--resume", "last", "c"], "--resume takes no DIR"),
        (["--resume", "last", "--stage", "safe"], "--resume takes no DIR"),
        (["--resume", "nothing"], "no run nothing"),
        (["c", "--to", "rust"], "no model is set"),
        (["nowhere", "--to", "rust", *NOBODY], "nowhere is no folder"),
        (["c/add.c", "--to", "rust", *NOBODY], "c/add.c is no folder"),
        (["headers", "--to", "rust", *NOBODY], "no C file below headers; it holds 1 header (name the folder"),
        (["c", "--to", "cobol", *NOBODY], "nothing translates c to cobol (known: c to python, c to rust)"),
        (["c", "--to", "python", "--stage", "idiomatic", *NOBODY], "nothing is designed for python"),
        (["c", "--to", "python", "--tests", "headers", *NOBODY], "no Python file below headers"),
        (["c", "--to", "rust", "--out", "c", *NOBODY], "c is not empty"),
        (["c", "--to", "rust", "--out", "c/add.c", *NOBODY], "c/add.c is a file"),
        (["c", "--to", "rust", "--interface", "nowhere", *NOBODY], "nowhere is no folder"),
        (["c", "--to", "rust", "--interface", "headers", *NOBODY], "no Rust file below headers"),
        (["c", "--to", "rust", "--interface", "whole", *NOBODY], "whole has no function that waits to be written"),
        (["c", "--to", "rust", "--tests", "headers", *NOBODY], "no Rust file below headers"),
        (["c", "--to", "rust", "--replay", "nothing"], "no run nothing"),
    ],
)
def test_bad_input_is_one_line_and_begins_no_run(desk: Desk, arguments: list[str], said: str) -> None:
    desk.write("c", {"add.c": ADD})
    desk.write("headers", {"add.h": "int add(int a, int b);\n"})
    desk.write("whole", {"src/lib.rs": "pub fn add(a: i32, b: i32) -> i32 { a + b }\n"})
    done = desk("translate", *arguments)
    assert done.exit_code in (2, 3), done.output
    assert done.exit_code == (3 if "no model" in said else 2)
    assert said in done.stderr and len(done.stderr.splitlines()) == 1
    assert not desk.runs.exists()


@pytest.mark.parametrize("sandbox", ["bubblewrap", "local"])
def test_sandbox_without_compilers_is_one_line_and_begins_no_run(desk: Desk, sandbox: str) -> None:
    desk.write("c", {"add.c": ADD})
    flags = ["--sandbox", sandbox, "--unsafe-local", *NOBODY]
    done = desk("translate", "c", "--to", "rust", *flags, path=str(desk.folder))
    assert done.exit_code == 3
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("repowright: ")]
    assert "(" in line and not desk.runs.exists()


@pytest.mark.parametrize(
    ("command", "workflow", "said"),
    [
        ("translate", "generate", "is a generation, not a translation"),
        ("translate", "chat", "is a conversation, not a translation"),
        ("generate", "translate", "is a translation, not a generation"),
        ("resolve", "translate", "is a translation, not a resolution"),
    ],
)
def test_run_of_another_kind_is_not_gone_on_with(desk: Desk, command: str, workflow: str, said: str) -> None:
    run = begun(desk, workflow)
    done = desk(command, "--resume", "last", *NOBODY)
    assert done.exit_code == 2
    assert said in done.stderr and f"repowright runs resume {run.id}" in done.stderr
    assert not run.event_log.exists()


@pytest.mark.parametrize(
    ("end", "names"),
    [
        ("- Target: rust\n", ["encode", "skeleton", "translate", "mend", "deliver"]),
        ("- Target: rust\n- Stage: idiomatic\n", ["encode", "design", "skeleton", "translate", "mend", "deliver"]),
        ("", []),
    ],
)
def test_screens_know_the_stages_of_a_translation_before_they_begin(desk: Desk, end: str, names: list[str]) -> None:
    run = begun(desk, "translate", f"# c to Rust\n\n- Source: c, 2 files, {'0' * 64}\n{end}")
    assert [name for name, _ in stages_of(run)] == names
    assert shown_of(run).stages == stages_of(run)


def test_json_stream_of_a_refused_start_still_ends_with_run_end(desk: Desk) -> None:
    done = desk("translate", "nowhere", "--to", "rust", "--json", *NOBODY)
    assert done.exit_code == 2
    assert [parse_event(line).type for line in done.stdout.splitlines()] == ["error", "run.end"]
