"""A program for a crate that has a translated ``main`` and no program: it calls that as the start-up code of C does."""

from __future__ import annotations

from collections.abc import Mapping

from repowright.agent.workflows.translate.checks import Crate
from repowright.agent.workflows.translate.checks.crate import module_of
from repowright.benchmarks.translation.programs import binaries
from repowright.benchmarks.translation.quality import own_files
from repowright.repo_tools.rust_source import RustItem, read_items

PLACE = "src/bin/translated_main.rs"
_BODY = """fn main() {{
    let mut name = *b"program\\0";
    let mut words = [name.as_mut_ptr().cast::<::core::ffi::c_char>(), ::core::ptr::null_mut()];
    let _ = words.as_mut_ptr();
    #[allow(unused_unsafe)]
    let code = unsafe {{ {call} }};
    {end}
}}
"""


def with_entry(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return a crate with such a program, where it needs one and has exactly one ``main`` that can be called."""
    found = [(path, item) for path, data in own_files(files).items() for item in _mains(data)]
    name = Crate(files).name
    if binaries(files) or len(found) != 1 or not name or "src/lib.rs" not in files:
        return dict(files)
    path, item = found[0]
    assert item.signature is not None
    place = "::".join(part for part in (name, module_of(path), "main") if part)
    call = f"{place}({'1, words.as_mut_ptr()' if item.signature.parameters else ''})"
    end = "std::process::exit(code)" if item.signature.result else "code"
    return {**files, PLACE: _BODY.format(call=call, end=end).encode()}


def _mains(data: bytes) -> list[RustItem]:
    """Public functions named ``main`` that take nothing, or a count and C strings."""
    return [item for item in read_items(data).functions() if item.path == "main" and item.public and _is_callable(item)]


def _is_callable(item: RustItem) -> bool:
    if item.signature is None:
        return False
    types = [each.type.replace(" ", "") for each in item.signature.parameters]
    returns = item.signature.result.endswith(("c_int", "i32")) or not item.signature.result
    takes = not types or (len(types) == 2 and types[0].endswith(("c_int", "i32")) and types[1].startswith("*mut*mut"))
    return returns and takes
