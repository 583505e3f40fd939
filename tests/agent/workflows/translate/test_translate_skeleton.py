from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from repowright.agent.workflows.translate.skeleton.crate import Crate
from repowright.agent.workflows.translate.skeleton.generate import build_skeleton, crate_name
from repowright.repo_tools.c_source.translation_unit import TranslationUnit
from repowright.repo_tools.c_source.unit_reader import read_translation_unit

needs_rust = pytest.mark.skipif(shutil.which("rustc") is None, reason="needs rustc to compile skeletons")


def unit(path: str, text: str, header: str = "") -> TranslationUnit:
    before = f'# 1 "h.h" 1\n{header}\n' if header else ""
    return read_translation_unit(path, f'{before}# 1 "{path}"\n{text}')


def compiles(crate: Crate, folder: Path) -> str:
    for path, text in crate.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    argv = ["rustc", "--edition", "2021", "--crate-type", "lib", "--emit", "metadata", "-o", str(folder / "a.rmeta")]
    done = subprocess.run([*argv, str(folder / "src/lib.rs")], capture_output=True, text=True, timeout=120)
    return done.stderr if done.returncode else ""


HARD = """
typedef struct list list;
struct list { list *next; int (*compare)(const void *, const void *); char name[16]; };
typedef enum { LOW = -1, HIGH = 5 } level;
enum big { HUGE = 0x100000000 };
typedef union { int i; double d; unsigned char bytes[8]; } any;
struct flags { unsigned on : 1; unsigned mode : 4; int rest; char tail; };
struct packed { char a; int b; } __attribute__((packed));
struct aligned { char a; } __attribute__((aligned(64)));
struct member { char a; int b __attribute__((aligned(16))); };
struct opaque;
typedef unsigned char u8;
typedef int bool;
typedef int table[3][4];
typedef int handler(list *, ...);
struct type { struct { int x; union { int y; float z; }; }; int fn; struct opaque *self; handler *h; handler **more; };
typedef list *(*maker)(struct type, level, maker_argument_t, u8, bool);
struct empty { };
struct open { int n; u8 data[]; };
extern int elsewhere;
static level current = HIGH;
const double half = 1.0 / 2;
struct type everything[2];
maker makers[] = { 0, 0 };
unsigned long mask = ~0UL;
int LOW_ = 3;
static int match(int type, int self, int LOW, int current, int) { return type; }
void str(char *crate, void *(*alloc)(unsigned long), table t, __builtin_va_list args) { }
long double wide(long double x, __int128 y) { return x; }
struct flags by_value(struct flags f, any a) { return f; }
int logged(const char *format, ...) { return 0; }
static int logged_here(const char *format, ...) { return 0; }
int main(int argc, char **argv) { return 0; }
""".replace("maker_argument_t", "unsigned short")


@needs_rust
def test_every_hard_type_compiles_with_the_size_that_c_gives_it(tmp_path: Path) -> None:
    crate = build_skeleton("hard", [unit("hard.c", HARD)])
    assert compiles(crate, tmp_path) == ""
    assert "size_of::<flags>() == 12" in crate.files["src/types.rs"]


def test_every_function_and_variable_has_a_stub_or_a_reason() -> None:
    crate = build_skeleton("hard", [unit("hard.c", HARD)])
    functions = {stub.name for stub in crate.stubs if stub.kind == "function"}
    assert functions == {"match", "str", "wide", "by_value", "main"}
    assert {stub.name for stub in crate.stubs if stub.kind == "global"} == {
        "current", "half", "everything", "makers", "mask", "LOW_"
    }  # fmt: skip
    assert {each.name: each.reason for each in crate.refused} == dict.fromkeys(
        ("logged", "logged_here"), "takes variable arguments, which stable Rust cannot define; it stays in C"
    )
    assert 'extern "C" {\n    pub fn logged(' in crate.files["src/hard.rs"]


def test_initialisers_that_are_proved_are_kept_and_others_are_told() -> None:
    text = build_skeleton("hard", [unit("hard.c", HARD)]).files["src/hard.rs"]
    assert "current: crate::types::level = 5;" not in text  # an enum's variable begins as zero until it is translated
    assert "half: ::core::ffi::c_double = 0.5;" in text
    assert "mask: ::core::ffi::c_ulong = 18446744073709551615;" in text
    assert "its initialiser is not translated yet" in text


def test_bit_fields_are_bytes_with_a_note() -> None:
    crate = build_skeleton("hard", [unit("hard.c", HARD)])
    assert "Bits, from the lowest: on: 1, mode: 4." in crate.files["src/types.rs"]
    assert any(each.name == "flags" and "bit fields" in each.reason for each in crate.notes)


@needs_rust
def test_types_of_one_header_are_defined_once_for_all_files(tmp_path: Path) -> None:
    header = "typedef struct { int x; } point;\nenum kind { A, B };\n"
    units = [unit("a.c", "int a(point *p) { return 1; }", header), unit("b.c", "point b(enum kind k) { }", header)]
    crate = build_skeleton("p", units)
    assert compiles(crate, tmp_path) == ""
    assert crate.types == 2 and crate.files["src/types.rs"].count("pub struct point ") == 1


@needs_rust
def test_types_of_one_name_that_differ_are_kept_apart(tmp_path: Path) -> None:
    units = [
        unit("a.c", "struct node { int x; }; int a(struct node n) { return 1; }"),
        unit("b.c", "struct node { char *text; int n; }; int b(struct node n) { return 1; }"),
    ]
    crate = build_skeleton("p", units)
    assert compiles(crate, tmp_path) == ""
    types = {stub.name: stub.signature for stub in crate.stubs}
    assert types["a"] != types["b"].replace("fn b", "fn a")


@needs_rust
def test_types_of_one_text_that_mean_different_things_are_kept_apart(tmp_path: Path) -> None:
    body = "struct box { item v; }; int NAME(struct box b) { return 1; }"
    units = [
        unit("a.c", f"typedef int item; {body}".replace("NAME", "a")),
        unit("b.c", f"typedef char item; {body}".replace("NAME", "b")),
    ]
    crate = build_skeleton("p", units)
    assert compiles(crate, tmp_path) == ""
    sizes = crate.files["src/types.rs"]
    assert "box>() == 4" in sizes and "box>() == 1" in sizes


def test_a_type_that_one_file_hides_and_another_defines_is_one_type() -> None:
    header = "typedef struct impl impl;\nstruct handle { impl *p; };"
    units = [
        unit("a.c", "int a(struct handle *h) { return 1; }", header),
        unit("b.c", "struct impl { int x; }; int b(struct handle *h) { return h->p->x; }", header),
    ]
    crate = build_skeleton("p", units)
    assert crate.types == 2 and "_opaque" not in crate.files["src/types.rs"]


CONSTANTS = """
#define SIZE 16
#define TWICE (SIZE * 2)
#define NAME "a\\"b" "c"
#define RATIO 0.5f
#define MASK 0xFFFFFFFFu
#define CALL f()
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define BIGGER MAX(1, 2)
#define CHANGES 1
#undef CHANGES
#define CHANGES 2
#define EMPTY
#define KIND struct s
#define type 7
int f(void) { return 1; }
"""


@needs_rust
def test_macros_are_constants_only_where_their_value_is_proved(tmp_path: Path) -> None:
    crate = build_skeleton("p", [unit("a.c", CONSTANTS)])
    assert compiles(crate, tmp_path) == ""
    text = crate.files["src/constants.rs"]
    assert "pub const TWICE: ::core::ffi::c_int = 32;" in text
    assert 'pub const NAME: &[u8; 5] = b"a\\x22bc\\0";' in text
    assert "pub const MASK: ::core::ffi::c_uint = 4294967295;" in text
    assert "pub const r#type: ::core::ffi::c_int = 7;" in text
    assert crate.constants == 6
    assert {each.name for each in crate.notes} == {"CALL", "BIGGER", "CHANGES", "KIND"}


def test_a_macro_with_two_values_is_no_constant() -> None:
    units = [unit(f"{name}.c", f"#define N {name}\nint f{name}(void) {{ return N; }}") for name in ("1", "2")]
    crate = build_skeleton("p", units)
    assert "pub const N" not in crate.files["src/constants.rs"]
    assert [each.reason for each in crate.notes] == ["has different values in different files"]


@needs_rust
def test_names_that_rust_keeps_for_itself_are_changed(tmp_path: Path) -> None:
    text = (
        "typedef int i32; typedef struct Option { int Some; } Option; enum self { crate, super };\n"
        "int fn(Option *impl, i32 self, int crate, int impl2) { return 1; } int Self(void) { return 1; }\n"
    )
    files = ["main.c", "lib.c", "types.c", "core.c", "type.c", "3d.c", "my-file.c", "sub/main.c"]
    units = [unit(path, text.replace("fn(", f"fn{n}(") if n else text) for n, path in enumerate(files)]
    crate = build_skeleton("std", units)
    assert compiles(crate, tmp_path) == "" and crate.name == "std_rs"
    assert len(set(crate.modules.values())) == len(files)


@needs_rust
def test_exported_stubs_keep_each_symbol_once(tmp_path: Path) -> None:
    units = [unit("a.c", "int run(void) { return 1; } static int own(void) { return run() + own(); }")]
    units.append(unit("b.c", "int run(void) { return 2; } int main(void) { return run(); }"))
    crate = build_skeleton("p", units, exported=True)
    assert compiles(crate, tmp_path) == ""
    assert sum(text.count("#[no_mangle]") for text in crate.files.values()) == 1


def test_tests_get_stubs_only_where_there_is_nothing_else_or_on_request() -> None:
    units = [unit("a.c", "int a(void) { return 1; }"), unit("tests/t.c", "int main(void) { return 0; }")]
    assert {stub.name for stub in build_skeleton("p", units).stubs} == {"a"}
    assert {stub.name for stub in build_skeleton("p", units, with_tests=True).stubs} == {"a", "main"}
    assert {stub.name for stub in build_skeleton("p", units[1:]).stubs} == {"main"}


@pytest.mark.parametrize(
    ("name", "told"), [("My-Lib", "my_lib"), ("3d", "c_3d"), ("__", "translated"), ("test", "test_rs")]
)
def test_names_of_crates_are_those_that_cargo_takes(name: str, told: str) -> None:
    assert crate_name(name) == told
