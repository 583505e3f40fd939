from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

SCRIPT = Path(__file__).parents[1] / "support" / "compiled_kernels.py"
WITHOUT_PRODUCTS = {
    "merge",
    "gate scores",
    "select",
    "write keys 2",
    "write keys 16",
    "write values 2",
    "write values 16",
}
SHARED = {80: 163 * 1024, 90: 227 * 1024}
"""Bytes of shared memory a block can have."""

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("architecture", [80, 90])]


@cache
def compiled(architecture: int) -> dict[str, dict[str, int]]:
    with TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
        found = subprocess.run(
            [sys.executable, str(SCRIPT), str(architecture)],
            env=environment | {"TRITON_CACHE_DIR": folder},
            capture_output=True,
            text=True,
            timeout=280,
        )
    assert found.returncode == 0, found.stderr[-2000:]
    return {each["name"]: each for each in json.loads(found.stdout)}


def test_no_kernel_spills_registers(architecture: int) -> None:
    assert {name: each["spills"] for name, each in compiled(architecture).items() if each["spills"]} == {}


def test_kernels_that_multiply_use_tensor_cores(architecture: int) -> None:
    assert {name for name, each in compiled(architecture).items() if not each["products"]} == WITHOUT_PRODUCTS


def test_two_blocks_of_decoding_fit_a_multiprocessor(architecture: int) -> None:
    for name, each in compiled(architecture).items():
        assert each["shared"] <= SHARED[architecture] // 2, name
        if name.startswith(("decode", "coded", "window", "anchors", "summaries")):
            assert each["registers"] <= 255 and 2 * each["registers"] * 128 <= 65536, name


def test_four_and_two_bits_leave_room_for_three_blocks(architecture: int) -> None:
    for name in ("decode 4 d128", "decode 2 d128", "decode 4 d128 native", "decode 2 d128 native"):
        each = compiled(architecture)[name]
        assert 3 * each["registers"] * 128 <= 65536 and 3 * each["shared"] <= SHARED[architecture], (name, each)


def test_pages_are_loaded_ahead_by_asynchronous_copies(architecture: int) -> None:
    found = compiled(architecture)
    assert all(
        each["asynchronous"] for name, each in found.items() if name.startswith("decode") and "branch" not in name
    )
    assert not found["decode 4 d128 branch"]["asynchronous"]
