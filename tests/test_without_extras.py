import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXTRAS = ("torch", "triton", "transformers", "safetensors", "gguf", "xgrammar", "starlette", "uvicorn", "mcp", "acp")
PROGRAM = """
import importlib, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {extras!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
for name in {modules!r}:
    importlib.import_module(name)
"""
# Plug-ins are texts that are filled in and sent into a sandbox.
NEEDS_EXTRAS = ("inference_backend", "agent/mcp", "agent/acp", "benchmarks/inference", "benchmarks/kernels")


def modules() -> list[str]:
    rooms = ("agent", "graph", "repo_tools", "executors", "tui", "benchmarks")
    paths = [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]
    own = [path.relative_to(ROOT).with_suffix("").as_posix() for path in paths]
    kept = [name for name in own if not name.startswith(NEEDS_EXTRAS) and not name.endswith(("__main__", "_plugin"))]
    return [f"repowright.{name.removesuffix('/__init__').replace('/', '.')}" for name in kept]


@pytest.mark.parametrize("extras", [EXTRAS])
def test_everything_but_what_an_extra_is_for_is_imported_without_extras(extras: tuple[str, ...]) -> None:
    program = PROGRAM.format(extras=set(extras), modules=modules())
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd="/", timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
