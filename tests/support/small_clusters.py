"""Small C projects of our own, the Rust types designed for them and their SPECs: clusters of every shape, swaps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from repowright.agent.workflows.translate.encoding import EncodedC, encode_c
from repowright.executors.local import LocalSandbox

SHEET_H = """#ifndef SHEET_H
#define SHEET_H
#include <stddef.h>
typedef enum { KIND_NONE, KIND_NUMBER = 4, KIND_TEXT, KIND_PAIR } kind_t;
#define NO_KIND KIND_NONE
enum colour { RED, GREEN, BLUE = 7 };
typedef struct point { double x, y; } point_t;
struct value {
    kind_t kind;
    union { long number; char *text; struct { int first; unsigned second; } pair; } as;
};
struct note { char *text; struct note *next; };
typedef struct sheet {
    char *title;
    char label[16];
    const char **names;
    size_t name_count;
    unsigned char *data;
    int size, room;
    struct sheet *child;
    struct note *notes;
    point_t corner;
    point_t *points;
    size_t point_count;
    point_t *pin;
    int grid[4];
    float matrix[2][3];
    enum colour colour;
    int visible;
    struct value cell;
} sheet_t;
sheet_t *sheet_new(const char *title);
void sheet_free(sheet_t *sheet);
double point_length(point_t point);
int value_is_number(const struct value *value);
#endif
"""
SHEET_C = """#include <stdlib.h>
#include "sheet.h"
/* Makes an empty sheet. */
sheet_t *sheet_new(const char *title) {
    (void) title;
    return calloc(1, sizeof(sheet_t));
}
void sheet_free(sheet_t *sheet) { free(sheet); }
double point_length(point_t point) { return point.x; }
int value_is_number(const struct value *value) { return value->kind == KIND_NUMBER; }
"""
SHEET = {"sheet.h": SHEET_H, "sheet.c": SHEET_C}
SHEET_RS = """use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

#[derive(Debug, Clone, PartialEq)]
pub struct Point { pub x: f64, pub y: f64 }

#[derive(Debug, Clone, PartialEq)]
pub enum Value { None, Number(i64), Text(String), Pair { first: i32, second: u32 } }

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Colour { Red, Green, Blue }

#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    title: Option<String>,
    label: String,
    names: Vec<String>,
    data: Box<[u8]>,
    child: Option<Box<Sheet>>,
    notes: VecDeque<String>,
    corner: Point,
    points: Vec<Point>,
    pin: Option<Rc<RefCell<Point>>>,
    grid: [i32; 4],
    matrix: [[f32; 3]; 2],
    colour: Colour,
    visible: bool,
    cell: Value,
    uses: u32,
}

impl Sheet {
    pub fn new(title: &str) -> Sheet {
        unimplemented!()
    }
}
"""
VARIANTS = [
    {"value": "KIND_NONE", "rust": "None"},
    {"value": "KIND_NUMBER", "rust": "Number", "c": "number"},
    {"value": "KIND_TEXT", "rust": "Value::Text", "c": "text"},
    {"value": 6, "rust": "Pair", "c": "pair"},
]
FIELDS: list[dict[str, Any]] = [
    {"c": "title", "rust": "title", "how": "string", "nullable": True},
    {"c": "label", "rust": "label", "how": "string"},
    {"c": "names", "rust": "names", "how": "slice", "length": "name_count"},
    {"c": "data", "rust": "data", "how": "slice", "length": "size"},
    {"c": "room", "how": "derived"},
    {"c": "child", "rust": "child", "how": "owned", "nullable": True},
    {"c": "notes", "rust": "notes", "how": "list", "next": "next", "value": "text"},
    {"c": "corner", "rust": "corner", "how": "same"},
    {"c": "points", "rust": "points", "how": "slice", "length": "point_count"},
    {"c": "pin", "rust": "pin", "how": "owned", "nullable": True},
    {"c": "grid", "rust": "grid", "how": "same"},
    {"c": "matrix", "rust": "matrix", "how": "same"},
    {"c": "colour", "rust": "colour", "how": "same"},
    {"c": "visible", "rust": "visible", "how": "same"},
    {"c": "cell", "rust": "cell", "how": "same"},
    {"rust": "uses", "how": "private"},
]
TYPES: list[dict[str, Any]] = [
    {
        "c": "enum colour",
        "rust": "Colour",
        "variants": [{"value": "RED", "rust": "Red"}, {"value": 1, "rust": "Green"}, {"value": "BLUE", "rust": "Blue"}],
    },
    {
        "c": "point_t",
        "rust": "Point",
        "fields": [{"c": "x", "rust": "x", "how": "same"}, {"c": "y", "rust": "y", "how": "same"}],
    },
    {
        "c": "struct value",
        "rust": "Value",
        "fields": [{"c": "as", "how": "union", "tag": "kind", "variants": VARIANTS}],
    },
    {"c": "struct sheet", "rust": "Sheet", "fields": FIELDS},
]
MANIFEST = b'[package]\nname = "sheet"\nversion = "0.1.0"\nedition = "2021"\n\n[workspace]\n'


def sheet_crate(code: str = SHEET_RS) -> dict[str, bytes]:
    """The crate with its one module."""
    root = b"#![forbid(unsafe_code)]\n\npub mod sheet;\n"
    return {"Cargo.toml": MANIFEST, "src/lib.rs": root, "src/sheet.rs": code.encode()}


def answer(code: str, types: list[dict[str, Any]] | None) -> str:
    """What a model says: Rust, and the SPEC where there is one."""
    spec = "" if types is None else f"\n\nThe SPEC:\n\n```json\n{json.dumps({'types': types})}\n```\n"
    return f"```rust\n{code}\n```{spec}"


def encoded(folder: Path, files: Mapping[str, str]) -> EncodedC:
    """A C project in the graph."""
    for path, text in files.items():
        target = folder / "c" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    with closing(LocalSandbox()) as sandbox:
        return encode_c(folder / "c", sandbox)


PURSE_H = """#include <stddef.h>
enum coin { COIN_NONE, COIN_GOLD = 3 };
struct item {
    enum { ITEM_NUMBER, ITEM_WORD } kind;
    union { long number; char *word; } as;
};
struct line { char *bytes; size_t length, room; };
void item_init(struct item *item);
struct item item_number(long number);
struct item item_word(const char *word);
struct item *item_twin(const struct item *item);
int item_size(const struct item *item);
void item_grow(struct item *item, const char *more);
void item_mark(struct item *item);
long items_total(const struct item *items, size_t count);
int items_by(struct item *items, size_t count, int (*order)(const struct item *left, const struct item *right));
long item_value(struct item item);
enum coin coin_next(enum coin coin);
void line_add(struct line *line, char letter);
int digits_read(const char **cursor, size_t *count, long *sum);
long ticks(long more);
long told(const char *format, ...);
"""
PURSE_C = """#include <stdlib.h>
#include <string.h>
#include "purse.h"
static long counted;
void item_init(struct item *item) { item->kind = ITEM_NUMBER; item->as.number = 0; }
struct item item_number(long number) { struct item item = {ITEM_NUMBER, {number}}; return item; }
struct item item_word(const char *word) {
    struct item item = {ITEM_WORD, {0}};
    item.as.word = strdup(word);
    return item;
}
struct item *item_twin(const struct item *item) {
    struct item *twin = malloc(sizeof *twin);
    *twin = item->kind == ITEM_WORD ? item_word(item->as.word) : *item;
    return twin;
}
int item_size(const struct item *item) { return item->kind == ITEM_WORD ? (int)strlen(item->as.word) : 8; }
void item_grow(struct item *item, const char *more) {
    if (item->kind == ITEM_NUMBER) { item->as.number += (long)strlen(more); return; }
    item->as.word = realloc(item->as.word, strlen(item->as.word) + strlen(more) + 1);
    strcat(item->as.word, more);
}
void item_mark(struct item *item) { if (item->kind == ITEM_WORD) item->as.word[0] = '#'; }
long items_total(const struct item *items, size_t count) {
    long total = 0;
    for (size_t at = 0; at < count; at++) total += items[at].kind == ITEM_NUMBER ? items[at].as.number : 0;
    return total;
}
int items_by(struct item *items, size_t count, int (*order)(const struct item *left, const struct item *right)) {
    int moved = 0;
    for (size_t at = 1; at < count; at++)
        if (order(&items[at], &items[at - 1]) < 0) {
            struct item kept = items[at];
            items[at] = items[at - 1];
            items[at - 1] = kept;
            moved++;
        }
    return moved;
}
long item_value(struct item item) { return item.kind == ITEM_NUMBER ? item.as.number : -1; }
enum coin coin_next(enum coin coin) { return coin == COIN_GOLD ? COIN_NONE : COIN_GOLD; }
void line_add(struct line *line, char letter) {
    if (line->length == line->room) {
        line->room = line->room ? 2 * line->room : 4;
        line->bytes = realloc(line->bytes, line->room);
    }
    line->bytes[line->length++] = letter;
}
int digits_read(const char **cursor, size_t *count, long *sum) {
    const char *at = *cursor;
    long total = 0;
    while (*at >= '0' && *at <= '9') total += *at++ - '0';
    if (at == *cursor) return 0;
    *count = (size_t)(at - *cursor);
    *sum = total;
    *cursor = at;
    return 1;
}
long ticks(long more) { return counted += more; }
long told(const char *format, ...) { return counted + (long)strlen(format); }
"""
PURSE_MAIN = """#include <stdio.h>
#include <stdlib.h>
#include "../purse.h"
static int by_size(const struct item *left, const struct item *right) { return item_size(left) - item_size(right); }
int main(void) {
    struct item items[3] = {item_word("abcdefghij"), item_number(5), item_word("z")}, fresh;
    item_init(&fresh);
    char *before = items[2].as.word;
    item_grow(&items[0], "-k");
    item_grow(&items[1], "four");
    item_grow(&items[2], "");
    struct item *twin = item_twin(&items[0]);
    printf("%s %s %d %d\\n", items[0].as.word, twin->as.word, before == items[2].as.word, item_size(twin));
    printf("%ld %ld %ld\\n", items_total(items, 3), item_value(items[1]), fresh.as.number);
    printf("%d %d\\n", items_by(items, 3, by_size), items[0].kind);
    printf("%d %d\\n", coin_next(COIN_NONE), coin_next(COIN_GOLD));
    for (int at = 0; at < 3; at++) if (items[at].kind == ITEM_WORD) free(items[at].as.word);
    free(twin->as.word);
    free(twin);
    char room[] = "lent";
    struct item lent = {ITEM_WORD, {.word = room}};
    item_mark(&lent);
    printf("%s\\n", lent.as.word);
    struct line line = {0};
    for (int at = 0; at < 9; at++) line_add(&line, 'a' + at);
    printf("%.*s\\n", (int)line.length, line.bytes);
    free(line.bytes);
    const char *rest = "123rest";
    size_t count = 0;
    long sum = 0;
    int first = digits_read(&rest, &count, &sum), second = digits_read(&rest, &count, &sum);
    printf("%d %d %zu %ld %s\\n", first, second, count, sum, rest);
    printf("%ld %ld\\n", ticks(3), told("%d", 1));
    return 0;
}
"""
PURSE = {"purse.h": PURSE_H, "purse.c": PURSE_C, "tests/test_purse.c": PURSE_MAIN}
PURSE_RS = """use std::sync::atomic::{AtomicI64, Ordering};

static COUNTED: AtomicI64 = AtomicI64::new(0);

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Coin { None, Gold }

#[derive(Debug, Clone, PartialEq)]
pub enum Item { Number(i64), Word(String) }

pub struct Line { bytes: Vec<u8> }

pub type Order = fn(&Item, &Item) -> i32;

impl Item {
    pub fn new() -> Item { Item::Number(0) }
    pub fn number(number: i64) -> Item { Item::Number(number) }
    pub fn word(word: &str) -> Item { Item::Word(word.to_string()) }
    pub fn twin(&self) -> Box<Item> { Box::new(self.clone()) }
    pub fn size(&self) -> i32 {
        match self { Item::Word(word) => word.len() as i32, Item::Number(_) => 8 }
    }
    pub fn grow(&mut self, more: &str) {
        match self {
            Item::Word(word) => word.push_str(more),
            Item::Number(number) => *number += more.len() as i64,
        }
    }
    pub fn mark(&mut self) {
        if let Item::Word(word) = self { word.replace_range(0..1, "#"); }
    }
    pub fn value(self) -> i64 { if let Item::Number(number) = self { number } else { -1 } }
}

pub fn items_total(items: &[Item]) -> i64 {
    items.iter().map(|each| if let Item::Number(number) = each { *number } else { 0 }).sum()
}

pub fn items_by(items: &mut [Item], order: Order) -> i32 {
    let mut moved = 0;
    for at in 1..items.len() {
        if order(&items[at], &items[at - 1]) < 0 {
            items.swap(at, at - 1);
            moved += 1;
        }
    }
    moved
}

pub fn coin_next(coin: Coin) -> Coin { if coin == Coin::Gold { Coin::None } else { Coin::Gold } }

impl Line {
    pub fn add(&mut self, letter: u8) { self.bytes.push(letter); }
}

pub fn digits_read(cursor: &mut &str) -> Option<(usize, i64)> {
    let text = *cursor;
    let rest = text.trim_start_matches(|each: char| each.is_ascii_digit());
    let count = text.len() - rest.len();
    *cursor = rest;
    let sum = text.bytes().take(count).map(|each| i64::from(each - b'0')).sum();
    (count > 0).then_some((count, sum))
}

pub fn ticks(more: i64) -> i64 { COUNTED.fetch_add(more, Ordering::Relaxed) + more }
"""
PURSE_TYPES: list[dict[str, Any]] = [
    {
        "c": "enum coin",
        "rust": "Coin",
        "variants": [{"value": "COIN_NONE", "rust": "None"}, {"value": "COIN_GOLD", "rust": "Gold"}],
    },
    {
        "c": "struct item",
        "rust": "Item",
        "fields": [
            {
                "c": "as",
                "how": "union",
                "tag": "kind",
                "variants": [
                    {"value": "ITEM_NUMBER", "rust": "Number", "c": "number"},
                    {"value": "ITEM_WORD", "rust": "Word", "c": "word"},
                ],
            }
        ],
    },
    {
        "c": "struct line",
        "rust": "Line",
        "fields": [
            {"c": "bytes", "rust": "bytes", "how": "slice", "length": "length"},
            {"c": "room", "how": "derived"},
        ],
    },
]


def purse_crate(code: str = PURSE_RS) -> dict[str, bytes]:
    """The crate of the purse with its one module."""
    root = b"#![forbid(unsafe_code)]\n\npub mod purse;\n"
    manifest = MANIFEST.replace(b"sheet", b"purse")
    return {"Cargo.toml": manifest, "src/lib.rs": root, "src/purse.rs": code.encode()}
