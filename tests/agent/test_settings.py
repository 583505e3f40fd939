from pathlib import Path

import pytest

from repowright.agent.errors import ModelAuth, NoModel, SettingsError
from repowright.agent.settings import Flags, Settings, load_settings, remember, user_config


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def environ_of(config: Path, **more: str) -> dict[str, str]:
    config.touch()
    return {"REPOWRIGHT_CONFIG": str(config), **more}


def test_later_sources_win_over_earlier_ones(config: Path, project: Path) -> None:
    config.write_text('model = "user"\nparallel = 1\nvotes = 5\ntemperature = 0.5\n')
    (project / "repowright.toml").write_text('model = "project"\nparallel = 2\n')
    environ = environ_of(config, REPOWRIGHT_PARALLEL="3", REPOWRIGHT_TIMEOUT_S="12.5")
    settings = load_settings(Flags(temperature=0.7), environ, project)
    assert settings.model == "project"
    assert settings.parallel == 3
    assert settings.votes == 5
    assert settings.timeout_s == 12.5
    assert settings.temperature == 0.7


def test_the_address_of_the_client_library_is_understood(config: Path, project: Path) -> None:
    environ = environ_of(config, OPENAI_BASE_URL="http://localhost:8000/v1/")
    assert load_settings(Flags(), environ, project).base_url == "http://localhost:8000/v1"
    environ["REPOWRIGHT_BASE_URL"] = "http://other/v1"
    assert load_settings(Flags(), environ, project).base_url == "http://other/v1"


def test_an_unknown_name_is_refused_with_the_nearest_known(config: Path, project: Path) -> None:
    config.write_text("parralel = 2\n")
    with pytest.raises(SettingsError, match=r"parralel.*did you mean parallel\?"):
        load_settings(Flags(), environ_of(config), project)


@pytest.mark.parametrize("name", ["api_key", "OPENAI_API_KEY", "token"])
def test_a_key_in_a_file_is_refused_and_not_repeated(config: Path, project: Path, name: str) -> None:
    config.write_text(f'{name} = "sk-very-secret"\n')
    with pytest.raises(SettingsError, match="export OPENAI_API_KEY") as caught:
        load_settings(Flags(), environ_of(config), project)
    assert "very-secret" not in str(caught.value)


def test_a_key_in_place_of_a_variable_name_is_refused_and_not_repeated(config: Path, project: Path) -> None:
    config.write_text('api_key_env = "sk-very-secret"\n')
    with pytest.raises(SettingsError, match="not the key itself") as caught:
        load_settings(Flags(), environ_of(config), project)
    assert "very-secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model = ", "is not TOML"),
        ("parallel = 0", "parallel should be greater than or equal to 1.*correct it in .*config.toml"),
        ('sandbox = "jail"', "sandbox should be 'auto'"),
        ('base_url = "localhost:8000"', "base_url must be an address"),
        ("timeout_s = inf", "timeout_s"),
        ("unsafe_local = true", "--unsafe-local"),
        ("[prices.m]\ninput = -1\noutput = 1", r"prices\.m\.input"),
    ],
)
def test_a_value_that_does_not_fit_names_the_setting(config: Path, project: Path, text: str, words: str) -> None:
    config.write_text(text)
    with pytest.raises(SettingsError, match=words):
        load_settings(Flags(), environ_of(config), project)


def test_a_missing_named_configuration_is_refused(tmp_path: Path, project: Path) -> None:
    with pytest.raises(SettingsError, match="no configuration file"):
        load_settings(Flags(), {"REPOWRIGHT_CONFIG": str(tmp_path / "none.toml")}, project)


def test_the_unsafe_sandbox_cannot_be_allowed_by_the_environment(config: Path, project: Path) -> None:
    environ = environ_of(config, REPOWRIGHT_UNSAFE_LOCAL="1")
    assert not load_settings(Flags(), environ, project).unsafe_local
    assert load_settings(Flags(unsafe_local=True), environ, project).unsafe_local


def test_a_run_keeps_its_shape_and_takes_its_other_settings_from_stronger_sources(config: Path, project: Path) -> None:
    config.write_text('model = "now"\nbase_url = "http://config/v1"\nparallel = 9\nvotes = 1\n')
    remembered = remember(Settings(model="then", votes=5, base_url="http://then/v1", budget="1usd", parallel=2))
    settings = load_settings(Flags(budget="9usd"), environ_of(config), project, remembered)
    assert (settings.model, settings.votes) == ("then", 5)
    assert settings.base_url == "http://then/v1"
    assert settings.budget == "9usd"
    assert settings.parallel == 2


def test_a_run_cannot_change_its_model(config: Path, project: Path) -> None:
    with pytest.raises(SettingsError, match="made with the model then, not now"):
        load_settings(Flags(model="now"), environ_of(config), project, remember(Settings(model="then")))


def test_what_a_run_remembers_holds_no_credentials() -> None:
    settings = Settings(model="m", base_url="https://me:secret@host:1/v1?key=secret")
    kept = remember(settings).model_dump_json()
    assert "secret" not in kept
    assert "https://host:1/v1" in kept
    assert settings.endpoint == "host:1"


def test_without_a_model_or_key_the_next_step_is_named() -> None:
    with pytest.raises(NoModel, match="--model"):
        Settings().require_model({"OPENAI_API_KEY": "k"})
    with pytest.raises(ModelAuth, match="MY_KEY is not set"):
        Settings(model="m", api_key_env="MY_KEY").require_model({"OPENAI_API_KEY": "k"})
    Settings(model="m", base_url="http://localhost:1/v1").require_model({})
    Settings(model="m").require_model({"OPENAI_API_KEY": "k"})


def test_the_user_configuration_has_a_place_of_its_own() -> None:
    assert user_config({}).parts[-2:] == ("repowright", "config.toml")
