"""From the body of a request to what the engine is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import ValidationError

from repowright.inference_backend.engine.request import Program, Request, Sampling, TokenMask
from repowright.inference_backend.server.answers import Choice
from repowright.inference_backend.server.chat_schemas import ChatRequest
from repowright.inference_backend.server.failures import Refused, refusal_of_body
from repowright.inference_backend.server.replies import ChatRendering, Rendering, TextRendering
from repowright.inference_backend.server.schemas import Common, TextRequest
from repowright.inference_backend.server.served import Served
from repowright.inference_backend.server.shaping import Shaping
from repowright.inference_backend.server.tool_reading import FirstCall, Reader, TextReader, reader_of
from repowright.inference_backend.structured import ANY_OBJECT, GrammarMask

_TEXT_TOKENS = 16
"""Tokens of a text completion that names no limit, as OpenAI has it."""

Asked = TypeVar("Asked", bound=Common)


@dataclass(frozen=True)
class Work:
    """Everything that a request comes to.

    Parameters
    ----------
    wants_usage
        A stream ends with what it cost.
    job
        The program it is a turn of; empty if none.
    """

    choices: Sequence[Choice]
    rendering: Rendering
    streams: bool
    wants_usage: bool
    job: str = ""


Plan = Callable[[Served, bytes], Work]
"""Turns a body into work; raises `Refused` or `InferenceError`."""


def chat_work(served: Served, body: bytes) -> Work:
    """Return what the body of a chat completion comes to.

    Raises
    ------
    Refused
        If it is malformed, or asks for what cannot be done.
    InferenceError
        If a schema in it cannot be enforced.
    """
    asked = _read(served, body, ChatRequest)
    tools = asked.offered
    limit = asked.limit
    makers = _grammar_of(served, asked)
    thinks = makers is None and asked.reasoning_effort != "none"
    prompt = served.prompts.of_chat(asked.messages, tools, thinks)
    top = (asked.top_logprobs or 0) if asked.logprobs else None
    name = f"chatcmpl-{served.random(128):032x}"

    def choice(number: int) -> Choice:
        grammar = makers() if makers else None
        sampling = _sampling(asked, limit, top, number, grammar is not None, bool(tools))
        reader = reader_of(served.prompts.format, tools, asked.must_call)
        if not asked.calls_several:
            reader = FirstCall(reader)
        return _choice(served, asked, f"{name}-{number}", prompt, sampling, reader, grammar)

    asked = _seeded(served, asked)
    rendering = ChatRendering(
        name, int(served.now()), served.name, _fingerprint(served), served.grammars.token_bytes, top, asked.choices
    )
    return _work(asked, [choice(number) for number in range(asked.choices)], rendering)


def text_work(served: Served, body: bytes) -> Work:
    """Return what the body of a text completion comes to; raises as `chat_work`."""
    asked = _seeded(served, _read(served, body, TextRequest))
    name = f"cmpl-{served.random(128):032x}"
    prompts = [served.prompts.of_text(each) if isinstance(each, str) else tuple(each) for each in asked.prompts]
    choices = [
        _choice(
            served,
            asked,
            f"{name}-{at}-{number}",
            prompt,
            _sampling(asked, asked.max_tokens or _TEXT_TOKENS, asked.logprobs, number, False, False),
            TextReader(),
            None,
        )
        for at, prompt in enumerate(prompts)
        for number in range(asked.choices)
    ]
    known = served.grammars.token_bytes
    rendering = TextRendering(
        name, int(served.now()), served.name, _fingerprint(served), known, asked.logprobs, asked.choices
    )
    return _work(asked, choices, rendering)


def _read(served: Served, body: bytes, kind: type[Asked]) -> Asked:
    try:
        asked = kind.model_validate_json(body)
    except ValidationError as err:
        raise refusal_of_body(err) from err
    if not served.is_asked(asked.model):
        raise Refused(404, f"there is no model {asked.model}; {served.name} is served", "model", "model_not_found")
    return asked


def _seeded(served: Served, asked: Asked) -> Asked:
    return asked if asked.seed is not None else asked.model_copy(update={"seed": served.random(63)})


def _grammar_of(served: Served, asked: ChatRequest) -> Callable[[], GrammarMask] | None:
    """Return what makes the grammar an answer is held to; None if it may be any text."""
    wanted, tools = asked.response_format, asked.offered
    if asked.has_form and wanted is not None:
        schema = wanted.json_schema.schema_ if wanted.json_schema else None
        is_strict = bool(wanted.json_schema and wanted.json_schema.strict)
        return lambda: served.grammars.json_schema(ANY_OBJECT if schema is None else schema, is_strict)
    if asked.must_call or any(tool.strict for tool in tools):
        form = served.prompts.format.form(tools, asked.must_call, asked.calls_several)
        return lambda: served.grammars.tagged(form)
    return None


def _sampling(
    asked: Common, limit: int | None, top: int | None, number: int, is_held: bool, has_tools: bool
) -> Sampling:
    return Sampling(
        max_tokens=limit or 1 << 30,
        temperature=1.0 if asked.temperature is None else asked.temperature,
        top_p=1.0 if asked.top_p is None else asked.top_p,
        top_k=max(0, asked.top_k or 0),
        min_p=asked.min_p or 0.0,
        seed=(asked.seed or 0) + number,
        stop=asked.stops,
        logprobs=top,
        ignore_end=bool(asked.ignore_eos) and not is_held,
        keep_special=has_tools,
    )


def _choice(
    served: Served,
    asked: Common,
    name: str,
    prompt: tuple[int, ...],
    sampling: Sampling,
    reader: Reader,
    grammar: GrammarMask | None,
) -> Choice:
    mask: TokenMask | None = grammar
    bias = _bias(served, asked)
    presence, frequency = asked.presence_penalty or 0.0, asked.frequency_penalty or 0.0
    if bias or presence or frequency:
        mask = Shaping(bias, presence, frequency, grammar)
    hints = asked.kv if asked.choices == 1 else None
    program = Program(hints.job_id, hints.last_tool, hints.is_last) if hints else None
    return Choice(Request(name, prompt, sampling, program, mask), reader, grammar, served.end_tokens)


def _bias(served: Served, asked: Common) -> dict[int, float]:
    known = len(served.grammars.token_bytes)
    found: dict[int, float] = {}
    for token, by in (asked.logit_bias or {}).items():
        if not token.isdecimal() or int(token) >= known:
            raise Refused(400, f"logit_bias names {token[:40]}; tokens are 0 to {known - 1}", "logit_bias")
        found[int(token)] = by
    return found


def _work(asked: Common, choices: Sequence[Choice], rendering: Rendering) -> Work:
    job = asked.kv.job_id if asked.kv and not asked.kv.is_last and asked.choices == 1 else ""
    return Work(choices, rendering, bool(asked.stream), asked.wants_usage, job)


def _fingerprint(served: Served) -> str:
    return f"fp_{served.revision[-12:] or 'unknown'}"
