from pathlib import Path

import pytest

from repowright.repo_tools.git import GitRepository, enclosing_work_tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return GitRepository.init(tmp_path / "root").root


def test_a_path_that_does_not_exist_is_placed_by_its_ancestors(root: Path) -> None:
    assert enclosing_work_tree(root / "no" / "such" / "folder") == root


def test_the_root_of_a_work_tree_encloses_itself(root: Path) -> None:
    assert enclosing_work_tree(root) == root


def test_outside_of_a_work_tree_there_is_none(root: Path) -> None:
    assert enclosing_work_tree(root.parent / "elsewhere") is None


def test_a_link_into_a_work_tree_is_followed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    assert enclosing_work_tree(tmp_path / "link" / "new") == root


def test_a_git_file_marks_a_work_tree(tmp_path: Path) -> None:
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / ".git").write_text("gitdir: /elsewhere\n", encoding="utf-8")
    assert enclosing_work_tree(tmp_path / "linked" / "a") == tmp_path / "linked"


def test_an_empty_git_folder_marks_none(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert enclosing_work_tree(tmp_path) is None


def test_a_path_below_a_file_is_placed(root: Path) -> None:
    (root / "file").write_bytes(b"")
    assert enclosing_work_tree(root / "file" / "below") == root
