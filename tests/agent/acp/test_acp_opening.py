from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from repowright.agent.acp.opening import ChatEngines
from repowright.agent.chat.session import new_session
from repowright.agent.errors import NoModel, RunNotFound, UserError
from repowright.agent.settings import Flags, Settings


def engines(tmp_path: Path) -> ChatEngines:
    (tmp_path / "config.toml").touch()
    return ChatEngines(Flags(), {"REPOWRIGHT_HOME": str(tmp_path), "REPOWRIGHT_CONFIG": str(tmp_path / "config.toml")})


def test_sessions_are_listed_newest_first_by_folder_or_all(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two")]
    for number, folder in enumerate(folders):
        folder.mkdir()
        began = partial(float, 1_700_000_000 + number)
        new_session(folder, Settings(model="m"), tmp_path / "runs", began)
    found = engines(tmp_path)
    assert [line.folder for line in found.listed(None)] == folders[::-1]
    assert [line.folder for line in found.listed(folders[0])] == folders[:1]
    assert found.listed(None)[0].title == "Chat in two"


async def test_without_a_model_nothing_is_opened(tmp_path: Path) -> None:
    with pytest.raises(NoModel):
        await engines(tmp_path).new(tmp_path, [])


async def test_a_session_is_resumed_in_its_own_folder_only(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    run = new_session(tmp_path / "one", Settings(model="m"), tmp_path / "runs")
    with pytest.raises(UserError, match="works in"):
        await engines(tmp_path).resume(run.id, tmp_path, [])
    with pytest.raises(RunNotFound):
        await engines(tmp_path).resume("20200101-nothing", tmp_path, [])
