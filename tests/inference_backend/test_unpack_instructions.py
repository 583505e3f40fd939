from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from repowright.inference_backend.kernels.triton import unpack


def executed(text: str, word: int, results: int) -> list[int]:
    registers = {f"${results}": word, "0": 0}

    def value(name: str) -> int:
        return registers[name] if name in registers else int(name, 0)

    for line in text.splitlines():
        found = re.match(r"(prmt|lop3|mov|fma)\S* (.*);", line)
        if not found:
            continue
        target, *given = (part.strip() for part in found.group(2).split(","))
        numbers = [value(part) for part in given]
        registers[target] = OPERATIONS[found.group(1)](*numbers)
    return [registers[f"${number}"] for number in range(results)]


def permuted(one: int, other: int, selector: int) -> int:
    source = (one | other << 32).to_bytes(8, "little")
    return int.from_bytes(bytes(source[selector >> (4 * place) & 7] for place in range(4)), "little")


def combined(one: int, other: int, third: int, table: int) -> int:
    found = 0
    for bit in range(32):
        index = (one >> bit & 1) << 2 | (other >> bit & 1) << 1 | third >> bit & 1
        found |= (table >> index & 1) << bit
    return found


def added(one: int, other: int, third: int) -> int:
    first, second, last = (
        np.array([each], np.uint32).view(np.float16).astype(np.float64) for each in (one, other, third)
    )
    return int((first * second + last).astype(np.float16).view(np.uint32)[0])


OPERATIONS: dict[str, Callable[..., int]] = {"prmt": permuted, "lop3": combined, "mov": lambda one: one, "fma": added}


@pytest.mark.parametrize(("text", "bits"), [(unpack._NIBBLES, 4), (unpack._QUARTERS, 2)])
def test_the_devices_instructions_mean_the_plain_form(text: object, bits: int) -> None:
    planes = 8 // bits
    for begin in range(0, 256, 4):
        raw = np.arange(begin, begin + 4, dtype=np.uint8)
        found = executed(str(text.value), int(raw.view(np.uint32)[0]), 2 * planes)  # type: ignore[attr-defined]
        codes = np.array(found, np.uint32).view(np.float16).reshape(planes, 4)
        for plane in range(planes):
            assert codes[plane].tolist() == [(byte >> (plane * bits)) & ((1 << bits) - 1) for byte in raw.tolist()]
