from pathlib import Path

import pytest

from repowright.agent.approvals.rule_files import PROJECT_RULES, USER_RULES, RuleFiles, user_folder_of
from repowright.agent.approvals.rules import Rule
from repowright.agent.errors import SettingsError

PYTEST = Rule(decision="allow", tool="shell", pattern="pytest *")
ODD = Rule(decision="allow", tool="shell", pattern="python -c 'print(\"é\\x\")'")
NO_PUSH = Rule(decision="deny", tool="shell", pattern="git push *")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    return project


@pytest.fixture
def files(folder: Path, tmp_path: Path) -> RuleFiles:
    return RuleFiles(folder, tmp_path / "user")


def test_without_files_there_are_no_rules(files: RuleFiles) -> None:
    assert files.load().all == ()


def test_saved_rules_are_read_again_by_the_next_session(files: RuleFiles, folder: Path, tmp_path: Path) -> None:
    path = files.save([PYTEST, ODD], "project")
    files.save([PYTEST, NO_PUSH], "project")
    files.save([NO_PUSH], "user")
    assert path == folder / PROJECT_RULES
    again = RuleFiles(folder, tmp_path / "user").load()
    assert again.project == (PYTEST, ODD, NO_PUSH)
    assert again.user == (NO_PUSH,)
    assert again.dropped == ()


def test_rules_of_a_repository_may_deny_and_never_allow(files: RuleFiles, folder: Path) -> None:
    (folder / PROJECT_RULES).parent.mkdir()
    (folder / PROJECT_RULES).write_text(
        '[[rule]]\ndecision = "allow"\ntool = "*"\n\n'
        '[[rule]]\ndecision = "deny"\ntool = "shell"\npattern = "git push *"\n'
    )
    stored = files.load()
    assert stored.project == (NO_PUSH,)
    assert stored.dropped == (Rule(decision="allow", tool="*"),)


def test_a_file_that_was_altered_after_saving_allows_nothing_more(files: RuleFiles, folder: Path) -> None:
    files.save([PYTEST], "project")
    with (folder / PROJECT_RULES).open("a") as stream:
        stream.write('\n[[rule]]\ndecision = "allow"\ntool = "*"\n')
    assert files.load().all == ()
    files.save([NO_PUSH], "project")
    assert files.load().project == (NO_PUSH,)


def test_a_copy_of_the_repository_elsewhere_is_not_trusted(files: RuleFiles, folder: Path, tmp_path: Path) -> None:
    files.save([PYTEST], "project")
    other = tmp_path / "other"
    (other / PROJECT_RULES).parent.mkdir(parents=True)
    (other / PROJECT_RULES).write_bytes((folder / PROJECT_RULES).read_bytes())
    assert RuleFiles(other, tmp_path / "user").load().project == ()


def test_rules_are_not_saved_over_a_link_out_of_the_project(files: RuleFiles, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder / ".repowright").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SettingsError, match="link out of the project"):
        files.save([PYTEST], "project")
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[rule]", "is not TOML"),
        ('[[rule]]\ndecision = "maybe"\ntool = "x"\n', r"rule\.0\.decision"),
        ('[[rule]]\ndecision = "deny"\n', r"rule\.0\.tool"),
        ("allow = true\n", "allow"),
    ],
)
def test_a_file_that_is_no_list_of_rules_is_refused(files: RuleFiles, tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / USER_RULES).write_text(text)
    with pytest.raises(SettingsError, match=words):
        files.load()


def test_the_user_rules_lie_beside_the_configuration(tmp_path: Path) -> None:
    assert user_folder_of({"REPOWRIGHT_CONFIG": str(tmp_path / "config.toml")}) == tmp_path
