import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from repowright.benchmarks.repocraft.construction.index import Index, pip_places
from repowright.benchmarks.repocraft.construction.release import Release, package_of, pinned_release, release_of
from repowright.benchmarks.repocraft.construction.unpacking import unpacked
from repowright.benchmarks.repocraft.errors import ProjectUnknown, SourceUnavailable
from repowright.benchmarks.repocraft.projects import PROJECTS, Project


def sdist(folder: Path, name: str, version: str, files: dict[str, str]) -> Path:
    path = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for inside, text in files.items():
            member = tarfile.TarInfo(inside)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return path


def shelf(folder: Path) -> Index:
    return Index({"index-url": (), "find-links": (str(folder),)})


@pytest.fixture
def small(tmp_path: Path) -> Path:
    links = tmp_path / "links"
    links.mkdir()
    sdist(links, "tiny", "1.0", {"tiny-1.0/tiny/__init__.py": "", "tiny-1.0/PKG-INFO": "Version: 1.0\n"})
    sdist(links, "tiny", "1.1", {"tiny-1.1/tiny/__init__.py": ""})
    return links


def pinned(sha256: str) -> Project:
    return Project("tiny", "1.0", sha256, "tiny", "TinyKit", "ynit", 5, 3)


def test_the_newest_release_is_taken_unless_a_version_is_named(small: Path, tmp_path: Path) -> None:
    newest = release_of("tiny", tmp_path / "cache", shelf(small))
    named = release_of("tiny==1.0", tmp_path / "cache", shelf(small))
    assert (newest.version, named.version) == ("1.1", "1.0")
    assert (named.root / "tiny" / "__init__.py").is_file()
    assert named.root.name == "tiny-1.0"
    assert newest.sdist_sha256 != named.sdist_sha256


def test_an_archive_with_another_hash_is_refused_and_not_kept(small: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"has the SHA-256 [0-9a-f]{64}, not 0{64}"):
        pinned_release(pinned("0" * 64), tmp_path / "cache", shelf(small))
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_pinned_release_is_fetched_once(small: Path, tmp_path: Path) -> None:
    sha256 = release_of("tiny==1.0", tmp_path / "other", shelf(small)).sdist_sha256
    first = pinned_release(pinned(sha256), tmp_path / "cache", shelf(small))
    for archive in small.iterdir():
        archive.unlink()
    assert pinned_release(pinned(sha256), tmp_path / "cache", shelf(small)) == first


@pytest.mark.parametrize("name", ["no-such-project-at-all", "tiny==9.9", "not a name!", "./missing", "a/b"])
def test_an_unknown_name_is_said_to_be_unknown(name: str, small: Path, tmp_path: Path) -> None:
    with pytest.raises(ProjectUnknown):
        release_of(name, tmp_path / "cache", shelf(small))


def test_an_index_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="the package index cannot be asked for tiny"):
        release_of("tiny", tmp_path, Index({"index-url": ("http://127.0.0.1:9/simple/",)}))


def test_pips_files_and_environment_say_where_to_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "pip.conf"
    settings.write_text("[global]\nindex-url = https://one.example/simple\nfind-links = /a /b\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    places = pip_places({"PIP_INDEX_URL": "https://two.example/simple", "PIP_EXTRA_INDEX_URL": "x y"})
    assert places["index-url"] == ("https://two.example/simple",)
    assert places["extra-index-url"] == ("x", "y")
    assert places["find-links"] == ("/a", "/b")
    assert pip_places({})["index-url"] == ("https://one.example/simple",)


@pytest.mark.parametrize("inside", ["../escaped.py", "/tmp/escaped.py", "tiny-1.0/../../escaped.py"])
def test_a_tar_that_leaves_its_folder_is_refused(inside: str, tmp_path: Path) -> None:
    archive = sdist(tmp_path, "tiny", "1.0", {"tiny-1.0/ok.py": "", inside: "x = 1"})
    if inside.startswith("/"):
        # The standard library's filter takes the slash away instead of refusing.
        unpacked(archive, tmp_path / "out" / "inner")
    else:
        with pytest.raises(SourceUnavailable, match="not safe to unpack"):
            unpacked(archive, tmp_path / "out" / "inner")
    assert not (tmp_path / "out" / "escaped.py").exists() and not Path("/tmp/escaped.py").exists()


def test_a_tar_with_a_link_out_of_its_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "linked.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        link = tarfile.TarInfo("tiny/etc")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        tar.addfile(link)
    with pytest.raises(SourceUnavailable, match="not safe to unpack"):
        unpacked(path, tmp_path / "out")


def test_a_zip_that_leaves_its_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tiny.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("../escaped.py", "")
    with pytest.raises(SourceUnavailable, match="not safe to unpack"):
        unpacked(path, tmp_path / "out")


def test_what_is_no_archive_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "tiny.tar.gz"
    path.write_bytes(b"<html>sign in</html>")
    with pytest.raises(SourceUnavailable, match="cannot be unpacked"):
        unpacked(path, tmp_path / "out")


def test_a_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "build" / "thing" / "src" / "widgets").mkdir(parents=True)
    root = tmp_path / "build" / "thing"
    (root / "src" / "widgets" / "__init__.py").write_text("")
    assert release_of(str(root)) == Release("thing", "unversioned", "", root, "widgets")


def test_the_package_named_as_the_project_goes_before_a_larger_one(tmp_path: Path) -> None:
    for name in ("tests", "my_thing", "vendored"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
    (tmp_path / "vendored" / "more.py").write_text("")
    assert package_of(tmp_path, "My-Thing") == "my_thing"
    assert package_of(tmp_path, "other") == "vendored"


@pytest.mark.parametrize("name", ["requests", "HttpEasy", "requests==2.32.5"])
def test_a_project_of_the_benchmark_is_known_by_all_its_names(name: str) -> None:
    assert release_of(name).pinned == PROJECTS[0]


def test_another_version_of_a_pinned_project_is_one_like_any_other(small: Path, tmp_path: Path) -> None:
    sdist(small, "requests", "0.1", {"requests-0.1/requests/__init__.py": ""})
    other = release_of("requests==0.1", tmp_path / "cache", shelf(small))
    assert (other.version, other.pinned, other.alias) == ("0.1", None, "requests")


def test_every_project_is_pinned_by_a_hash() -> None:
    assert all(len(project.sdist_sha256) == 64 for project in PROJECTS)
    assert len({project.sdist_sha256 for project in PROJECTS}) == len(PROJECTS) == 6
    assert sum(project.count for project in PROJECTS) == 1052
