from __future__ import annotations

import pytest
from lexicon_project import LEXICON
from small_c_projects import QUEUE

from repowright.agent.workflows.resolve.source_tree import SourceTree
from repowright.agent.workflows.translate.frame import settled_heads
from repowright.agent.workflows.translate.linking import Key
from repowright.agent.workflows.translate.mapping import CNames, match
from repowright.agent.workflows.translate.originals import Originals
from repowright.agent.workflows.translate.reach import ready
from repowright.agent.workflows.translate.readiness import reaches
from repowright.agent.workflows.translate.records import FailedTest, Judgement
from repowright.agent.workflows.translate.rust_excerpts import needed_items, shown_file
from repowright.agent.workflows.translate.slots import Frame, Slot
from repowright.agent.workflows.translate.subject import Subject, specification

FUNCTIONS = ("list_create", "list_push", "list_size", "list_destroy", "hash_text", "bst_at")
NAMES = CNames(tuple(Key("list.c", name) for name in FUNCTIONS))
CRATE = {path: text.encode() for path, text in LEXICON.solution.items()}


@pytest.mark.parametrize(
    ("item", "function"),
    [
        ("List::new", "list_create"),
        ("List<T>::push", "list_push"),
        ("LinkedList::list_push", "list_push"),
        ("List::len", "list_size"),
        ("Drop for List::drop", "list_destroy"),
        ("hashText", "hash_text"),
        ("BinarySearchTree::get", "bst_at"),
        ("List::rotate", None),
    ],
)
def test_items_are_led_to_the_c_function_that_their_name_says(item: str, function: str | None) -> None:
    place = ("src/list.rs", item)
    found = match([place], NAMES).get(place)
    assert (found.name if found else None) == function


def test_a_test_is_ready_when_all_that_it_and_its_helpers_name_is_there() -> None:
    push, pop, new = (Slot("src/ring.rs", f"Ring::{name}") for name in ("push", "pop", "new"))
    text = "fn filled() -> Ring { let mut r = Ring::new(1).unwrap(); r.push(1); r }\n#[test]\nfn a() { filled(); }\n"
    frame = Frame("ring", {"tests/a.rs": text.encode()}, (new, push, pop), ("tests/a.rs",), True, 0, {})
    (reach,) = reaches(frame)
    assert reach.slots == {new, push}
    assert not ready([reach], [new]) and ready([reach], [new, push]) == {("tests/a.rs", "a")}


def test_bodies_that_say_what_fields_mean_are_shown_and_stubs_are_not() -> None:
    half = QUEUE.interface["src/ring.rs"].replace(
        "-> bool {\n        unimplemented!()", "-> bool {\n        self.count == 9"
    )
    shown = shown_file(half, ["Ring::pop"], "int ring_pop(void);")
    assert "self.count == 9" in shown and "-> Option<Ring> { /* not written yet */ }" in shown
    assert shown.count("unimplemented!()") == 1


def test_other_files_give_what_is_called_and_its_types_alone() -> None:
    shown = needed_items(CRATE, {"src/trie.rs": ("Trie::read",)}, "token_next(text, 0)")
    assert "pub fn token_next(text: &[u8], mut at: usize) -> Token;" in shown
    assert "pub enum TokenKind" in shown and "Cache" not in shown and "fn byte" not in shown


def test_the_remark_on_a_missing_initial_value_goes_with_it() -> None:
    text = b"/// `a.c:1`; its initialiser is not translated yet\npub static mut a: i32 = 7;\n"
    assert settled_heads(text, ["a"]) == b"/// `a.c:1`\npub static mut a: i32 = 7;\n"
    assert settled_heads(text, ["b"]) == text


def test_a_version_ranks_by_building_then_tests_then_failures_then_unsafe_places() -> None:
    bad = FailedTest(test="t", told="no")
    ranked = [
        Judgement(builds=False, errors=("a", "b")),
        Judgement(builds=False, errors=("a",)),
        Judgement(builds=True, failing=(bad,)),
        Judgement(builds=True, unsafe_places=3),
        Judgement(builds=True),
        Judgement(builds=True, passed=("t",), unsafe_places=9),
    ]
    assert sorted(ranked, key=lambda each: each.rank) == ranked


def test_specification_says_what_a_run_is_made_for_and_is_read_back() -> None:
    source, tests = (SourceTree("c", {"a.c": b"int a;"}), SourceTree("tests", {"a.rs": b""}))
    spec = specification(Originals(source, (), None, tests), "rust", "c", idiomatic=True)
    subject = Subject.of(spec)
    assert (subject.source, subject.interface, subject.tests) == (source.address, "", tests.address)
    assert subject.idiomatic and subject.target == "rust"
