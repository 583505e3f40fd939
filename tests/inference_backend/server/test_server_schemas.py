from __future__ import annotations

import asyncio
import json
from random import Random
from typing import Any

import openai
import pytest
from jsonschema.validators import Draft202012Validator
from local_servers import Running, byte_tokeniser
from random_schemas import Schema, object_schema, random_schema

SCHEMAS = 1000
AT_ONCE = 32


def _asked(model: str, number: int, schema: Schema, closing: dict[str, int]) -> dict[str, Any]:
    """A question for an answer of random tokens, those that end texts and lists a little likelier."""
    form = {"name": "answer", "schema": schema, "strict": True}
    return {
        "model": model,
        "messages": [{"role": "user", "content": "Answer."}],
        "response_format": {"type": "json_schema", "json_schema": form},
        "temperature": 1,
        "seed": number,
        "max_tokens": 1500,
        "logit_bias": closing,
        "stream": number % 4 == 0,
    }


async def _text(client: openai.AsyncOpenAI, asked: dict[str, Any]) -> str:
    answer: Any = await client.chat.completions.create(**asked)
    if not asked["stream"]:
        assert answer.choices[0].finish_reason == "stop", answer
        return str(answer.choices[0].message.content)
    return "".join([chunk.choices[0].delta.content or "" async for chunk in answer])


def _check(text: str, schema: Schema) -> None:
    value = json.loads(text)
    assert not list(Draft202012Validator(schema).iter_errors(value)), (value, schema)


async def test_a_thousand_random_schemas_are_always_answered_with_json_they_accept(tiny: Running) -> None:
    random = Random(20261123)
    schemas = [(object_schema if number % 2 else random_schema)(random) for number in range(SCHEMAS)]
    tokens: Any = byte_tokeniser()('"}],')["input_ids"]
    closing = dict(zip(map(str, tokens), (7, 8, 8, 1), strict=True))
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, schema: Schema) -> None:
        async with slots:
            _check(await _text(client, _asked("tiny", number, schema, closing)), schema)

    async with openai.AsyncOpenAI(base_url=tiny.url, api_key="none", max_retries=0, timeout=250) as client:
        await asyncio.gather(*(one(number, schema) for number, schema in enumerate(schemas)))


async def test_the_small_model_keeps_to_schemas_as_well(ask_small: openai.AsyncOpenAI) -> None:
    person: Schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 12},
            "age": {"type": "integer", "minimum": 0, "maximum": 120},
            "role": {"enum": ["user", "admin"]},
        },
        "required": ["name", "age", "role"],
        "additionalProperties": False,
    }
    schemas = [person, {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 3}, {"const": "ü"}]

    async def one(number: int, schema: Schema) -> str:
        asked = _asked("smollm2", number, schema, {}) | {"max_tokens": 120}
        asked["messages"] = [{"role": "user", "content": "Ada is 36 years old and an admin. As JSON, please."}]
        text = await _text(ask_small, asked)
        _check(text, schema)
        return text

    answers = await asyncio.gather(*(one(number, schema) for number, schema in enumerate(schemas)))
    assert answers[2] == '"ü"'


async def test_schema_that_is_not_strict_may_use_words_that_no_grammar_knows(ask_tiny: openai.AsyncOpenAI) -> None:
    schema = {"type": "integer", "minimum": 0, "maximum": 99, "multipleOf": 1}
    asked = _asked("tiny", 1, schema, {})
    asked["response_format"]["json_schema"]["strict"] = False
    _check(await _text(ask_tiny, asked), schema)


async def test_json_object_is_an_object(ask_tiny: openai.AsyncOpenAI) -> None:
    tokens: Any = byte_tokeniser()('"}],')["input_ids"]
    closing = dict.fromkeys(map(str, tokens), 6)
    for seed in range(5):
        asked = _asked("tiny", seed, {}, closing) | {"response_format": {"type": "json_object"}, "stream": False}
        assert isinstance(json.loads(await _text(ask_tiny, asked)), dict)


@pytest.mark.parametrize("words", ["uniqueItems", "not", "contains", "if", "dependentRequired"])
async def test_strict_schema_that_could_not_be_kept_is_refused(ask_tiny: openai.AsyncOpenAI, words: str) -> None:
    value: Any = {"uniqueItems": True, "dependentRequired": {"a": ["b"]}}.get(words, {"type": "string"})
    schema = {"type": "object", "properties": {"list": {"type": "array", words: value}}}
    with pytest.raises(openai.BadRequestError, match=words):
        await _text(ask_tiny, _asked("tiny", 1, schema, {}))
