from __future__ import annotations

import json
from pathlib import Path

import pytest

from repowright.repo_tools.c_source.build_flags import read_build_flags
from repowright.repo_tools.c_source.errors import CSourceError
from repowright.repo_tools.c_source.project import is_test_path, project_of, read_project


def test_a_folder_without_c_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.h").write_text("int a;")
    with pytest.raises(CSourceError, match=r"no C file below .* it holds 1 header"):
        read_project(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CSourceError, match="is no folder"):
        read_project(tmp_path / "none")


def test_files_that_others_include_are_no_units() -> None:
    project = project_of("p", {"all.c": b'#include "part.c"\n', "part.c": b"int a;"})
    assert project.units == ("all.c",) and project.included == {"part.c": "all.c"}


def test_a_test_that_includes_the_code_leaves_it_a_unit() -> None:
    project = project_of("p", {"test/test_a.c": b'#include "../a.c"\n', "a.c": b"int a;"})
    assert project.units == ("a.c", "test/test_a.c") and project.tests == {"test/test_a.c"}


@pytest.mark.parametrize("path", ["tests/a.c", "src/test_a.c", "a-test.c", "examples/b.c", "a_tests.c", "bench/x.c"])
def test_paths_of_tests_are_known(path: str) -> None:
    assert is_test_path(path)


@pytest.mark.parametrize("path", ["src/latest.c", "contest.c", "checksum.c", "attest/a.c", "main.c"])
def test_paths_that_only_sound_like_tests_are_none(path: str) -> None:
    assert not is_test_path(path)


def test_folders_of_includes_come_nearest_first() -> None:
    files = {"a/x.c": b'#include "deep/h.h"\n#include <k.h>\n', "a/inc/deep/h.h": b"", "b/k.h": b"", "b/y.c": b""}
    assert project_of("p", files).include_folders("a/x.c") == ("a/inc", "b")


def test_flags_come_from_makefiles_of_the_folder_or_above() -> None:
    makefile = b"CFLAGS = -O2 -Iinclude -DNAME=1 -DNDEBUG -D$(X) -std=c99 # -DNOT\nrun:\n\techo -Decho\n"
    flags = read_build_flags({"Makefile": makefile, "lib/Makefile": b"CFLAGS=-I../other -I/abs -I../../outside\n"})
    assert flags.of("src/a.c") == ("-Iinclude", "-DNAME=1", "-Decho", "-std=c99")
    assert flags.of("lib/b.c") == ("-Iother",)


def test_flags_come_from_cmake_lists() -> None:
    text = b"set(CMAKE_C_STANDARD 11)\ntarget_include_directories(a PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/include)\n"
    text += b"target_compile_definitions(a PRIVATE FAST=1)\n"
    assert read_build_flags({"CMakeLists.txt": text}).of("a.c") == ("-Iinclude", "-DFAST=1", "-std=gnu11")


def test_compile_commands_of_another_machine_are_led_back_to_the_files() -> None:
    entry = {"directory": "/home/me/p/build", "command": "cc -I../inc -DX -o a.o -c ../src/a.c", "file": "../src/a.c"}
    files = {"compile_commands.json": json.dumps([entry]).encode(), "src/a.c": b""}
    assert read_build_flags(files).of("src/a.c") == ("-Iinc", "-DX")


def test_build_files_that_cannot_be_read_are_told() -> None:
    flags = read_build_flags({"compile_commands.json": b"{", "meson.build": b"", "sub/SConstruct": b""})
    assert len(flags.notes) == 3
    assert any("compile_commands.json cannot be read" in each for each in flags.notes)
    assert any("meson.build: Meson is not read" in each for each in flags.notes)
