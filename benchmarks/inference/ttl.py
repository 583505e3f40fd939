"""What keeping finished turns is worth: a recorded trace of agents' programs, played under each way of keeping them.

``python -m repowright.benchmarks.inference.ttl`` plays it on the engine with a modelled model and a modelled clock, in
seconds; ``--real`` plays a part of it, smaller, on the small model in processor time, in minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from repowright.benchmarks.inference.agent_trace import TracedProgram, read_trace, scaled
from repowright.benchmarks.inference.ttl_model import Forgetful, ModelledClock, StepCost, modelled_core
from repowright.benchmarks.inference.ttl_play import (
    LRU,
    NONE,
    POLICIES,
    TTL,
    Play,
    Played,
    Policy,
    ProcessorClock,
    arrivals,
)
from repowright.inference_backend.config import PRESETS
from repowright.inference_backend.engine.core import EngineCore
from repowright.inference_backend.engine.runner import Runner
from repowright.inference_backend.engine.settings import EngineSettings
from repowright.inference_backend.kv.pool import KVPool
from repowright.inference_backend.models.loader import SMALL, LoadedModel, load_model

_LONGEST = 1 << 16
_REAL_TOKENS = 8
_REAL_EVERY = 14


@dataclass(frozen=True)
class Setting:
    """A machine and how busy it is.

    Parameters
    ----------
    rate
        Programs that arrive a second.
    tokens, pauses
        What the trace's tokens are divided by, and its pauses multiplied by.
    """

    name: str
    cost: StepCost
    sizes: EngineSettings
    rate: float
    tokens: int = 1
    pauses: float = 1.0


_GPU = StepCost()
_PROCESSOR = StepCost(1.0, 1e-4, 300.0, 1.0, 5e-6, 14.0, 5e-3)
"""The small model on one core, as measured: 300 tokens a second taken in, 14 decoded."""

SETTINGS = (
    Setting("8B on a GPU, half busy", _GPU, EngineSettings(400, 8, 64, 10_000, 2048), 1.0),
    Setting("8B on a GPU, overloaded", _GPU, EngineSettings(1600, 32, 64, 10_000, 2048), 3.0),
    Setting("the same, tools ten times slower", _GPU, EngineSettings(1600, 32, 64, 10_000, 2048), 3.0, 1, 10.0),
    Setting("135M on one core, a quarter of the tokens", _PROCESSOR, EngineSettings(200, 4, 16, 10_000, 512), 0.1, 4),
)


def simulate(setting: Setting, policy: Policy, programs: Sequence[TracedProgram]) -> Played:
    """Play a trace on the engine with a modelled clock."""
    clock = ModelledClock()
    sizes = setting.sizes if policy.pins else replace(setting.sizes, pinned=0)
    core = modelled_core(sizes, clock, setting.cost, policy.shares)
    played = scaled(programs, setting.tokens, setting.pauses)
    begins = arrivals(len(programs), setting.rate)
    return Play(core, clock, policy, played, begins, lambda number, at: number * _LONGEST + at).run()


def measure(loaded: LoadedModel, policy: Policy, programs: Sequence[TracedProgram], rate: float, pages: int) -> Played:
    """Play a trace on a real model in processor time.

    Parameters
    ----------
    programs
        Scaled to what the model and the cache can hold.
    """
    sizes = EngineSettings(pages, running=3, pinned=4 if policy.pins else 0, chunk=256)
    pool_class, clock = KVPool if policy.shares else Forgetful, ProcessorClock()
    pool = pool_class(loaded.shape, PRESETS["int4"], pages, sizes.running + sizes.pinned)
    core = EngineCore(Runner(loaded.model, pool), loaded.tokeniser, sizes, clock, revision=loaded.revision)
    begins, vocabulary = arrivals(len(programs), rate), loaded.shape.vocabulary
    return Play(core, clock, policy, programs, begins, lambda number, at: (number * 7919 + at * 31) % vocabulary).run()


def table(played: Sequence[Played]) -> Iterator[str]:
    """Yield the lines of a table."""
    yield "| | tokens taken in | of them again | time to a program's end: mean | 95 % within |"
    yield "| --- | --- | --- | --- | --- |"
    for each in played:
        yield f"| {each.policy} | {each.prefilled:,} | {each.again:,} | {each.mean:.2f} s | {each.slow:.2f} s |"


def main() -> None:
    """Play and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", action="store_true", help="play on the small model, in processor time")
    given = parser.parse_args()
    programs = read_trace()
    if given.real:
        _real(programs)
        return
    for setting in SETTINGS:
        print(f"\n{setting.name}: {setting.sizes.pages} pages, {setting.rate:g} programs a second\n")
        print("\n".join(table([simulate(setting, policy, programs) for policy in POLICIES])), flush=True)


def _real(programs: Sequence[TracedProgram]) -> None:
    import torch

    torch.set_num_threads(1)
    played = scaled(programs[::_REAL_EVERY], _REAL_TOKENS)
    print(f"{len(played)} programs, {sum(len(each.turns) for each in played)} turns, 1/{_REAL_TOKENS} of the tokens\n")
    loaded = load_model(SMALL, "cpu")
    print("\n".join(table([measure(loaded, policy, played, 0.5, 40) for policy in (NONE, LRU, TTL)])))


if __name__ == "__main__":
    main()
