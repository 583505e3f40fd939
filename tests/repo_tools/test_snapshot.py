from __future__ import annotations

import os
import pickle
import subprocess
from pathlib import Path

import pytest

from repowright.repo_tools.errors import GitError, SnapshotError
from repowright.repo_tools.git import GitRepository
from repowright.repo_tools.git_objects import GitObjects
from repowright.repo_tools.snapshot import KnownFile, Listing, MemorySnapshot, blob_id
from repowright.repo_tools.snapshot_revision import RevisionSnapshot
from repowright.repo_tools.snapshot_tree import WorkTreeSnapshot

LATER_NS = 10**19


def is_python(path: str) -> bool:
    return path.endswith(".py")


def tree(folder: Path) -> WorkTreeSnapshot:
    return WorkTreeSnapshot(folder, clock_ns=lambda: LATER_NS)


def paths(listing: Listing) -> list[str]:
    return [entry.path for entry in listing.files]


def write(folder: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def committed(folder: Path, files: dict[str, bytes | None], subject: str = "Change") -> str:
    return GitRepository.init(folder).commit(files, subject, "", "A", "a@b.c", 1_700_000_000)


def test_work_tree_and_revision_name_content_alike(tmp_path: Path) -> None:
    committed(tmp_path, {"a.py": b"x = 1\n", "b/c.py": b"", "d.txt": b"no"})
    on_disk = tree(tmp_path).listing(is_python, {})
    in_git = RevisionSnapshot(GitObjects.find(tmp_path), "HEAD").listing(is_python, {})
    assert [(e.path, e.content) for e in on_disk.files] == [(e.path, e.content) for e in in_git.files]
    assert on_disk.others == in_git.others == 1
    assert on_disk.files[0].content == blob_id(b"x = 1\n")


def test_ignored_files_are_left_out_with_git_and_without(tmp_path: Path) -> None:
    files = {
        ".gitignore": "build/\n*_gen.py\n!kept_gen.py\n",
        "a.py": "",
        "b_gen.py": "",
        "kept_gen.py": "",
        "build/c.py": "",
        "sub/.gitignore": "/d.py\n!e_gen.py\n",
        "sub/d.py": "",
        "sub/deep/d.py": "",
        "sub/e_gen.py": "",
    }
    write(tmp_path / "plain", files)
    write(tmp_path / "git", files)
    GitRepository.init(tmp_path / "git")
    expected = ["a.py", "kept_gen.py", "sub/deep/d.py", "sub/e_gen.py"]
    assert paths(tree(tmp_path / "plain").listing(is_python, {})) == expected
    assert paths(tree(tmp_path / "git").listing(is_python, {})) == expected


@pytest.mark.parametrize("git", [True, False])
def test_folders_of_tools_and_environments_are_never_entered(tmp_path: Path, git: bool) -> None:
    write(tmp_path, {"a.py": "", "node_modules/x.py": "", ".venv/y.py": "", "sub/__pycache__/z.py": ""})
    if git:
        GitRepository.init(tmp_path)
    else:
        write(tmp_path, {"env/pyvenv.cfg": "", "env/lib/w.py": ""})
    assert paths(tree(tmp_path).listing(is_python, {})) == ["a.py"]


def test_tracked_file_counts_wherever_it_lies(tmp_path: Path) -> None:
    committed(tmp_path, {"node_modules/x.py": b"x = 1\n"})
    assert paths(tree(tmp_path).listing(is_python, {})) == ["node_modules/x.py"]


def test_folder_that_a_repository_around_it_ignores_is_walked(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "inner/\n", "inner/a.py": ""})
    GitRepository.init(tmp_path)
    assert paths(tree(tmp_path / "inner").listing(is_python, {})) == ["a.py"]


def test_folder_inside_a_repository_has_paths_of_its_own(tmp_path: Path) -> None:
    committed(tmp_path, {"pkg/a.py": b"", "b.py": b""})
    assert paths(tree(tmp_path / "pkg").listing(is_python, {})) == ["a.py"]
    revision = RevisionSnapshot(GitObjects.find(tmp_path / "pkg"), "HEAD")
    assert paths(revision.listing(is_python, {})) == ["a.py"]


def test_links_are_counted_not_followed(tmp_path: Path) -> None:
    write(tmp_path, {"pkg/a.py": ""})
    (tmp_path / "pkg" / "loop").symlink_to(tmp_path / "pkg", target_is_directory=True)
    (tmp_path / "b.py").symlink_to(tmp_path / "pkg" / "a.py")
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere")
    listing = tree(tmp_path).listing(is_python, {})
    assert paths(listing) == ["pkg/a.py"] and listing.others == 3


def test_folder_and_pipe_with_the_name_of_source_are_no_files(tmp_path: Path) -> None:
    write(tmp_path, {"x.py/a.py": ""})
    os.mkfifo(tmp_path / "pipe.py")
    assert paths(tree(tmp_path).listing(is_python, {})) == ["x.py/a.py"]


def test_known_stamp_saves_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"a.py": "one", "b.py": "two"})
    first = tree(tmp_path).listing(is_python, {})
    known = {e.path: KnownFile(e.content, e.stamp) for e in first.files if e.stamp}
    (tmp_path / "b.py").write_text("another")
    second = tree(tmp_path)
    read: list[str] = []
    inner = second.read

    def watched(path: str) -> bytes:
        read.append(path)
        return inner(path)

    monkeypatch.setattr(second, "read", watched)
    assert second.listing(is_python, known).files[1].content == blob_id(b"another")
    assert read == ["b.py"]


def test_stamp_of_a_young_file_is_not_relied_on(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": ""})
    written = (tmp_path / "a.py").stat().st_mtime_ns
    assert WorkTreeSnapshot(tmp_path, lambda: written + 10**9).listing(is_python, {}).files[0].stamp is None
    assert WorkTreeSnapshot(tmp_path, lambda: written + 10**10).listing(is_python, {}).files[0].stamp is not None


def test_unfit_names_are_told_not_lost(tmp_path: Path) -> None:
    for name in (b"a\xff.py", b"b\nc.py", b" d.py", b"e\\f.py"):
        (Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))).write_text("")
    write(tmp_path, {"g h.py": ""})
    listing = tree(tmp_path).listing(is_python, {})
    assert paths(listing) == ["g h.py"]
    assert sorted(name for name, _ in listing.unfit) == sorted(["a\\udcff.py", "b\\nc.py", " d.py", "e\\\\f.py"])
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, capture_output=True)
    assert tree(tmp_path).listing(is_python, {}).unfit == listing.unfit


def test_file_that_is_gone_when_it_is_read(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": ""})
    snapshot = tree(tmp_path)
    snapshot.listing(is_python, {})
    (tmp_path / "a.py").unlink()
    with pytest.raises(SnapshotError, match="cannot be read"):
        snapshot.read("a.py")


@pytest.mark.parametrize("make", [lambda p: p, lambda p: p.write_text("")])
def test_work_tree_that_is_no_folder(tmp_path: Path, make: object) -> None:
    place = tmp_path / "x"
    make(place)  # type: ignore[operator]
    with pytest.raises(SnapshotError, match=r"x (does not exist|is not a folder)"):
        WorkTreeSnapshot(place)


def test_revision_reads_in_another_process_too(tmp_path: Path) -> None:
    committed(tmp_path, {"a.py": b"old\n"})
    committed(tmp_path, {"a.py": b"new\n"})
    snapshot = RevisionSnapshot(GitObjects.find(tmp_path), "HEAD~1")
    assert snapshot.read("a.py") == b"old\n"
    twin = pickle.loads(pickle.dumps(snapshot))
    assert twin.read("a.py") == b"old\n"
    snapshot.close()
    twin.close()


def test_missing_blob_is_an_error_of_that_file_alone(tmp_path: Path) -> None:
    committed(tmp_path, {"a.py": b"lost\n", "b.py": b"here\n"})
    lost = blob_id(b"lost\n")
    (tmp_path / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    snapshot = RevisionSnapshot(GitObjects.find(tmp_path), "HEAD")
    assert paths(snapshot.listing(is_python, {})) == ["a.py", "b.py"]
    with pytest.raises(SnapshotError, match="missing from the repository"):
        snapshot.read("a.py")
    assert snapshot.read("b.py") == b"here\n"
    with pytest.raises(SnapshotError, match="no file 'c"):
        snapshot.read("c.py")
    snapshot.close()


@pytest.mark.parametrize("revision", ["", "nowhere", "--all", "HEAD:a.py"])
def test_unknown_revision(tmp_path: Path, revision: str) -> None:
    committed(tmp_path, {"a.py": b""})
    with pytest.raises(GitError, match="revision"):
        RevisionSnapshot(GitObjects.find(tmp_path), revision)


def test_folder_that_is_no_repository(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="is not a git repository"):
        GitObjects.find(tmp_path)


def test_first_parents_lead_from_start_to_end(tmp_path: Path) -> None:
    shas = [committed(tmp_path, {"a.py": str(number).encode()}) for number in range(4)]
    objects = GitObjects.find(tmp_path)
    assert objects.first_parents(shas[0], shas[3]) == shas[1:]
    assert objects.first_parents(shas[2], shas[2]) == []
    assert objects.ancestors(shas[3], 2) == shas[2:]
    other = committed(tmp_path / "other", {"b.py": b""})
    subprocess.run(["git", "-C", tmp_path, "fetch", "-q", tmp_path / "other", "main:other"], check=True)
    with pytest.raises(GitError, match="first-parent line"):
        objects.first_parents(other, shas[3])


def test_memory_has_files_by_path() -> None:
    snapshot = MemorySnapshot({"b.py": b"1", "a.py": b"2", "c.txt": b""})
    listing = snapshot.listing(is_python, {})
    assert paths(listing) == ["a.py", "b.py"] and listing.others == 1
    with pytest.raises(SnapshotError, match="no file 'd'"):
        snapshot.read("d")
