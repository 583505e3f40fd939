from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from local_servers import Running, byte_tokeniser, running, tiny_served
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam

from repowright.inference_backend.server.chat_schemas import ChatRequest
from repowright.inference_backend.server.prompts import Prompts

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "enum": ["Paris", "Rome"]}, "days": {"type": "integer"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
CLOCK = {"type": "function", "function": {"name": "clock"}}
TWO = [("weather", {"city": "Paris", "days": 2}), ("clock", {})]

HERMES = (
    'Let me look.\n\n<tool_call>\n{"name": "weather", "arguments": {"city": "Paris", "days": 2}}\n</tool_call>\n'
    '<tool_call>\n{"name": "clock", "arguments": {}}\n</tool_call>'
)
LISTED = '<tool_call>[{"name": "weather", "arguments": {"city": "Paris", "days": 2}}, {"name": "clock"}]</tool_call>'
LLAMA = '{"name": "weather", "parameters": {"city": "Paris", "days": 2}}; {"name": "clock", "parameters": {}}'
CODER = (
    "<tool_call>\n<function=weather>\n<parameter=city>\nParis\n</parameter>\n<parameter=days>\n2\n</parameter>\n"
    "</function>\n</tool_call>\n<tool_call>\n<function=clock>\n</function>\n</tool_call>"
)


@pytest.fixture(scope="module")
def speakers() -> Iterator[dict[str, Running]]:
    with (
        running(tiny_served("hermes", says=True)) as hermes,
        running(tiny_served("llama", says=True)) as llama,
        running(tiny_served("coder", says=True)) as coder,
    ):
        yield {"hermes": hermes, "llama": llama, "coder": coder}


def _say(text: str) -> list[ChatCompletionMessageParam]:
    return [{"role": "user", "content": f"<say>{text}</say>"}]


async def _both(client: openai.AsyncOpenAI, **asked: Any) -> tuple[str | None, list[tuple[str, Any]], str | None]:
    """The answer as text, calls and reason of its end: the same whole and streamed."""
    wanted = {"model": "tiny", "tools": [WEATHER, CLOCK], "temperature": 0, "max_tokens": 400, **asked}
    whole: ChatCompletion = await client.chat.completions.create(**wanted)
    message = whole.choices[0].message
    calls = [(call.function.name, json.loads(call.function.arguments)) for call in _functions(message.tool_calls)]
    found = message.content, calls, whole.choices[0].finish_reason
    assert await _streamed(client, wanted) == found
    return found


def _functions(calls: Any) -> Any:
    return calls or []


async def _streamed(
    client: openai.AsyncOpenAI, wanted: dict[str, Any]
) -> tuple[str | None, list[tuple[str, Any]], str | None]:
    text, finish = "", None
    calls: dict[str, tuple[str, Any]] = {}
    async for chunk in await client.chat.completions.create(**wanted, stream=True):
        choice = chunk.choices[0]
        text += choice.delta.content or ""
        finish = choice.finish_reason or finish
        for call in choice.delta.tool_calls or []:
            assert call.id and call.function and call.function.name and call.function.arguments
            assert call.index == len(calls)
            calls[call.id] = call.function.name, json.loads(call.function.arguments)
    return text if text or not calls else None, list(calls.values()), finish


@pytest.mark.parametrize(
    ("speaker", "text", "said"),
    [
        ("hermes", HERMES, "Let me look."),
        ("hermes", LISTED, None),
        ("hermes", HERMES.removesuffix("\n</tool_call>"), "Let me look."),
        ("llama", LLAMA, None),
        ("llama", f"<|python_tag|>{LLAMA}", None),
        ("coder", CODER, None),
    ],
)
async def test_calls_in_each_way_of_writing_are_found_whole_and_streamed(
    speakers: dict[str, Running], speaker: str, text: str, said: str | None
) -> None:
    async with openai.AsyncOpenAI(base_url=speakers[speaker].url, api_key="none", max_retries=0) as client:
        assert await _both(client, messages=_say(text)) == (said, TWO, "tool_calls")


@pytest.mark.parametrize(
    ("speaker", "text"),
    [
        ("hermes", "a < b <tool and <tool_cal are no calls "),
        ("hermes", '<tool_call>{"name": 3}</tool_call> is none either\n'),
        ("hermes", "<tool_call> left open"),
        ("llama", '{"answer": 42}'),
        ("llama", '{"name": "unknown", "parameters": {}}'),
        ("llama", "Plain words {"),
        ("coder", "<tool_call>words</tool_call>"),
    ],
)
async def test_what_is_no_call_stays_text_to_the_last_character(
    speakers: dict[str, Running], speaker: str, text: str
) -> None:
    async with openai.AsyncOpenAI(base_url=speakers[speaker].url, api_key="none", max_retries=0) as client:
        assert await _both(client, messages=_say(text)) == (text, [], "stop")


async def test_arguments_may_hold_the_marks_of_calls(ask_parrot: openai.AsyncOpenAI) -> None:
    arguments = {"text": "ends with </tool_call> and <tool_call>", "more": '"}\n'}
    text = f"<tool_call>{json.dumps({'name': 'write', 'arguments': arguments})}</tool_call>"
    found = await _both(ask_parrot, messages=_say(text))
    assert found == (None, [("write", arguments)], "tool_calls")


async def test_without_parallel_calls_the_first_counts(ask_parrot: openai.AsyncOpenAI) -> None:
    found = await _both(ask_parrot, messages=_say(HERMES), parallel_tool_calls=False)
    assert found == ("Let me look.", TWO[:1], "tool_calls")


async def test_without_tools_nothing_is_a_call(ask_parrot: openai.AsyncOpenAI) -> None:
    for choice in ({"tools": openai.NOT_GIVEN}, {"tool_choice": "none"}):
        assert await _both(ask_parrot, messages=_say(LISTED), **choice) == (LISTED, [], "stop")


@pytest.mark.parametrize("speaker", ["hermes", "llama", "coder"])
@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "weather"}}])
async def test_a_call_that_must_come_comes_from_a_model_that_wants_none(
    speakers: dict[str, Running], speaker: str, choice: Any
) -> None:
    async with openai.AsyncOpenAI(base_url=speakers[speaker].url, api_key="none", max_retries=0) as client:
        text, calls, finish = await _both(
            client, messages=_say("No, thank you."), tools=[WEATHER], tool_choice=choice, parallel_tool_calls=False
        )
    assert (text, len(calls), finish) == (None, 1, "tool_calls")
    name, arguments = calls[0]
    assert name == "weather" and arguments["city"] in ("Paris", "Rome") and set(arguments) <= {"city", "days"}


async def test_strict_tool_is_held_to_its_parameters_within_free_text(ask_parrot: openai.AsyncOpenAI) -> None:
    strict: dict[str, Any] = {**WEATHER, "function": {**WEATHER["function"], "strict": True}}  # type: ignore[dict-item]
    wrong = 'Look: <tool_call>\n{"name": "weather", "arguments": {"city": "Berlin"}}\n</tool_call>'
    text, calls, _ = await _both(ask_parrot, messages=_say(wrong), tools=[strict], parallel_tool_calls=False)
    assert text == "Look:" and calls[0][1]["city"] in ("Paris", "Rome")


def test_several_calls_of_the_history_come_one_by_one_where_a_template_wants_that() -> None:
    tokeniser = byte_tokeniser("llama")
    tokeniser.chat_template = (
        "<|python_tag|>{{ tools }}{% for message in messages %}"
        "{% if message.tool_calls and message.tool_calls | length > 1 %}"
        "{{ raise_exception('one at a time') }}{% endif %}"
        "{{ message.role }} {{ message.tool_calls[0].function.name if message.tool_calls else message.content }};"
        "{% endfor %}"
    )
    calls = [{"id": name, "function": {"name": name, "arguments": "{}"}} for name in ("sun", "moon")]
    history = [
        {"role": "user", "content": "What shines?"},
        {"role": "assistant", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "sun", "content": "by day"},
        {"role": "tool", "tool_call_id": "moon", "content": "by night"},
    ]
    asked = ChatRequest.model_validate_json(json.dumps({"model": "tiny", "messages": history}))
    written = str(tokeniser.decode(list(Prompts(tokeniser).of_chat(asked.messages, [], thinks=True))))
    assert written.endswith("user What shines?;assistant sun;tool by day;assistant moon;tool by night;")


async def test_history_of_calls_and_results_reaches_the_model(ask_parrot: openai.AsyncOpenAI) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
    history: list[Any] = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What time is it?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "<say>It is noon.</say>"},
    ]
    assert await _both(ask_parrot, messages=history) == ("It is noon.", [], "stop")
