from __future__ import annotations

from pathlib import Path

import pytest
from scripted_translator import Question, Translator, translating
from small_c_projects import CProject
from small_clusters import answer
from small_translations import need_rust
from translations import Studio

from repowright.agent.events import ReplyRejected

DEPOT_H = """#include <stddef.h>
typedef struct counter { int total, steps; } counter_t;
typedef struct tape { unsigned char *data; size_t length; } tape_t;
counter_t *counter_new(int total);
void counter_add(counter_t *counter, int value);
int counter_total(const counter_t *counter);
void counter_free(counter_t *counter);
tape_t *tape_new(size_t length);
void tape_put(tape_t *tape, size_t at, int value);
int tape_sum(const tape_t *tape);
void tape_free(tape_t *tape);
"""
DEPOT_C = """#include <stdlib.h>
#include "depot.h"
counter_t *counter_new(int total) {
    counter_t *counter = malloc(sizeof *counter);
    counter->total = total;
    counter->steps = 0;
    return counter;
}
void counter_add(counter_t *counter, int value) { counter->total += value; counter->steps++; }
int counter_total(const counter_t *counter) { return counter->total; }
void counter_free(counter_t *counter) { free(counter); }
tape_t *tape_new(size_t length) {
    tape_t *tape = malloc(sizeof *tape);
    tape->data = calloc(length + 1, 1);
    tape->length = length;
    return tape;
}
void tape_put(tape_t *tape, size_t at, int value) { if (at < tape->length) tape->data[at] = (unsigned char) value; }
int tape_sum(const tape_t *tape) {
    int sum = 0;
    for (size_t at = 0; at < tape->length; at++) sum += tape->data[at];
    return sum;
}
void tape_free(tape_t *tape) { free(tape->data); free(tape); }
"""
MAIN_C = """#include <stdio.h>
#include "../depot.h"
int main(void) {
    counter_t *counter = counter_new(5);
    counter_add(counter, 7);
    printf("%d\\n", counter_total(counter));
    counter_free(counter);
    tape_t *tape = tape_new(3);
    for (int at = 0; at < 4; at++) tape_put(tape, at, at + 1);
    printf("%d\\n", tape_sum(tape));
    tape_free(tape);
    return 0;
}
"""
COUNTER = """#[derive(Debug, Clone, PartialEq)]
pub struct Counter { total: i32, steps: i32 }

impl Counter {
    pub fn new(total: i32) -> Counter { Counter { total, steps: 0 } }

    pub fn add(&mut self, value: i32) {
        self.total = self.total.wrapping_add(value);
        self.steps += 1;
    }

    pub fn total(&self) -> i32 { self.total }
}
"""
TAPE = """#[derive(Debug, Clone, PartialEq)]
pub struct Tape { data: Vec<u8> }

impl Tape {
    pub fn new(length: usize) -> Tape { Tape { data: vec![0; length] } }

    pub fn put(&mut self, at: usize, value: i32) {
        if at < self.data.len() {
            self.data[at] = value as u8;
        }
    }

    pub fn sum(&self) -> i32 { self.data.iter().map(|&each| i32::from(each)).sum() }
}
"""
WRONG = TAPE.replace("self.data.iter()", "self.data.iter().skip(1)")
SAME = [{"c": name, "rust": name, "how": "same"} for name in ("total", "steps")]
COUNTER_SPEC = [{"c": "counter_t", "rust": "Counter", "fields": SAME}]
TAPE_SPEC = [
    {"c": "struct tape", "rust": "Tape", "fields": [{"c": "data", "rust": "data", "how": "slice", "length": "length"}]}
]
NOWHERE = "http://127.0.0.1:9/v1"


def _project(tape: str) -> CProject:
    files = {"depot.h": DEPOT_H, "depot.c": DEPOT_C, "tests/test_depot.c": MAIN_C}
    return CProject("depot", files, solution={"src/depot.rs": f"{COUNTER}\n{tape}"})


def _designs(question: Question, right: str) -> str | None:
    """The Rust of the cluster that is asked for; the first SPEC leaves a member out."""
    if question.items:
        return None
    if "# The cluster `struct counter`" in question.text:
        spec = COUNTER_SPEC if question.turn else [{**COUNTER_SPEC[0], "fields": SAME[:1]}]
        return answer(COUNTER, spec)
    assert "# The cluster `struct tape`" in question.text and "pub struct Counter" in question.text
    return answer(TAPE, [*COUNTER_SPEC, *TAPE_SPEC])


@pytest.mark.bubblewrap
@pytest.mark.timeout(240)
def test_a_cluster_that_behaves_otherwise_is_not_accepted_and_the_other_in_its_file_is(tmp_path: Path) -> None:
    need_rust()
    project = _project(WRONG)
    studio, model = Studio(tmp_path), Translator(project.solution, _designs)
    with translating(model) as url:
        end = studio.translate(url, project, idiomatic=True, unit_repairs=1)
    found = studio.translation
    assert (end.status, found.interface) == ("failing", "designed")
    counter, tape = found.clusters
    assert (counter.name, counter.types, counter.module) == ("struct counter", ("struct counter",), "src/depot.rs")
    assert counter.accepted and [(each.ran, each.failed) for each in counter.round_trips] == [(200, 0)]
    assert tape.reason.startswith("the C programs differ with it in them: tests/test_depot.c")
    assert [each.failed for each in tape.round_trips] == [0]
    (refused, *_) = [event for event in studio.told.of(ReplyRejected) if event.task == "translate.design"]
    assert any("nothing is said of the members steps" in each for each in refused.problems)
    assert "## Type clusters" in studio.report and "1 of 2 accepted." in studio.report
    assert "- `struct tape` is not accepted: the C programs differ" in studio.report
    delivered = (studio.out / "src/depot.rs").read_text()
    again, asked = Studio(tmp_path / "again"), len(model.requests)
    again.translate(NOWHERE, project, idiomatic=True, unit_repairs=1, replay=studio.run.folder)
    assert again.translation.clusters == found.clusters and len(model.requests) == asked
    assert "round_trip" not in delivered and "unsafe" not in delivered and not (studio.out / "src/types.rs").exists()
