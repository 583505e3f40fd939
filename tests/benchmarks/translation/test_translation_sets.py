from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from small_translations import QUEUE_C, QUEUE_H, QUEUE_RS, manifest

from repowright.benchmarks.translation.cases import Rule
from repowright.benchmarks.translation.crust import CrustData
from repowright.benchmarks.translation.errors import CasesUnavailable, CaseUnknown
from repowright.benchmarks.translation.opening import KNOWN, Repository, fetched, open_cases
from repowright.benchmarks.translation.preparing import Project, chosen_names
from repowright.benchmarks.translation.project_folders import ProjectFolders
from repowright.benchmarks.translation.staged_crates import StagedCrates
from repowright.repo_tools.rust_source import stub_out

HELLO = b'#include <stdio.h>\nint main(void) { printf("hello\\n"); return 3; }\n'
TESTED = b"#[test]\nfn works() {}\n"


def written(folder: Path, files: Mapping[str, bytes]) -> Path:
    for path, data in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return folder


def test_a_folder_of_one_file_programs_is_judged_by_their_output(tmp_path: Path) -> None:
    files = {"hello/main.c": HELLO, "hello/main.gcno": b"\0", "loose.c": HELLO, "notes.txt": b"", "empty/x.h": b""}
    cases = open_cases(str(written(tmp_path, files)), tmp_path / "cache")
    assert isinstance(cases, ProjectFolders) and cases.names() == ("hello", "loose")
    hello = cases.case("hello")
    assert (hello.rule, dict(hello.crate), list(hello.program.files)) == (Rule.PROGRAMS, {}, ["main.c"])
    assert cases.case("loose").program.mains == ("loose.c",)
    with pytest.raises(CaseUnknown):
        cases.case("empty")


def test_a_project_folder_may_bring_interface_and_tests(tmp_path: Path) -> None:
    crate = {"Cargo.toml": manifest("queue"), "src/lib.rs": b"pub mod queue;\n", "src/queue.rs": stub_out(QUEUE_RS)}
    files = {"queue/src/queue.c": QUEUE_C, "queue/src/queue.h": QUEUE_H} | {
        f"queue/rust/{path}": data for path, data in crate.items()
    }
    case = open_cases(str(written(tmp_path, files)), tmp_path / "cache").case("queue")
    assert dict(case.crate) == crate and case.rule is Rule.PROGRAMS
    assert case.program.sources == ("src/queue.c",)
    written(tmp_path, {"queue/rust/tests/all.rs": TESTED})
    tested = open_cases(str(tmp_path), tmp_path / "cache").case("queue")
    assert tested.rule is Rule.TESTS and list(tested.tests) == ["tests/all.rs"]


def test_crates_beside_their_c_are_answers(tmp_path: Path) -> None:
    crate = {"Cargo.toml": manifest("hello"), "src/main.rs": b"fn main() {}\n"}
    files = {f"artifacts/hello/translate/{path}": data for path, data in crate.items()}
    files |= {"artifacts/hello/refactor/hello.c": HELLO, "artifacts/hello/preprocess/hello.c": b"broken"}
    files |= {"artifacts/no_c/translate/Cargo.toml": manifest("no_c"), "artifacts/hello/stat/x.c": b""}
    cases = open_cases(str(written(tmp_path, files)), tmp_path / "cache")
    assert isinstance(cases, StagedCrates) and cases.names() == ("hello",)
    case = cases.case("hello")
    assert dict(case.answer) == crate and case.rule is Rule.PROGRAMS
    assert dict(case.program.files) == {"hello.c": HELLO}


def test_a_repository_is_fetched_once_at_its_commit(tmp_path: Path) -> None:
    origin = written(tmp_path / "origin", {"set/hello/main.c": HELLO, "other/big.c": b"int x;\n"})
    run = ["git", "-C", str(origin), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run([*run, *words], check=True, timeout=60)
    head = subprocess.run([*run, "rev-parse", "HEAD"], check=True, capture_output=True, text=True, timeout=60)
    commit = head.stdout.strip()
    url, cache = f"file://{origin}", tmp_path / "cache"
    place = fetched(Repository(url, commit, "set"), cache)
    assert (place / "hello/main.c").read_bytes() == HELLO and not (place.parent / "other").exists()
    assert open_cases(f"{url}@{commit}", cache).names() == ("other", "set")
    origin.rename(tmp_path / "gone")
    assert fetched(Repository(url, commit, "set"), cache) == place


def test_what_cannot_be_fetched_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(CasesUnavailable, match="git fetch of file:///nowhere fails") as told:
        fetched(Repository("file:///nowhere", "0" * 40), tmp_path)
    assert "--data" in told.value.hint and not list(tmp_path.glob("nowhere-*[!t]"))
    with pytest.raises(CasesUnavailable, match="no set of projects"):
        open_cases(str(tmp_path / "nothing"), tmp_path)


def test_sets_known_by_name_are_pinned() -> None:
    assert set(KNOWN) == {"crust", "crust-2026", "rosetta", "rustine"}
    assert all(len(each.commit) == 40 and each.url.startswith("https://github.com/") for each in KNOWN.values())


def test_a_project_is_laid_out_with_stand_ins_for_other_crates(tmp_path: Path) -> None:
    interface = b"use rand::Rng;\npub fn roll(sides: u32) -> u32 { unimplemented!() }\n"
    files = {
        "CBench/dice/dice.c": b"unsigned roll(unsigned sides) { return 1 % sides; }\n",
        "RBench/dice/Cargo.toml": manifest("dice") + b'\n[dependencies]\nrand = "0.8"\n',
        "RBench/dice/src/lib.rs": b"pub mod dice;\n",
        "RBench/dice/src/interfaces/dice.rs": interface,
    }
    cases = CrustData.open(written(tmp_path / "data", files))
    asked = Project(cases.case("dice"), tmp_path / "work" / "dice").asked()
    assert asked.folder == tmp_path / "work/dice/c/dice" and asked.out == tmp_path / "work/dice/crate"
    assert asked.interface is not None and (asked.interface / "src/dice.rs").read_bytes() == interface
    assert 'rand = { path = "stand-ins/rand" }' in (asked.interface / "Cargo.toml").read_text()
    assert (asked.interface / "stand-ins/rand/src/lib.rs").is_file()
    assert chosen_names(cases) == chosen_names(cases, ("dice",)) == ("dice",)
    with pytest.raises(CaseUnknown, match="dyce"):
        chosen_names(cases, ("dyce",))
