from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from repowright.repo_tools.c_source.errors import NotConstant
from repowright.repo_tools.c_source.layout import layout_of
from repowright.repo_tools.c_source.macros import constant_value
from repowright.repo_tools.c_source.tokens import plain_tokens
from repowright.repo_tools.c_source.translation_unit import TranslationUnit
from repowright.repo_tools.c_source.unit_reader import read_translation_unit

SAMPLE = """
typedef struct node { struct node *next; int (*f)(void *, ...); unsigned bits : 3, : 0; char data[]; } node;
enum kind { A = 1 << 2, B, C = sizeof(node) };
union u { int i; double d[A]; } __attribute__((packed, aligned(8)));
static int table[] = { [A] = 1, 2 }, *p = &table[0];
#define SIZE (A + 3)
#define NAME "x" "y"
int old(a, b) int a; char *b; { return (a) + *b; }
int f(node *n, int x) {
  static void *labels[] = { &&end };
  for (int i = 0; i < x; i++) { node *m = n->next; n->f(m, (int) i), (*n->f)(m); }
  typeof(x) y = ({ int z = x; z; });
  __asm__ volatile ("nop" : : "r"(x));
  switch (y) { case A ... B: goto end; default: old(x, "s"); }
  end: return sizeof(node) + (f)(n, x);
}
"""
WORDS = [token.text for token in plain_tokens(SAMPLE)] + ["#define X (", "\n", "#pragma pack(push, 1)\n", '# 3 "b.h"\n']

BEYOND = 1_200
"""Deeper than Python's stack."""


def exercise(unit: TranslationUnit) -> None:
    for record in unit.symbols.records.values():
        try:
            assert layout_of(record, unit.symbols).extent.size >= 0
        except NotConstant:
            continue
    for macro in unit.macros:
        try:
            constant_value(macro, unit)
        except NotConstant:
            continue


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=60), st.booleans())
def test_no_row_of_tokens_is_an_exception(words: list[str], tolerant: bool) -> None:
    exercise(read_translation_unit("a.c", '# 1 "a.c"\n' + " ".join(words), tolerant=tolerant))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(SAMPLE)), st.integers(0, 40), st.sampled_from(WORDS))
def test_no_damage_to_good_c_is_an_exception(place: int, length: int, word: str) -> None:
    text = f"{SAMPLE[:place]} {word} {SAMPLE[place + length :]}"
    exercise(read_translation_unit("a.c", f'# 1 "a.c"\n{text}'))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_no_text_is_an_exception(text: str) -> None:
    exercise(read_translation_unit("a.c", text))


def test_brackets_nested_without_end_are_no_exception() -> None:
    for opening in ("(", "[", "{", "int f(", "struct s { ", "int x = ((", "typedef struct { "):
        exercise(read_translation_unit("a.c", '# 1 "a.c"\n' + opening * 20_000))
        closed = opening * BEYOND + "x" + {"(": ")", "[": "]", "{": "}"}.get(opening[-1], "}") * BEYOND
        exercise(read_translation_unit("a.c", '# 1 "a.c"\n' + closed))
