import json
import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from repowright.agent.approvals.modes import MEANINGS
from repowright.agent.errors import ApprovalNeeded, BudgetSpent, ModelBusy, ModelTimeout, SettingsError
from repowright.agent.settings import Settings
from repowright.tui.commands.config import config
from repowright.tui.exit_codes import ExitCode
from repowright.tui.failures import shown

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
CONFIG = """
model = "big"
base_url = "https://me:hunter22@host/v1"
[prices."odd name"]
input = 0.5
output = 1.5
[profiles.cheap]
model = "small"
"""


@pytest.fixture
def folder(home: Path) -> Path:
    (home.parent / "config.toml").write_text(CONFIG)
    (home.parent / "work" / "repowright.toml").write_text("votes = 5\n")
    return home.parent / "work"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(config, arguments, catch_exceptions=False)


def test_show_prints_a_configuration_that_gives_the_same_settings(folder: Path) -> None:
    printed = run("show").stdout
    again = Settings.model_validate(tomllib.loads(printed))
    assert (again.model, again.votes, again.parallel) == ("big", 5, 4)
    assert again.prices["odd name"].output == 1.5
    assert set(tomllib.loads(printed)) == set(Settings.model_fields) - {"unsafe_local"}


def test_origin_says_where_each_value_comes_from(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPOWRIGHT_PARALLEL", "9")
    printed = run("show", "--origin", "--profile", "cheap").stdout
    assert re.search(r'^model = "small" +# the profile cheap in .*config\.toml$', printed, re.MULTILINE)
    assert re.search(r"^votes = 5 +# .*repowright\.toml$", printed, re.MULTILINE)
    assert re.search(r"^parallel = 9 +# the variable REPOWRIGHT_PARALLEL$", printed, re.MULTILINE)
    assert re.search(r"^lint_rounds = 3 +# the defaults$", printed, re.MULTILINE)
    assert tomllib.loads(printed)["model"] == "small"


def test_json_holds_values_and_origins(folder: Path) -> None:
    body = json.loads(run("show", "--json").stdout)
    assert body["votes"] == {"value": 5, "origin": str(folder / "repowright.toml")}
    assert body["prices"]["value"] == {"odd name": {"input": 0.5, "output": 1.5}}


def test_no_secret_is_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    for arguments in (["show"], ["show", "--origin"], ["show", "--json"]):
        printed = run(*arguments).output
        assert "hunter22" not in printed and "very-secret" not in printed
        assert "https://host/v1" in printed


def test_text_of_a_configuration_cannot_steer_the_terminal(folder: Path) -> None:
    (folder / "repowright.toml").write_text('model = "a\\u001b[2J\\u007f"\n')
    assert not set(run("show", "--origin").stdout) & {"\x1b", "\x7f"}


def test_profiles_are_listed_with_their_files(folder: Path) -> None:
    assert re.fullmatch(r"cheap  .*config\.toml\n", run("profiles").stdout)
    (folder.parent / "config.toml").write_text("")
    empty = run("profiles")
    assert empty.stdout == "" and "[profiles.NAME]" in empty.stderr


def test_an_unknown_profile_is_refused(folder: Path) -> None:
    with pytest.raises(SettingsError, match="there is no profile nope"):
        run("show", "--profile", "nope")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ApprovalNeeded("x"), ExitCode.APPROVAL_NEEDED),
        (BudgetSpent("x"), ExitCode.BUDGET_SPENT),
        (ModelBusy("x"), ExitCode.RETRYABLE),
        (ModelTimeout("x"), ExitCode.RETRYABLE),
    ],
)
def test_an_error_ends_with_its_code(error: Exception, code: ExitCode) -> None:
    assert shown(error).exit_code == code


def test_the_table_of_settings_holds_every_setting_and_no_other() -> None:
    table = DOCS.partition("| Setting | Environment |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert sorted(rows) == sorted(Settings.model_fields)


def test_every_variable_that_the_program_reads_is_documented() -> None:
    rooms = ("agent", "graph", "repo_tools", "executors", "inference_backend", "tui")
    sources = [path for room in rooms for path in (ROOT / room).rglob("*.py")]
    named = {name for path in sources for name in re.findall(r'"(REPOWRIGHT_[A-Z_]+)"', path.read_text("utf-8"))}
    inside_boxes = {"REPOWRIGHT_BOX", "REPOWRIGHT_HITS", "REPOWRIGHT_REPORTS", "REPOWRIGHT_SELECT"}
    assert {"REPOWRIGHT_PROFILE", "REPOWRIGHT_HOME"} <= named
    assert sorted(name for name in named - inside_boxes if f"`{name}`" not in DOCS) == []


def test_every_mode_is_documented_as_the_program_explains_it() -> None:
    assert [mode for mode, meaning in MEANINGS.items() if f"| `{mode}` | {meaning} |" not in DOCS] == []


def test_trust_says_what_it_allows(folder: Path) -> None:
    (folder / "repowright.toml").write_text('budget = "1usd"\n')
    with pytest.raises(SettingsError, match="sets budget"):
        run("show")
    assert "trusted, with budget" in run("trust").stderr
    assert 'budget = "1usd"' in run("show").stdout
