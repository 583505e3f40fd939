from __future__ import annotations

import pytest

from repowright.agent.workflows.translate.skeleton.interface import InterfaceMap, map_interface, parameter_count
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
    ],
)
def test_parameters_are_counted(signature: str, count: int) -> None:
    assert parameter_count(signature) == count
