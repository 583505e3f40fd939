from __future__ import annotations

import tomllib

import pytest
from small_translations import manifest

from repowright.agent.workflows.translate.checks import Bench, c_program
from repowright.benchmarks.translation.cases import Case
from repowright.benchmarks.translation.offline import STAND_INS, offline
from repowright.benchmarks.translation.stubs import StubRow, stub_table, try_stubs
from repowright.executors import TestOutcome

EVERY_CRATE = b"""
use lazy_static::lazy_static;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

lazy_static! {
    static ref NAMES: Vec<&'static str> = vec!["one", "two"];
    pub static ref COUNT: std::sync::Mutex<u8> = std::sync::Mutex::new(1);
}

#[test]
fn draws_within_ranges_and_the_same_by_seed() {
    let draw = |seed| {
        let mut rng = StdRng::seed_from_u64(seed);
        (0..50).map(|_| rng.gen_range(-3..=3i64)).collect::<Vec<_>>()
    };
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
    assert!(draw(1).iter().all(|value| (-3..=3).contains(value)) && draw(1).contains(&-3));
    let table = [0u8; 16];
    let mut rng = rand::thread_rng();
    assert_eq!(table[rng.gen_range(0..16)], 0);
    assert!((0.0..1.0).contains(&rng.gen::<f64>()) && rng.gen_range(0.5..2.0) < 2.0);
    assert!(rng.gen_range(u64::MAX - 1..=u64::MAX) >= u64::MAX - 1);
    let mut deck: Vec<u32> = (0..52).collect();
    deck.shuffle(&mut rng);
    let mut sorted = deck.clone();
    sorted.sort();
    assert!(sorted == (0..52).collect::<Vec<_>>() && deck != sorted);
}

#[test]
fn makes_statics_once() {
    *COUNT.lock().unwrap() += 1;
    assert_eq!((NAMES.len(), *COUNT.lock().unwrap()), (2, 2));
}

#[test]
fn shows_numbers_as_bytes() {
    assert_eq!(bytemuck::bytes_of(&[1u32, 2]), &[1, 0, 0, 0, 2, 0, 0, 0]);
    assert_eq!(bytemuck::cast_slice::<u8, u8>(&[1, 2]), &[1, 2]);
}

#[test]
fn calls_c() {
    let text = std::ffi::CString::new("four").unwrap();
    let length: libc::size_t = unsafe { libc::strlen(text.as_ptr()) };
    assert_eq!(length, 4);
}
"""


def test_a_crate_that_asks_for_nothing_stays_as_it_is() -> None:
    files = {"Cargo.toml": manifest("plain"), "src/lib.rs": b"pub fn rand() -> u8 { own::rand::four() }\n"}
    assert offline(files).files == files and offline(files).tier == "A"
    broken = {"Cargo.toml": b"[package\n"}
    assert offline(broken).files == broken


def test_unused_crates_are_taken_out_and_used_ones_stood_in_for() -> None:
    toml = manifest("mixed") + (
        b'\n[dependencies]\nrand = "0.8"\nserde-json = { version = "1" }\nchrono = "0.4" # time\n'
        b'own = { path = "own" }\n'
        b'\n[dev-dependencies.quickcheck]\nversion = "1"\n\n[[bin]]\nname = "rand"\npath = "src/bin/t.rs"\n'
    )
    code = b"use rand::Rng;\nfn f() { let now = chrono::Utc::now(); lazy_static::lazy_static! {} }\n"
    found = offline({"Cargo.toml": toml, "src/lib.rs": code})
    assert (found.stood_in, found.dropped, found.missing) == (
        ("lazy_static", "rand"),
        ("quickcheck", "serde-json"),
        ("chrono",),
    )
    assert found.tier == "C"
    read = tomllib.loads(found.files["Cargo.toml"].decode())
    assert sorted(read["dependencies"]) == ["chrono", "lazy_static", "own", "rand"]
    assert read["dependencies"]["rand"] == {"path": "stand-ins/rand"}
    assert read["bin"] == [{"name": "rand", "path": "src/bin/t.rs"}] and not read.get("dev-dependencies")


def test_what_is_stood_in_for_stays_so_when_it_is_done_again() -> None:
    once = offline({"Cargo.toml": manifest("dice"), "src/lib.rs": b"use rand::Rng;\n"})
    again = offline(once.files)
    assert dict(again.files) == dict(once.files) and again.tier == once.tier == "B"
    assert again.stood_in == ("rand",)


@pytest.mark.bubblewrap
async def test_stand_ins_do_what_tests_use_of_the_crates(bench: Bench) -> None:
    here = offline({"Cargo.toml": manifest("every"), "src/lib.rs": EVERY_CRATE})
    assert here.stood_in == tuple(sorted(STAND_INS)) and here.tier == "B"
    report = await bench.test(here.files)
    assert {each.outcome for each in report.results} == {TestOutcome.PASSED} and len(report.results) == 4


@pytest.mark.bubblewrap
async def test_an_interface_that_needs_a_crate_builds_and_tells_its_vacuous_tests(bench: Bench) -> None:
    code = b"use rand::Rng;\npub fn roll(sides: u32) -> u32 { rand::thread_rng().gen_range(0..sides) }\n"
    tests = b"#[test]\nfn rolls() { assert!(dice::roll(6) < 6); }\n#[test]\nfn idle() {}\n"
    toml = manifest("dice") + b'\n[dependencies]\nrand = "0.9.0"\n'
    files = {"Cargo.toml": toml, "src/lib.rs": code, "tests/all.rs": tests}
    case = Case("dice", c_program({}), files)
    row = await try_stubs(bench, case)
    assert (row.builds, row.tier, row.stood_in, row.tests) == (True, "B", ("rand",), 2)
    assert row.vacuous == ("tests/all.rs::idle",)


def test_a_table_of_stubs_tells_what_is_odd_and_adds_up() -> None:
    rows = [
        StubRow("plain", True, tests=3),
        StubRow("dice", True, "B", ("rand",), tests=2, vacuous=("t::idle",)),
        StubRow("clock", False, "C", missing=("chrono",), error="no matching package | chrono"),
    ]
    table = stub_table(rows)
    assert "| dice | B | yes | rand |  |  | 2 | 1 |" in table and "plain" not in table
    assert "2 of 3 build; by tier: A 1 of 1, B 1 of 1, C 0 of 1. 1 of 5 tests pass on stubs." in table
