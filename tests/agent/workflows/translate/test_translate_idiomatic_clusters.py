from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from small_clusters import SHEET, encoded

from repowright.agent.workflows.translate.idiomatic.clusters import Cluster, clusters_of
from repowright.agent.workflows.translate.idiomatic.joining import joined_module
from repowright.agent.workflows.translate.idiomatic.material import holes
from repowright.agent.workflows.translate.idiomatic.project_types import ProjectTypes

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc to preprocess")

SHOP = {
    "item.h": """struct item { int price; char *name; };
struct item *item_new(int price);
void item_free(struct item *item);
""",
    "item.c": """#include <stdlib.h>
#include "item.h"
struct item *item_new(int price) { struct item *i = malloc(sizeof *i); i->price = price; return i; }
void item_free(struct item *item) { free(item); }
""",
    "shelf.h": """#include "item.h"
struct slot { struct item *item; struct slot *next; };
typedef struct { struct slot *first; int count; } shelf_t;
shelf_t *shelf_new(void);
void shelf_put(shelf_t *shelf, struct item *item);
void shelf_free(void *shelf);
int cheaper(const struct item *a, const struct item *b);
""",
    "shelf.c": """#include <stdlib.h>
#include "shelf.h"
#include "tools.h"
struct mark { int at; };
static int marked(struct mark mark) { return mark.at; }
static struct slot *slot_of(struct item *item) { struct slot *s = malloc(sizeof *s); s->item = item; return s; }
shelf_t *shelf_new(void) { return calloc(1, sizeof(shelf_t)); }
void shelf_put(shelf_t *shelf, struct item *item) {
    struct mark mark = { 1 };
    shelf->first = slot_of(item);
    shelf->count = larger(shelf->count, marked(mark));
}
void shelf_free(void *shelf) { shelf_t *own = shelf; free(own); }
int cheaper(const struct item *a, const struct item *b) { return a->price < b->price; }
""",
    "tools.h": "int larger(int a, int b);\n",
    "tools.c": """#include "tools.h"
int larger(int a, int b) { return a > b ? a : b; }
static int idle(void) { return 0; }
""",
    "main.c": '#include "shelf.h"\nint main(void) { shelf_free(shelf_new()); return 0; }\n',
}


def _clusters(folder: Path, files: Mapping[str, str]) -> dict[str, Cluster]:
    found = encoded(folder, files)
    return {each.name: each for each in clusters_of(found, ProjectTypes(found.units))}


def test_a_type_goes_with_what_it_owns_and_with_all_that_works_on_it(tmp_path: Path) -> None:
    found = _clusters(tmp_path, SHOP)
    assert list(found) == ["struct item", "functions of tools.c", "shelf_t"]
    item, tools, shelf = found.values()
    assert [key.name for key in item.asked] == ["item_new", "item_free", "cheaper"]
    assert [key.name for key in item.users] == ["slot_of", "shelf_put"]
    assert [each.name for each in shelf.types] == ["shelf_t", "struct slot", "struct mark"]
    assert [key.name for key in shelf.asked] == ["shelf_new", "shelf_put", "shelf_free"]
    assert shelf.needs == ("struct item", "functions of tools.c") and not tools.types
    assert (item.home, shelf.home) == ("item.c", "shelf.c")


def test_types_that_need_each_other_are_one_cluster_and_the_order_never_changes(tmp_path: Path) -> None:
    circle = {
        "tree.h": "struct leaf;\nstruct tree { struct leaf *all; };\nvoid tree_grow(struct tree *tree);\n",
        "leaf.h": '#include "tree.h"\nstruct leaf { struct tree *of; };\nint leaf_read(struct leaf *leaf);\n',
        "tree.c": '#include "leaf.h"\nvoid tree_grow(struct tree *tree) { tree->all = 0; }\n',
        "leaf.c": '#include "leaf.h"\nint leaf_read(struct leaf *leaf) { return leaf->of != 0; }\n',
    }
    (cluster,) = _clusters(tmp_path, circle).values()
    assert {each.name for each in cluster.types} == {"struct leaf", "struct tree"}
    assert [key.name for key in cluster.asked] == ["leaf_read", "tree_grow"]
    assert next(iter(_clusters(tmp_path / "again", circle).values())).functions == cluster.functions


def test_what_two_types_hold_is_a_cluster_of_its_own_and_comes_first(tmp_path: Path) -> None:
    files = {
        "geo.h": """typedef struct { int x; } spot;
struct line { spot from; };
struct ring { spot middle; };
int line_length(struct line *line);
int ring_size(struct ring *ring);
int spot_x(spot at);
""",
        "geo.c": """#include "geo.h"
int line_length(struct line *line) { return line->from.x; }
int ring_size(struct ring *ring) { return ring->middle.x; }
int spot_x(spot at) { return at.x; }
""",
    }
    found = _clusters(tmp_path, files)
    assert list(found) == ["spot", "struct line", "struct ring"]
    assert [found[name].needs for name in found] == [(), ("spot",), ("spot",)]


def test_a_request_shows_the_functions_of_its_cluster_and_no_others(tmp_path: Path) -> None:
    project = encoded(tmp_path, SHOP)
    clusters = {each.name: each for each in clusters_of(project, ProjectTypes(project.units))}
    shown = {name: str(holes(project, each, "src/x.rs", {})["members"]) for name, each in clusters.items()}
    assert "item_free(struct item *item) {" in shown["struct item"] and "int cheaper(" in shown["struct item"]
    assert "int cheaper(" not in shown["shelf_t"] and "static struct slot *slot_of" in shown["shelf_t"]
    assert "shelf_put" not in shown["struct item"] and "struct mark { int at; };" in shown["shelf_t"]
    told = holes(project, clusters["struct item"], "src/item.rs", {"src/lib.rs": b"pub mod a;\n"})
    assert "shelf_put(shelf_t *shelf" in str(told["users"]) and "// src/lib.rs\npub mod a;" in str(told["others"])
    assert (
        told["functions"] == "- `item_new`\n- `item_free`\n- `cheaper`"
        and told["types"] == "- `struct item`, also `item`"
    )


def test_a_union_inside_a_struct_has_no_name_of_its_own(tmp_path: Path) -> None:
    (cluster,) = _clusters(tmp_path, SHEET).values()
    assert [each.name for each in cluster.named_types] == [
        "struct sheet",
        "enum colour",
        "struct point",
        "struct value",
        "kind_t",
        "struct note",
    ]
    assert len(cluster.types) == 8


def test_a_second_part_of_a_file_repeats_nothing() -> None:
    first = b"//! Shelves.\nuse std::fmt;\n\npub struct Shelf { count: u32 }\n"
    part = b"//! More.\nuse std::fmt;\nuse std::rc::Rc;\n\npub struct Shelf {\n    count: u32,\n}\n\n"
    found = joined_module(first, part + b"impl Shelf { fn a() {} }\n").decode()
    assert found.count("use std::fmt;") == 1 and found.count("pub struct Shelf") == 1
    assert "use std::rc::Rc;" in found and "impl Shelf { fn a() {} }" in found and found.count("//!") == 1
