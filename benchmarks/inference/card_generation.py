"""Lets a model generate through the engine under every setting of its cache, and lays the answers side by side.

``python -m repowright.benchmarks.inference.card_generation`` takes about ten minutes for the small model. The gate and
the codebooks are those that ``repowright model`` trained.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path

from repowright.inference_backend.config import PAGE, PRESETS, KVSpec, Selector, SparseSpec
from repowright.inference_backend.engine.opening import open_core
from repowright.inference_backend.engine.request import Request, Sampling
from repowright.inference_backend.engine.settings import EngineSettings
from repowright.inference_backend.models.loader import SMALL, LoadedModel, load_model
from repowright.inference_backend.training.text import HELD_OUT, sequences, standard_texts

_HERE = Path(__file__).parent
_BUDGET = 256
_PROMPT = 640


@dataclass(frozen=True)
class Generated:
    """What one setting answered.

    Parameters
    ----------
    agreed
        Tokens before the first that differs from those of ``fp16`` with all pages read, a mean over prompts.
    page_bytes
        Of one page in one layer.
    """

    kv: str
    anchors: float
    selector: Selector
    tokens: int
    agreed: float
    page_bytes: int
    text: str


def settings() -> list[tuple[str, KVSpec]]:
    """Return every preset with and without anchors, read in every way; half precision needs no anchors."""
    selectors: list[Selector] = ["none", "quest", "gate"]
    found = []
    for (name, spec), anchors, selector in product(PRESETS.items(), (0.0, 0.01), selectors):
        if not (spec.is_exact and anchors):
            found.append((name, replace(spec, anchors=anchors, sparse=SparseSpec(selector, _BUDGET))))
    return found


def generate(loaded: LoadedModel, spec: KVSpec, prompts: Sequence[Sequence[int]], tokens: int) -> list[list[int]]:
    """Return the likeliest answers of so many tokens."""
    pages = len(prompts) * ((_PROMPT + tokens) // PAGE + 1)
    core = open_core(loaded, spec, EngineSettings(pages=pages, running=len(prompts), pinned=0))
    for number, prompt in enumerate(prompts):
        core.add(Request(str(number), tuple(prompt), Sampling(max_tokens=tokens, ignore_end=True)))
    found: list[list[int]] = [[] for _ in prompts]
    while not core.is_idle:
        for name, delta in core.step():
            found[int(name)] += [each.token for each in delta.tokens]
    return found


def run(loaded: LoadedModel, tokens: int, prompts: int) -> list[Generated]:
    """Generate under every setting, each with the same prompts of held-out text."""
    given = sequences(loaded.tokeniser, standard_texts(HELD_OUT), _PROMPT, prompts)
    exact: list[list[int]] = []
    found = []
    for name, spec in settings():
        began = time.monotonic()
        answers = generate(loaded, spec, given, tokens)
        exact = exact or answers
        agreed = sum(_agreed(one, other) for one, other in zip(answers, exact, strict=True)) / len(given)
        text = str(loaded.tokeniser.decode(answers[0]))
        size = _page_bytes(loaded, spec)
        found.append(Generated(name, spec.anchors, spec.sparse.selector, len(answers[0]), agreed, size, text))
        seconds = time.monotonic() - began
        print(
            f"{name}, anchors {spec.anchors:g}, {spec.sparse.selector}: {agreed:.1f} agree, {seconds:.0f} s", flush=True
        )
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=SMALL)
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--prompts", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path, default=_HERE / "card_results" / "generation.json")
    given = parser.parse_args(arguments)
    import torch

    torch.set_num_threads(given.threads)
    found = run(load_model(given.model, "cpu"), given.tokens, given.prompts)
    given.output.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps([asdict(each) for each in found], indent=1)
    given.output.write_text(text + "\n", encoding="utf-8")
    return 0


def _agreed(one: Sequence[int], other: Sequence[int]) -> int:
    return next((number for number, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1]), len(one))


def _page_bytes(loaded: LoadedModel, spec: KVSpec) -> int:
    from repowright.inference_backend.kv.layout import coded_layout, page_layout

    heads, dim = loaded.shape.kv_heads, loaded.shape.head_dim
    return (coded_layout if spec.codebook else page_layout)(spec, heads, heads, dim, dim).page_bytes


if __name__ == "__main__":
    raise SystemExit(main())
