"""Round trips in the sandbox: every type of a SPEC from C to Rust and back, in a scratch copy of the finished crate."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from repowright.agent.workflows.translate.checks.bench import Bench, Command, ending
from repowright.agent.workflows.translate.checks.c_build import script
from repowright.agent.workflows.translate.checks.compiler_messages import read_messages
from repowright.agent.workflows.translate.checks.finding import Diagnostic
from repowright.agent.workflows.translate.checks.rust_library import FOLDER, MESSAGES, unforbidden
from repowright.agent.workflows.translate.checks.sanitizer import fault_of
from repowright.agent.workflows.translate.idiomatic.cluster_record import RoundTrip
from repowright.agent.workflows.translate.idiomatic.converters import Converter, Converters, without
from repowright.agent.workflows.translate.idiomatic.support import SUPPORT_MODULE

ROOT = "src/lib.rs"
ROUNDS = 4
"""How often converters that do not compile are left out."""
RUN_S = 20
STACK = 1 << 27
"""Bytes of the stack that a test runs on: some structures of C are large, and Rust moves them by value."""
SANITIZED, OUT = "trips.sanitized", "trips"
_RESULT = re.compile(r"round trips: (\d+) (\d+) ?(.*)")
_SANITIZER = "-Zsanitizer=address"
_LONGEST = 300


async def round_trips(
    bench: Bench, files: Mapping[str, bytes], types: bytes, converters: Converters
) -> tuple[RoundTrip, ...]:
    """Build and run the tests of converters; those that do not compile are refused with the compiler's words.

    Parameters
    ----------
    files
        The finished crate.
    types
        Its module of types in C's layout.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    for _ in range(ROUNDS):
        if not converters.made:
            break
        scratch = with_converters(files, types, converters.made)
        run = await bench.run(
            {**scratch, "trips.sh": _script(converters.made)}, [Command(("sh", "trips.sh"))], _kept(converters.made)
        )
        said = run.files.get(MESSAGES, b"").decode("utf-8", "replace")
        errors = [each for each in read_messages(said) if each.level == "error"]
        broken = _broken(errors, scratch, converters.made) if errors else {}
        if broken:
            converters = without(converters, broken)
            continue
        if errors or run.last.exit_code == 3:
            reason = (
                f"the crate with its converters does not build: {errors[0].message if errors else ending(run.last)}"
            )
            converters = without(converters, {each.module: reason for each in converters.made})
            break
        refused = [RoundTrip(type=name, reason=reason) for name, reason in converters.refused.items()]
        return (*(_read(each, number, run.files) for number, each in enumerate(converters.made)), *refused)
    left = {each.type: "its converters do not compile" for each in converters.made}
    return tuple(RoundTrip(type=name, reason=reason) for name, reason in {**left, **converters.refused}.items())


def with_converters(files: Mapping[str, bytes], types: bytes, made: Sequence[Converter]) -> dict[str, bytes]:
    """The crate in its folder of the workspace, with types in C's layout and the converters, for tests alone."""
    found = {path: unforbidden(data) if path.endswith(".rs") else data for path, data in files.items()}
    for each in made:
        found[each.path] += each.text.encode()
    found[ROOT] += (
        b"\n#[cfg(test)]\n#[allow(warnings, clippy::all)]\npub mod types;\n"
        b"#[cfg(test)]\n#[allow(warnings, clippy::all)]\npub mod round_trip;\n"
    )
    found |= {"src/types.rs": types, "src/round_trip.rs": SUPPORT_MODULE.encode()}
    return {f"{FOLDER}/{path}": data for path, data in found.items()}


def _script(made: Sequence[Converter]) -> bytes:
    cargo = "cargo test --offline --lib"
    lines = [
        f"mkdir -p {OUT}",
        f"export RUST_MIN_STACK={STACK}",
        "echo 'fn main() {}' > probe_sanitizer.rs",
        # The sanitizer is there in every toolchain; stable ones ask for this word before they use it.
        f"if RUSTC_BOOTSTRAP=1 rustc {_SANITIZER} probe_sanitizer.rs -o probe_sanitizer 2> /dev/null"
        " && ./probe_sanitizer 2> /dev/null; then"
        f" export RUSTC_BOOTSTRAP=1 RUSTFLAGS={_SANITIZER} ASAN_OPTIONS=detect_leaks=0; echo address > {SANITIZED}; fi",
        f"(cd {FOLDER} && {cargo} --no-run --message-format=json > ../{MESSAGES} 2> ../{MESSAGES}.err) || exit 3",
    ]
    for number, each in enumerate(made):
        run = f"timeout -k 1 {RUN_S} {cargo} -- --exact --nocapture {each.test}"
        lines.append(f"(cd {FOLDER} && {run} > ../{OUT}/{number}.out 2> ../{OUT}/{number}.err)")
    return script([*lines, "exit 0"], strict=False)


def _kept(made: Sequence[Converter]) -> list[str]:
    return [MESSAGES, SANITIZED, *(f"{OUT}/{number}.{kind}" for number in range(len(made)) for kind in ("out", "err"))]


def _broken(errors: Sequence[Diagnostic], scratch: Mapping[str, bytes], made: Sequence[Converter]) -> dict[str, str]:
    """Modules that a compile error stands in, with what the compiler says."""
    found: dict[str, str] = {}
    for error in errors:
        path = error.path.removeprefix(f"{FOLDER}/")
        data = scratch.get(f"{FOLDER}/{path}", b"")
        for each in made:
            start = data.find(each.text.encode())
            if each.path == path and start <= error.start < start + len(each.text.encode()):
                found.setdefault(each.module, f"its converters do not compile: {error.message}"[:_LONGEST])
    return found


def _read(made: Converter, number: int, files: Mapping[str, bytes]) -> RoundTrip:
    if f"{OUT}/{number}.out" not in files:
        return RoundTrip(type=made.type, rust=made.rust, reason="its converters were not run: time was up before")
    found = _RESULT.search(files[f"{OUT}/{number}.out"].decode("utf-8", "replace"))
    said = files.get(f"{OUT}/{number}.err", b"").decode("utf-8", "replace")
    told = fault_of(said) or " ".join(said.split())[-_LONGEST:]
    ran, failed, wrong = (
        (int(found[1]), int(found[2]), found[3].strip()) if found else (1, 1, f"it does not end well: {told}")
    )
    return RoundTrip(
        type=made.type,
        rust=made.rust,
        ran=ran,
        failed=failed,
        told=wrong[:_LONGEST],
        not_compared=made.left_out,
        sanitized=SANITIZED in files,
    )
