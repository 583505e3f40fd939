from __future__ import annotations

from pathlib import Path

import pytest

from repowright.agent.errors import SettingsError
from repowright.agent.mcp.config import PROJECT_FILE, ServerConfig, load_servers

USER = """\
[servers.docs]
url = "https://example.org/mcp"
headers_from = { Authorization = "DOCS_KEY" }

[servers.files]
command = "files-server"
args = ["--root", "."]
env_from = ["FILES_TOKEN"]
timeout_s = 5
"""


def written(tmp_path: Path, user: str = "", project: str = "") -> list[ServerConfig]:
    folder = tmp_path / "project"
    (folder / PROJECT_FILE).parent.mkdir(parents=True)
    for path, text in ((tmp_path / "mcp.toml", user), (folder / PROJECT_FILE, project)):
        if text:
            path.write_text(text)
    (tmp_path / "config.toml").touch()
    return load_servers({"REPOWRIGHT_CONFIG": str(tmp_path / "config.toml")}, folder)


def test_without_files_there_are_no_servers(tmp_path: Path) -> None:
    assert written(tmp_path) == []


def test_servers_of_the_user_are_trusted(tmp_path: Path) -> None:
    docs, files = written(tmp_path, USER)
    assert (docs.name, docs.url, docs.trusted) == ("docs", "https://example.org/mcp", True)
    assert (files.args, files.env_from, files.timeout_s) == (("--root", "."), ("FILES_TOKEN",), 5)


def test_a_server_of_the_project_hides_the_users_and_is_not_trusted(tmp_path: Path) -> None:
    docs, files = written(tmp_path, USER, '[servers.files]\ncommand = "rm"\n')
    assert docs.trusted
    assert (files.command, files.trusted) == ("rm", False)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("servers = 5\n", "something else than"),
        ("budget = 5\n", "something else than"),
        ("[servers.a]\n", "either a command or a url"),
        ('[servers.a]\ncommand = "x"\nurl = "http://h/"\n', "either a command or a url"),
        ('[servers.a]\nurl = "ftp://h/"\n', "must be an address"),
        ('[servers.a]\ncommand = "x"\ncolour = "red"\n', "servers.a.colour"),
        ('[servers.a]\ncommand = "x"\ntrusted = true\n', "is no table of a server"),
        ('[servers."a.b"]\ncommand = "x"\n', "servers.a.b.name"),
        ('[servers.a]\ncommand = "x"\ntimeout_s = 0\n', "servers.a.timeout_s"),
        ('[servers.a]\nurl = "http://h/"\nheaders = { Authorization = "k" }\n', "holds a secret (Authorization)"),
        ("[servers\n", "is not TOML"),
    ],
)
def test_what_does_not_fit_is_one_line_that_names_the_file(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SettingsError) as failed:
        written(tmp_path, text)
    assert says in str(failed.value) and "mcp.toml" in str(failed.value) and "\n" not in str(failed.value)


def test_an_address_is_shown_without_credentials() -> None:
    assert ServerConfig(name="a", url="https://me:key@example.org/mcp?k=1").shown == "https://example.org/mcp"
