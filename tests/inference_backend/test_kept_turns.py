from __future__ import annotations

import pytest

pytest.importorskip("transformers", reason="needs the extra `local`")

import torch
from tiny_models import VOCABULARY, tiny_model

from repowright.benchmarks.inference.agent_trace import TracedProgram, Turn, read_trace, scaled
from repowright.benchmarks.inference.ttl import SETTINGS, Setting, simulate, table
from repowright.benchmarks.inference.ttl_model import Forgetful, ModelledClock, StepCost, modelled_core
from repowright.benchmarks.inference.ttl_play import LRU, NONE, ORDERED, TTL, Play, Policy, ProcessorClock, arrivals
from repowright.inference_backend.config import KVSpec
from repowright.inference_backend.engine.core import EngineCore
from repowright.inference_backend.engine.runner import Runner
from repowright.inference_backend.engine.settings import EngineSettings
from repowright.inference_backend.kv.pool import KVPool
from repowright.inference_backend.models.shape import ModelShape


class Letters:
    def decode(self, token_ids: list[int], skip_special_tokens: bool = False, **named: bool) -> str:
        return "x" * len(token_ids)


def test_every_prompt_of_the_trace_begins_with_the_turn_before_it() -> None:
    programs = read_trace()
    assert len(programs) == 101 and max(len(each.turns) for each in programs) == 7
    for program in [*programs, *scaled(programs, 50)]:
        for turn, following in zip(program.turns, program.turns[1:], strict=False):
            assert following.prompt > turn.prompt + turn.answer
        assert program.turns[-1].pause == 0


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda each: each.name)
def test_pinning_beats_plain_lru_and_that_beats_keeping_nothing(setting: Setting) -> None:
    programs = read_trace()
    nothing, plain, pinned = (simulate(setting, policy, programs) for policy in (NONE, LRU, TTL))
    assert pinned.again < 0.9 * plain.again < plain.again < nothing.again
    assert pinned.mean < plain.mean < nothing.mean
    assert pinned.slow < nothing.slow


def test_simulation_is_the_same_each_time() -> None:
    programs = read_trace()[:20]
    assert simulate(SETTINGS[1], TTL, programs) == simulate(SETTINGS[1], TTL, programs)


def test_without_competition_and_pauses_only_windows_are_taken_in_again() -> None:
    program = TracedProgram("one", (Turn(1000, 20, "grep", 0.01), Turn(1300, 20, "grep", 0.01), Turn(1500, 20)))
    setting = Setting("quiet", StepCost(), EngineSettings(100, 2, 2), 1.0)
    assert simulate(setting, TTL, [program]).again == 0
    plain = simulate(setting, ORDERED, [program])
    assert 2 * 64 < plain.again <= 2 * 192
    assert simulate(setting, NONE, [program]).again == 1000 + 20 - 1 + 1300 + 20 - 1


def test_a_modelled_step_takes_as_long_as_its_cost_says() -> None:
    clock, cost = ModelledClock(), StepCost()
    core = modelled_core(EngineSettings(100, 2, 0, chunk=512), clock, cost)
    turns = (Turn(600, 1),)
    Play(core, clock, LRU, [TracedProgram("one", turns)], [0.0], lambda number, at: at).run()
    assert clock() == pytest.approx(cost.prefill(0, 512) + cost.prefill(512, 88))


def test_pinning_spares_a_real_model_the_same_tokens() -> None:
    torch.set_num_threads(1)
    model, shape = tiny_model("llama"), ModelShape.of(tiny_model("llama").config)
    programs = scaled(read_trace()[::8], 20, 0.1)

    def again(policy: Policy) -> int:
        sizes = EngineSettings(pages=40, running=3, pinned=8 if policy.pins else 0, chunk=128)
        pool_class = KVPool if policy.shares else Forgetful
        pool = pool_class(shape, KVSpec(k_bits=16, v_bits=16, window=64), sizes.pages, sizes.running + sizes.pinned)
        clock = ProcessorClock()
        core = EngineCore(Runner(model, pool), Letters(), sizes, clock, revision="tiny")
        begins = arrivals(len(programs), 20.0)
        text = Play(core, clock, policy, programs, begins, lambda number, at: (number * 31 + at * at) % VOCABULARY)
        return text.run().again

    nothing, plain, pinned = (again(policy) for policy in (NONE, LRU, TTL))
    assert pinned < plain < nothing


def test_table_has_a_line_for_each_policy() -> None:
    played = [simulate(SETTINGS[1], policy, read_trace()[:5]) for policy in (NONE, TTL)]
    lines = list(table(played))
    assert len(lines) == 4 and lines[2].startswith("| nothing kept |") and lines[3].startswith("| pinned by the rule |")
