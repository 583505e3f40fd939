from pathlib import Path
from typing import Literal

import pytest

from repowright.agent import events as e
from repowright.agent.run import Run
from repowright.agent.settings import Settings
from repowright.agent.spec import spec_from_bytes

T = 1_700_000_000.0
RUN = "20231114-221320-a-list"


def at(seconds: float, event: e.Event) -> e.Event:
    return event.model_copy(update={"ts": T + seconds, "run": RUN})


def a_reply(task: str, subject: str, source: Literal["endpoint", "record"]) -> e.LlmReply:
    return e.LlmReply(
        task=task,
        subject=subject,
        source=source,
        key="k",
        prompt_tokens=1200,
        completion_tokens=300,
        usd=0.02,
        seconds=2.0,
    )


def a_story() -> list[e.Event]:
    return [
        at(0, e.RunStart(title="A list", model="m-1", endpoint="host:1", sandbox="docker", out="/o", budget="5usd")),
        at(1, e.StageStart(stage="proposal", title="features")),
        at(1, e.LlmCall(task="generate.propose", subject="core", key="k")),
        at(3, a_reply("generate.propose", "core", "endpoint")),
        at(3, e.ReplyRejected(task="generate.propose", subject="core", problems=["no area"], round=1)),
        at(4, e.LintRound(stage="proposal", round=1, findings=["area A is empty"])),
        at(
            4, e.Decision(stage="proposal", subject="A", what="kept", why="it is needed", evidence=["the spec says so"])
        ),
        at(5, e.StageEnd(stage="proposal", seconds=4.0, graph="ab", open_findings=1)),
        at(6, e.StageStart(stage="code", title="unit by unit", total=2)),
        at(6, e.UnitStart(unit="u1", name="Store", path="src/a/store.py")),
        at(6, e.UnitStart(unit="u2", name="main", path="src/a/cli.py")),
        at(7, a_reply("generate.tests", "Store", "endpoint")),
        at(7, a_reply("generate.tests", "main", "record")),
        at(7, e.LlmRetry(task="generate.tests", subject="main", reason="429", wait_s=2.0)),
        at(8, e.TestsRejected(unit="u1", name="Store", tests=["test_x"], reason="passes on the stub")),
        at(
            8, e.SandboxRun(purpose="stub gate", subject="Store", backend="docker", ended="exited", seconds=1, failed=7)
        ),
        at(
            9,
            e.SandboxRun(purpose="unit tests", subject="Store", backend="docker", ended="exited", seconds=1, passed=7),
        ),
        at(9, e.FileWritten(path="src/a/store.py", lines=40)),
        at(9, e.Commit(sha="0123456789abcdef", subject="Add Store")),
        at(10, e.UnitEnd(unit="u1", name="Store", path="src/a/store.py", state="verified", tests=7, attempts=1)),
        at(10, e.StageProgress(stage="code", done=1, total=2)),
        at(
            11, e.SandboxRun(purpose="unit tests", subject="main", backend="docker", ended="time", seconds=60, failed=2)
        ),
        at(
            12,
            e.Attribution(
                unit="u2",
                name="main",
                failing=["test_main"],
                votes=[e.Vote(blame="code", culprit="main", reason="never returns")],
                verdict="code",
                culprit="main",
            ),
        ),
        at(13, e.Repair(unit="u2", name="main", target="code", attempt=1, fixed=False)),
        at(13, e.BudgetLevel(spent="4.1 usd", limit="5 usd", level="warn")),
        at(14, e.Warning(message="network: connect to 10.0.0.1:80")),
        at(
            14,
            e.UnitEnd(
                unit="u2", name="main", path="src/a/cli.py", state="failed", tests=2, attempts=4, reason="never returns"
            ),
        ),
        at(14, e.StageProgress(stage="code", done=2, total=2)),
        at(15, e.StageEnd(stage="code", seconds=9.0)),
        at(
            16,
            e.RunEnd(
                status="failing",
                exit_code=1,
                out="/o",
                units_verified=1,
                units_total=2,
                tests_passed=7,
                tests_failed=2,
                line_coverage=0.875,
                prompt_tokens=2400,
                completion_tokens=600,
                usd=0.04,
                seconds=16.0,
            ),
        ),
    ]


@pytest.fixture
def story() -> list[e.Event]:
    return a_story()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "REPOWRIGHT_MODEL", "REPOWRIGHT_SANDBOX", "REPOWRIGHT_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    config = tmp_path / "config.toml"
    config.touch()
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setenv("REPOWRIGHT_CONFIG", str(config))
    monkeypatch.setenv("REPOWRIGHT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(work)
    return tmp_path / "home"


@pytest.fixture
def run(home: Path) -> Run:
    spec = spec_from_bytes(b"# A list\nof things to do\n", "list.md")
    return Run.create(home / "runs", spec, Settings(model="m-1", budget="5usd"), Path("/o"), lambda: T)


@pytest.fixture
def told_run(run: Run, story: list[e.Event]) -> Run:
    log = run.log()
    for event in story:
        log(event)
    log.close()
    run.update_status("failing")
    return run
