import os
import subprocess
from pathlib import Path

import pytest

from repowright.repo_tools.errors import GitError, GitMissing, UnsafePath
from repowright.repo_tools.git import CommitRecord, GitRepository

WHEN = 1_700_000_000


def commit(repository: GitRepository, files: dict[str, bytes | None], subject: str = "Change", when: int = WHEN) -> str:
    return repository.commit(files, subject, "", "Ada", "ada@example.org", when)


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return GitRepository.init(tmp_path / "repository")


def stored(repository: GitRepository, path: str) -> bytes:
    argv = ["git", "-C", str(repository.root), "show", f"HEAD:{path}"]
    return subprocess.run(argv, capture_output=True, check=True, timeout=30).stdout


def test_a_new_repository_has_no_head_and_is_clean(repository: GitRepository) -> None:
    assert repository.head() is None
    assert repository.log() == []
    assert repository.is_clean()


def test_init_keeps_a_repository_that_is_there(repository: GitRepository) -> None:
    sha = commit(repository, {"a": b"1"})
    assert GitRepository.init(repository.root).head() == sha


def test_a_commit_holds_the_files_and_leaves_the_tree_clean(repository: GitRepository) -> None:
    sha = commit(repository, {"src/a.py": b"x = 1\n", "b \xc3\xa9.txt": b"\x00\r\n"})
    assert repository.head() == sha
    assert repository.is_clean()
    assert stored(repository, "b \xc3\xa9.txt") == b"\x00\r\n"
    assert (repository.root / "src/a.py").read_bytes() == b"x = 1\n"


def test_equal_commits_have_equal_ids_anywhere(tmp_path: Path) -> None:
    ids = set()
    for name in ("one", "two"):
        repository = GitRepository.init(tmp_path / name)
        commit(repository, {"a.py": b"1", "b/c.py": b"2"}, "First")
        ids.add((commit(repository, {"a.py": None, "d.py": b"3"}, "Second", WHEN + 1), repository.tree_hash()))
    assert len(ids) == 1


def test_the_environment_of_the_user_changes_nothing(
    repository: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = commit(GitRepository.init(tmp_path / "plain"), {"a.txt": b"a\r\n"})
    config = tmp_path / "config"
    config.write_text(
        "[user]\nname = Other\n[core]\nautocrlf = true\n[commit]\ngpgsign = true\n[gpg]\nprogram = false\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2001-01-01T00:00:00")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert commit(repository, {"a.txt": b"a\r\n"}) == plain


def test_hooks_of_the_repository_do_not_run(repository: GitRepository, tmp_path: Path) -> None:
    hooks = repository.root / ".git" / "hooks"
    hooks.mkdir()
    for name in ("pre-commit", "commit-msg", "post-commit", "reference-transaction", "post-index-change"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
        (hooks / name).chmod(0o755)
    assert commit(repository, {"a": b"1"}) == repository.head()
    assert not (tmp_path / "ran").exists()


def test_a_commit_without_change_returns_the_head(repository: GitRepository) -> None:
    sha = commit(repository, {"a": b"1"})
    assert commit(repository, {"a": b"1", "gone": None}, "Again", WHEN + 9) == sha
    assert [entry.sha for entry in repository.log()] == [sha]


def test_nothing_to_commit_first_is_an_error(repository: GitRepository) -> None:
    with pytest.raises(GitError, match="nothing to commit"):
        commit(repository, {})


def test_a_deletion_removes_the_file_and_its_empty_folder(repository: GitRepository) -> None:
    commit(repository, {"a/b/c.py": b"1", "d.py": b"2"})
    commit(repository, {"a/b/c.py": None})
    assert not (repository.root / "a").exists()
    assert repository.is_clean()


def test_a_file_may_become_a_folder_and_back(repository: GitRepository) -> None:
    commit(repository, {"a": b"1"})
    commit(repository, {"a": None, "a/b": b"2"})
    assert stored(repository, "a/b") == b"2"
    commit(repository, {"a/b": None, "a": b"3"})
    assert stored(repository, "a") == b"3"
    assert repository.is_clean()


def test_ignored_files_are_committed_when_named(repository: GitRepository) -> None:
    commit(repository, {".gitignore": b"*.log\n", "a.log": b"1"})
    assert stored(repository, "a.log") == b"1"


def test_only_the_named_files_are_committed(repository: GitRepository) -> None:
    commit(repository, {"a": b"1"})
    (repository.root / "stray").write_bytes(b"x")
    commit(repository, {"b": b"2"})
    assert not repository.is_clean()
    with pytest.raises(subprocess.CalledProcessError):
        stored(repository, "stray")


def test_the_executable_bit_survives_a_rewrite(repository: GitRepository) -> None:
    commit(repository, {"run.sh": b"1"})
    (repository.root / "run.sh").chmod(0o755)
    commit(repository, {"run.sh": b"2"})
    assert os.access(repository.root / "run.sh", os.X_OK)
    assert repository.is_clean()


def test_the_log_is_newest_first_with_whole_messages(repository: GitRepository) -> None:
    first = repository.commit({"a": b"1"}, "Add a", "Why: é.\n\nMore.", "Ada L", "ada@example.org", WHEN)
    second = commit(repository, {"a": b"2"}, "# not a comment", WHEN + 60)
    assert repository.log() == [
        CommitRecord(second, "# not a comment", "", "Ada", "ada@example.org", WHEN + 60),
        CommitRecord(first, "Add a", "Why: é.\n\nMore.", "Ada L", "ada@example.org", WHEN),
    ]


@pytest.mark.parametrize(
    "path", ["/etc/x", "../x", "a/../x", "a//b", "./a", "", "a\\b", ".git/config", "a/.GIT/x", "a\0b"]
)
def test_paths_outside_the_tree_or_inside_git_are_refused(repository: GitRepository, path: str) -> None:
    with pytest.raises(UnsafePath):
        commit(repository, {"fine": b"1", path: b"x"})
    assert not (repository.root / "fine").exists()


def test_links_are_not_written_through(repository: GitRepository, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"safe")
    (repository.root / "folder").symlink_to(outside)
    (repository.root / "link").symlink_to(outside / "file")
    for path in ("folder/new", "link"):
        with pytest.raises(UnsafePath, match="passes through the link"):
            commit(repository, {path: b"x"})
    assert [entry.name for entry in outside.iterdir()] == ["file"]
    assert (outside / "file").read_bytes() == b"safe"


def test_a_folder_is_not_written_as_a_file(repository: GitRepository) -> None:
    commit(repository, {"a/b": b"1"})
    with pytest.raises(UnsafePath, match="is a folder"):
        commit(repository, {"a": b"1"})
    with pytest.raises(UnsafePath, match="'a/b' is a file"):
        commit(repository, {"a/b/c": b"1"})
    assert repository.is_clean()


@pytest.mark.parametrize("subject", ["", "  ", "two\nlines"])
def test_a_subject_is_one_line(repository: GitRepository, subject: str) -> None:
    with pytest.raises(GitError, match="one line"):
        commit(repository, {"a": b"1"}, subject)


def test_a_left_lock_is_named_and_can_be_broken(repository: GitRepository) -> None:
    lock = repository.root / ".git" / "index.lock"
    lock.write_bytes(b"")
    with pytest.raises(GitError, match="break_locks"):
        commit(repository, {"a": b"1"})
    assert repository.break_locks() == [".git/index.lock"]
    assert commit(repository, {"a": b"1"}) == repository.head()


def test_open_wants_the_root_of_a_work_tree(repository: GitRepository) -> None:
    sha = commit(repository, {"a/b": b"1"})
    assert GitRepository.open(repository.root).head() == sha
    with pytest.raises(GitError, match="not the root"):
        GitRepository.open(repository.root / "a")


def test_a_linked_work_tree_can_be_opened(repository: GitRepository, tmp_path: Path) -> None:
    sha = commit(repository, {"a": b"1"})
    linked = tmp_path / "linked"
    argv = ["git", "-C", str(repository.root), "worktree", "add", "--detach", str(linked)]
    subprocess.run(argv, check=True, capture_output=True, timeout=30)
    other = GitRepository.open(linked)
    assert other.head() == sha
    assert commit(other, {"b": b"2"}) != sha
    assert repository.head() == sha


def test_a_missing_git_is_said_clearly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitMissing, match="install git"):
        GitRepository.init(tmp_path / "new")


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(GitError, match="cannot make the folder"):
        GitRepository.init(tmp_path / "file" / "new")


def test_a_folder_that_went_away_is_an_error(repository: GitRepository, tmp_path: Path) -> None:
    repository.root.rename(tmp_path / "moved")
    with pytest.raises(GitError, match="is gone"):
        repository.head()
