from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from repowright.agent.workflows.translate.encoding import EncodedC, encode_c
from repowright.agent.workflows.translate.preprocessing import NoCompiler, preprocess
from repowright.agent.workflows.translate.skeleton.generate import build_skeleton
from repowright.executors import Limits, Outcome, Sandbox
from repowright.executors.local import LocalBox, LocalSandbox
from repowright.repo_tools.c_source.errors import CSourceError
from repowright.repo_tools.c_source.project import read_project

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc to preprocess")

GOOD = "int good(int x) { return x + 1; }\n"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    local = LocalSandbox()
    yield local
    local.close()


def encoded(folder: Path, sandbox: Sandbox, **files: str) -> EncodedC:
    for name, text in {"good.c": GOOD, **{name.replace("_DOT_", "."): text for name, text in files.items()}}.items():
        (folder / name).write_text(text)
    return encode_c(folder, sandbox)


def functions(found: EncodedC) -> set[str]:
    return {key.name for key in found.links.functions}


def told(found: EncodedC) -> list[str]:
    return [str(each) for each in (*found.refused, *found.notes)]


def test_a_missing_header_is_named_and_the_rest_is_read(tmp_path: Path, sandbox: Sandbox) -> None:
    found = encoded(tmp_path, sandbox, bad_DOT_c="#include <gone/gone.h>\nThing *use(Thing *t) { return t; }\n")
    assert told(found) == ["bad.c: is read without gone/gone.h, found nowhere; its types are opaque"]
    assert functions(found) == {"good", "use"}
    assert "pub struct Thing {\n    _opaque" in build_skeleton("p", found.units).files["src/types.rs"]


def test_a_header_above_the_project_is_refused_with_the_place_that_asks_for_it(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    found = encoded(tmp_path, sandbox, bad_DOT_c='int a;\n#include "../../gone.h"\n')
    assert [(each.path, each.code) for each in found.refused] == [("bad.c", "missing-header")]
    assert "bad.c:2 includes ../../gone.h, which is neither in the project" in found.refused[0].reason
    assert functions(found) == {"good"}


def test_a_header_that_moved_is_found_by_its_name(tmp_path: Path, sandbox: Sandbox) -> None:
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "lib.h").write_text("int lib(void);\n")
    found = encoded(tmp_path, sandbox, user_DOT_c="#include <product/lib.h>\nint user(void) { return lib(); }\n")
    assert told(found) == [] and functions(found) == {"good", "user"}


def test_an_error_directive_refuses_its_file_alone(tmp_path: Path, sandbox: Sandbox) -> None:
    found = encoded(tmp_path, sandbox, bad_DOT_c='#error "wrong system"\n')
    assert told(found) == ['bad.c: cannot be preprocessed: bad.c:1:2: #error "wrong system"']
    assert functions(found) == {"good"}


def test_text_that_is_no_c_is_refused_and_the_rest_is_read(tmp_path: Path, sandbox: Sandbox) -> None:
    found = encoded(tmp_path, sandbox, bad_DOT_c="877 lines of prose, it's not code.\n")
    assert [(each.path, each.code) for each in found.refused] == [("bad.c", "unparsed")]
    assert functions(found) == {"good"}


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ('int f(int x) { __asm__("nop"); return x; }', "holds inline assembly"),
        ("#include <setjmp.h>\njmp_buf b;\nint f(int x) { return setjmp(b) + x; }", "setjmp and longjmp"),
        ("int f(int x, ...) { return x; }", "takes variable arguments, which stable Rust cannot define"),
        ("int f(int x) { int g(int y) { return y; } return g(x); }", "defines a function inside itself"),
        ("double _Complex f(double _Complex x) { return x; }", "has a signature with a complex number"),
    ],
)
def test_what_rust_cannot_say_refuses_its_function_alone(
    tmp_path: Path, sandbox: Sandbox, code: str, reason: str
) -> None:
    found = encoded(tmp_path, sandbox, bad_DOT_c=f"{code}\nint beside(void) {{ return 2; }}\n")
    assert [(each.path, each.name) for each in found.refused] == [("bad.c", "f")]
    assert reason in found.refused[0].reason
    assert functions(found) == {"good", "f", "beside"}
    assert len(found.graph.nodes()) > 4


def test_assembly_outside_functions_is_told(tmp_path: Path, sandbox: Sandbox) -> None:
    found = encoded(tmp_path, sandbox, asm_DOT_c='__asm__(".globl x");\nint f(void) { return 1; }\n')
    assert told(found) == ["asm.c:1: assembly outside functions stays in C"]
    assert functions(found) == {"good", "f"}


def test_branches_that_are_not_taken_are_told(tmp_path: Path, sandbox: Sandbox) -> None:
    code = "#ifdef _WIN32\nint other(void) { return 1; }\n#else\nint taken(void) { return 2; }\n#endif\n"
    found = encoded(tmp_path, sandbox, a_DOT_c=code)
    assert told(found) == ["a.c:2: other is left out by the preprocessor here and is not translated"]
    assert functions(found) == {"good", "taken"}


def test_a_header_that_nobody_includes_is_told(tmp_path: Path, sandbox: Sandbox) -> None:
    found = encoded(tmp_path, sandbox, lone_DOT_h="static int lone(void) { return 1; }\n")
    assert told(found) == ["lone.h: is included by no file that is compiled"]


def test_old_style_definitions_are_translated_and_told(tmp_path: Path, sandbox: Sandbox) -> None:
    found = encoded(tmp_path, sandbox, old_DOT_c="f(a, b) char *b; { return a + *b; }\n")
    assert found.refused == ()
    assert told(found) == ["old.c:1: f is written in the style before ANSI C"]
    stubs = build_skeleton("p", found.units).files["src/old.rs"]
    assert "fn f(a: ::core::ffi::c_int, b: *mut ::core::ffi::c_char) -> ::core::ffi::c_int" in stubs


def test_a_build_system_that_cannot_be_read_is_told_and_defaults_are_used(tmp_path: Path, sandbox: Sandbox) -> None:
    found = encoded(tmp_path, sandbox, meson_DOT_build="project('x')")
    assert told(found) == ["meson.build: Meson is not read; files are compiled with default flags"]
    assert functions(found) == {"good"}


def test_flags_that_break_a_file_are_left_out_for_it(tmp_path: Path, sandbox: Sandbox) -> None:
    found = encoded(tmp_path, sandbox, Makefile="CFLAGS=-DA=1 -std=c999\n")
    assert found.refused == () and functions(found) == {"good"}


def test_names_with_blanks_and_leading_dashes_are_files_like_others(tmp_path: Path, sandbox: Sandbox) -> None:
    (tmp_path / "-rf x.c").write_text("int odd_name(void) { return 3; }\n")
    assert functions(encoded(tmp_path, sandbox)) == {"good", "odd_name"}


def test_a_file_in_another_encoding_is_read(tmp_path: Path, sandbox: Sandbox) -> None:
    (tmp_path / "latin.c").write_bytes(b'/* caf\xe9 */ const char *f(void) { return "\xe9"; }\n')
    assert functions(encoded(tmp_path, sandbox)) == {"good", "f"}


def test_an_empty_file_adds_nothing(tmp_path: Path, sandbox: Sandbox) -> None:
    found = encoded(tmp_path, sandbox, empty_DOT_c="")
    assert told(found) == [] and functions(found) == {"good"}


def test_a_folder_with_no_c_is_one_clear_line(tmp_path: Path, sandbox: Sandbox) -> None:
    (tmp_path / "readme.txt").write_text("nothing")
    with pytest.raises(CSourceError, match="no C file below") as caught:
        encode_c(tmp_path, sandbox)
    assert "\n" not in str(caught.value)


def test_fifty_thousand_lines_are_read_in_bounded_time(tmp_path: Path, sandbox: Sandbox) -> None:
    parts = [f"int f{n}(int x)\n{{\n    int y = x + {n};\n    return f{n - 1}(y);\n}}\n" for n in range(1, 10_001)]
    (tmp_path / "large.c").write_text("int f0(int x) { return x; }\n" + "".join(parts))
    started = time.monotonic()
    found = encode_c(tmp_path, sandbox)
    assert len(found.links.functions) == 10_001 and len(found.links.calls) == 10_000
    assert time.monotonic() - started < 120


class WithoutCompiler(LocalSandbox):
    def open(self, limits: Limits) -> LocalBox:
        box = super().open(limits)
        run = box.run

        def without_path(argv: Sequence[str], limits: Limits, env: Mapping[str, str] | None = None) -> Outcome:
            return run(argv, limits, {**(env or {}), "PATH": "/nowhere"})

        box.run = without_path  # type: ignore[method-assign]
        return box


def test_no_compiler_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "good.c").write_text(GOOD)
    bare = WithoutCompiler()
    try:
        with pytest.raises(NoCompiler, match="the local sandbox has no C compiler"):
            preprocess(read_project(tmp_path), bare)
    finally:
        bare.close()
