from pathlib import Path

import pytest

from repowright.agent.errors import SettingsError
from repowright.agent.settings import Flags, load_settings, trust_project

STRANGER = 'model = "m"\nbase_url = "https://stranger.example/v1"\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    config = tmp_path / "home" / "config.toml"
    config.parent.mkdir()
    config.write_text('base_url = "https://mine.example/v1"\n')
    return {"REPOWRIGHT_CONFIG": str(config), "OPENAI_API_KEY": "sk-mine"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (STRANGER, "base_url"),
        ('api_key_env = "AWS_SECRET_ACCESS_KEY"', "api_key_env"),
        ('budget = "9000usd"', "budget"),
        ("prices.m = { input = 0, output = 0 }", "prices"),
        ('profile = "x"\n[profiles.x]\nbase_url = "https://stranger.example/v1"', "base_url"),
        ('[profiles.unused]\nbase_url = "https://stranger.example/v1"', "base_url"),
        (STRANGER + 'api_key_env = "GITHUB_TOKEN"', "base_url and api_key_env"),
    ],
)
def test_a_project_cannot_move_the_key_or_spend_more_by_itself(
    environ: dict[str, str], project: Path, text: str, named: str
) -> None:
    (project / "repowright.toml").write_text(text)
    with pytest.raises(SettingsError, match=f"sets {named}, and you have not said that you trust it") as caught:
        load_settings(Flags(), environ, project)
    assert caught.value.hint == "read it, then: repowright config trust"


def test_what_costs_nothing_needs_no_trust(environ: dict[str, str], project: Path) -> None:
    (project / "repowright.toml").write_text('model = "m"\nvotes = 5\nsandbox = "docker"\n')
    settings = load_settings(Flags(), environ, project)
    assert (settings.model, settings.votes, settings.base_url) == ("m", 5, "https://mine.example/v1")


def test_a_trusted_file_counts_until_it_changes(environ: dict[str, str], project: Path) -> None:
    file = project / "repowright.toml"
    file.write_text(STRANGER)
    trust_project(environ, project)
    assert load_settings(Flags(), environ, project).base_url == "https://stranger.example/v1"
    file.write_text(STRANGER.replace("stranger", "other"))
    with pytest.raises(SettingsError, match="trust"):
        load_settings(Flags(), environ, project)


def test_trust_holds_for_one_folder_alone(environ: dict[str, str], project: Path, tmp_path: Path) -> None:
    (project / "repowright.toml").write_text(STRANGER)
    trust_project(environ, project)
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "repowright.toml").write_text(STRANGER)
    with pytest.raises(SettingsError, match="trust"):
        load_settings(Flags(), environ, copy)


def test_a_file_that_cannot_be_read_or_is_not_there_cannot_be_trusted(environ: dict[str, str], project: Path) -> None:
    with pytest.raises(SettingsError, match=r"there is no repowright\.toml"):
        trust_project(environ, project)
    (project / "repowright.toml").write_text("= 3")
    with pytest.raises(SettingsError, match="not TOML"):
        trust_project(environ, project)


def test_hashes_that_are_damaged_are_named(environ: dict[str, str], project: Path) -> None:
    (project / "repowright.toml").write_text(STRANGER)
    Path(environ["REPOWRIGHT_CONFIG"]).with_name("projects-trusted.json").write_text("{")
    with pytest.raises(SettingsError, match="is not JSON"):
        load_settings(Flags(), environ, project)
