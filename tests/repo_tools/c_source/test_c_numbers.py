from __future__ import annotations

import pytest

from repowright.repo_tools.c_source.declarations import DeclarationReader
from repowright.repo_tools.c_source.errors import NotConstant
from repowright.repo_tools.c_source.expressions import value_of
from repowright.repo_tools.c_source.numbers import Number
from repowright.repo_tools.c_source.symbols import Symbols
from repowright.repo_tools.c_source.tokens import plain_tokens


def value(text: str, **enumerators: int | None) -> Number:
    return value_of(plain_tokens(text), DeclarationReader(Symbols(enumerators=dict(enumerators))))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1 << 31", Number(-(1 << 31), "int")),
        ("0xFFFFFFFF", Number(0xFFFFFFFF, "unsigned int")),
        ("4294967295", Number(4294967295, "long")),
        ("~0U", Number(0xFFFFFFFF, "unsigned int")),
        ("-1 + 0u", Number(0xFFFFFFFF, "unsigned int")),
        ("-7 / 2", Number(-3, "int")),
        ("-7 % 2", Number(-1, "int")),
        ("010 + 1", Number(9, "int")),
        ("'\\n' + 'A'", Number(75, "int")),
        ("(unsigned char) 300", Number(44, "unsigned char")),
        ("1 ? 2 : 3.0", Number(2.0, "double")),
        ("3 > 2 && !0", Number(1, "int")),
        ("sizeof(int *[3])", Number(24, "unsigned long")),
        ("_Alignof(double)", Number(8, "unsigned long")),
        ("1.5f * 2", Number(3.0, "float")),
        ("(1, 2) == 3 ? 0 : LOW", None),
        ("LOW + 1", Number(5, "int")),
    ],
)
def test_values_are_those_of_64_bit_c(text: str, number: Number | None) -> None:
    if number is None:
        with pytest.raises(NotConstant):
            value(text, LOW=4)
    else:
        assert value(text, LOW=4) == number


@pytest.mark.parametrize(
    "text",
    [
        "1 / 0",
        "2147483647 + 1",
        "1 << 32",
        "f(1)",
        "x",
        "1 +",
        "sizeof x",
        "(int){3}",
        "99999999999999999999",
        "",
        "L'a'",
    ],
)
def test_what_cannot_be_proved_has_no_value(text: str) -> None:
    with pytest.raises(NotConstant):
        value(text)


def test_an_enumerator_without_a_proved_value_proves_nothing() -> None:
    with pytest.raises(NotConstant, match="value of OPEN"):
        value("OPEN + 1", OPEN=None)


def test_an_expression_nested_without_end_is_no_constant() -> None:
    with pytest.raises(NotConstant):
        value("(" * 5000 + "1" + ")" * 5000)
