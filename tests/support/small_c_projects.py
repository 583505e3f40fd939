"""C projects of our own with interfaces, tests and a finished Rust for each: what a translation of them is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

MANIFEST = '[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n\n[workspace]\n'


@dataclass(frozen=True)
class CProject:
    """A project: its C, the interface given for it, tests in Rust, and the crate as it should come out."""

    name: str
    c: Mapping[str, str]
    interface: Mapping[str, str] = field(default_factory=dict)
    tests: Mapping[str, str] = field(default_factory=dict)
    solution: Mapping[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """Write all below a folder: ``c``, ``interface`` and ``tests``."""
        manifest = {"Cargo.toml": MANIFEST.format(name=self.name)} if self.interface else {}
        parts = {"c": self.c, "interface": {**manifest, **self.interface}, "tests": self.tests}
        for part, files in parts.items():
            for path, text in files.items():
                target = folder / part / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
        return folder


QUEUE = CProject(
    "ring",
    {
        "ring.h": """#ifndef RING_H
#define RING_H
#include <stddef.h>
#define RING_MOST 1000
/* A queue of numbers in a ring of fixed size. */
typedef struct ring {
    int *items;
    size_t head, count, limit;
} ring_t;
ring_t *ring_new(size_t limit);
void ring_free(ring_t *ring);
int ring_push(ring_t *ring, int value);
int ring_pop(ring_t *ring, int fallback);
#endif
""",
        "ring.c": """#include <stdlib.h>
#include "ring.h"

/* Where the item at a position lies. */
static size_t place(const ring_t *ring, size_t at) {
    return (ring->head + at) % ring->limit;
}

ring_t *ring_new(size_t limit) {
    if (limit == 0 || limit > RING_MOST) return NULL;
    ring_t *ring = malloc(sizeof *ring);
    ring->items = calloc(limit, sizeof *ring->items);
    ring->head = ring->count = 0;
    ring->limit = limit;
    return ring;
}

void ring_free(ring_t *ring) {
    free(ring->items);
    free(ring);
}

/* Returns 0 where the ring is full. */
int ring_push(ring_t *ring, int value) {
    if (ring->count == ring->limit) return 0;
    ring->items[place(ring, ring->count)] = value;
    ring->count++;
    return 1;
}

int ring_pop(ring_t *ring, int fallback) {
    if (ring->count == 0) return fallback;
    int value = ring->items[ring->head];
    ring->head = place(ring, 1);
    ring->count--;
    return value;
}
""",
        "tests/test_ring.c": """#include <stdio.h>
#include "../ring.h"
int main(void) {
    ring_t *ring = ring_new(3);
    for (int i = 1; i <= 4; i++) printf("push %d: %d\\n", i, ring_push(ring, i * 10));
    for (int i = 0; i < 4; i++) printf("pop %d\\n", ring_pop(ring, -1));
    ring_free(ring);
    return 0;
}
""",
    },
    {
        "src/lib.rs": "pub mod ring;\n",
        "src/ring.rs": """/// A queue of numbers in a ring of fixed size.
pub struct Ring {
    items: Vec<i32>,
    head: usize,
    count: usize,
}

impl Ring {
    pub fn new(limit: usize) -> Option<Ring> {
        unimplemented!()
    }

    pub fn push(&mut self, value: i32) -> bool {
        unimplemented!()
    }

    pub fn pop(&mut self, fallback: i32) -> i32 {
        unimplemented!()
    }
}
""",
    },
    {
        "ring.rs": """use ring::ring::Ring;

#[test]
fn refuses_a_bad_size() {
    assert!(Ring::new(0).is_none());
    assert!(Ring::new(1001).is_none());
}

#[test]
fn first_in_first_out() {
    let mut ring = Ring::new(2).unwrap();
    assert!(ring.push(11) && ring.push(22) && !ring.push(33));
    assert_eq!((ring.pop(9), ring.pop(9), ring.pop(987654)), (11, 22, 987654));
    assert!(ring.push(44));
    assert_eq!(ring.pop(9), 44);
}

#[test]
fn needs_no_ring() {
    assert_eq!(1 + 1, 2);
}
""",
    },
    {
        "src/ring.rs": """/// A queue of numbers in a ring of fixed size.
pub struct Ring {
    items: Vec<i32>,
    head: usize,
    count: usize,
}

const MOST: usize = 1000;

impl Ring {
    pub fn new(limit: usize) -> Option<Ring> {
        if limit == 0 || limit > MOST {
            return None;
        }
        Some(Ring { items: vec![0; limit], head: 0, count: 0 })
    }

    pub fn push(&mut self, value: i32) -> bool {
        if self.count == self.items.len() {
            return false;
        }
        let at = self.place(self.count);
        self.items[at] = value;
        self.count += 1;
        true
    }

    pub fn pop(&mut self, fallback: i32) -> i32 {
        if self.count == 0 {
            return fallback;
        }
        let value = self.items[self.head];
        self.head = self.place(1);
        self.count -= 1;
        value
    }

    fn place(&self, at: usize) -> usize {
        self.head.wrapping_add(at) % self.items.len()
    }
}
""",
    },
)

TURNS = CProject(
    "turns",
    {
        "turns.c": """#include "turns.h"

/* How many calls there were. */
static int calls = 0;
int limit = LIMIT;

int is_odd(unsigned n);

/* Even and odd ask each other. */
int is_even(unsigned n) {
    calls++;
    return n == 0 ? 1 : is_odd(n - 1);
}

int is_odd(unsigned n) {
    calls++;
    return n == 0 ? 0 : is_even(n - 1);
}

int calls_made(void) {
    return calls < limit ? calls : limit;
}

int apply(int (*step)(unsigned), unsigned n) {
    return step ? step(n) : -1;
}

int sum_of(int count, ...) {
    return count;
}
""",
        "turns.h": """#define LIMIT (4 * 10)
extern int limit;
int is_even(unsigned n);
int is_odd(unsigned n);
int calls_made(void);
int apply(int (*step)(unsigned), unsigned n);
int sum_of(int count, ...);
""",
        "legacy.c": """#include "of_another_machine.h"
int legacy(void) {
    return ANOTHER_CODE;
}
""",
        "tests/test_turns.c": """#include <stdio.h>
#include "../turns.h"
int main(void) {
    printf("%d %d %d\\n", is_even(6), is_odd(6), apply(is_odd, 3));
    printf("%d %d\\n", calls_made(), apply(0, 1));
    limit = 5;
    printf("%d\\n", calls_made());
    return 0;
}
""",
    },
    solution={
        "src/legacy.rs": """pub unsafe extern "C" fn legacy() -> ::core::ffi::c_int {
    0
}
""",
        "src/turns.rs": """pub unsafe extern "C" fn is_even(n: ::core::ffi::c_uint) -> ::core::ffi::c_int {
    calls += 1;
    if n == 0 { 1 } else { is_odd(n - 1) }
}

pub unsafe extern "C" fn is_odd(n: ::core::ffi::c_uint) -> ::core::ffi::c_int {
    calls += 1;
    if n == 0 { 0 } else { is_even(n - 1) }
}

pub unsafe extern "C" fn calls_made() -> ::core::ffi::c_int {
    if calls < limit { calls } else { limit }
}

pub unsafe extern "C" fn apply(
    step: ::core::option::Option<unsafe extern "C" fn(::core::ffi::c_uint) -> ::core::ffi::c_int>,
    n: ::core::ffi::c_uint,
) -> ::core::ffi::c_int {
    match step {
        Some(step) => step(n),
        None => -1,
    }
}
""",
    },
)
