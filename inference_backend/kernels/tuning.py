"""How each kernel is launched on each device: a table that ships, measured by ``benchmarks/kernels/run.py --tune``."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

TABLE = Path(__file__).with_name("tune.json")
_ANY = "any"


@dataclass(frozen=True)
class Launch:
    """How a decoding kernel is launched.

    Parameters
    ----------
    warps, stages
        Triton's ``num_warps`` and ``num_stages``.
    blocks
        Programs for each multiprocessor, at most, if there are pages enough: it decides into how many parts the pages
        of a sequence are cut. As many as are resident together, so that all begin and end at once.
    pipelined
        Whether pages are loaded ahead without a branch around those that are missing.
    native
        Whether codes are unpacked by the device's own instructions; off until a device has been seen to agree.
    """

    warps: int = 4
    stages: int = 3
    blocks: int = 3
    pipelined: bool = True
    native: bool = False


def decoding_key(k_bits: float, v_bits: float, dim: int, group: int) -> str:
    """Return the name of a decoding shape in the table."""
    return f"decode k{k_bits:g} v{v_bits:g} d{dim} g{group}"


@lru_cache(maxsize=256)
def launch(key: str, device: str, dim: int) -> Launch:
    """Return how to launch a kernel for heads of ``dim`` channels on a device named as `device_name` does.

    The table's ``any`` is taken where a device was not measured, and defaults where neither is there.
    """
    table = read(TABLE)
    return table.get(device, {}).get(key) or table.get(_ANY, {}).get(key) or default(dim)


def default(dim: int) -> Launch:
    """Return what spills no register with heads of ``dim`` channels."""
    return Launch(warps=8, stages=2, blocks=1) if dim >= 256 else Launch()


def read(path: Path) -> dict[str, dict[str, Launch]]:
    """Return launches by device and key; an absent file is empty."""
    if not path.is_file():
        return {}
    raw = json.loads(path.read_text(encoding="utf-8"))
    return {device: {key: Launch(**each) for key, each in sorted(keys.items())} for device, keys in raw.items()}


def write(path: Path, table: dict[str, dict[str, Launch]]) -> None:
    """Write launches by device and key."""
    raw = {device: {key: asdict(each) for key, each in sorted(keys.items())} for device, keys in sorted(table.items())}
    path.write_text(json.dumps(raw, indent=2) + "\n", encoding="utf-8")


@lru_cache(maxsize=8)
def processors(index: int = 0) -> int:
    """Return how many multiprocessors a GPU has; those of an H100 without one."""
    import torch

    return int(torch.cuda.get_device_properties(index).multi_processor_count) if torch.cuda.is_available() else 132


@lru_cache(maxsize=8)
def device_name(index: int = 0) -> str:
    """Return the name of a GPU as the table writes it; ``any`` without one."""
    import torch

    return str(torch.cuda.get_device_name(index)) if torch.cuda.is_available() else _ANY
