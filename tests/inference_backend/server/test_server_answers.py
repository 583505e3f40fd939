from __future__ import annotations

import math
from typing import Any

import openai
import pytest
import torch
from local_servers import Running, byte_tokeniser, tiny_weights
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam

QUESTION: list[ChatCompletionMessageParam] = [{"role": "user", "content": "What is the capital of France?"}]
ASKED = "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n"
QUESTIONS = "a much longer question " * 12
LONG: list[ChatCompletionMessageParam] = [{"role": "user", "content": QUESTIONS}]


async def _streamed(client: openai.AsyncOpenAI, **wanted: Any) -> list[dict[str, Any]]:
    """Text, tokens, log-probabilities and end of each choice, put together from the chunks."""
    found: dict[int, dict[str, Any]] = {}
    async for chunk in await client.chat.completions.create(**wanted, stream=True):
        for choice in chunk.choices:
            one = found.setdefault(choice.index, {"text": "", "logprobs": [], "finish": None})
            one["text"] += choice.delta.content or ""
            one["logprobs"] += (choice.logprobs and choice.logprobs.content) or []
            one["finish"] = choice.finish_reason or one["finish"]
    return [found[number] for number in sorted(found)]


def _whole(answer: ChatCompletion) -> list[dict[str, Any]]:
    return [
        {
            "text": choice.message.content,
            "logprobs": (choice.logprobs and choice.logprobs.content) or [],
            "finish": choice.finish_reason,
        }
        for choice in answer.choices
    ]


@pytest.mark.parametrize(
    "asked",
    [
        {"temperature": 0},
        {"temperature": 1.3, "seed": 5, "n": 3},
        {"temperature": 0.7, "top_p": 0.9, "seed": 6, "logprobs": True, "top_logprobs": 3},
        {"temperature": 1, "seed": 7, "stop": ["a", "b", "c"]},
        {"temperature": 1, "seed": 8, "presence_penalty": 1.5, "frequency_penalty": 1, "logit_bias": {"70": 4}},
        {"temperature": 1, "seed": 9, "response_format": {"type": "json_object"}},
        {"temperature": 1, "seed": -1, "extra_body": {"top_k": 4, "min_p": 0.05}},
    ],
)
async def test_streamed_answer_is_the_whole_one(ask_tiny: openai.AsyncOpenAI, asked: dict[str, Any]) -> None:
    wanted = {"model": "tiny", "messages": QUESTION, "max_tokens": 60, **asked}
    whole = _whole(await ask_tiny.chat.completions.create(**wanted))
    assert await _streamed(ask_tiny, **wanted) == whole
    assert len({choice["text"] for choice in whole}) == asked.get("n", 1)


async def test_seed_decides_and_its_absence_does_not(ask_tiny: openai.AsyncOpenAI) -> None:
    async def answer(**more: Any) -> str | None:
        found = await ask_tiny.chat.completions.create(model="tiny", messages=QUESTION, max_tokens=30, **more)
        return str(found.choices[0].message.content)

    assert await answer(seed=3) == await answer(seed=3) != await answer(seed=4)
    assert await answer() != await answer()


async def test_stop_text_ends_the_answer_and_is_no_part_of_it(ask_parrot: openai.AsyncOpenAI) -> None:
    said: list[ChatCompletionMessageParam] = [{"role": "user", "content": "<say>one two three four</say>"}]
    wanted: Any = {"model": "tiny", "messages": said, "temperature": 0, "stop": ["three", "four"]}
    answer = await ask_parrot.chat.completions.create(**wanted)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("one two ", "stop")
    assert (await _streamed(ask_parrot, **wanted))[0]["text"] == "one two "


async def test_letters_of_several_bytes_come_whole(ask_parrot: openai.AsyncOpenAI) -> None:
    text = "Zürich – 東京 \U0001f5fc"
    said: list[ChatCompletionMessageParam] = [{"role": "user", "content": f"<say>{text}</say>"}]
    stream = await ask_parrot.chat.completions.create(model="tiny", messages=said, temperature=0, stream=True)
    pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert "".join(pieces) == text and all("�" not in piece for piece in pieces)


async def test_usage_counts_what_was_taken_from_the_cache(ask_tiny: openai.AsyncOpenAI) -> None:
    asked: Any = {"model": "tiny", "messages": LONG, "max_tokens": 4, "extra_body": {"ignore_eos": True}}
    first = await ask_tiny.chat.completions.create(**asked)
    again = await ask_tiny.chat.completions.create(**asked, n=2)
    assert first.usage is not None and again.usage is not None
    length = len(byte_tokeniser()(f"<|im_start|>user\n{QUESTIONS}<|im_end|>\n<|im_start|>assistant\n").input_ids)
    assert first.usage.prompt_tokens == again.usage.prompt_tokens == length
    assert first.usage.completion_tokens == 4 and again.usage.completion_tokens == 8
    assert again.usage.total_tokens == length + 8
    details = again.usage.prompt_tokens_details
    assert details is not None and details.cached_tokens == (length - 64) // 64 * 64


async def test_stream_ends_with_usage_if_asked(ask_tiny: openai.AsyncOpenAI) -> None:
    asked: Any = {"model": "tiny", "messages": QUESTION, "max_tokens": 4, "n": 2, "extra_body": {"ignore_eos": True}}
    with_usage = [
        chunk
        async for chunk in await ask_tiny.chat.completions.create(
            **asked, stream=True, stream_options={"include_usage": True}
        )
    ]
    assert not with_usage[-1].choices and with_usage[-1].usage and with_usage[-1].usage.completion_tokens == 8
    assert all(chunk.usage is None for chunk in with_usage[:-1])
    without = [chunk async for chunk in await ask_tiny.chat.completions.create(**asked, stream=True)]
    assert all(chunk.usage is None and chunk.choices for chunk in without)


async def test_logprobs_are_those_of_the_model(tiny: Running, ask_tiny: openai.AsyncOpenAI) -> None:
    chat = await ask_tiny.chat.completions.create(
        model="tiny", messages=QUESTION, max_tokens=40, seed=2, logprobs=True, top_logprobs=20
    )
    content = (chat.choices[0].logprobs and chat.choices[0].logprobs.content) or []
    written = [bytes(each.bytes or []) for each in content]
    assert b"".join(written).decode("utf-8", "replace") == chat.choices[0].message.content
    for each in content:
        top = [one.logprob for one in each.top_logprobs]
        assert top == sorted(top, reverse=True) and len(top) == 20
        assert sum(map(math.exp, top)) <= 1 + 1e-5
        assert each.logprob <= top[0]
    known = tiny.served.grammars.token_bytes
    own = _own_logprobs([known.index(each) for each in written])
    assert [each.logprob for each in content] == pytest.approx(own, abs=0.02)


def _own_logprobs(answer: list[int]) -> list[float]:
    """What the model itself says of each token of an answer to the question."""
    tokeniser = byte_tokeniser()
    prompt: Any = tokeniser(ASKED)["input_ids"]
    with torch.no_grad():
        logits = tiny_weights(len(tokeniser))(torch.tensor([[*prompt, *answer]])).logits[0].float()
    logprobs = torch.log_softmax(logits, -1)
    return [float(logprobs[len(prompt) + at - 1, token]) for at, token in enumerate(answer)]


async def test_text_completions_take_texts_and_tokens(ask_tiny: openai.AsyncOpenAI) -> None:
    prompts = ["def a", "def b"]
    tokens = [byte_tokeniser()(prompt)["input_ids"] for prompt in prompts]
    asked: Any = {"model": "tiny", "max_tokens": 12, "temperature": 0, "logprobs": 2}
    by_text = await ask_tiny.completions.create(prompt=prompts, n=2, **asked)
    by_token = await ask_tiny.completions.create(prompt=tokens, n=2, **asked)
    texts = [choice.text for choice in by_text.choices]
    assert texts == [choice.text for choice in by_token.choices]
    assert [choice.index for choice in by_text.choices] == [0, 1, 2, 3]
    assert texts[0] == texts[1] != texts[2] == texts[3]
    assert by_text.usage is not None and by_text.usage.prompt_tokens == 10 and by_text.usage.completion_tokens == 48
    told = by_text.choices[0].logprobs
    assert told is not None and told.tokens is not None and told.text_offset is not None
    assert told.text_offset == [sum(map(len, told.tokens[:number])) for number in range(12)]


async def test_streamed_text_completion_is_the_whole_one(ask_tiny: openai.AsyncOpenAI) -> None:
    asked: Any = {"model": "tiny", "prompt": ["def a", "def b"], "seed": 2, "max_tokens": 20, "logprobs": 1}
    whole = await ask_tiny.completions.create(**asked)
    texts, offsets = ["", ""], [[], []]  # type: tuple[list[str], list[list[int]]]
    async for chunk in await ask_tiny.completions.create(**asked, stream=True):
        choice = chunk.choices[0]
        texts[choice.index] += choice.text
        offsets[choice.index] += (choice.logprobs and choice.logprobs.text_offset) or []
    assert texts == [choice.text for choice in whole.choices]
    assert offsets == [choice.logprobs and choice.logprobs.text_offset for choice in whole.choices]


async def test_bias_forbids_and_forces(ask_tiny: openai.AsyncOpenAI) -> None:
    letter, other = (str(each) for each in byte_tokeniser()("xy")["input_ids"])
    asked: Any = {"model": "tiny", "messages": QUESTION, "max_tokens": 10, "temperature": 0}
    forced = await ask_tiny.chat.completions.create(**asked, logit_bias={letter: 100})
    assert forced.choices[0].message.content == "x" * 10
    both = {letter: 100, other: 99}
    mixed = await ask_tiny.chat.completions.create(**asked, logit_bias=both, frequency_penalty=2)
    assert str(mixed.choices[0].message.content).count("x") < 10 and set(str(mixed.choices[0].message.content)) == {
        "x",
        "y",
    }


async def test_answer_ends_where_the_context_does(ask_tiny: openai.AsyncOpenAI) -> None:
    listed = await ask_tiny.models.retrieve("tiny")
    longest = listed.model_dump()["max_model_len"]
    with pytest.raises(openai.BadRequestError) as caught:
        await ask_tiny.completions.create(model="tiny", prompt="a" * (longest + 1))
    assert caught.value.code == "context_length_exceeded"


async def test_the_small_model_answers_alike_in_every_way(ask_small: openai.AsyncOpenAI) -> None:
    asked: Any = {"model": "smollm2", "messages": QUESTION, "temperature": 0, "max_tokens": 20, "logprobs": True}
    whole = _whole(await ask_small.chat.completions.create(**asked))
    assert "Paris" in whole[0]["text"] and whole[0]["finish"] == "stop"
    assert await _streamed(ask_small, **asked) == whole
    assert "".join(each.token for each in whole[0]["logprobs"]) == whole[0]["text"]
