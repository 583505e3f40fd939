from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from histories import Files, edit, first_files
from hypothesis import given, settings
from hypothesis import strategies as st

from repowright.graph.encode import Means, update
from repowright.graph.encode.assembly import stored_graph
from repowright.graph.encode.export import canonical_json
from repowright.graph.serial import from_json, to_json
from repowright.graph.store import Store
from repowright.repo_tools.git import GitRepository
from repowright.repo_tools.git_objects import GitObjects
from repowright.repo_tools.snapshot import MemorySnapshot, Snapshot
from repowright.repo_tools.snapshot_revision import RevisionSnapshot
from repowright.repo_tools.snapshot_tree import WorkTreeSnapshot

ALONE = Means(workers=0)


def clean(snapshot: Snapshot, folder: Path, means: Means = ALONE) -> str:
    path = folder / "clean.rpg"
    path.unlink(missing_ok=True)
    with Store(path, create=True) as store:
        update(store, snapshot, (), means)
        return canonical_json(store)


def assert_same_lines(left: str, right: str) -> None:
    assert sorted(set(left.splitlines()) ^ set(right.splitlines())) == []


def history(folder: Path, seed: int, length: int) -> list[str]:
    random, repository = Random(seed), GitRepository.init(folder)
    files: Files = {}
    commits: list[str] = []
    for number in range(length):
        after = edit(random, files) if files else first_files(random)
        changes = {path: after.get(path) for path in files.keys() | after.keys() if files.get(path) != after.get(path)}
        files = after
        if changes:
            commits.append(repository.commit(changes, f"Edit {number}", "", "A", "a@b.c", 1_700_000_000 + number))
    return commits


@pytest.mark.parametrize("seed", range(6))
def test_evolving_commit_by_commit_is_encoding_anew(tmp_path: Path, seed: int) -> None:
    commits = history(tmp_path / "repo", seed, 14)
    objects = GitObjects.find(tmp_path / "repo")
    with Store(tmp_path / "evolved.rpg", create=True) as store:
        for commit in commits:
            snapshot = RevisionSnapshot(objects, commit)
            update(store, snapshot, (), ALONE)
            assert_same_lines(canonical_json(store), clean(snapshot, tmp_path))
            snapshot.close()


def test_any_way_through_a_history_ends_in_the_same_graph(tmp_path: Path) -> None:
    commits = history(tmp_path / "repo", 77, 12)
    objects = GitObjects.find(tmp_path / "repo")
    ends = [commits, commits[::-1] + commits[-1:], Random(1).sample(commits, len(commits)) + commits[-1:]]
    found = []
    for number, way in enumerate(ends):
        with Store(tmp_path / f"{number}.rpg", create=True) as store:
            for commit in way:
                snapshot = RevisionSnapshot(objects, commit, name="repo")
                update(store, snapshot, (), ALONE)
                snapshot.close()
            found.append(canonical_json(store))
    assert_same_lines(found[0], found[1])
    assert found[0] == found[1] == found[2]


def test_work_tree_evolves_to_what_its_commit_encodes_to(tmp_path: Path) -> None:
    commits = history(tmp_path / "repo", 5, 8)
    objects = GitObjects.find(tmp_path / "repo")
    with Store(tmp_path / "evolved.rpg", create=True) as store:
        update(store, RevisionSnapshot(objects, commits[0]), (), ALONE)
        report = update(store, WorkTreeSnapshot(tmp_path / "repo"), (), ALONE)
        assert report.revision == ""
        assert_same_lines(canonical_json(store), clean(RevisionSnapshot(objects, commits[-1]), tmp_path))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9))
def test_random_edits_in_memory(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    folder = tmp_path_factory.mktemp("edits")
    random = Random(seed)
    files = first_files(random)
    with Store(folder / "evolved.rpg", create=True) as store:
        for _ in range(6):
            update(store, MemorySnapshot(files), (), ALONE)
            files = edit(random, edit(random, files))
        update(store, MemorySnapshot(files), (), ALONE)
        assert_same_lines(canonical_json(store), clean(MemorySnapshot(files), folder))


def test_processes_find_what_one_finds_alone(tmp_path: Path) -> None:
    random = Random(3)
    files = first_files(random)
    while len(files) < 60:
        files = edit(random, files)
    snapshot = MemorySnapshot(files)
    assert_same_lines(clean(snapshot, tmp_path, Means(workers=3)), clean(snapshot, tmp_path))


def test_stored_graph_its_export_and_its_round_trip_agree(tmp_path: Path) -> None:
    random = Random(8)
    files = first_files(random)
    for _ in range(20):
        files = edit(random, files)
    with Store(tmp_path / "g.rpg", create=True) as store:
        update(store, MemorySnapshot(files), (), ALONE)
        graph, text = stored_graph(store), canonical_json(store)
    assert to_json(graph) == text
    again = from_json(text)
    assert again == graph and to_json(again) == text
