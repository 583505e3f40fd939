from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

pytest.importorskip("transformers", reason="needs the extra `local`")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import VOCABULARY, own_answer, prompt_of, tiny_model
from torch import Tensor

from repowright.inference_backend.config import KVSpec
from repowright.inference_backend.engine.core import EngineCore
from repowright.inference_backend.engine.drafter import Drafter
from repowright.inference_backend.engine.request import Delta, Overloaded, Program, Request, Sampling
from repowright.inference_backend.engine.runner import Runner
from repowright.inference_backend.engine.settings import EngineSettings
from repowright.inference_backend.errors import InferenceError, RequestTooLong
from repowright.inference_backend.kv.pool import KVPool
from repowright.inference_backend.models.shape import ModelShape

EXACT = KVSpec(k_bits=16, v_bits=16, window=64)
MODEL = tiny_model("llama")


class Letters:
    def decode(self, token_ids: list[int], skip_special_tokens: bool = False, **named: bool) -> str:
        return "".join(chr(256 + token) for token in token_ids)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Only:
    """Lets a fixed text come and nothing else."""

    def __init__(self, text: Iterable[int]) -> None:
        self.left = list(text)

    @property
    def is_finished(self) -> bool:
        return not self.left

    def mask(self, logits: Tensor) -> None:
        kept = logits[self.left[0]].clone()
        logits.fill_(float("-inf"))
        logits[self.left[0]] = kept

    def accept(self, token: int) -> None:
        assert token == self.left.pop(0)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def _core(
    clock: Clock | None = None, end: frozenset[int] = frozenset(), drafter: Drafter | None = None, **sizes: Any
) -> EngineCore:
    wanted = EngineSettings(**{"pages": 24, "running": 4, "pinned": 2, "chunk": 96, **sizes})
    pool = KVPool(ModelShape.of(MODEL.config), EXACT, wanted.pages, wanted.running + wanted.pinned)
    return EngineCore(Runner(MODEL, pool), Letters(), wanted, clock or Clock(), end, "tiny", drafter=drafter)


def _run(core: EngineCore, answers: dict[str, list[Delta]] | None = None) -> dict[str, list[Delta]]:
    found = {} if answers is None else answers
    for _ in range(2000):
        if core.is_idle:
            return found
        for name, delta in core.step():
            found.setdefault(name, []).append(delta)
    raise AssertionError("the engine does not come to an end")


def _tokens(deltas: list[Delta]) -> list[int]:
    return [token.token for delta in deltas for token in delta.tokens]


def _answer(core: EngineCore, request: Request) -> list[Delta]:
    core.add(request)
    return _run(core)[request.name]


def _all_free(core: EngineCore) -> bool:
    return core.stats.pages_held == 0 and core.stats.running == core.stats.waiting == 0


def test_sequences_that_run_together_are_answered_as_if_alone() -> None:
    prompts = {f"of {length}": prompt_of(length, length) for length in (1, 70, 200, 300, 90, 33)}
    core = _core()
    for name, prompt in prompts.items():
        core.add(Request(name, tuple(prompt), Sampling(max_tokens=40)))
    answers = _run(core)
    for name, prompt in prompts.items():
        assert _tokens(answers[name]) == own_answer(tiny_model("llama"), prompt, 40)
        assert [delta.finish for delta in answers[name]][-1] == "length"
    assert _all_free(core)


def test_shared_prefix_is_taken_from_the_cache_and_changes_nothing() -> None:
    prefix = prompt_of(260)
    core = _core()
    first = _answer(core, Request("first", (*prefix, 1, 2), Sampling(max_tokens=5)))
    second = _answer(core, Request("second", (*prefix, 3, 4), Sampling(max_tokens=5)))
    assert first[-1].usage is not None and second[-1].usage is not None
    assert (first[-1].usage.cached, second[-1].usage.cached) == (0, 192)
    assert _tokens(second) == own_answer(tiny_model("llama"), [*prefix, 3, 4], 5)
    assert core.stats.cached == 192


def test_sequences_share_pages_while_both_run() -> None:
    prefix = prompt_of(260)
    core = _core()
    core.add(Request("first", (*prefix, 1), Sampling(max_tokens=60)))
    for _ in range(6):
        core.step()
    core.add(Request("second", (*prefix, 2), Sampling(max_tokens=60)))
    core.step()
    core.step()
    shared = [page for page in range(24) if core.scheduler.pages.holders(page) == 2]
    assert len(shared) == 3
    answers = _run(core)
    assert answers["second"][-1].usage is not None and answers["second"][-1].usage.cached == 192
    assert _all_free(core)


def test_sequence_that_gives_its_pages_up_is_answered_the_same() -> None:
    prompts = {f"number {each}": prompt_of(190, each) for each in range(3)}
    core = _core(pages=8)
    for name, prompt in prompts.items():
        core.add(Request(name, tuple(prompt), Sampling(max_tokens=150)))
    answers = _run(core)
    assert core.stats.preempted > 0
    for name, prompt in prompts.items():
        assert _tokens(answers[name]) == own_answer(tiny_model("llama"), prompt, 150)
    assert _all_free(core)


def test_sampled_answer_does_not_depend_on_preemption_or_drafts() -> None:
    prompts = [prompt_of(190, each) for each in range(3)]
    answers = []
    various: list[dict[str, Any]] = [{}, {"pages": 8}, {"drafts": 5}]
    for sizes in various:
        core = _core(**sizes)
        for number, prompt in enumerate(prompts):
            sampling = Sampling(max_tokens=100, temperature=0.3, top_p=0.9, seed=number)
            core.add(Request(str(number), tuple(prompt), sampling))
        found = _run(core)
        answers.append([_tokens(found[str(number)]) for number in range(3)])
    assert answers[0] == answers[1] == answers[2]


def test_drafts_of_a_repeating_text_are_accepted_and_change_nothing() -> None:
    prompt = prompt_of(20) * 6
    wanted = own_answer(tiny_model("llama"), prompt, 80)
    core = _core(drafts=6)
    found = _answer(core, Request("a", tuple(prompt), Sampling(max_tokens=80)))
    assert _tokens(found) == wanted
    usage = found[-1].usage
    assert usage is not None and usage.completion == 80
    assert core.stats.drafted == usage.drafted >= usage.accepted == core.stats.accepted


def test_right_drafts_save_steps() -> None:
    prompt = prompt_of(100)
    wanted = own_answer(tiny_model("llama"), prompt, 61)

    class Oracle:
        def propose(self, text: Iterable[int], count: int) -> list[int]:
            done = len(list(text)) - len(prompt)
            return wanted[done : done + count]

    core = _core(drafter=Oracle(), drafts=5)
    found = _answer(core, Request("a", tuple(prompt), Sampling(max_tokens=61)))
    assert _tokens(found) == wanted
    assert len(found) == 1 + 10


def test_programs_are_served_first_come_first_served() -> None:
    clock, order = Clock(), list[str]()
    core = _core(clock, running=1)
    for now, (name, job) in enumerate([("a1", "a"), ("b1", "b"), ("c1", "c")]):
        clock.now = float(now)
        core.add(Request(name, tuple(prompt_of(10, now)), Sampling(max_tokens=3), Program(job)))
    clock.now = 3.0
    core.add(Request("a2", tuple(prompt_of(10, 7)), Sampling(max_tokens=3), Program("a", "grep")))
    while not core.is_idle:
        order += [name for name, delta in core.step() if delta.finish]
    assert order == ["a1", "a2", "b1", "c1"]


def test_pinned_turn_goes_on_without_computing_anything_again() -> None:
    prompt = prompt_of(150, 2)
    core = _core()
    core.ttl.tool_took("grep", 1.0)
    core.ttl.queued(50.0)
    first = _answer(core, Request("1", tuple(prompt), Sampling(max_tokens=30), Program("job")))
    assert core.stats.pinned == 1
    longer = [*prompt, *_tokens(first), *prompt_of(20, 5)]
    before = core.stats.prefilled
    second = _answer(core, Request("2", tuple(longer), Sampling(max_tokens=30), Program("job", "grep", is_last=True)))
    assert core.stats.prefilled - before == 21
    assert second[-1].usage is not None and second[-1].usage.cached == 179
    assert _tokens(second) == own_answer(tiny_model("llama"), longer, 30)
    assert core.stats.pinned == 0 and _all_free(core)


def test_turn_that_was_told_otherwise_goes_on_from_where_the_texts_part() -> None:
    prompt = prompt_of(150)
    core = _core()
    first = _answer(core, Request("1", tuple(prompt), Sampling(max_tokens=30), Program("job")))
    longer = [*prompt, *_tokens(first)[:10], *prompt_of(20, 5)]
    second = _answer(core, Request("2", tuple(longer), Sampling(max_tokens=10), Program("job", is_last=True)))
    assert second[-1].usage is not None and second[-1].usage.cached >= 160
    assert _tokens(second) == own_answer(tiny_model("llama"), longer, 10)
    other = prompt_of(90, 8)
    _answer(core, Request("3", tuple(prompt), Sampling(max_tokens=30), Program("next")))
    third = _answer(core, Request("4", tuple(other), Sampling(max_tokens=10), Program("next", is_last=True)))
    assert _tokens(third) == own_answer(tiny_model("llama"), other, 10)
    assert _all_free(core)


def test_turn_is_unpinned_when_its_time_is_over() -> None:
    clock = Clock()
    core = _core(clock)
    _answer(core, Request("1", tuple(prompt_of(150)), Sampling(max_tokens=3), Program("job")))
    clock.now = 2.0
    core.step()
    assert core.stats.pinned == 1
    clock.now = 2.1
    core.step()
    assert core.stats.pinned == 0 and _all_free(core)


def test_pinned_turns_yield_to_requests_the_latest_program_first() -> None:
    clock = Clock()
    core = _core(clock, pages=10)
    for now, job in enumerate(("early", "late")):
        clock.now = now * 0.1
        _answer(core, Request(job, tuple(prompt_of(260, now)), Sampling(max_tokens=3), Program(job)))
    assert len(core.scheduler.pins) == 2
    _answer(core, Request("big", tuple(prompt_of(400, 9)), Sampling(max_tokens=3)))
    assert core.scheduler.pins.jobs == ("early",)


def test_last_turn_and_ended_programs_are_not_kept() -> None:
    core = _core()
    _answer(core, Request("1", tuple(prompt_of(90)), Sampling(max_tokens=3), Program("a", is_last=True)))
    assert core.stats.pinned == 0
    _answer(core, Request("2", tuple(prompt_of(90)), Sampling(max_tokens=3), Program("b")))
    core.program_ended("b")
    assert core.stats.pinned == 0 and _all_free(core)


def test_tool_that_runs_too_long_unpins_the_turn() -> None:
    core = _core()
    for _ in range(100):
        core.ttl.tool_took("build", 600.0)
    core.ttl.tool_took("grep", 0.001)
    core.ttl.queued(1.0)
    _answer(core, Request("1", tuple(prompt_of(90)), Sampling(max_tokens=3), Program("a")))
    core.tool_called("a", "build")
    assert core.stats.pinned == 0


def test_stop_text_ends_the_answer_across_tokens() -> None:
    prompt = prompt_of(30)
    wanted = own_answer(tiny_model("llama"), prompt, 20)
    stop = "".join(chr(256 + token) for token in wanted[7:9])
    found = _answer(_core(), Request("a", tuple(prompt), Sampling(max_tokens=20, stop=(stop,))))
    text = "".join(delta.text for delta in found)
    assert text == "".join(chr(256 + token) for token in wanted).partition(stop)[0]
    assert found[-1].finish == "stop"


def test_end_token_ends_the_answer_unless_it_is_ignored() -> None:
    prompt = prompt_of(30)
    wanted = own_answer(tiny_model("llama"), prompt, 20)
    end = frozenset({wanted[6]})
    at = wanted.index(wanted[6])
    found = _answer(_core(end=end), Request("a", tuple(prompt), Sampling(max_tokens=20)))
    assert _tokens(found) == wanted[: at + 1] and found[-1].finish == "stop"
    assert "".join(delta.text for delta in found) == "".join(chr(256 + token) for token in wanted[:at])
    found = _answer(_core(end=end), Request("a", tuple(prompt), Sampling(max_tokens=20, ignore_end=True)))
    assert _tokens(found) == wanted and found[-1].finish == "length"


def test_grammar_decides_what_may_come_and_when_it_is_over() -> None:
    found = _answer(
        _core(drafts=4), Request("a", tuple(prompt_of(30)), Sampling(max_tokens=20), grammar=Only([5, 9, 5]))
    )
    assert _tokens(found) == [5, 9, 5] and found[-1].finish == "stop"


def test_cancelled_request_gives_everything_back() -> None:
    core = _core(running=1)
    core.add(Request("runs", tuple(prompt_of(200)), Sampling(max_tokens=50)))
    core.add(Request("waits", tuple(prompt_of(200)), Sampling(max_tokens=50)))
    for _ in range(5):
        core.step()
    for name in ("runs", "waits"):
        update = core.cancel(name)
        assert update is not None and update[1].finish == "cancelled"
    assert core.is_idle and _all_free(core)
    assert core.cancel("runs") is None
    assert core.stats.cancelled == 2


def test_too_many_requests_are_refused_and_the_others_answered() -> None:
    core = _core(waiting=2)
    for number in range(2):
        core.add(Request(str(number), (1, 2), Sampling(max_tokens=2)))
    with pytest.raises(Overloaded, match="2 requests wait"):
        core.add(Request("3", (1, 2)))
    assert sorted(_run(core)) == ["0", "1"]


def test_malformed_and_too_long_requests_are_refused() -> None:
    core = _core(pages=4)
    assert core.longest == 4 * 64 + 64
    with pytest.raises(RequestTooLong, match="320 tokens; with its answer it may have 320"):
        core.add(Request("a", tuple(prompt_of(320))))
    for bad in ((), (VOCABULARY,), (-1,)):
        with pytest.raises(ValueError, match="a prompt is one token or more"):
            core.add(Request("a", bad))
    core.add(Request("a", (1,)))
    with pytest.raises(ValueError, match="under way"):
        core.add(Request("a", (1,)))


def test_answer_ends_where_the_cache_does() -> None:
    found = _answer(_core(pages=4), Request("a", tuple(prompt_of(300)), Sampling(max_tokens=100)))
    assert len(_tokens(found)) == 20 and found[-1].finish == "length"


def test_failure_ends_every_request_with_its_reason() -> None:
    core = _core()
    core.add(Request("a", (1, 2)))
    core.step()
    (update,) = core.fail(InferenceError("the device is gone"))
    assert update[1].finish == "failed" and str(update[1].error) == "the device is gone"
    assert core.is_idle and _all_free(core)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 220), st.integers(1, 60), st.sampled_from(["", "a", "b"]), st.booleans()), max_size=7
    ),
    st.integers(4, 9),
)
def test_every_request_is_answered_and_nothing_leaks(work: list[tuple[int, int, str, bool]], pages: int) -> None:
    clock = Clock()
    core = _core(clock, pages=pages, drafts=2)
    counts: dict[str, int] = {}
    found: dict[str, list[Delta]] = {}
    for number, (length, count, job, is_cancelled) in enumerate(work):
        clock.now += 0.5
        program = Program(job, "grep") if job else None
        core.add(Request(str(number), tuple(prompt_of(length, length % 3)), Sampling(max_tokens=count), program))
        for name, delta in core.step():
            found.setdefault(name, []).append(delta)
        if is_cancelled and (update := core.cancel(str(number))):
            found.setdefault(update[0], []).append(update[1])
        else:
            counts[str(number)] = count
    _run(core, found)
    for number in range(len(work)):
        assert [delta.finish for delta in found[str(number)]].count(None) == len(found[str(number)]) - 1
    assert {name: len(_tokens(found[name])) for name in counts} == counts
    for job in ("a", "b"):
        core.program_ended(job)
    assert _all_free(core)
    assert core.scheduler.free_slots == 6


@pytest.mark.parametrize("failing", [1, 3, 6])
def test_step_that_breaks_leaks_no_pages(failing: int) -> None:
    core = _core()
    left = [failing]

    def break_once(layer: int, pages: object, keys: Tensor, begin: int) -> None:
        left[0] -= 1
        if not left[0]:
            raise RuntimeError("out of memory")

    core.runner.pool.on_packed = break_once
    core.add(Request("a", tuple(prompt_of(200)), Sampling(max_tokens=120)))
    with pytest.raises(RuntimeError, match="out of memory"):
        _run(core)
    core.fail(InferenceError("a step failed"))
    assert _all_free(core) and core.scheduler.free_slots == 6
    assert _tokens(_answer(core, Request("b", (1, 2), Sampling(max_tokens=5)))) == own_answer(
        tiny_model("llama"), [1, 2], 5
    )
