from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_index import TinyIndex, serving, source, wheel

from repowright.benchmarks.repocraft.errors import ProjectUnknown
from repowright.benchmarks.speed.sdists import cached, fetched


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyIndex]:
    with serving() as served:
        monkeypatch.setenv("PIP_INDEX_URL", served.url)
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", served.url)
        monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path_factory.mktemp("links")))
        yield served


def test_source_is_fetched_once_and_nothing_of_it_is_built(index: TinyIndex, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    index.add(source("demo", f"open({str(touched)!r}, 'w').close()\nseen = None"))
    assert cached("demo==1.0", tmp_path / "cache") is None
    folder = fetched("demo==1.0", tmp_path / "cache")
    assert (folder / "PKG-INFO").is_file() and folder == cached("demo==1.0", tmp_path / "cache")
    asked = len(index.asked)
    assert fetched("demo==1.0", tmp_path / "cache") == folder and len(index.asked) == asked
    assert not touched.exists()
    assert [each.name for each in (tmp_path / "cache").iterdir()] == ["demo-1.0"]


def test_release_without_source_is_unknown_and_leaves_nothing(index: TinyIndex, tmp_path: Path) -> None:
    index.add(wheel("demo", {"demo.py": ""}))
    with pytest.raises(ProjectUnknown, match=r"no source release of demo==1.0"):
        fetched("demo==1.0", tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())
