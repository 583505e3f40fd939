from pathlib import Path

import pytest

from repowright.agent.errors import SettingsError
from repowright.agent.settings import Flags, Settings, load_settings, origins, profiles, remember, trust_project

USER = """
model = "big"
profile = "cheap"
[profiles.cheap]
model = "small"
budget = "1usd"
[profiles.wide]
parallel = 32
"""
PROJECT = """
votes = 5
[profiles.cheap]
budget = "2usd"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "repowright.toml").write_text(PROJECT)
    return folder


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    config = tmp_path / "config.toml"
    config.write_text(USER)
    return {"REPOWRIGHT_CONFIG": str(config)}


@pytest.fixture(autouse=True)
def trusted(environ: dict[str, str], project: Path) -> None:
    trust_project(environ, project)


def test_a_file_chooses_a_profile_and_the_project_has_the_last_word_in_it(
    environ: dict[str, str], project: Path
) -> None:
    settings = load_settings(Flags(), environ, project)
    assert (settings.model, settings.budget, settings.votes, settings.parallel) == ("small", "2usd", 5, 4)


def test_flag_and_variable_choose_another_profile(environ: dict[str, str], project: Path) -> None:
    environ["REPOWRIGHT_PROFILE"] = "wide"
    by_variable = load_settings(Flags(), environ, project)
    assert (by_variable.model, by_variable.parallel) == ("big", 32)
    by_flag = load_settings(Flags(profile="cheap"), environ, project)
    assert (by_flag.model, by_flag.parallel) == ("small", 4)


def test_variables_and_flags_win_over_a_profile(environ: dict[str, str], project: Path) -> None:
    environ["REPOWRIGHT_MODEL"] = "named"
    settings = load_settings(Flags(budget="9usd", profile="cheap"), environ, project)
    assert (settings.model, settings.budget) == ("named", "9usd")


def test_a_run_that_goes_on_yields_to_a_profile_that_is_asked_for_alone(environ: dict[str, str], project: Path) -> None:
    remembered = remember(Settings(model="small", budget="7usd", parallel=2))
    assert load_settings(Flags(), environ, project, remembered).budget == "7usd"
    assert load_settings(Flags(profile="cheap"), environ, project, remembered).budget == "2usd"


def test_an_unknown_profile_is_refused_with_the_nearest_known(environ: dict[str, str], project: Path) -> None:
    with pytest.raises(SettingsError, match=r"no profile chaep.*did you mean cheap\?"):
        load_settings(Flags(profile="chaep"), environ, project)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[profiles.x]\napi_key = 'sk-very-secret'", "holds a key"),
        ("[profiles.x]\nmodle = 'a'", "did you mean model"),
        ("[profiles.x]\nunsafe_local = true", "--unsafe-local"),
        ("profiles = 3", "must be tables"),
        ("profiles.x = 3", "must be tables"),
        ("profile = 3", "name of a profile"),
        ("profile = 'none'", "no profile none"),
        ("profile = 'x'\n[profiles.x]\nparallel = 0", "parallel should be.*correct it in the profile x in"),
    ],
)
def test_a_profile_that_does_not_fit_is_refused(environ: dict[str, str], project: Path, text: str, words: str) -> None:
    (project / "repowright.toml").write_text(text)
    Path(environ["REPOWRIGHT_CONFIG"]).write_text("")
    with pytest.raises(SettingsError, match=words) as caught:
        load_settings(Flags(), environ, project)
    assert "very-secret" not in str(caught.value)


def test_the_origin_of_each_setting_is_told(environ: dict[str, str], project: Path) -> None:
    environ |= {"OPENAI_BASE_URL": "http://me:secret@a/v1", "REPOWRIGHT_TIMEOUT_S": "7"}
    found = {each.name: (each.value, each.source) for each in origins(Flags(temperature=0.5), environ, project)}
    config = environ["REPOWRIGHT_CONFIG"]
    assert found["model"] == ("small", f"the profile cheap in {config}")
    assert found["budget"] == ("2usd", f"the profile cheap in {project / 'repowright.toml'}")
    assert found["votes"] == (5, str(project / "repowright.toml"))
    assert found["base_url"] == ("http://a/v1", "the variable OPENAI_BASE_URL")
    assert found["timeout_s"] == (7.0, "the variable REPOWRIGHT_TIMEOUT_S")
    assert found["temperature"] == (0.5, "the command line")
    assert found["parallel"] == (4, "the defaults")
    assert set(found) == set(Settings.model_fields) - {"unsafe_local"}


def test_profiles_are_listed_with_their_files(environ: dict[str, str], project: Path) -> None:
    config = Path(environ["REPOWRIGHT_CONFIG"])
    assert profiles(environ, project) == {"cheap": (config, project / "repowright.toml"), "wide": (config,)}
