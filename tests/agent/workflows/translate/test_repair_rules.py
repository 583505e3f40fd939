from __future__ import annotations

from collections.abc import Iterator

import pytest
from small_translations import bench_on, manifest, need_rust, open_sandbox

from repowright.agent.workflows.translate.checks import (
    CheckName,
    CompileCheck,
    Crate,
    Diagnostic,
    Finding,
    UnitTestCheck,
    Verdict,
)
from repowright.agent.workflows.translate.rules import Repaired, repair_by_rules, standing
from repowright.repo_tools.rust_source import hoistable, read_items


@pytest.fixture(scope="module")
def compiler() -> Iterator[CompileCheck]:
    need_rust()
    sandbox = open_sandbox("bubblewrap")
    yield CompileCheck(bench_on(sandbox))
    sandbox.close()


def crate(code: str, **others: str) -> Crate:
    modules = "".join(f"pub mod {name};\n" for name in ("code", *others))
    files = {"Cargo.toml": manifest("code"), "src/lib.rs": modules.encode(), "src/code.rs": code.encode()}
    return Crate(files | {f"src/{name}.rs": text.encode() for name, text in others.items()})


def text(repaired: Repaired) -> str:
    return repaired.crate.files["src/code.rs"].decode()


MENDED = {
    "casts": (
        """pub fn f(a: i32, b: u8, v: &[i32], n: i64) -> u32 {
    let sum: i32 = a + b;
    let flag: i32 = a > 3;
    let half: f64 = n;
    if a { return sum; }
    v[n] as u32 + flag as u32 + half as u32
}
""",
        {},
    ),
    "imports": (
        """pub fn f() -> HashMap<String, Rc<RefCell<Node>>> {
    HashMap::new()
}
pub fn g(n: &Node) -> Ordering { helper(n.size).cmp(&3) }
""",
        {"node": "pub struct Node { pub size: i32 }\npub fn helper(n: i32) -> i32 { n }\n"},
    ),
    "derives": (
        """pub struct Point { pub x: i32 }
pub enum Kind { One, Two }
pub fn f(p: &Point, k: Kind) -> Point {
    println!("{:?}", p);
    if k == Kind::One { return p.clone(); }
    Point { x: 1 }
}
pub fn g(k: Kind) -> (Kind, Kind) { (k, k) }
""",
        {},
    ),
    "borrows": (
        """pub struct Table { items: Vec<i32>, used: usize }
impl Table {
    fn next(&mut self) -> usize { self.used += 1; self.used }
    fn set(&mut self, at: usize, value: i32) { self.items[at] = value; }
    pub fn fill(&mut self, other: &mut Vec<i32>) {
        self.items[self.next()] = 3;
        Table::set(self, self.next(), 4);
        other.swap(0, 1);
    }
}
""",
        {},
    ),
    "suggested": (
        """pub fn f(v: Vec<i32>) -> usize {
    let total = 0;
    for x in v { total += x as usize; }
    total
}
use std::fmt::Debug;
pub fn g() { let mut unused = 3; }
""",
        {},
    ),
}


@pytest.mark.bubblewrap
@pytest.mark.parametrize("name", sorted(MENDED))
async def test_frequent_errors_are_mended_without_a_model(compiler: CompileCheck, name: str) -> None:
    code, others = MENDED[name]
    broken = crate(code, **others)
    before = await compiler.check(broken)
    assert before.verdict is Verdict.FAILED
    repaired = await repair_by_rules(broken, compiler)
    assert repaired.finding.passed, (repaired.finding.problems, text(repaired))
    assert name in repaired.by_rule
    for path in broken.files:
        if path.endswith(".rs"):
            old, new = (read_items(each.files[path]).functions() for each in (broken, repaired.crate))
            assert [item.signature for item in old if item.signature] == [item.signature for item in new]


@pytest.mark.bubblewrap
async def test_warnings_go_when_errors_are_gone(compiler: CompileCheck) -> None:
    repaired = await repair_by_rules(crate("use std::fmt::Debug;\npub fn f() -> i32 { let mut a = 1; a }\n"), compiler)
    assert repaired.finding.figures["warnings"] == 0
    assert "use std" not in text(repaired) and "let a = 1" in text(repaired)


@pytest.mark.bubblewrap
async def test_what_no_rule_mends_is_left_as_it_was(compiler: CompileCheck) -> None:
    code = "pub fn f(a: &str) -> Vec<u8> { a.frobnicate() }\n"
    repaired = await repair_by_rules(crate(code), compiler)
    assert text(repaired) == code and repaired.applied == () and not repaired.finding.passed


@pytest.mark.bubblewrap
async def test_a_suggestion_that_changes_a_signature_is_not_taken(compiler: CompileCheck) -> None:
    code = "pub struct S { n: i32 }\nimpl S { pub fn f(&self) { self.n = 3; } }\n"
    repaired = await repair_by_rules(crate(code), compiler)
    assert text(repaired) == code


@pytest.mark.bubblewrap
async def test_files_that_are_frozen_and_tests_stay(compiler: CompileCheck) -> None:
    code = "pub fn f(a: i32) -> u32 { a }\n"
    frozen = await repair_by_rules(crate(code), compiler, frozen=frozenset({"src/code.rs"}))
    assert text(frozen) == code
    broken_test = Crate({**crate("pub fn f() {}\n").files, "tests/t.rs": b"#[test]\nfn t() { let x: u8 = 3i32; }\n"})
    assert (await repair_by_rules(broken_test, compiler)).crate.files == broken_test.files


class FromBadToWorse:
    """A compiler that finds more errors in whatever was changed."""

    name = CheckName.COMPILE

    def __init__(self, worse: bool) -> None:
        self._worse = worse
        self._calls = 0

    async def check(self, crate: Crate) -> Finding:
        self._calls += 1
        error = Diagnostic("error", "E0308", "x", "src/code.rs", 1, 26, 27, "expected `u32`, found `i32`")
        count = 2 if self._worse and self._calls > 1 else 1
        return Finding(CheckName.COMPILE, Verdict.FAILED, "", (), (error,) * count)


@pytest.mark.parametrize("worse", [True, False])
async def test_a_repair_that_makes_nothing_better_is_taken_back(worse: bool) -> None:
    broken = crate("pub fn f(a: i32) -> u32 { a }\n")
    repaired = await repair_by_rules(broken, FromBadToWorse(worse))
    assert repaired.crate == broken and repaired.applied == ()


def test_compilations_are_ranked_by_the_step_they_reach() -> None:
    def finding(*codes: str, passed: bool = False) -> Finding:
        errors = tuple(Diagnostic("error", code, "x") for code in codes)
        return Finding(CheckName.COMPILE, Verdict.PASSED if passed else Verdict.FAILED, "", (), errors)

    order = [
        finding("", "E0308"),
        finding("E0425", "E0425"),
        finding("E0425"),
        finding("E0308", "E0308", "E0308"),
        finding("E0308"),
        finding("E0502", "E0382"),
        finding(passed=True),
    ]
    assert sorted(order, key=standing) == order


def test_only_what_stands_in_a_plain_statement_can_be_read_before_it() -> None:
    source = b"fn f() { v.push(g(v.len())); let c = || v.set(v.len()); }"
    at = source.index(b"v.len()")
    found = [source[one.start : one.end] for one, _ in hoistable(source, at, at + 1)]
    assert found == [b"v.len()", b"g(v.len())"]
    last = source.rindex(b"v.len()")
    assert hoistable(source, last, last + 1) == ()


@pytest.mark.bubblewrap
async def test_tests_pass_after_the_rules(compiler: CompileCheck) -> None:
    tests = "#[cfg(test)]\nmod tests {\n#[test]\nfn t() { assert_eq!(super::f(300), 44); }\n}\n"
    code = f"pub fn f(a: i64) -> u8 {{ a }}\n{tests}"
    repaired = await repair_by_rules(crate(code), compiler)
    assert (await UnitTestCheck(compiler._bench).check(repaired.crate)).passed
