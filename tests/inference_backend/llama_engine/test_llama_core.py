from __future__ import annotations

import time
from itertools import islice
from typing import Any

import pytest
import torch

from repowright.inference_backend.engine.request import Overloaded, Program, Request, Sampling
from repowright.inference_backend.engine.settings import EngineSettings
from repowright.inference_backend.errors import InferenceError, ModelUnusable, RequestTooLong
from repowright.inference_backend.llama_engine.core import LlamaCore
from repowright.inference_backend.llama_engine.model import LlamaModel, LlamaWeights, Stretch
from repowright.inference_backend.llama_engine.opening import find_file
from repowright.inference_backend.llama_engine.tokeniser import tokeniser_of
from repowright.inference_backend.models.loader import SMALL

PROMPTS = [
    "def fibonacci(number):",
    "The capital of France is",
    "<|im_start|>user\nName three fruits.<|im_end|>\n<|im_start|>assistant\n",
    "Zürich, 東京 and São Paulo are\n\n\tcities " * 12,
]

ROUNDING = 1.0
"""By how much logits differ with the order of sums: activations rounded to 8 bits make small differences large."""


@pytest.fixture(scope="module")
def tokeniser(llama_cpp: Any) -> Any:
    return tokeniser_of(find_file(SMALL), 49152)


def _core(model: LlamaModel, tokeniser: Any, **sizes: int) -> LlamaCore:
    wanted = EngineSettings(**{"running": 4, "pinned": 2, "chunk": 64, **sizes})
    return LlamaCore(model, tokeniser, wanted, time.monotonic, model.weights.end_tokens)


def _answers(core: LlamaCore, *requests: Request) -> dict[str, tuple[list[int], str]]:
    """Tokens and text of each answer."""
    for request in requests:
        core.add(request)
    found: dict[str, tuple[list[int], str]] = {request.name: ([], "") for request in requests}
    while not core.is_idle:
        for name, delta in core.step():
            assert delta.error is None
            tokens, text = found[name]
            found[name] = [*tokens, *(each.token for each in delta.tokens)], text + delta.text
    return found


def _is_greedy(weights: LlamaWeights, prompt: tuple[int, ...], answer: list[int]) -> bool:
    """Whether each token is the likeliest, or as likely, where the text is read anew in a memory of its own."""
    model = LlamaModel(weights, 512, 1, 64, 1)
    for at in range(0, len(prompt) - 1, 64):
        model.evaluate([Stretch(0, at, prompt[at : at + 64][: len(prompt) - 1 - at])])
    read = [prompt[-1], *answer]
    for at, token in enumerate(answer):
        logits = model.evaluate([Stretch(0, len(prompt) - 1 + at, [read[at]])])[0]
        if float(logits.max() - logits[token]) > ROUNDING:
            return False
    return True


def test_greedy_answers_are_llama_cpps_own(llama_cpp: Any, weights: LlamaWeights, tokeniser: Any) -> None:
    sizes: Any = {"n_ctx": 1024, "n_batch": 64, "n_threads": 1, "n_threads_batch": 1}
    theirs = llama_cpp.Llama(str(find_file(SMALL)), flash_attn=True, verbose=False, **sizes)
    core = _core(LlamaModel(weights, 2048, 6, 64, 1), tokeniser)
    for number, prompt in enumerate(PROMPTS):
        tokens = tokeniser(prompt)["input_ids"]
        asked = Request(str(number), tuple(tokens), Sampling(max_tokens=24, ignore_end=True))
        own = _answers(core, asked)[str(number)][0]
        theirs.reset()
        assert own == list(islice(theirs.generate(tokens, temp=0.0), 24))
    theirs.close()


def test_texts_become_the_tokens_that_llama_cpp_makes_of_them(llama_cpp: Any, tokeniser: Any) -> None:
    theirs = llama_cpp.Llama(str(find_file(SMALL)), vocab_only=True, verbose=False)
    for prompt in PROMPTS:
        assert tokeniser(prompt)["input_ids"] == theirs.tokenize(prompt.encode(), add_bos=False, special=True)
    theirs.close()


def test_request_that_gave_way_is_answered_as_if_it_had_not(
    narrow: LlamaModel, weights: LlamaWeights, tokeniser: Any
) -> None:
    texts = ["One story of a town:", "Two rivers meet", "Three birds sing"]
    prompts = [tuple(tokeniser(text)["input_ids"]) for text in texts]
    core = _core(narrow, tokeniser)
    requests = [
        Request(text, prompt, Sampling(110, ignore_end=True)) for text, prompt in zip(texts, prompts, strict=True)
    ]
    found = _answers(core, *requests)
    assert core.stats.preempted > 0 and core.stats.pages_held == 0
    for text, prompt in zip(texts, prompts, strict=True):
        tokens, said = found[text]
        assert len(tokens) == 110 and said == tokeniser.decode(tokens, skip_special_tokens=True)
        assert _is_greedy(weights, prompt, tokens)


def test_kept_and_shared_prefixes_leave_logits_as_they_are(narrow: LlamaModel, tokeniser: Any) -> None:
    tokens = tokeniser("The quick brown fox jumps over the lazy")["input_ids"]
    whole = narrow.evaluate([Stretch(0, 0, tokens)])
    narrow.share(0, 1, 4)
    shared = narrow.evaluate([Stretch(1, 4, tokens[4:])])
    narrow.cut(0, 3)
    again = narrow.evaluate([Stretch(0, 3, tokens[3:])])
    assert torch.allclose(whole, shared, atol=ROUNDING) and torch.allclose(whole, again, atol=ROUNDING)
    assert not torch.allclose(whole, narrow.evaluate([Stretch(2, 0, tokens[1:])]), atol=3 * ROUNDING)


def test_short_answer_does_not_wait_for_the_end_of_a_long_one(narrow: LlamaModel, tokeniser: Any) -> None:
    core = _core(narrow, tokeniser)
    prompt = tuple(tokeniser("Once upon a time")["input_ids"])
    core.add(Request("long", prompt, Sampling(100, ignore_end=True)))
    core.step()
    core.add(Request("short", (*prompt, 30), Sampling(3, ignore_end=True)))
    steps = 0
    while not any(name == "short" and delta.finish for name, delta in core.step()):
        steps += 1
    assert steps <= 4 and core.stats.running == 1
    assert core.cancel("long") and core.is_idle and core.stats.pages_held == 0


def test_turn_of_a_program_goes_on_in_what_its_last_one_left(narrow: LlamaModel, tokeniser: Any) -> None:
    core = _core(narrow, tokeniser)
    prompt = tuple(tokeniser("A program asks for the first time")["input_ids"])
    said, _ = _answers(core, Request("one", prompt, Sampling(8, ignore_end=True), Program("job")))["one"]
    assert core.stats.pinned == 1
    core.tool_called("job", "clock")
    longer = (*prompt, *said, *tokeniser(" and for the second")["input_ids"])
    core.add(Request("two", longer, Sampling(2, ignore_end=True), Program("job", "clock", is_last=True)))
    updates = [update for _ in range(9) for update in core.step()]
    usage = updates[-1][1].usage
    assert usage is not None and usage.cached == len(prompt) + 7
    assert core.stats.pinned == 0


def test_failure_ends_every_request_and_the_next_is_answered(narrow: LlamaModel, tokeniser: Any) -> None:
    core = _core(narrow, tokeniser, waiting=2)
    prompt = tuple(tokeniser("Numbers: one, two,")["input_ids"])
    good = _answers(core, Request("good", prompt, Sampling(6)))["good"]
    core.add(Request("one", prompt, Sampling(50)))
    core.step()
    failed = core.fail(InferenceError("broken"))
    assert [(name, delta.finish) for name, delta in failed] == [("one", "failed")] and core.is_idle
    assert _answers(core, Request("again", prompt, Sampling(6)))["again"] == good


def test_what_cannot_be_served_is_refused(narrow: LlamaModel, tokeniser: Any) -> None:
    core = _core(narrow, tokeniser, waiting=1)
    with pytest.raises(RequestTooLong, match="256 tokens"):
        core.add(Request("long", (5,) * 256))
    with pytest.raises(ValueError, match="from 0 to 49151"):
        core.add(Request("odd", (49152,)))
    core.add(Request("one", (5, 6)))
    with pytest.raises(ValueError, match="under way"):
        core.add(Request("one", (5, 6)))
    with pytest.raises(Overloaded):
        core.add(Request("two", (5, 6)))


def test_answer_ends_where_the_memory_does(narrow: LlamaModel, tokeniser: Any) -> None:
    core = _core(narrow, tokeniser)
    tokens, _ = _answers(core, Request("one", (5,) * 200, Sampling(1000, ignore_end=True)))["one"]
    assert len(tokens) == 56


def test_damaged_file_is_refused_with_what_llama_cpp_says(llama_cpp: Any, tmp_path: Any) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelUnusable, match=r"cannot read .*broken\.gguf: .*\w"):
        LlamaWeights(broken)
