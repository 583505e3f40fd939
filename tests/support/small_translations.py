"""Small C projects and their translations to Rust, for the checks; and a bench to run them on."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from given_up import WITHOUT, given_up

from repowright.agent.workflows.translate.checks import Bench, Crate, c_program
from repowright.executors import BubblewrapSandbox, DockerSandbox, Sandbox, SandboxUnavailable, build_image
from repowright.executors.images.toolchains import in_order, on_this_machine

QUEUE_H = b"""#ifndef QUEUE_H
#define QUEUE_H
#include <stddef.h>
typedef struct queue queue_t;
queue_t *queue_new(size_t limit);
void queue_free(queue_t *q);
int queue_push(queue_t *q, int value);
int queue_pop(queue_t *q, int fallback);
size_t queue_size(const queue_t *q);
#endif
"""
QUEUE_C = b"""#include <stdlib.h>
#include "queue.h"
struct queue { int *items; size_t head, count, limit; };
queue_t *queue_new(size_t limit) {
    if (limit == 0 || limit > 1000) return NULL;
    queue_t *q = malloc(sizeof *q);
    q->items = calloc(limit, sizeof *q->items);
    q->head = q->count = 0;
    q->limit = limit;
    return q;
}
void queue_free(queue_t *q) { free(q->items); free(q); }
static size_t place(const queue_t *q, size_t at) { return (q->head + at) % q->limit; }
int queue_push(queue_t *q, int value) {
    if (q->count == q->limit) return 0;
    q->items[place(q, q->count)] = value;
    q->count++;
    return 1;
}
int queue_pop(queue_t *q, int fallback) {
    if (q->count == 0) return fallback;
    int value = q->items[q->head];
    q->head = place(q, 1);
    q->count--;
    return value;
}
size_t queue_size(const queue_t *q) { return q->count; }
"""
QUEUE_TEST_C = b"""#include <stdio.h>
#include "queue.h"
int main(void) {
    queue_t *q = queue_new(3);
    for (int i = 1; i <= 4; i++) printf("push %d: %d\\n", i, queue_push(q, i * 10));
    while (queue_size(q) > 0) printf("pop %d\\n", queue_pop(q, -1));
    printf("empty %d\\n", queue_pop(q, -1));
    queue_free(q);
    return 0;
}
"""
QUEUE_RS = b"""use std::collections::VecDeque;

#[derive(Debug, Clone)]
pub struct Queue {
    items: VecDeque<i32>,
    limit: usize,
}

impl Queue {
    pub fn new(limit: usize) -> Option<Queue> {
        if limit == 0 || limit > 1000 {
            return None;
        }
        Some(Queue { items: VecDeque::new(), limit })
    }

    pub fn push(&mut self, value: i32) -> bool {
        if self.items.len() == self.limit {
            return false;
        }
        self.items.push_back(value);
        true
    }

    pub fn pop(&mut self, fallback: i32) -> i32 {
        self.items.pop_front().unwrap_or(fallback)
    }

    pub fn size(&self) -> usize {
        self.items.len()
    }
}

pub fn queue_free(queue: Queue) {
    drop(queue);
}
"""
QUEUE_TEST_RS = b"""use queue::queue::Queue;

#[test]
fn first_in_first_out() {
    let mut queue = Queue::new(2).unwrap();
    assert!(queue.push(1) && queue.push(2) && !queue.push(3));
    assert_eq!((queue.pop(9), queue.pop(9), queue.pop(9)), (1, 2, 9));
}

#[test]
fn needs_no_queue() {
    assert_eq!(1 + 1, 2);
}
"""
WORDS_C = b"""#include <string.h>
#include "words.h"
static int is_word(int c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
size_t count_words(const char *text) {
    size_t count = 0;
    int inside = 0;
    for (const char *at = text; *at; at++) {
        int now = is_word((unsigned char)*at);
        if (now && !inside) count++;
        inside = now;
    }
    return count;
}
u32 hash_text(const char *text) {
    u32 sum = 5381;
    for (; *text; text++) sum = sum * 33 + (unsigned char)*text;
    return sum;
}
long sum_of(const int *values, size_t n) {
    long sum = 0;
    for (size_t i = 0; i < n; i++) sum += values[i];
    return sum;
}
void reverse(unsigned char *data, size_t len) {
    for (size_t i = 0; i < len / 2; i++) {
        unsigned char kept = data[i];
        data[i] = data[len - 1 - i];
        data[len - 1 - i] = kept;
    }
}
int quotient(int a, int b) { return a / b; }
double mean(double a, double b) { return (a + b) / 2; }
int say(const char *format, ...) { return (int)strlen(format); }
"""
WORDS_H = b"""#include <stddef.h>
#include <stdint.h>
typedef uint32_t u32;
size_t count_words(const char *text);
u32 hash_text(const char *text);
long sum_of(const int *values, size_t n);
void reverse(unsigned char *data, size_t len);
int quotient(int a, int b);
double mean(double a, double b);
"""
WORDS_TEST_C = b"""#include <stdio.h>
#include "words.h"
int main(void) {
    int values[] = {1, 2, 3};
    unsigned char data[] = "abc";
    reverse(data, 3);
    printf("%zu %u %ld\\n", count_words("one two"), hash_text("x"), sum_of(values, 3));
    printf("%s %d\\n", (char *)data, quotient(7, 2));
    return 0;
}
"""
WORDS_RS = b"""fn is_word(c: i32) -> i32 {
    (u8::try_from(c).is_ok_and(|c| c.is_ascii_alphabetic())) as i32
}

pub fn count_words(text: &str) -> usize {
    text.bytes()
        .fold((0, false), |(count, inside), byte| {
            let now = is_word(byte.into()) != 0;
            (count + usize::from(now && !inside), now)
        })
        .0
}

pub fn hash_text(text: &str) -> u32 {
    text.bytes().fold(5381u32, |sum, byte| sum.wrapping_mul(33).wrapping_add(byte.into()))
}

pub fn sum_of(values: &[i32]) -> i64 {
    values.iter().map(|&value| i64::from(value)).sum()
}

pub fn reverse(data: &mut [u8]) {
    data.reverse();
}

pub fn quotient(a: i32, b: i32) -> i32 {
    a / b
}

pub fn mean(a: f64, b: f64) -> f64 {
    (a + b) / 2.0
}
"""
WORDS_TEST_RS = b"""#[test]
fn counts() {
    assert_eq!(words::count_words("one, two"), 2);
}
"""


def manifest(name: str) -> bytes:
    return f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n'.encode()


QUEUE = c_program({"queue.h": QUEUE_H, "queue.c": QUEUE_C, "test_queue.c": QUEUE_TEST_C})
WORDS = c_program({"src/words.h": WORDS_H, "src/words.c": WORDS_C, "tests/check.c": WORDS_TEST_C})


def crate_of(name: str, code: bytes, tests: bytes, library: bytes | None = None) -> dict[str, bytes]:
    return {
        "Cargo.toml": manifest(name),
        "src/lib.rs": library or f"pub mod {name};\n".encode(),
        f"src/{name}.rs": code,
        "tests/all.rs": tests,
    }


QUEUE_CRATE = Crate(crate_of("queue", QUEUE_RS, QUEUE_TEST_RS), QUEUE)
WORDS_CRATE = Crate(
    crate_of("words", WORDS_RS, WORDS_TEST_RS, b"#![forbid(unsafe_code)]\npub mod words;\npub use words::*;\n"), WORDS
)


def with_code(crate: Crate, old: bytes, new: bytes) -> Crate:
    """The crate with one place of its code changed."""
    (path,) = (path for path in crate.rust_files() if path != "src/lib.rs")
    assert crate.files[path].count(old) == 1
    files: Mapping[str, bytes] = {**crate.files, path: crate.files[path].replace(old, new)}
    return Crate(files, crate.origin, crate.unsafe_budget, crate.vacuous)


def need_rust() -> None:
    """Skip where nobody installed Rust, as every test of a toolchain does."""
    try:
        for each in in_order(["rust"]):
            on_this_machine(each)
    except SandboxUnavailable as err:
        pytest.skip(f"needs the toolchain rust: {err.message}")


@functools.cache
def toolchain_cache() -> Path:
    """A folder that boxes without privileges can read; compilers are copied into it once for all tests."""
    folder = Path(tempfile.mkdtemp(prefix="repowright-test-", dir="/var/tmp"))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def open_sandbox(name: str, toolchains: tuple[str, ...] = ("rust",)) -> Sandbox:
    """A sandbox with compilers; fails where the sandbox itself cannot be had."""
    if name in given_up():
        pytest.skip(f"{WITHOUT} names {name}")
    if "rust" in toolchains:
        need_rust()
    if name == "docker":
        build_image(toolchains=toolchains, toolchain_source="host")
        return DockerSandbox(toolchains=toolchains, ahead=False)
    return BubblewrapSandbox(toolchain_cache(), toolchains=toolchains)


def bench_on(sandbox: Sandbox) -> Bench:
    return Bench(sandbox)
