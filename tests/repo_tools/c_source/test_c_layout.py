from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from repowright.repo_tools.c_source.errors import NotConstant
from repowright.repo_tools.c_source.layout import layout_of
from repowright.repo_tools.c_source.unit_reader import read_translation_unit

RECORDS = """
struct plain { char a; int b; short c; double d; char e; };
struct bits { unsigned a : 3; unsigned b : 7; unsigned c : 30; char d; };
struct zero { unsigned a : 3; unsigned : 0; unsigned b : 4; };
struct across { char a; unsigned b : 20; unsigned c : 20; long d : 33; };
struct tight { char a; int b; short c; } __attribute__((packed));
struct tight_bits { char a; unsigned b : 12; unsigned c : 13; } __attribute__((packed));
struct aligned { char a; } __attribute__((aligned(32)));
struct member { char a; int b __attribute__((aligned(16))); char c; };
struct open { int n; short items[]; };
struct nested { char a; struct { char b; long c; }; union { char d[5]; int e; } f[2]; };
struct pointers { void (*f)(int); char *names[3]; long double wide; _Bool flag; };
union mixed { char a[7]; int b; double c; };
union bit_union { unsigned a : 3; unsigned char b[2]; };
struct mixed_zero { unsigned char b : 1; int : 0; char q; } __attribute__((packed));
struct tight_member { void *p; _Bool b; unsigned s __attribute__((aligned(8))); } __attribute__((packed));
enum colour { RED, GREEN };
struct with_enum { char a; enum colour b; __int128 c; };
"""
PRAGMA = """
#pragma pack(push, 2)
struct limited { char *p; unsigned short s __attribute__((aligned(4))); };
struct twice { void *p; _Bool b; unsigned s __attribute__((aligned(8))); } __attribute__((packed));
#pragma pack(pop)
struct free { char a; int b; };
"""
NAMES = [line.split(" {")[0] for line in RECORDS.strip().splitlines() if not line.startswith("enum")]
NAMES += ["struct limited", "struct twice", "struct free"]


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc to say how large the records are")
def test_records_lie_as_the_compiler_lays_them(tmp_path: Path) -> None:
    source = tmp_path / "sizes.c"
    told = "".join(f'printf("{name}=%zu,%zu\\n", sizeof({name}), _Alignof({name}));' for name in NAMES)
    source.write_text(f"#include <stdio.h>\n{RECORDS}{PRAGMA}\nint main(void) {{ {told} return 0; }}\n")
    subprocess.run(["gcc", "-w", "-o", str(tmp_path / "sizes"), str(source)], check=True, timeout=60)
    out = subprocess.run([str(tmp_path / "sizes")], capture_output=True, text=True, check=True, timeout=10).stdout
    unit = read_translation_unit("a.c", f'# 1 "a.c"\n{RECORDS}{PRAGMA}')
    extents = {name: layout_of(unit.symbols.records[name], unit.symbols).extent for name in NAMES}
    assert {name: f"{each.size},{each.align}" for name, each in extents.items()} == dict(
        line.split("=") for line in out.splitlines()
    )


def test_a_record_with_a_member_nobody_defines_has_no_layout() -> None:
    unit = read_translation_unit("a.c", '# 1 "a.c"\nstruct s { struct hidden h; };')
    with pytest.raises(NotConstant, match="size of hidden is not known"):
        layout_of(unit.symbols.records["struct s"], unit.symbols)


def test_bit_fields_that_share_bytes_are_told_together() -> None:
    unit = read_translation_unit("a.c", '# 1 "a.c"\nstruct s { int n; unsigned a : 3, b : 5; char c; };')
    placed = layout_of(unit.symbols.records["struct s"], unit.symbols).placed
    assert [([field.name for field in each.fields], each.offset, each.size) for each in placed] == [
        (["n"], 0, 4),
        (["a", "b"], 4, 1),
        (["c"], 5, 1),
    ]


def test_an_array_of_unknown_length_has_no_layout() -> None:
    unit = read_translation_unit("a.c", '# 1 "a.c"\nstruct s { char digest[2 * UNKNOWN]; };')
    with pytest.raises(NotConstant, match="length of an array is not known"):
        layout_of(unit.symbols.records["struct s"], unit.symbols)
