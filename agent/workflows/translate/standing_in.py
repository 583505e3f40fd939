"""Rust typed as C inside the C programs: its symbols take the place of C's, and each function tells when it is called.

The C objects are weakened and the crate's archive is linked as a whole, so that a name both define means the Rust one;
what is not written yet stays C. The counter tells whether a program came to Rust at all.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from repowright.agent.workflows.translate.checks import Bench, CProgram, Crate
from repowright.agent.workflows.translate.checks.bench import Command, ending
from repowright.agent.workflows.translate.checks.c_build import RUST_LIBRARIES, programs, runs, script
from repowright.agent.workflows.translate.checks.hits import HIT, VARIABLE, read_hits, support
from repowright.agent.workflows.translate.checks.rust_library import archive, build_lines, with_wrappers
from repowright.agent.workflows.translate.encoding import EncodedC
from repowright.agent.workflows.translate.linking import Key
from repowright.agent.workflows.translate.slots import Slot
from repowright.agent.workflows.translate.wanted import StandIn
from repowright.repo_tools.rust_source import ItemKind, Span, read_items, replace_spans

PLAIN, MIXED = "plain", "mixed"
RUN_S = 20
_PANIC = "not implemented"


@dataclass(frozen=True)
class StoodIn:
    """How the C programs did with Rust in them.

    Parameters
    ----------
    problem
        Why nothing is known; empty where it is.
    """

    programs: int = 0
    hits: Mapping[str, int] = field(default_factory=dict)
    differences: tuple[str, ...] = ()
    problem: str = ""


def stand_ins(encoded: EncodedC, slots: Collection[Slot]) -> tuple[StandIn, ...]:
    """Return what can stand in for C together; nothing where C that stays shares a ``static`` variable with it."""
    written = {slot.origin: slot for slot in slots if slot.origin is not None}
    links = encoded.links
    private = {key for key, variable in links.variables.items() if variable.is_static}
    users: dict[Key, set[bool]] = {}
    for link in links.reads:
        if link.target in private and link.source in links.functions:
            users.setdefault(link.target, set()).add(link.source in written)
    if any(len(sides) > 1 for sides in users.values()):
        return ()
    return _exported_once(encoded, written)


def _exported_once(encoded: EncodedC, written: Mapping[Key, Slot]) -> tuple[StandIn, ...]:
    links = encoded.links
    taken: set[str] = {"main"}
    found: list[StandIn] = []
    for key in sorted(written):
        definition = links.functions.get(key) or links.variables.get(key)
        public = definition is not None and not definition.is_static and key.name not in taken
        taken |= {key.name} if public else set()
        found.append(StandIn(written[key].path, written[key].item, key.name, public))
    return tuple(found)


async def stand_in(bench: Bench, crate: Crate, program: CProgram, items: Sequence[StandIn]) -> StoodIn:
    """Build the programs of a C project with Rust in them, run them, and compare with C alone.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    functions = tuple(each.name for each in items)
    marked = replace(crate, files=_marked(crate.files, items))
    files = {
        **program.files,
        **with_wrappers(marked, (), support(crate, max(1, len(items)))),
        "stand_in.sh": script(_lines(crate, program), strict=False),
    }
    kinds = ("out", "code", "err", "build", "hits")
    numbers = range(len(program.mains))
    wanted = [f"{folder}/{number}.{kind}" for folder in (PLAIN, MIXED) for number in numbers for kind in kinds]
    run = await bench.run(files, [Command(("sh", "stand_in.sh"))], wanted)
    if run.last.exit_code == 3:
        return StoodIn(problem=f"the crate does not build as a library: {ending(run.last)}")
    return _read(program, run.files, functions)


def _marked(files: Mapping[str, bytes], items: Sequence[StandIn]) -> dict[str, bytes]:
    """The crate's files with symbols and counters in the items."""
    marked = dict(files)
    for path in sorted({each.path for each in items}):
        source = read_items(files[path])
        changes: dict[Span, str] = {}
        for number, each in enumerate(items):
            item = source.find(each.item) if each.path == path else None
            if item is None:
                continue
            if each.exported:
                changes[Span(item.declared.start, item.declared.start)] = "#[no_mangle]\n"
            if item.kind is ItemKind.FUNCTION and item.body is not None:
                at = item.body.start + 1
                changes[Span(at, at)] = f" {HIT.replace('NUMBER', str(number))} "
        marked[path] = replace_spans(source.text, changes).encode()
    return marked


def _lines(crate: Crate, program: CProgram) -> list[str]:
    options = " ".join(map(shlex.quote, program.compile_options()))
    lines = [*programs(program, PLAIN), *runs(program, PLAIN, RUN_S), *build_lines(crate), f"mkdir -p {MIXED}"]
    shared = [path for path in program.sources if path not in program.mains]
    for number, path in enumerate(shared):
        lines += _weak(f"{MIXED}/shared{number}.o", path, options)
    linked = " ".join(["-Wl,--whole-archive", archive(crate), "-Wl,--no-whole-archive", *RUST_LIBRARIES])
    libraries = " ".join(map(shlex.quote, program.libraries))
    objects = " ".join(f"{MIXED}/shared{number}.o" for number in range(len(shared)))
    for number, path in enumerate(program.mains):
        target = f"{MIXED}/{number}"
        lines += _weak(f"{target}.o", path, options)
        lines.append(f"gcc {target}.o {objects} {linked} {libraries} -o {target} 2> {target}.build || rm -f {target}")
    counted = enumerate(runs(program, MIXED, RUN_S))
    return [
        *lines,
        *(line.replace("timeout", f"{VARIABLE}=$PWD/{MIXED}/{number}.hits timeout", 1) for number, line in counted),
    ]


def _weak(target: str, path: str, options: str) -> list[str]:
    """Lines that compile a file so that every call of a known name goes by its symbol, and another may define it."""
    compiled = f"gcc -g -O0 -fno-inline {options} -c {shlex.quote(path)} -o {target} 2> {target}.err"
    return [f"{compiled} && objcopy --weaken {target}"]


def _read(program: CProgram, files: Mapping[str, bytes], functions: tuple[str, ...]) -> StoodIn:
    hits: dict[str, int] = {}
    differences: list[str] = []
    compared = 0
    for number, main in enumerate(program.mains):
        plain, mixed = files.get(f"{PLAIN}/{number}.code"), files.get(f"{MIXED}/{number}.code")
        if plain is None or mixed is None:
            continue
        said = files.get(f"{MIXED}/{number}.err", b"").decode("utf-8", "replace")
        if _PANIC in said:
            continue
        compared += 1
        for name, count in read_hits(files.get(f"{MIXED}/{number}.hits", b""), functions).items():
            hits[name] = hits.get(name, 0) + count
        told = _difference(files, number, plain, mixed, said)
        differences += [f"{main}: {told}"] if told else []
    if not compared:
        build = files.get(f"{MIXED}/0.build", b"").decode("utf-8", "replace").strip()
        return StoodIn(problem=f"no C program runs with Rust in it{': ' + build[-300:] if build else ''}")
    return StoodIn(compared, hits, tuple(differences))


def _difference(files: Mapping[str, bytes], number: int, plain: bytes, mixed: bytes, said: str) -> str:
    own = files.get(f"{PLAIN}/{number}.out", b"").decode("utf-8", "replace").splitlines()
    other = files.get(f"{MIXED}/{number}.out", b"").decode("utf-8", "replace").splitlines()
    if own != other:
        place = next(
            (at for at, (a, b) in enumerate(zip(own, other, strict=False)) if a != b), min(len(own), len(other))
        )
        got, wanted = (["nothing"] if place >= len(each) else [each[place][:120]] for each in (other, own))
        panic = f"; on standard error: {said.strip()[-300:]}" if "panicked" in said else ""
        return f"line {place + 1} of its output is {got[0]!r} instead of {wanted[0]!r}{panic}"
    if plain.strip() != mixed.strip():
        return f"it ends with code {mixed.decode().strip()} instead of {plain.decode().strip()}; {said.strip()[-300:]}"
    return ""
