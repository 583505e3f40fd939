from __future__ import annotations

import pytest

from repowright.agent.workflows.translate.interface_map import InterfaceMap, interface_items, map_interface
from repowright.repo_tools.c_source.unit_reader import read_translation_unit

STACK = """# 1 "src/stack.c"
typedef struct stack stack;
stack *stack_create(int n) { return 0; }
void stack_push(stack *s, int v) { }
int stackPop(stack *s) { return 0; }
int stack_is_empty(stack *s) { return 0; }
void stack_free(stack *s) { }
static int grow(stack *s) { return 0; }
int checksum(const char *data, int n) { return 0; }
"""
RUST = """
pub struct Stack { items: Vec<i32> }
impl Stack {
    pub fn new(n: usize) -> Self { unimplemented!() }
    pub fn push(&mut self, v: i32) { unimplemented!() }
    pub fn pop(&mut self) -> Option<i32> { unimplemented!() }
    pub fn is_empty(&self) -> bool { unimplemented!() }
    pub fn peek(&self) -> Option<i32> { unimplemented!() }
}
impl Drop for Stack { fn drop(&mut self) { unimplemented!() } }
pub fn check_sum(data: &[u8]) -> i32 { unimplemented!() }
"""


@pytest.fixture
def found() -> InterfaceMap:
    return map_interface({"src/stack.rs": RUST}, [read_translation_unit("src/stack.c", STACK)])


def test_functions_find_their_items_by_name_and_arity(found: InterfaceMap) -> None:
    assert {match.name: match.item.qualname for match in found.matches} == {
        "stack_create": "Stack::new",
        "stack_push": "Stack::push",
        "stackPop": "Stack::pop",
        "stack_is_empty": "Stack::is_empty",
        "stack_free": "Stack::drop",
        "checksum": "check_sum",
    }


def test_what_finds_no_partner_is_told_on_both_sides(found: InterfaceMap) -> None:
    assert [item.qualname for item in found.left_items] == ["Stack::peek"]
    assert [(each.name, each.reason) for each in found.left_functions] == [
        ("grow", "is static and has no item in the interface; it becomes private code of its module")
    ]


def test_of_two_functions_of_one_name_the_one_in_the_file_of_the_item_is_taken() -> None:
    units = [read_translation_unit(f"{name}.c", f'# 1 "{name}.c"\nint size(void) {{ return 1; }}') for name in "ab"]
    found = map_interface({"b.rs": "pub fn size() -> i32 { unimplemented!() }"}, units)
    assert [match.path for match in found.matches] == ["b.c"]


@pytest.mark.parametrize(
    ("signature", "count"),
    [
        ("fn a()", 0),
        ("fn a(&self)", 1),
        ("fn a(x: (u8, u8), y: [u8; 2],)", 2),
        ("fn a<F: Fn(u8, u8) -> u8>(f: F, m: Map<u8, u8>) -> Result<(), u8>", 2),
        ("fn put<K: Fn(u8) -> u8>(&mut self, key: K, pair: (u8, u8)) -> bool", 3),
    ],
)
def test_parameters_are_counted(signature: str, count: int) -> None:
    (item,) = interface_items({"a.rs": f"{signature} {{ unimplemented!() }}"})
    assert item.parameters == count


def test_of_two_items_of_one_meaning_the_one_with_as_many_parameters_is_taken() -> None:
    rust = """pub struct List;
impl Default for List { fn default() -> Self { unimplemented!() } }
impl List { pub fn create(n: usize) -> Self { unimplemented!() } }
"""
    units = [read_translation_unit("list.c", '# 1 "list.c"\nvoid *list_new(int n) { return 0; }')]
    found = map_interface({"src/list.rs": rust}, units)
    assert [match.item.qualname for match in found.matches] == ["List::create"]
    assert [item.qualname for item in found.left_items] == ["List::default"]


def test_a_word_that_most_functions_begin_with_may_be_left_out() -> None:
    code = "int cb_set_all(void) { return 0; }\nint cb_set_any(void) { return 0; }\nint other(void) { return 0; }"
    units = [read_translation_unit("bits.c", f'# 1 "bits.c"\n{code}')]
    methods = "".join(f"pub fn {name}() -> i32 {{ unimplemented!() }}\n" for name in ("all", "any"))
    rust = f"pub struct Set;\nimpl Set {{ {methods} }}"
    found = map_interface({"src/bits.rs": rust}, units)
    assert {match.name: match.item.qualname for match in found.matches} == {
        "cb_set_all": "Set::all",
        "cb_set_any": "Set::any",
    }
