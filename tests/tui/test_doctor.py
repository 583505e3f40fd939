import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from repowright.executors.choose import SandboxStatus
from repowright.tui.cli import cli
from repowright.tui.doctor import Check, examine, sandbox_checks


@pytest.fixture
def environ(home: Path) -> dict[str, str]:
    import os

    return dict(os.environ)


def looked_up(environ: dict[str, str]) -> dict[str, Check]:
    return {check.name: check for check in examine(environ, Path.cwd())}


class Models(BaseHTTPRequestHandler):
    status = 200
    body = b'{"object": "list", "data": [{"id": "m", "object": "model", "created": 0, "owned_by": "x"}]}'

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *arguments: object) -> None:
        return


def served(handler: type[Models]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


@pytest.fixture
def endpoint() -> Iterator[str]:
    yield from served(Models)


@pytest.fixture
def refusing_endpoint() -> Iterator[str]:
    refusing = type("Refusing", (Models,), {"status": 401, "body": b'{"error": {"message": "wrong sk-secret"}}'})
    yield from served(refusing)


def test_without_a_model_or_key_the_advice_names_both(environ: dict[str, str]) -> None:
    found = looked_up(environ)
    assert (found["model"].state, found["key"].state) == ("missing", "missing")
    assert "REPOWRIGHT_MODEL" in found["model"].advice
    assert found["key"].advice == "export OPENAI_API_KEY"
    assert {found[name].state for name in ("python", "git", "settings", "runs")} == {"ok"}


def test_an_endpoint_that_answers_is_ready(environ: dict[str, str], endpoint: str) -> None:
    found = looked_up(environ | {"REPOWRIGHT_MODEL": "m", "OPENAI_BASE_URL": endpoint})
    assert {found[name].state for name in ("model", "key", "endpoint")} == {"ok"}


def test_a_model_the_endpoint_does_not_list_is_doubted(environ: dict[str, str], endpoint: str) -> None:
    found = looked_up(environ | {"REPOWRIGHT_MODEL": "n", "OPENAI_BASE_URL": endpoint})
    assert (found["endpoint"].state, found["endpoint"].advice) == ("warn", "it offers m")


def test_a_wrong_key_is_told_and_never_shown(environ: dict[str, str], refusing_endpoint: str) -> None:
    environ |= {"OPENAI_API_KEY": "sk-secret", "OPENAI_BASE_URL": refusing_endpoint}
    checks = examine(environ, Path.cwd())
    assert next(check for check in checks if check.name == "endpoint").state == "missing"
    assert "sk-secret" not in str(checks)


def test_an_endpoint_that_is_not_there_is_missing(environ: dict[str, str]) -> None:
    assert looked_up(environ | {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"})["endpoint"].state == "missing"


def test_settings_that_cannot_be_read_do_not_stop_the_look_up(environ: dict[str, str], home: Path) -> None:
    Path("repowright.toml").write_text("lunch = 1\n")
    found = looked_up(environ)
    assert found["settings"].state == "missing"
    assert found["runs"].state == "ok"


def test_a_place_for_runs_that_cannot_be_written_is_missing(environ: dict[str, str]) -> None:
    Path("file").touch()
    assert looked_up(environ | {"REPOWRIGHT_HOME": "file/home"})["runs"].state == "missing"


def test_without_git_the_advice_is_to_install_it(environ: dict[str, str]) -> None:
    assert looked_up(environ | {"PATH": "/nowhere"})["git"].state == "missing"


def test_one_safe_sandbox_is_enough() -> None:
    docker = SandboxStatus("docker", usable=False, why="no daemon", hint="start it")
    bubblewrap = SandboxStatus("bubblewrap", usable=True, detail="0.11")
    local = SandboxStatus("local", usable=True)
    assert [check.state for check in sandbox_checks([docker, bubblewrap, local])] == ["warn", "ok", "ok"]
    assert sandbox_checks([docker, local])[-1].state == "missing"


def test_the_command_ends_with_3_when_something_is_missing(home: Path) -> None:
    result = CliRunner().invoke(cli, ["doctor"])
    assert result.exit_code == 3
    assert "model " in result.stdout
    assert result.stderr.startswith("not ready: ")
    checks = [json.loads(line) for line in CliRunner().invoke(cli, ["doctor", "--json"]).stdout.splitlines()]
    assert {"name", "state", "detail", "advice"} == set(checks[0])
