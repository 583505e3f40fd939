from __future__ import annotations

from pathlib import Path

import pytest

from repowright.agent.errors import UserError
from repowright.agent.scale.script import MODULE, RESUME, read_script


def test_lines_become_commands_with_a_folder_each(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("an idea")
    text = "# two\n\ngenerate a.md --out todo --model m\n"
    text += "repowright bench repocraft run --tasks t.json\nlocate --text 'a b'\n"
    one, two, three = read_script(text, tmp_path, tmp_path / "out")
    assert one.arguments == (*MODULE, "generate", str(tmp_path / "a.md"), "--out", "todo", "--model", "m")
    assert (one.name, one.folder, one.resume) == ("003-generate", tmp_path / "out" / "003-generate", RESUME)
    assert two.arguments[2:5] == ("bench", "repocraft", "run") and two.resume == RESUME
    assert three.arguments[-1] == "a b" and three.resume == ()


@pytest.mark.parametrize(
    ("text", "words"), [("", "no command"), ("# only words\n", "no command"), ("a 'b\n", "line 1")]
)
def test_a_file_that_cannot_be_read_is_one_clear_line(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=words):
        read_script(text, tmp_path, tmp_path)
