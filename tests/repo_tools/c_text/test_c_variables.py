from __future__ import annotations

from repowright.repo_tools.c_text import CVariable, read_variables

SOURCE = b"""
#include <stddef.h>
static long counter;
static int table[3] = {1, 2, 3};
static const char *const names[] = {"a"};
static const char *chosen = "a";
static int filled[4];
static struct pair { int first; } pair;
const int limit = 3;
int shared;
extern int elsewhere;
static int declared(void);
typedef int number;
void count(void) {
    static int calls = 0;
    static const int most = 9;
    int local = 0;
    counter += table[0];
    filled[local] = most;
    pair.first = ++calls;
    chosen = names[0];
}
"""


def test_variables_that_keep_what_is_written_to_them_are_found_with_who_sees_them() -> None:
    assert read_variables(SOURCE) == (
        CVariable("counter", True),
        CVariable("chosen", True),
        CVariable("filled", True),
        CVariable("pair", True),
        CVariable("shared", False),
        CVariable("calls", True, "count"),
    )


def test_a_table_that_is_handed_on_may_be_written_and_one_that_is_only_read_is_not() -> None:
    handed = b"static int table[2];\nvoid fill(int *);\nvoid start(void) { fill(table); }\n"
    read = b"static int table[2] = {1, 2};\nint at(int place) { return table[place] == 2; }\n"
    assert read_variables(handed) == (CVariable("table", True),)
    assert read_variables(read) == ()
