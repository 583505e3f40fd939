from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from repowright.agent import prompts

FOLDER = Path(prompts.__file__).parent


def holes(name: str) -> dict[str, object]:
    text = (FOLDER / f"{name}.md").read_text()
    return {hole: f"<{hole}>" for hole in re.findall(r"{[{%][^}%]*?\b([a-z_]+)\b *[}%]}", text)}


@pytest.mark.parametrize("name", prompts.names())
def test_prompt_renders_into_a_system_and_a_user_message(name: str) -> None:
    system, user = prompts.render(name, holes(name))
    assert (system.role, user.role) == ("system", "user")
    assert "{{" not in system.content + user.content and "{%" not in system.content + user.content
    assert "Your task" in system.content and "# " in user.content


@pytest.mark.parametrize("name", prompts.names())
def test_prompt_with_an_unfilled_hole_is_refused(name: str) -> None:
    for left_out in sorted(set(re.findall(r"{{ (\w+) }}", (FOLDER / f"{name}.md").read_text()))):
        filled = {hole: text for hole, text in holes(name).items() if hole != left_out}
        with pytest.raises(UndefinedError):
            prompts.render(name, filled)


def test_hash_covers_the_rules_a_prompt_includes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text('{% include "_rules.md" %}\n=== user ===\nhello')
    (tmp_path / "_rules.md").write_text("be brief")
    monkeypatch.setattr(prompts, "_FOLDER", tmp_path)
    prompts.prompt_hash.cache_clear()
    before = prompts.prompt_hash("a")
    (tmp_path / "_rules.md").write_text("be long")
    prompts.prompt_hash.cache_clear()
    assert prompts.prompt_hash("a") != before
    prompts.prompt_hash.cache_clear()


def test_rules_that_prompts_share_are_no_prompts() -> None:
    assert all("/_" not in name for name in prompts.names())
    assert "generate/tests" in prompts.names()
