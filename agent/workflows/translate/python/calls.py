"""Calls of C functions with made-up values, and what C gives: the oracle of a translation to Python.

A generated program, linked with the project's C twice, once under the sanitizers that work in the box, draws arguments,
calls both and writes down each call on which both agree. What is undefined in C is so never compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from repowright.agent.workflows.translate.checks.bench import Bench, Command, ending
from repowright.agent.workflows.translate.checks.c_build import LENIENT, PROBE, library, probe_sanitizers, script
from repowright.agent.workflows.translate.checks.crate import CProgram
from repowright.agent.workflows.translate.checks.driver import (
    ORACLE,
    PLAIN,
    c_type,
    drawn,
    literals,
    makes_handle,
    tags,
    unlike_buffers,
    unlike_results,
    why_left_out,
)
from repowright.agent.workflows.translate.checks.driver_text import RUNTIME
from repowright.agent.workflows.translate.checks.rust_library import call_shapes, statics_of
from repowright.agent.workflows.translate.checks.shapes import CallShape, Shape, ShapeKind

CASES, STEPS = 120, 16
"""Of each function, or sequences of each structure; calls of one sequence."""
_CASES_FILE = "cases.jsonl"
_SIDES = {ORACLE: "x", PLAIN: "z"}
_WRITER = r"""
static char out[60000];
static size_t out_at;
static int out_file;
static void put(const char *format, ...) {
    va_list list;
    va_start(list, format);
    if (out_at < sizeof out - 1) {
        int n = vsnprintf(out + out_at, sizeof out - out_at, format, list);
        out_at += n > 0 ? (size_t)n : 0;
    }
    va_end(list);
}
static void put_numbers(const void *from, size_t count, int bits, int real, int is_signed) {
    put("[");
    for (size_t i = 0; i < count; i++) {
        if (i) put(",");
        if (real && bits == 64) put("\"%a\"", ((const double *)from)[i]);
        else if (real) put("\"%a\"", (double)((const float *)from)[i]);
        else if (bits == 8) put("%d", ((const uint8_t *)from)[i]);
        else if (bits == 16) put("%d", is_signed ? ((const int16_t *)from)[i] : ((const uint16_t *)from)[i]);
        else if (bits == 32 && is_signed) put("%d", ((const int32_t *)from)[i]);
        else if (bits == 32) put("%u", ((const uint32_t *)from)[i]);
        else if (is_signed) put("%lld", (long long)((const int64_t *)from)[i]);
        else put("%llu", (unsigned long long)((const uint64_t *)from)[i]);
    }
    put("]");
}
static void put_text(const char *text) {
    if (!text) { put("null"); return; }
    put_numbers(text, strlen(text), 8, 0, 0);
}
static void keep(void) {
    if (out_at < sizeof out - 1 && write(out_file, out, out_at) != (ssize_t)out_at) _exit(9);
    out_at = 0;
}
"""


@dataclass(frozen=True)
class Calls:
    """What C says.

    Parameters
    ----------
    functions
        Files and names of what is called, by the numbers of the cases.
    lines
        JSON, one call each, in the order of the calls.
    left_out
        Functions that are not called, and why.
    problem
        Why there is nothing; empty where there is.
    """

    functions: tuple[tuple[str, str], ...] = ()
    shapes: tuple[CallShape, ...] = ()
    lines: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    sanitized: str = ""
    problem: str = ""


async def c_calls(bench: Bench, program: CProgram, seed: int = 1) -> Calls:
    """Call every function of a project that can be called with made-up values.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    shapes, left_out = call_shapes(program)
    plain = [each for each in shapes if not each.handles and not makes_handle(each)]
    made = {each.result.tag for each in shapes if each.result is not None and makes_handle(each) and not each.handles}
    stateful = [each for each in shapes if each not in plain]
    usable = [each for each in stateful if tags(each) <= made and len(each.handles) < 2]
    left_out |= {each.name: why_left_out(each, made) for each in stateful if each not in usable}
    called = [*plain, *usable]
    if not called:
        return Calls(left_out=left_out, problem="no function can be called with made-up values")
    text = _driver(program, plain, usable, sorted(made), seed)
    lines = [
        *probe_sanitizers(),
        _WITHOUT_ADDRESS,
        *library(program, "oracle", ORACLE, statics_of(called), "$SAN"),
        *library(program, "plain", PLAIN, statics_of(called)),
        "gcc -g -O1 -w -c driver.c -o driver.o",
        f"gcc $SAN {LENIENT} driver.o oracle/*.o plain/*.o {' '.join(program.libraries)} -o driver",
        f": > {_CASES_FILE}",
        "./driver",
    ]
    files = {**program.files, "driver.c": text.encode(), "call.sh": script(lines)}
    run = await bench.run(files, [Command(("sh", "call.sh"))], [PROBE, _CASES_FILE])
    if run.last.exit_code != 0:
        return Calls(left_out=left_out, problem=f"the calls of C did not run: {ending(run.last)}")
    kept = tuple(run.files.get(_CASES_FILE, b"").decode().splitlines())
    names = tuple((each.path, each.name) for each in called)
    return Calls(names, tuple(called), kept, left_out, run.files.get(PROBE, b"").decode())


_WITHOUT_ADDRESS = (
    '[ -n "$SAN" ] || { SAN="-fsanitize=undefined -fno-sanitize-recover=all"; '
    "gcc $SAN -o probe_sanitizers probe_sanitizers.c 2>/dev/null && ./probe_sanitizers 2>/dev/null || SAN=; }; "
    f'printf "%s" "$SAN" > {PROBE}'
)
"""A box that bounds address space has no room for AddressSanitizer; the other one needs none."""


def _driver(
    program: CProgram, plain: Sequence[CallShape], usable: Sequence[CallShape], made: Sequence[str], seed: int
) -> str:
    called = [*plain, *usable]
    place = {each.symbol: number for number, each in enumerate(called)}
    bodies = [f"static void case_{place[each.symbol]}(void) {{\n{_call(each, place, new=True)}\n}}" for each in plain]
    bodies += [_sequence(number, tag, usable, place) for number, tag in enumerate(made)]
    runs = [f"    run(case_{place[each.symbol]}, {CASES}, {place[each.symbol]});" for each in plain]
    runs += [f"    run(sequence_{number}, {CASES}, {1000 + number});" for number in range(len(made))]
    sources = [program.files[path] for path in program.sources]
    head = [f"#define OPS {len(called) + 1}", "#define TOLD 1", f"#define SEED {seed}ull", *literals(sources)]
    declared = [
        f"extern {c_type(each.result)} {prefix}{each.symbol}"
        f"({', '.join(c_type(one) for one in each.parameters) or 'void'}) __attribute__((weak));"
        for each in called
        for prefix in _SIDES
    ]
    main = [
        "int main(void) {",
        f'    out_file = open("{_CASES_FILE}", O_WRONLY | O_APPEND);',
        "    S = mmap(0, sizeof *S, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);",
        *runs, "    return 0;", "}",
    ]  # fmt: skip
    return "\n".join(["#include <stdint.h>", *head, RUNTIME, _WRITER, *declared, *bodies, *main]) + "\n"


def _call(shape: CallShape, place: Mapping[str, int], *, new: bool) -> str:
    """Statements that draw arguments, call both sides, and write the call down where they agree."""
    op = place[shape.symbol]
    missing = " || ".join(f"!{prefix}{shape.symbol}" for prefix in _SIDES)
    lines = [f'    arm(1); begin({op}, "{shape.name}"); out_at = 0;', f"    if ({missing}) return;"]
    lines.append(f'    put("{{\\"run\\":%d,\\"new\\":{int(new)},\\"op\\":{op},\\"args\\":[", (int)getpid());')
    arguments: list[list[str]] = [[], []]
    for number, each in enumerate(shape.parameters):
        lines += ['    put(",");'] if number else []
        if each.kind is ShapeKind.HANDLE:
            lines.append('    put("null");')
            own = ["first", "plain"]
        else:
            lines += drawn(number, each)
            lines.append(f"    {_put(each, number, 'x', before=True)}")
            direct = each.kind in (ShapeKind.SCALAR, ShapeKind.LENGTH)
            own = [f"a{number}"] * 2 if direct else [f"x{number}", f"z{number}"]
        for side, value in zip(arguments, own, strict=True):
            side.append(value)
    for (prefix, name), listed in zip(_SIDES.items(), arguments, strict=True):
        result = f"{c_type(shape.result)} {name} = " if shape.result is not None else ""
        lines += ["    S->phase = ORACLE;", f"    {result}{prefix}{shape.symbol}({', '.join(listed)});"]
    unlike = " || ".join([*unlike_results(shape, "z"), *(test for test, _ in unlike_buffers(shape, "z"))])
    # What C leaves open may have changed its state: nothing after it is compared.
    lines += [f"    if ({unlike}) _exit(8);"] if unlike else []
    lines += ["    S->phase = COMPARE;", '    put("],\\"left\\":[");']
    written = [number for number, each in enumerate(shape.parameters) if _is_written(each)]
    for position, number in enumerate(written):
        lines += ['    put(",");'] if position else []
        lines.append(f"    {_put(shape.parameters[number], number, 'x', before=False)}")
    return "\n".join([*lines, f'    put("],\\"result\\":"); {_put_result(shape.result)} put("}}\\n"); keep();'])


def _is_written(shape: Shape) -> bool:
    return shape.writable and shape.kind in (ShapeKind.BUFFER, ShapeKind.CELL)


def _put(shape: Shape, number: int, side: str, *, before: bool) -> str:
    scalar = shape.scalar
    assert scalar is not None
    if shape.kind in (ShapeKind.SCALAR, ShapeKind.LENGTH):
        return _put_scalar(f"a{number}", scalar.kind)
    if shape.kind is ShapeKind.TEXT:
        return f"put_text({side}{number});"
    real, signed = int(scalar.kind == "float"), int(scalar.kind == "signed")
    return f"put_numbers({side}{number}, n{number}, {scalar.bits}, {real}, {signed});"


def _put_scalar(name: str, kind: str) -> str:
    if kind == "float":
        return f'put("\\"%a\\"", (double){name});'
    return f'put("%lld", (long long){name});' if kind == "signed" else f'put("%llu", (unsigned long long){name});'


def _put_result(result: Shape | None) -> str:
    if result is None:
        return 'put("null");'
    if result.kind is ShapeKind.HANDLE:
        return 'put(x ? "true" : "null");'
    if result.kind is ShapeKind.TEXT or result.scalar is None:
        return "put_text((const char *)x);"
    return _put_scalar("x", result.scalar.kind)


def _sequence(number: int, tag: str, shapes: Sequence[CallShape], place: Mapping[str, int]) -> str:
    """A structure is made, then used by calls drawn at random, until one of them gives it back."""
    makers = [each for each in shapes if not each.handles and makes_handle(each) and tags(each) == {tag}]
    users = [each for each in shapes if each.handles == (tag,) and not makes_handle(each)]
    lines = [f"static void sequence_{number}(void) {{", "    void *first = 0, *plain = 0;"]
    lines.append(f"    switch (next_number() % {len(makers)}) {{")
    for index, each in enumerate(makers):
        lines += [f"    case {index}: {{", _call(each, place, new=True), "    first = x; plain = z; break; }"]
    lines += ["    }", "    if (!first) return;"]
    if users:
        lines.append(f"    for (int step = 0; step < {STEPS}; step++) switch (next_number() % {4 * len(users)}) {{")
        for index, each in enumerate(users):
            turns = range(1 if each.ends_handle else 4)
            marks = " ".join(f"case {index + turn * len(users)}:" for turn in turns)
            after = "return;" if each.ends_handle else "break;"
            lines += [f"    {marks} {{", _call(each, place, new=False), f"    {after} }}"]
        lines.append("    }")
    return "\n".join([*lines, "}"])


def secret_of(text: str) -> str:
    """A word that the code under test does not know."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
