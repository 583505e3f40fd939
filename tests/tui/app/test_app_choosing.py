from pathlib import Path

import pytest

from repowright.tui.app.fuzzy import Names
from repowright.tui.app.mentions import Mentions, at_cursor, files_below
from repowright.tui.app.slash import COMMANDS, completions, parsed


def test_a_name_that_begins_so_comes_before_one_that_only_holds_the_letters() -> None:
    names = Names(["docs/moderate.md", "graph/model.py", "a/model/b.py", "m/o/d/e/l.py"])
    assert names.best("model") == ["graph/model.py", "a/model/b.py", "m/o/d/e/l.py"]


def test_signs_of_a_pattern_are_letters_too() -> None:
    assert Names(["a.py", "axpy"]).best("a.p") == ["a.py"]


def test_nothing_typed_offers_the_first_names() -> None:
    assert Names(["b", "a"]).best("", limit=1) == ["b"]


def test_every_name_is_found_by_itself() -> None:
    names = [f"dir{number // 10}/file{number}.py" for number in range(500)]
    known = Names(names)
    assert [name for name in names[::37] if known.best(name)[0] != name] == []


def test_mentions_hold_files_and_nodes() -> None:
    mentions = Mentions()
    mentions.take_files(["shop/cart.py"])
    mentions.take_nodes(["shop/cart.py:total", "shop/cart.py"])
    assert mentions.best("cart") == ["shop/cart.py", "shop/cart.py:total"]


def test_files_leave_out_caches_and_git(tmp_path: Path) -> None:
    for name in (".git/config", "a/b.py", "a/__pycache__/b.pyc", "README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert files_below(tmp_path) == ["README.md", "a/b.py"]


@pytest.mark.parametrize("before", ["mail@host", "a /mode", "no mark", "@done "])
def test_nothing_is_completed_inside_words(before: str) -> None:
    assert at_cursor(before) is None


def test_a_mark_is_found_where_it_stands() -> None:
    typed = at_cursor("see @sh")
    assert typed is not None and (typed.mark, typed.query, typed.start) == ("@", "sh", 4)


def test_a_path_is_no_command() -> None:
    assert parsed("/usr/bin is full") is None
    assert parsed("say / here") is None


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_completed_and_explained(command: object) -> None:
    name = getattr(command, "name", "")
    assert command in completions(name[:2])
    assert getattr(command, "help", "")
