"""Compiles every kernel ahead of time for one architecture and writes what each needs, as JSON: run it by itself,
since kernels that were defined for the interpreter cannot be compiled."""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from repowright.inference_backend.config import Bits, KVSpec
from repowright.inference_backend.kernels.triton import (
    anchors,
    codebook,
    decode,
    merge,
    page_score,
    rows,
    select,
    write,
)
from repowright.inference_backend.kernels.tuning import default
from repowright.inference_backend.kv.layout import coded_layout, page_layout

_POINTERS = {
    "*u8": ("k_pool", "v_pool", "pool"),
    "*i32": ("table_ptr", "counts_ptr", "slot_ptr", "length_ptr", "ids_ptr", "at_ptr"),
    "*i64": ("anchors_ptr",),
    "*fp32": ("out_ptr", "lse_ptr", "merged_ptr", "merged_lse"),
}
_DUMP = Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "cuobjdump"


@dataclass(frozen=True)
class Kernel:
    """A kernel with its constants."""

    name: str
    function: Any
    constants: dict[str, Any]
    warps: int = 4
    stages: int = 3
    pointers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Needs:
    """What a compiled kernel needs: registers a thread, bytes of shared memory, and its tensor-core products."""

    name: str
    registers: int
    shared: int
    spills: int
    products: int
    asynchronous: int


def kernels() -> Iterator[Kernel]:
    """Yield every kernel at the shapes that the engine uses most, and at the extremes."""
    shapes: tuple[tuple[Bits, int], ...] = ((2, 128), (4, 64), (4, 128), (4, 256), (8, 128), (16, 128))
    for bits, dim in shapes:
        yield _decode(bits, dim)
    yield _decode(4, 128, anchors=True)
    yield _decode(4, 128, pipelined=False)
    yield _decode(4, 128, native=True)
    yield _decode(2, 128, native=True)
    for rate in (1.0, 0.375):
        coded = codebook.coded_constants(coded_layout(KVSpec(codebook=rate), 8, 8, 128, 128))
        flags = {"GROUP": 4, "HAS_ANCHORS": True, "HAS_COUNTS": True}
        yield Kernel(f"coded {rate:g}", codebook._coded_kernel, coded | flags)
    dims = {"GROUP": 4, "DIM_K": 128, "DIM_V": 128}
    yield Kernel("window", rows._window_kernel, {**dims, "WINDOW": 192})
    yield Kernel("anchors", rows._rows_kernel, {**dims, "BY_HEAD": False, "COUNTED": False})
    counted = {"counts_ptr": "*fp32"}
    yield Kernel("summaries", rows._rows_kernel, {**dims, "BY_HEAD": True, "COUNTED": True}, pointers=counted)
    merged = {"out_ptr": "*fp32", "lse_ptr": "*fp32"}
    yield Kernel("merge", merge._merge_kernel, {"DIM": 128, "PARTS": 16}, pointers=merged)
    for packed in (KVSpec(k_bits=2, v_bits=2), KVSpec(k_bits=16, v_bits=16)):
        bits = packed.k_bits
        layout = page_layout(packed, 8, 8, 128, 128)
        ids = {"ids_ptr": "*i64"}
        yield Kernel(f"write keys {bits}", write._keys_kernel, write.key_fields(layout.keys), pointers=ids)
        yield Kernel(f"write values {bits}", write._values_kernel, write.value_fields(layout.values), pointers=ids)
    yield Kernel("sums", anchors._lse_kernel, {"DIM": 128})
    for form in (1, 2):
        yield Kernel(f"anchor scores {form}", anchors._score_kernel, {"DIM": 128, "DIM_V": 128, "FORM": form}, 4 * form)
    keys = page_layout(KVSpec(), 8, 8, 128, 128).keys
    yield Kernel("bound scores", page_score._bound_kernel, {"GROUP": 4, **page_score.bound_constants(keys)})
    held = {"scores_ptr": "*fp32", "places_ptr": "*i32", "pages_ptr": "*i32"}
    yield Kernel("select", select._top_kernel, {"GROUP": 4, "HELD": 2048, "ROOM": 256}, pointers=held)
    yield Kernel("gate scores", page_score._gate_kernel, {"DIM": 128})


def needs_of(kernel: Kernel, architecture: int) -> Needs:
    """Compile a kernel and return what it needs."""
    names = kernel.function.arg_names
    signature = {name: "constexpr" if name in kernel.constants else _type(name, kernel) for name in names}
    aligned = [(index,) for index, name in enumerate(names) if signature[name].startswith("*") or "_token" in name]
    source = ASTSource(
        kernel.function,
        signature,
        {(names.index(name),): value for name, value in kernel.constants.items()},
        {place: [["tt.divisibility", 16]] for place in aligned},
    )
    target = GPUTarget("cuda", architecture, 32)
    compiled = triton.compile(source, target=target, options={"num_warps": kernel.warps, "num_stages": kernel.stages})
    code = _dumped(compiled.asm["cubin"])
    registers = re.search(r"REG:(\d+)", code)
    assert registers is not None, code[-300:]
    spills = len(re.findall(r"\b(?:LDL|STL)\b", code))
    copies = code.count("LDGSTS")
    return Needs(
        kernel.name,
        int(registers.group(1)),
        compiled.metadata.shared,
        spills,
        len(re.findall(r"\bHG?MMA\b", code)),
        copies,
    )


def _decode(bits: Bits, dim: int, *, anchors: bool = False, pipelined: bool = True, native: bool = False) -> Kernel:
    layout = page_layout(KVSpec(k_bits=bits, v_bits=bits), 8, 8, dim, dim)
    flags = {"GROUP": 4, "HAS_ANCHORS": anchors, "HAS_COUNTS": True, "PIPELINED": pipelined, "NATIVE": native}
    constants = flags | decode.key_constants(layout.keys) | decode.value_constants(layout.values)
    name = f"decode {bits} d{dim}" + " anchors" * anchors + " branch" * (not pipelined) + " native" * native
    how = default(dim)
    return Kernel(name, decode._pages_kernel, constants, how.warps, how.stages)


def _type(name: str, kernel: Kernel) -> str:
    if name in kernel.pointers:
        return kernel.pointers[name]
    found = next((kind for kind, names in _POINTERS.items() if name in names), None)
    if found:
        return found
    if name == "scale":
        return "fp32"
    halves = name.endswith(("_ptr", "_half", "_books")) or name == "source"
    return "*fp16" if halves else "i32"


def _dumped(binary: bytes) -> str:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "kernel.cubin"
        path.write_bytes(binary)
        command = [str(_DUMP), "-sass", "-res-usage", str(path)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


if __name__ == "__main__":
    json.dump([asdict(needs_of(kernel, int(sys.argv[1]))) for kernel in kernels()], sys.stdout)
