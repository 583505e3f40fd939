import ast
from pathlib import Path

import pytest

from repowright.repo_tools.errors import SourceError
from repowright.repo_tools.python_ast import lines_of, parse
from repowright.repo_tools.python_source import (
    ImportedModule,
    imported_modules,
    is_stdlib,
    syntax_error,
    undefined_names,
)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = 1\ny = (\n", 2),
        ("def f():\nreturn 1\n", 2),
        ("\n\nreturn 1\n", 3),
        ("def f(a, a): ...\n", 1),
        ("x = 1\n\0", 1),
        ("(" * 500 + ")" * 500, 1),
    ],
)
def test_syntax_error_names_the_line(source: str, line: int) -> None:
    said = syntax_error(source)
    assert said is not None
    assert said.startswith(f"line {line}: ")


def test_source_that_compiles_has_no_syntax_error() -> None:
    assert syntax_error("async def f():\n    return await g()\n") is None


def test_warnings_of_the_compiler_are_no_errors() -> None:
    assert syntax_error("x = '\\d'\ny = 1 is 1\n") is None


def test_parse_raises_with_the_line() -> None:
    with pytest.raises(SourceError, match="line 2: "):
        parse("x = 1\nx = = 2\n")


def test_lines_end_where_python_says_and_nowhere_else() -> None:
    source = "a = '\x0c\u2028'\r\nb = 1\rc = 2\nd"
    assert lines_of(source) == ["a = '\x0c\u2028'\r\n", "b = 1\r", "c = 2\n", "d"]
    assert len(ast.parse(source).body) == len(lines_of(source))


def test_undefined_names_come_with_their_lines() -> None:
    source = "import os\n\ndef f():\n    return foo + os.sep + bar\n\ndef g(): return baz\n"
    assert undefined_names(source) == [
        "line 4: undefined name 'bar'",
        "line 4: undefined name 'foo'",
        "line 6: undefined name 'baz'",
    ]


def test_unused_imports_and_builtins_are_no_problem() -> None:
    assert undefined_names("import os\nprint(len(__file__), __name__)\n") == []


def test_undefined_names_of_broken_code_are_an_error() -> None:
    with pytest.raises(SourceError):
        undefined_names("x = (")


def test_imported_modules_are_found_everywhere() -> None:
    source = "import os.path, numpy as np\ndef f():\n    from .a.b import c\n    from d.e import f\n"
    assert imported_modules(source) == [
        ImportedModule("numpy", "numpy", 0, 1),
        ImportedModule("os", "os.path", 0, 1),
        ImportedModule("", "a.b", 1, 3),
        ImportedModule("d", "d.e", 0, 4),
    ]


def test_standard_library_is_known_by_its_top_name() -> None:
    assert is_stdlib("os.path")
    assert not is_stdlib("numpy.linalg")


def test_the_room_itself_has_no_undefined_names() -> None:
    import repowright.repo_tools.python_source as module

    folder = Path(module.__file__).parent
    found = {path.name: undefined_names(path.read_text(encoding="utf-8")) for path in folder.glob("*.py")}
    assert {name: names for name, names in found.items() if names} == {}
