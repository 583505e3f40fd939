from __future__ import annotations

from repowright.repo_tools.c_source.c_types import (
    Array,
    Basic,
    FunctionType,
    Named,
    Parameter,
    Pointer,
    Tagged,
    Unreadable,
)
from repowright.repo_tools.c_source.translation_unit import TranslationUnit
from repowright.repo_tools.c_source.unit_reader import read_translation_unit

INT = Basic("int")


def unit(text: str, *, tolerant: bool = False) -> TranslationUnit:
    return read_translation_unit("a.c", f'# 1 "a.c"\n{text}', tolerant=tolerant)


def kind_of(text: str, name: str) -> object:
    found = unit(text)
    assert not found.problems
    return next(each.type for each in found.variables if each.name == name)


def test_a_function_that_returns_a_pointer_to_a_function_is_read_from_inside_out() -> None:
    found = unit("int (*pick(int a))(char) { return 0; }")
    result = Pointer(FunctionType(INT, (Parameter("", Basic("char")),)))
    assert found.functions[0].type == FunctionType(result, (Parameter("a", INT),))


def test_const_belongs_to_what_it_stands_before() -> None:
    assert kind_of("const char *const *p;", "p") == Pointer(Pointer(Basic("char"), const=True), const=True)
    assert kind_of("char *const p;", "p") == Pointer(Basic("char"))


def test_words_of_a_type_may_stand_in_any_order() -> None:
    assert kind_of("int long unsigned const x;", "x") == Basic("unsigned long")


def test_arrays_take_their_length_from_constants_and_from_initialisers() -> None:
    found = unit('enum { N = 3 };\nint a[N * 2], b[] = {1, 2, 3}; char c[] = "ab" "c"; int d[] = {[4] = 1};')
    lengths = {each.name: each.type.length for each in found.variables if isinstance(each.type, Array)}
    assert lengths == {"a": 6, "b": 3, "c": 4, "d": 5}


def test_designators_are_counted_and_what_is_not_proved_stays_open() -> None:
    found = unit(
        "enum kind { FIRST, THIRD = 2 }; struct pair { int a, b; }; int f(void);"
        "int a[] = {[THIRD] = 1, 7}; int b[] = {[5] = 1, [0] = 2}; int c[] = {[1 ... 3] = 9};"
        "char *d[] = {[FIRST] = 0}; struct pair e[] = {{1, 2}, {3, 4}};"
        "struct pair g[] = {1, 2, 3, 4}; int h[][2] = {1, 2, 3, 4};"
        "int i[] = {[sizeof(struct unknown)] = 1};"
    )
    lengths = {each.name: each.type.length for each in found.variables if isinstance(each.type, Array)}
    assert lengths == {"a": 4, "b": 6, "c": 4, "d": 1, "e": 2, "g": None, "h": None, "i": None}


def test_array_parameters_are_pointers() -> None:
    found = unit("void f(int a[static 3], const char b[], int g(void)) {}")
    kinds = [each.type for each in found.functions[0].type.parameters]
    assert kinds[:2] == [Pointer(INT), Pointer(Basic("char"), const=True)]
    assert kinds[2] == Pointer(FunctionType(INT, ()))


def test_a_local_variable_may_have_the_name_of_a_type() -> None:
    found = unit("typedef int T;\nint g(int);\nint f(void) { T a = 1; { int T = 2; g(T); } return g((T) a); }")
    body = found.functions[0].body
    assert [call.name for call in body.calls] == ["g", "g"]
    assert body.types == ("T",)


def test_old_style_definitions_get_the_types_declared_behind_the_names() -> None:
    found = unit("int f(a, b)\n  int a; char *b;\n{ return a; }\nimplied(x) { return x; }")
    first, second = found.functions
    assert first.type.parameters == (Parameter("a", INT), Parameter("b", Pointer(Basic("char"))))
    assert second.type == FunctionType(INT, (Parameter("x", INT),))
    assert [each.code for each in (*first.hazards, *second.hazards)] == ["old-style", "old-style"]


def test_attributes_assembler_names_and_assertions_are_passed_over() -> None:
    found = unit(
        "__extension__ typedef long long big __attribute__((aligned(8)));\n"
        '_Static_assert(sizeof(int) == 4, "x");\n'
        'extern int renamed(int) __asm__("other") __attribute__((nothrow));\n'
        "static __inline__ __attribute__((always_inline)) big f(big x) { return x; }\n"
    )
    assert not found.problems
    assert [(each.name, each.type.result, each.is_static) for each in found.functions] == [("f", Named("big"), True)]


def test_records_without_a_tag_are_known_by_their_place() -> None:
    found = unit("typedef struct { int a; struct { int b; }; union { int c; } d; } pair;")
    outer = found.symbols.typedefs["pair"].type
    assert isinstance(outer, Tagged) and outer.key == "@a.c:1"
    record = found.symbols.record(outer)
    assert record is not None and [each.name for each in record.fields] == ["a", "", "d"]
    assert record.fields[1].type == Tagged("struct", "@a.c:1#2")


def test_a_record_inside_a_function_hides_nothing_outside() -> None:
    found = unit("struct s { int a; };\nint f(void) { struct s { char b; } x; return sizeof x; }")
    assert [each.name for each in found.symbols.records["struct s"].fields] == ["a"]


def test_packing_follows_pragmas() -> None:
    found = unit("#pragma pack(push, 1)\nstruct a { char x; int y; };\n#pragma pack(pop)\nstruct b { char x; int y; };")
    assert found.symbols.records["struct a"].pack == 1
    assert found.symbols.records["struct b"].pack is None


def test_a_broken_declaration_costs_only_itself() -> None:
    found = unit("int before;\nint 3 = ;\nint after(void) { return 1; }")
    assert [each.name for each in found.variables] == ["before"]
    assert [each.name for each in found.functions] == ["after"]
    assert [each.line for each in found.problems] == [2]


def test_what_follows_an_unclosed_bracket_is_a_problem_and_no_exception() -> None:
    found = unit("int ok; int f(void) { if (1) {")
    assert [each.name for each in found.variables] == ["ok"] and found.problems


def test_a_missing_header_leaves_its_types_as_names() -> None:
    found = unit("EXPORT int f(EVP_MD *md, const EVP_MD *other);\nEVP_MD *g(EVP_MD *md) { return md; }", tolerant=True)
    assert not found.problems
    assert found.functions[0].type.result == Pointer(Named("EVP_MD"))


def test_complex_numbers_are_told_to_be_unreadable() -> None:
    found = unit("double _Complex f(double _Complex x) { return x; }")
    assert found.functions[0].type.result == Unreadable("a complex number")
    assert "unreadable-type" in [each.code for each in found.functions[0].hazards]


def test_lines_and_files_come_from_line_markers() -> None:
    text = '# 1 "./src/../inc/a.h"\nint one;\n# 40 "/usr/include/stdio.h" 1 3\nint outside;\n# 7 "a.c"\nint two;'
    found = read_translation_unit("a.c", text)
    assert [(each.name, each.site.path, each.site.line) for each in found.variables] == [
        ("one", "inc/a.h", 1),
        ("two", "a.c", 7),
    ]


def test_macros_that_are_left_at_the_end_are_known_and_changed_ones_are_marked() -> None:
    found = unit("#define A 1\n#define B(x) (x)\n#undef A\n#define A 2\n#define GONE 3\n#undef GONE\n")
    assert {(each.name, each.value) for each in found.macros} == {("A", "2"), ("B", "(x)")}
    assert found.changed_macros == {"A"}
