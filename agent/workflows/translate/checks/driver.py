"""The C program that compares two libraries function by function, and structures by sequences of calls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from repowright.agent.workflows.translate.checks.driver_text import RUNTIME
from repowright.agent.workflows.translate.checks.shapes import CallShape, Shape, ShapeKind

ORACLE, PLAIN, CANDIDATE = "c_", "p_", "r_"
"""Prefixes of the libraries' symbols."""
SIDES = {ORACLE: "x", PLAIN: "z", CANDIDATE: "y"}
"""C under sanitizers, C without, and the candidate. Where C disagrees with itself, as it does when it reads memory
that nobody wrote, it says nothing of the candidate."""
TOLD = 6
STEPS = 24
"""Calls of one sequence on a structure."""
_NUMBER = re.compile(r"(?<![\w.])(0x[0-9a-fA-F]{1,15}|\d{1,15})(?![\w.])")
_TEXT = re.compile(r'"((?:[^"\\\n]|\\.){1,24})"')
_MOST_LITERALS = 60


@dataclass(frozen=True)
class Driver:
    """A comparing program, and what it can compare."""

    text: str
    compared: tuple[str, ...]
    """Functions by their place in the program's counts."""
    left_out: Mapping[str, str]
    """Functions that no case reaches, and why."""
    secret: str
    """Stands before every line of its report."""


def make_driver(shapes: Sequence[CallShape], sources: Iterable[bytes], cases: int, seed: int, secret: str) -> Driver:
    """Write the program.

    Parameters
    ----------
    sources
        C text whose numbers and strings are tried as inputs, since code decides by them.
    cases
        Of each function, and sequences of each structure.
    secret
        Stands before every line of the report: the code under test does not know it.
    """
    plain = [each for each in shapes if not each.handles and not makes_handle(each)]
    made = {each.result.tag for each in shapes if each.result is not None and makes_handle(each) and not each.handles}
    stateful = [each for each in shapes if each not in plain]
    usable = [each for each in stateful if tags(each) <= made and len(each.handles) < 2]
    left_out = {each.name: why_left_out(each, made) for each in stateful if each not in usable}
    compared = [*plain, *usable]
    place = {each.symbol: number for number, each in enumerate(compared)}
    bodies = [_function(each, place[each.symbol]) for each in plain]
    kinds = sorted(made)
    bodies += [_sequence(number, tag, usable, place) for number, tag in enumerate(kinds)]
    calls = [f"    run(case_{place[each.symbol]}, {cases}, {place[each.symbol]});" for each in plain]
    calls += [f"    run(sequence_{number}, {cases}, {1000 + number});" for number in range(len(kinds))]
    report = [
        f'    for (int i = 0; i < {len(compared)}; i++) printf("{secret} count %d %ld %ld %ld\\n", i, '
        "S->compared[i], S->undefined[i], S->differing[i]);",
        f'    for (int i = 0; i < S->told; i++) printf("{secret} told %s\\n", S->lines[i]);',
    ]
    head = [f"#define OPS {len(compared) + 1}", f"#define TOLD {TOLD}", f"#define SEED {seed}ull", *literals(sources)]
    declared = [line for each in compared for line in _declarations(each)]
    main = [
        "int main(void) {",
        "    S = mmap(0, sizeof *S, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);",
        *calls, *report, "    return 0;", "}",
    ]  # fmt: skip
    text = "\n".join(["#include <stdint.h>", *head, RUNTIME, *declared, *bodies, *main]) + "\n"
    return Driver(text, tuple(each.name for each in compared), left_out, secret)


def makes_handle(shape: CallShape) -> bool:
    return shape.result is not None and shape.result.kind is ShapeKind.HANDLE


def tags(shape: CallShape) -> set[str]:
    own = {shape.result.tag} if shape.result is not None and makes_handle(shape) else set()
    return own | set(shape.handles)


def why_left_out(shape: CallShape, made: set[str]) -> str:
    missing = sorted(tags(shape) - made)
    if missing:
        return f"no function makes a struct {missing[0]} out of plain values"
    return "it takes several structures"


def literals(sources: Iterable[bytes]) -> list[str]:
    texts: dict[str, None] = {}
    numbers: dict[int, None] = {}
    for source in sources:
        text = source.decode("utf-8", "replace")
        texts |= dict.fromkeys(each for each in _TEXT.findall(text) if _is_input(each))
        numbers |= dict.fromkeys(_value(each) for each in _NUMBER.findall(text))
    kept, values = list(texts)[:_MOST_LITERALS], list(numbers)[:_MOST_LITERALS]
    return [
        f"#define TEXTS_COUNT {len(kept)}",
        f"#define NUMBERS_COUNT {len(values)}",
        f"static const char *texts[] = {{{', '.join([*(f'{chr(34)}{each}{chr(34)}' for each in kept), '0'])}}};",
        f"static const uint64_t numbers[] = {{{', '.join([*(f'{each}ull' for each in values), '0'])}}};",
    ]


def _is_input(text: str) -> bool:
    return "%" not in text and not text.endswith(".h") and text.isascii()


def _value(number: str) -> int:
    if number.startswith("0x"):
        return int(number, 16)
    return int(number, 8) if number.startswith("0") and set(number) <= set("01234567") else int(number)


def c_type(shape: Shape | None) -> str:
    if shape is None:
        return "void"
    plain = shape.kind in (ShapeKind.SCALAR, ShapeKind.LENGTH) and shape.scalar is not None
    return shape.scalar.c if plain and shape.scalar is not None else "void *"


def _declarations(shape: CallShape) -> list[str]:
    listed = ", ".join(c_type(each) for each in shape.parameters) or "void"
    # Weak, since a condition of the preprocessor may leave a function out.
    return [
        f"extern {c_type(shape.result)} {prefix}{shape.symbol}({listed}) __attribute__((weak));" for prefix in SIDES
    ]


def _function(shape: CallShape, op: int) -> str:
    return f"static void case_{op}(void) {{\n{_call(shape, op, {})}\n}}"


def _call(shape: CallShape, op: int, handles: Mapping[str, Sequence[str]]) -> str:
    """Statements that draw arguments, call all sides and compare."""
    missing = " || ".join(f"!{prefix}{shape.symbol}" for prefix in SIDES)
    lines = [f'    arm(1); begin({op}, "{shape.name}");', f"    if ({missing}) return;"]
    arguments: list[list[str]] = [[], [], []]
    for number, each in enumerate(shape.parameters):
        if each.kind is ShapeKind.HANDLE:
            lines.append(f'    show("{", " if number else ""}struct");')
            own = list(handles[each.tag])
        else:
            lines += drawn(number, each)
            plain = each.kind in (ShapeKind.SCALAR, ShapeKind.LENGTH)
            own = [f"a{number}"] * 3 if plain else [f"{side}{number}" for side in SIDES.values()]
        for side, value in zip(arguments, own, strict=True):
            side.append(value)
    for (prefix, name), listed in zip(SIDES.items(), arguments, strict=True):
        result = f"{c_type(shape.result)} {name} = " if shape.result is not None else ""
        # The candidate has a second of its own and more: the oracle did as much in one.
        phase = "CANDIDATE; arm(4)" if prefix == CANDIDATE else "ORACLE"
        lines += [f"    S->phase = {phase};", f"    {result}{prefix}{shape.symbol}({', '.join(listed)});"]
        if prefix == PLAIN:
            unlike = " || ".join([*unlike_results(shape, "z"), *(test for test, _ in unlike_buffers(shape, "z"))])
            lines += [f"    if ({unlike}) {{ S->undefined[S->op]++; return; }}"] if unlike else []
    lines += ["    S->phase = COMPARE;", "    S->compared[S->op]++;", *_told_result(shape)]
    lines += [f"    if ({test}) {{ {told}; return; }}" for test, told in unlike_buffers(shape, "y")]
    return "\n".join(lines)


def drawn(number: int, shape: Shape) -> list[str]:
    """Statements that make one argument, one copy for each side."""
    scalar = shape.scalar
    assert scalar is not None
    comma = ", " if number else ""
    real, size = int(scalar.kind == "float"), scalar.bits // 8
    if shape.kind is ShapeKind.LENGTH:
        return [f'    {scalar.c} a{number} = ({scalar.c})n{number - 1}; show("{comma}%ld", (long)n{number - 1});']
    if shape.kind is ShapeKind.SCALAR:
        value = "draw_real()" if real else f"draw({scalar.bits})"
        shown = f'show("{comma}%g", (double)a{number})' if real else f'show("{comma}%lld", (long long)a{number})'
        return [f"    {scalar.c} a{number} = ({scalar.c}){value}; {shown};"]
    if shape.kind is ShapeKind.TEXT:
        return [
            f'    char *t{number} = draw_text(); show("{comma}\\"%.60s\\"", t{number});',
            f"    size_t n{number} = strlen(t{number}) + 1;",
            *_copies(number, f"t{number}, n{number}"),
        ]
    count = f"n{number}"
    length = "draw_length()" if shape.kind is ShapeKind.BUFFER else "64"
    return [
        f"    size_t {count} = {length}; uint64_t b{number}[256]; fill(b{number}, {count}, {scalar.bits}, {real});",
        f'    show("{comma}[%zu numbers, first %lld]", {count}, {count} ? (long long)((uint8_t *)b{number})[0] : -1);',
        *_copies(number, f"b{number}, {count} * {size}"),
    ]


def _copies(number: int, source: str) -> list[str]:
    """One copy for each side; that of the sanitized one ends where its memory ends."""
    return [
        f"    void *x{number} = twin({source});",
        f"    void *z{number} = loose({source}, 0x77), *y{number} = loose({source}, 0xee);",
    ]


def unlike_buffers(shape: CallShape, side: str) -> list[tuple[str, str]]:
    """Conditions under which a side left its buffers otherwise than the oracle, and what to tell then."""
    return [
        (
            f"memcmp(x{number}, {side}{number}, n{number} * {each.scalar.bits // 8})",
            f'differ("): its argument {number + 1} is left different")',
        )
        for number, each in enumerate(shape.parameters)
        if each.writable and each.scalar is not None and each.kind in (ShapeKind.BUFFER, ShapeKind.CELL)
    ]


def unlike_results(shape: CallShape, side: str) -> list[str]:
    """The condition under which a side's result is not the oracle's."""
    result = shape.result
    if result is None:
        return []
    if result.kind is ShapeKind.HANDLE:
        return [f"!x != !{side}"]
    if result.kind is ShapeKind.TEXT:
        return [f"!x != !{side} || (x && strcmp(x, {side}))"]
    if result.scalar is not None and result.scalar.kind == "float":
        return [f"!same_real(x, {side})"]
    return [f"x != {side}"]


def _told_result(shape: CallShape) -> list[str]:
    result = shape.result
    if result is None:
        return []
    if result.kind is ShapeKind.HANDLE:
        form, values = "%s", ('x ? "a struct" : "null"', 'y ? "one" : "null"')
    elif result.kind is ShapeKind.TEXT:
        form, values = "%.60s", ('x ? (char *)x : "null"', 'y ? (char *)y : "null"')
    elif result.scalar is not None and result.scalar.kind == "float":
        form, values = "%.17g", ("(double)x", "(double)y")
    else:
        form, values = "%lld", ("(long long)x", "(long long)y")
    told = f'differ("): C gives {form}, the candidate {form}", {", ".join(values)})'
    return [f"    if ({test}) {{ {told}; return; }}" for test in unlike_results(shape, "y")]


def _sequence(number: int, tag: str, shapes: Sequence[CallShape], place: Mapping[str, int]) -> str:
    """A structure is made, then used by calls drawn at random, until one of them gives it back."""
    makers = [each for each in shapes if not each.handles and makes_handle(each) and tags(each) == {tag}]
    users = [each for each in shapes if each.handles == (tag,) and not makes_handle(each)]
    lines = [f"static void sequence_{number}(void) {{", "    void *first = 0, *plain = 0, *second = 0;"]
    lines += [f"    switch (next_number() % {len(makers)}) {{"]
    for index, each in enumerate(makers):
        lines += [
            f"    case {index}: {{",
            _call(each, place[each.symbol], {}),
            "    first = x; plain = z; second = y; break; }",
        ]
    lines += ["    }", "    if (!first) return;"]
    if users:
        lines += [
            f"    for (int step = 0; step < {STEPS}; step++)",
            f"    switch (next_number() % {4 * len(users)}) {{",
        ]
        for index, each in enumerate(users):
            # What ends the structure is drawn less often, or no sequence would grow.
            marks = " ".join(f"case {index + turn * len(users)}:" for turn in range(1 if each.ends_handle else 4))
            after = "return;" if each.ends_handle else "break;"
            lines += [
                f"    {marks} {{",
                _call(each, place[each.symbol], {tag: ("first", "plain", "second")}),
                f"    {after} }}",
            ]
        lines += ["    }"]
    return "\n".join([*lines, "}"])


@dataclass(frozen=True)
class Counted:
    """What a driver reports of one function."""

    compared: int
    undefined: int
    """Cases in which the oracle itself died: C says nothing there."""
    differing: int


def read_report(output: str, driver: Driver) -> tuple[dict[str, Counted], tuple[str, ...]]:
    """Read a driver's report: counts by function, and the first differences in words."""
    counts: dict[str, Counted] = {}
    told = []
    for line in output.splitlines():
        if line.startswith(f"{driver.secret} count "):
            number, *rest = (int(part) for part in line.removeprefix(f"{driver.secret} count ").split())
            counts[driver.compared[number]] = Counted(*rest)
        elif line.startswith(f"{driver.secret} told "):
            told.append(line.removeprefix(f"{driver.secret} told "))
    return counts, tuple(told)
