"""Shell scripts that build C in a box: programs, and libraries whose symbols carry a prefix."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from repowright.agent.workflows.translate.checks.crate import CProgram

SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
_LIMITS = "max_allocation_size_mb=512:allocator_may_return_null=1"
ASAN_OPTIONS = f"detect_leaks=0:detect_odr_violation=0:exitcode=99:{_LIMITS}"
"""A size drawn at random must not fill the machine's memory."""
PROBE = "sanitizers"
"""File of the workspace whose content says which sanitizers work in the box; empty where none do."""
RUST_LIBRARIES = ("-lpthread", "-ldl", "-lm", "-lrt", "-lutil")
LENIENT = "-no-pie -Wl,-z,lazy -Wl,--unresolved-symbols=ignore-all -Wl,-z,muldefs"
"""Of a link whose parts lack what no compared call needs."""
PRINTED_BLOCKS = 8192
"""Of 512 bytes: what a program may print."""
KEEP_ALL = ("-fkeep-static-functions", "-fkeep-inline-functions", "-fno-inline", "-fcommon")


def probe_sanitizers() -> list[str]:
    """Lines that leave in the variable ``SAN`` the sanitizer flags that work here.

    AddressSanitizer reserves terabytes of address space, which a box that bounds it forbids.
    """
    flags = " ".join(SANITIZE)
    return [
        f"export ASAN_OPTIONS={ASAN_OPTIONS} UBSAN_OPTIONS=print_stacktrace=0",
        "echo 'int main(void){return 0;}' > probe_sanitizers.c",
        f"SAN='{flags}'",
        "gcc $SAN -o probe_sanitizers probe_sanitizers.c 2>/dev/null && ./probe_sanitizers 2>/dev/null || SAN=",
        f'printf "%s" "$SAN" > {PROBE}',
    ]


def library(
    program: CProgram, folder: str, prefix: str, statics: Mapping[str, Mapping[str, str]], flags: str = ""
) -> list[str]:
    """Lines that compile a program's sources to ``<folder>/*.o`` with every own symbol prefixed.

    Parameters
    ----------
    statics
        By path of the source, then by name of a ``static`` function: the symbol it is made known by, unprefixed.
    flags
        Of the compiler, as the shell reads them.
    """
    options = " ".join(map(shlex.quote, (*program.compile_options(), *KEEP_ALL)))
    lines = [f"mkdir -p {folder}"]
    for number, path in enumerate(program.sources):
        entry = f"-Dmain={folder}_main_{number}" if path in program.mains else ""
        target = f"{folder}/{number}.o"
        steps = [f"gcc -g -O1 {options} {flags} {entry} -c {shlex.quote(path)} -o {target} 2>> {folder}/messages"]
        known = statics.get(path, {})
        renamed = " ".join(f"--redefine-sym {name}={symbol}" for name, symbol in known.items())
        shown = " ".join(f"--globalize-symbol={symbol}" for symbol in known.values())
        steps += [f"objcopy {renamed} {target}", f"objcopy {shown} {target}"] if known else []
        # A file that does not compile leaves the others to be compared.
        lines.append(f"{{ {' && '.join(steps)}; }} || rm -f {target}")
    lines.append(f"ls {folder}/*.o > {folder}/built 2>&1 || {{ head -c 300 {folder}/messages >&2; exit 1; }}")
    pairs = f"awk 'NF == 3 {{ print $3, \"{prefix}\" $3 }}' | sort -u > {folder}/symbols"
    lines += [
        f"nm --defined-only -g {folder}/*.o | {pairs}",
        f"for each in {folder}/*.o; do objcopy --redefine-syms={folder}/symbols $each; done",
    ]
    return lines


def programs(
    program: CProgram, folder: str, flags: str = "", sources: Mapping[str, str] | None = None, more: Sequence[str] = ()
) -> list[str]:
    """Lines that build each program of a project to ``<folder>/<number>``; one that does not build is left out.

    Parameters
    ----------
    sources
        Other paths to compile in place of some files.
    more
        What is linked besides.
    """
    options = " ".join(map(shlex.quote, program.compile_options()))
    replaced = sources or {}
    lines = [f"mkdir -p {folder}"]
    shared = [path for path in program.sources if path not in program.mains]
    for number, main in enumerate(program.mains):
        files = " ".join(shlex.quote(replaced.get(path, path)) for path in (main, *shared))
        linked = " ".join(map(shlex.quote, (*more, *program.libraries)))
        lines.append(
            f"gcc -g -O1 {options} {flags} {files} {linked} -o {folder}/{number} 2> {folder}/{number}.build"
            f" || rm -f {folder}/{number}"
        )
    return lines


def runs(program: CProgram, folder: str, wall_s: int, environment: str = "") -> list[str]:
    """Lines that run each built program in a copy of nothing but the workspace; output, messages and code are kept."""
    found = []
    for number in range(len(program.mains)):
        target = f"{folder}/{number}"
        command = f"{environment} timeout -k 1 {wall_s} {target} < /dev/null > {target}.out 2> {target}.err".strip()
        # A program gone wrong may print without end.
        limited = f"(ulimit -f {PRINTED_BLOCKS}; {command}); echo $? > {target}.code"
        found.append(f"if [ -x {target} ]; then {limited}; fi")
    return found


def script(lines: Sequence[str], *, strict: bool = True) -> bytes:
    """A shell script of lines; a strict one ends at the first that fails."""
    return ("\n".join(["set -e" if strict else "set +e", *lines]) + "\n").encode()
