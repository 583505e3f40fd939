from __future__ import annotations

from pathlib import Path

import pytest

from repowright.repo_tools.errors import UnsafePath
from repowright.repo_tools.git import GitRepository
from repowright.repo_tools.history import CommitSpec, History


def spec(subject: str, when: int = 1000, **files: bytes | None) -> CommitSpec:
    return CommitSpec({name.replace("__", "/"): content for name, content in files.items()}, subject, "why", when)


def test_series_gives_the_same_ids_in_any_repository(tmp_path: Path) -> None:
    series = [spec("one", a=b"1\n"), spec("two", 1001, b=b"2\n", dir__c=b"3")]
    made = [History.init(tmp_path / name).append("", series, "Re Po", "r@p") for name in ("x", "y")]
    assert made[0] == made[1] and len(set(made[0])) == 2


def test_series_starts_from_the_commit_it_is_given_wherever_the_branch_stands(tmp_path: Path) -> None:
    history = History.init(tmp_path / "r")
    first, second = history.append("", [spec("one", a=b"1"), spec("two", a=b"2")], "r", "r@p")
    again = history.append(first, [spec("two", a=b"2")], "r", "r@p")
    assert again == [second]
    other = history.append(first, [spec("other", b=b"3")], "r", "r@p")
    assert history.files(other[0]) == {"a": b"1", "b": b"3"}


def test_files_come_back_byte_for_byte(tmp_path: Path) -> None:
    history = History.init(tmp_path / "r")
    content = bytes(range(256)) * 3
    (head,) = history.append("", [CommitSpec({'odd "name".bin': content, "e": b""}, "s", "", 1)], "r", "r@p")
    assert history.files(head) == {'odd "name".bin': content, "e": b""}


def test_deleted_file_is_gone(tmp_path: Path) -> None:
    history = History.init(tmp_path / "r")
    made = history.append("", [spec("one", a=b"1", b=b"2"), spec("two", a=None)], "r", "r@p")
    assert history.files(made[-1]) == {"b": b"2"}


def test_delivery_is_an_ordinary_clean_repository(tmp_path: Path) -> None:
    history = History.init(tmp_path / "r")
    made = history.append("", [spec("one", src__a=b"1"), spec("two", src__a=b"2")], "r", "r@p")
    history.deliver(made[1], tmp_path / "out")
    delivered = GitRepository.open(tmp_path / "out")
    assert delivered.head() == made[1] and delivered.is_clean()
    assert [commit.subject for commit in delivered.log()] == ["two", "one"]
    assert (tmp_path / "out/src/a").read_bytes() == b"2"


def test_delivery_again_after_it_was_cut_off_ends_the_same(tmp_path: Path) -> None:
    history = History.init(tmp_path / "r")
    made = history.append("", [spec("one", a=b"1")], "r", "r@p")
    GitRepository.init(tmp_path / "out")
    history.deliver(made[0], tmp_path / "out")
    history.deliver(made[0], tmp_path / "out")
    assert GitRepository.open(tmp_path / "out").head() == made[0]


@pytest.mark.parametrize("path", ["../x", "/etc/x", ".git/config", "a/../../x"])
def test_path_that_leaves_the_repository_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(UnsafePath):
        History.init(tmp_path / "r").append("", [CommitSpec({path: b""}, "s", "", 1)], "r", "r@p")
