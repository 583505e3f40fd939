"""A C project of our own with type clusters of every shape, the Rust types for one of them, and their SPEC."""

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
