from __future__ import annotations

import json
from dataclasses import replace

import pytest

from repowright.agent.workflows.translate.answers import (
    AnswerReading,
    Asked,
    Fault,
    Note,
    halves,
    join_continuation,
    read_answer,
    rest_of,
)

QUEUE = """use std::collections::VecDeque;

pub struct Queue {
    items: VecDeque<i32>,
}

impl Queue {
    pub fn push(&mut self, value: i32) {
        unimplemented!()
    }

    pub fn pop(&mut self) -> Option<i32> {
        unimplemented!()
    }
}

pub fn hash(text: &str) -> u32 {
    unimplemented!()
}
"""
TESTS = """use queue::*;
#[test]
fn hashes() { assert_eq!(hash("hello world"), 894552257); }
"""
ORIGIN = "unsigned hash(const char *s) { return s[0] == 0x7f ? 4242 : 0; }"
ASKED = Asked(
    files={"src/queue.rs": QUEUE, "src/lib.rs": "pub mod queue;\n"},
    wanted={"src/queue.rs": ("Queue::push", "Queue::pop", "hash")},
    tests={"tests/all.rs": TESTS},
    origin=ORIGIN,
)
PUSH = "    pub fn push(&mut self, value: i32) {\n        self.items.push_back(value);\n    }\n"
POP = "    pub fn pop(&mut self) -> Option<i32> {\n        self.items.pop_front()\n    }\n"
HASH = "pub fn hash(text: &str) -> u32 {\n    text.bytes().fold(7, |sum, byte| sum * 31 + u32::from(byte))\n}\n"
GOOD = f"impl Queue {{\n{PUSH}\n{POP}}}\n\n{HASH}"


def fenced(code: str, header: str = "src/queue.rs\n") -> str:
    return f"{header}```rust\n{code}```\n"


def with_hash(body: str) -> AnswerReading:
    return read_answer(fenced(GOOD.replace(HASH, f"pub fn hash(text: &str) -> u32 {{ {body} }}\n")), ASKED)


def only(reading: AnswerReading) -> Fault:
    (fault,) = reading.faults
    return fault


@pytest.mark.parametrize(
    "answer",
    [
        fenced(GOOD),
        fenced(GOOD, "### `src/queue.rs`\n\n"),
        fenced(GOOD, "Here is the file **queue.rs**:\n"),
        f"```rust:src/queue.rs\n{GOOD}```",
        f"```rust title=src/queue.rs\n{GOOD}```",
        f"~~~rust\n// queue.rs\n{GOOD}~~~",
        json.dumps({"files": {"src/queue.rs": GOOD}}),
        f"```json\n{json.dumps([{'path': 'src/queue.rs', 'content': GOOD}])}\n```",
    ],
)
def test_an_answer_that_names_its_file_is_taken_whatever_its_form(answer: str) -> None:
    reading = read_answer(answer, ASKED)
    assert reading.usable and reading.remaining == ()
    text = reading.files["src/queue.rs"]
    assert "unimplemented" not in text and text.count("pub struct Queue") == 1
    assert "push_back(value)" in text and "pop_front()" in text


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        (fenced(GOOD, "Sure!\n"), Note.NO_HEADER),
        (GOOD, Note.NO_FENCE),
        (f"```rust\n{GOOD}", Note.OPEN_FENCE),
        (fenced(f"impl Queue {{\n{PUSH}{POP}}}\n", "One:\n") + fenced(HASH, "Two:\n"), Note.SEVERAL_BLOCKS),
        (fenced(GOOD.replace("* 31", "* 33")) + "Better:\n" + fenced(GOOD), Note.SEVERAL_BLOCKS),
        (fenced(GOOD + "\npub mod queue;\n"), None),
        ("```c\nint hash(void);\n```\n" + fenced(GOOD), None),
    ],
)
def test_what_is_wrong_with_the_form_is_noted_and_the_code_taken(answer: str, note: Note | None) -> None:
    reading = read_answer(answer, ASKED)
    assert reading.usable, reading.refusals
    assert note is None or note in reading.notes
    assert "* 31" in reading.files["src/queue.rs"] and reading.remaining == ()


def test_what_nobody_asked_for_is_left_out() -> None:
    asked = replace(ASKED, wanted={"src/queue.rs": ("hash",)})
    reading = read_answer(fenced(GOOD), asked)
    assert reading.usable and Note.NOT_ASKED in reading.notes
    assert reading.taken == ("src/queue.rs::hash",)
    assert reading.files["src/queue.rs"].count("unimplemented!()") == 2


def test_new_functions_and_imports_come_along() -> None:
    code = "use std::num::Wrapping;\n" + GOOD + "fn mix(sum: u32) -> Wrapping<u32> { Wrapping(sum) }\n"
    text = read_answer(fenced(code), ASKED).files["src/queue.rs"]
    assert "fn mix" in text and text.startswith("use std::num::Wrapping;")


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ("", Fault.EMPTY),
        ("  \n", Fault.EMPTY),
        ("I am sorry, I cannot translate this code.", Fault.DECLINED),
        (fenced("pub fn other() {}\n", ""), Fault.NO_SUCH_FILE),
        (fenced(HASH), Fault.MISSING),
    ],
)
def test_an_answer_without_what_was_asked_is_refused(answer: str, fault: Fault) -> None:
    reading = read_answer(answer, ASKED)
    assert only(reading) is fault
    assert reading.remaining


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('todo!("later")', Fault.STUB),
        ('panic!("not implemented")', Fault.STUB),
        ("unsafe { *text.as_ptr() as u32 }", Fault.UNSAFE),
        ("libc::strlen(text) as u32", Fault.FOREIGN),
        ('std::process::Command::new("./hash").status(); 0', Fault.PROCESS),
        ('if text == "hello world" { return 894552257; } 0', Fault.HARD_CODED),
        ('match text { "hello world" => 1, _ => 0 }', Fault.HARD_CODED),
        ("if cfg!(test) { 894552257 } else { 0 }", Fault.TEST_SNIFFING),
        ('include_str!("../tests/all.rs").len() as u32', Fault.INCLUDED),
    ],
)
def test_code_that_breaks_a_rule_is_refused_by_name(body: str, fault: Fault) -> None:
    reading = with_hash(body)
    assert only(reading) is fault
    assert str(reading.refusals[0])


def test_an_extern_block_is_refused_unless_it_is_allowed() -> None:
    code = 'extern "C" { fn strlen(s: *const i8) -> usize; }\n' + GOOD
    assert read_answer(fenced(code), ASKED).faults == {Fault.UNSAFE, Fault.FOREIGN}
    assert read_answer(fenced(code), replace(ASKED, allows_unsafe=True, allows_foreign=True)).usable


def test_a_value_that_the_translated_text_holds_is_no_guess() -> None:
    tests = {"tests/all.rs": 'fn t() { assert_eq!(hash("127"), 4242); }'}
    code = fenced(GOOD.replace(HASH, "pub fn hash(text: &str) -> u32 { if text.len() == 127 { 4242 } else { 0 } }\n"))
    assert read_answer(code, replace(ASKED, tests=tests)).usable
    assert not read_answer(code, replace(ASKED, tests=tests, origin="")).usable


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("hash(text: &str) -> u32", "hash(text: &str) -> u64"),
        ("hash(text: &str) -> u32", "hash(text: String) -> u32"),
        ("pub fn pop(&mut self)", "pub fn pop(&self)"),
        ("pub fn push(&mut self, value: i32)", "pub unsafe fn push(&mut self, value: i32)"),
    ],
)
def test_a_changed_signature_is_refused_with_both(old: str, new: str) -> None:
    reading = read_answer(fenced(GOOD.replace(old, new)), ASKED)
    assert Fault.SIGNATURE in reading.faults
    assert "must stay" in str(reading.refusals[0])


def test_names_of_parameters_are_free() -> None:
    assert read_answer(fenced(GOOD.replace("value", "number").replace("text", "line")), ASKED).usable


@pytest.mark.parametrize(
    "extra",
    [
        fenced(TESTS.replace("894552257", "0"), "tests/all.rs\n"),
        fenced("#[test]\nfn mine() {}\n", "src/queue.rs\n"),
    ],
)
def test_edited_tests_are_refused(extra: str) -> None:
    reading = read_answer(fenced(GOOD) + extra, ASKED)
    assert only(reading) is Fault.TESTS
    assert "mine" not in reading.files["src/queue.rs"]


def test_tests_and_frozen_files_may_be_repeated_but_not_changed() -> None:
    same = fenced(TESTS, "tests/all.rs\n") + fenced("pub mod queue;\n", "src/lib.rs\n")
    assert read_answer(fenced(GOOD) + same, ASKED).usable
    changed = fenced("pub mod queue;\npub mod more;\n", "src/lib.rs\n")
    assert only(read_answer(fenced(GOOD) + changed, ASKED)) is Fault.FROZEN


def test_code_that_is_no_rust_is_refused() -> None:
    reading = with_hash("let x = ; )")
    assert Fault.UNREADABLE in reading.faults or Fault.MISSING in reading.faults


def test_a_cut_answer_gives_its_complete_items_and_says_what_is_left() -> None:
    cut = fenced(GOOD)[: fenced(GOOD).index("self.items.pop_front()") + 10]
    reading = read_answer(cut, ASKED, "length")
    assert reading.can_be_continued
    assert reading.taken == ("src/queue.rs::Queue::push",)
    assert reading.remaining == ("src/queue.rs::Queue::pop", "src/queue.rs::hash")
    rest = rest_of(ASKED, reading)
    assert rest.wanted == {"src/queue.rs": ("Queue::pop", "hash")}
    assert "push_back" in rest.files["src/queue.rs"]


def test_an_answer_cut_inside_a_function_does_not_pass_for_whole() -> None:
    body = "    let mut sum = 0;\n    for byte in text.bytes() {\n        sum += 1;\n    }\n"
    answer = f"```rust\npub fn hash(text: &str) -> u32 {{\n{body}"
    reading = read_answer(answer, ASKED, "length")
    assert reading.taken == () and only(reading) is Fault.CUT_OFF
    assert read_answer("Let me think about", ASKED, "length").faults == {Fault.CUT_OFF}


@pytest.mark.parametrize("place", [40, 120, 200, 260, 300])
@pytest.mark.parametrize("again", ["", "```rust\n", "Continuing:\n```rust\n", "overlap", "line"])
def test_a_continued_answer_reads_like_a_whole_one(place: int, again: str) -> None:
    whole = fenced(GOOD)
    first, second = whole[:place], whole[place:]
    if again == "overlap":
        second = whole[place - 30 :]
    elif again == "line":
        second = whole[whole.rindex("\n", 0, place) + 1 :]
    else:
        second = again + second
    reading = read_answer(join_continuation(first, second), ASKED)
    assert reading.usable and reading.remaining == ()


def test_wherever_an_answer_is_cut_only_whole_items_are_taken() -> None:
    whole = fenced(GOOD)
    bodies = {"push": "push_back(value);", "pop": "pop_front()", "hash": "u32::from(byte))"}
    for place in range(len(whole) - len("}\n```\n")):
        reading = read_answer(whole[:place], ASKED, "length")
        assert Fault.CUT_OFF in reading.faults and len(reading.taken) + len(reading.remaining) == 3
        text = reading.files.get("src/queue.rs", QUEUE)
        for item in reading.taken:
            assert bodies[item.rpartition("::")[2]] in text, (place, item)
        assert text.count("unimplemented!()") == len(reading.remaining)


JUNK = [
    "```",
    "```rust",
    "```rust\n}}}}{{{{\n```",
    "\x00\xff",
    "{",
    '{"files": 3}',
    "[1, 2]",
    "````",
    "[" * 50_000 + "]",
]


@pytest.mark.parametrize("junk", JUNK, ids=range(len(JUNK)))
def test_no_text_makes_the_reader_fail(junk: str) -> None:
    for answer in (junk, fenced(GOOD) + junk, junk + "\n" + fenced(GOOD)):
        for reason in ("stop", "length"):
            assert isinstance(read_answer(answer, ASKED, reason), AnswerReading)


def test_what_is_too_long_is_asked_for_in_halves() -> None:
    first, second = halves(ASKED)
    assert first.wanted == {"src/queue.rs": ("Queue::push",)}
    assert second.wanted == {"src/queue.rs": ("Queue::pop", "hash")}
    assert halves(first) == (first,)
