from __future__ import annotations

import json
import logging
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from repowright.agent.errors import (
    ModelAuth,
    ModelError,
    ModelTimeout,
    ModelUnreachable,
    NoModel,
    ReplyInvalid,
    SettingsError,
)
from repowright.agent.llm import Endpoint, Request, ToolSpec
from repowright.agent.llm.endpoint import ALLOW_VARIABLE

if TYPE_CHECKING:
    from tests.agent.llm.conftest import Make, Script, Waits

RequestFor = Callable[..., Request]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
TOOL = ToolSpec("look", "looks", {"type": "object", "properties": {"at": {"type": "string"}}})


async def test_streamed_text_and_usage_are_put_together(script: Script, connect: Make, request_for: RequestFor) -> None:
    script.then(script.text("a longer answer in several chunks"))
    reply = await connect().complete(request_for(), "m")
    assert reply.text == "a longer answer in several chunks"
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens, reply.usage.cached_tokens) == (11, 7, 3)
    assert reply.finish_reason == "stop" and reply.source == "endpoint" and reply.seconds > 0
    assert script.asked[0].body["stream_options"] == {"include_usage": True}
    assert script.asked[0].headers["authorization"] == "Bearer sk-test-0123456789abcdef"


async def test_streamed_tool_calls_are_put_together(script: Script, connect: Make, request_for: RequestFor) -> None:
    script.then(script.tools(("look", {"at": "a long place"}), ("look", {"at": "b"})))
    reply = await connect().complete(request_for(tools=(TOOL,)), "m")
    assert [(call.id, call.name, json.loads(call.arguments)) for call in reply.tool_calls] == [
        ("id0", "look", {"at": "a long place"}),
        ("id1", "look", {"at": "b"}),
    ]
    assert reply.text == ""


async def test_usage_is_estimated_when_the_server_does_not_count(
    script: Script, connect: Make, request_for: RequestFor
) -> None:
    script.then(script.text("x" * 400, usage=None))
    reply = await connect().complete(request_for(), "m")
    assert reply.usage.completion_tokens == 100
    assert reply.usage.prompt_tokens > 10


async def test_server_that_ignores_streaming_is_read_whole(
    script: Script, connect: Make, request_for: RequestFor
) -> None:
    body = {"choices": [{"message": {"content": "whole"}, "finish_reason": "stop"}], "usage": None}
    script.then(script.raw(json.dumps(body).encode(), "application/json"))
    assert (await connect().complete(request_for(), "m")).text == "whole"


async def test_content_in_parts_and_arguments_as_objects_are_understood(
    script: Script, connect: Make, request_for: RequestFor
) -> None:
    parts = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "said"}]
    call = {"function": {"name": "look", "arguments": {"at": "x"}}}
    body = {"choices": [{"message": {"content": parts, "tool_calls": [call]}, "finish_reason": "stop"}]}
    script.then(script.raw(json.dumps(body).encode(), "application/json"))
    reply = await connect().complete(request_for(), "m")
    assert reply.text == "said"
    assert reply.tool_calls[0].id == "call_0" and json.loads(reply.tool_calls[0].arguments) == {"at": "x"}


@pytest.mark.parametrize("param", ["stream_options", "stream"])
async def test_refused_streaming_is_remembered(
    script: Script, connect: Make, request_for: RequestFor, param: str
) -> None:
    script.then(script.status(400, f"{param} is not supported", param), script.text("fine"))
    endpoint = connect()
    assert (await endpoint.complete(request_for(), "m")).text == "fine"
    assert (await endpoint.complete(request_for(), "m")).text == "fine"
    assert [param in asked.body for asked in script.asked] == [True, False, False]


async def test_refused_schema_falls_back_step_by_step_and_is_remembered(
    script: Script, connect: Make, request_for: RequestFor
) -> None:
    refusal = script.status(400, "'response_format.type' must be 'text'", "response_format")
    script.then(refusal, refusal, script.text('{"a": 1}'))
    endpoint = connect()
    asked = request_for(schema=SCHEMA, schema_name="A")
    await endpoint.complete(asked, "m")
    await endpoint.complete(asked, "m")
    formats = [one.body.get("response_format", {}).get("type") for one in script.asked]
    assert formats == ["json_schema", "json_object", None, None]
    assert "JSON Schema" not in script.asked[0].body["messages"][1]["content"]
    assert '"integer"' in script.asked[2].body["messages"][1]["content"]


async def test_renamed_token_limit_and_refused_temperature_are_learnt(
    script: Script, connect: Make, request_for: RequestFor
) -> None:
    script.then(
        script.status(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", "max_tokens"),
        script.status(400, "Unsupported value: 'temperature' does not support 0.", "temperature"),
        script.text("fine"),
    )
    await connect().complete(request_for(), "m")
    last = script.asked[-1].body
    assert last["max_completion_tokens"] == 100
    assert "max_tokens" not in last and "temperature" not in last


async def test_tools_are_spelt_out_for_a_server_without_them(
    script: Script, connect: Make, request_for: RequestFor
) -> None:
    script.then(script.status(400, '"auto" tool choice requires --enable-auto-tool-choice'), script.text("fine"))
    await connect().complete(request_for(tools=(TOOL,)), "m")
    last = script.asked[-1].body
    assert "tools" not in last
    assert '"look"' in last["messages"][1]["content"]


async def test_too_long_prompt_is_no_question_of_dialect(
    script: Script, connect: Make, request_for: RequestFor
) -> None:
    message = "'max_tokens' or 'max_completion_tokens' is too large: the maximum context length is 4096 tokens"
    script.then(script.status(400, message))
    with pytest.raises(ModelError, match="maximum context length is 4096"):
        await connect().complete(request_for(), "m")
    assert len(script.asked) == 1


async def test_retry_after_is_honoured_up_to_its_cap(
    script: Script, connect: Make, request_for: RequestFor, waits: Waits
) -> None:
    script.then(
        script.status(429, "slow down", headers={"Retry-After": "7"}),
        script.status(503, "busy", headers={"Retry-After": "9999"}),
        script.text("fine"),
    )
    seen: list[tuple[str, float]] = []
    reply = await connect().complete(request_for(), "m", lambda reason, wait_s: seen.append((reason, wait_s)))
    assert reply.text == "fine"
    assert waits.seconds == [7.0, 120.0]
    assert seen == [("429 slow down", 7.0), ("503 busy", 120.0)]


async def test_server_errors_are_tried_again_with_growing_waits(
    script: Script, connect: Make, request_for: RequestFor, waits: Waits
) -> None:
    script.then(script.status(500, "oops"), script.status(500, "oops"), script.text("fine"))
    assert (await connect().complete(request_for(), "m")).text == "fine"
    assert waits.seconds == [0.5, 1.0]


async def test_tries_are_bounded(script: Script, connect: Make, request_for: RequestFor, waits: Waits) -> None:
    script.then(script.status(500, "oops"))
    with pytest.raises(ModelUnreachable, match="answered 500 at every try: oops"):
        await connect(tries=4).complete(request_for(), "m")
    assert len(script.asked) == 4 and len(waits.seconds) == 3


@pytest.mark.parametrize(
    ("status", "message", "error"),
    [
        (401, "Incorrect API key provided: sk-test-0123456789abcdef", ModelAuth),
        (403, "no access", ModelAuth),
        (402, "pay first", ModelAuth),
        (429, "You exceeded your current quota", ModelAuth),
        (404, "The model `m` does not exist", NoModel),
        (400, "this is odd", ModelError),
    ],
)
async def test_final_refusals_are_told_apart_and_not_tried_again(
    script: Script, connect: Make, request_for: RequestFor, status: int, message: str, error: type[ModelError]
) -> None:
    script.then(script.status(status, message))
    with pytest.raises(error) as caught:
        await connect().complete(request_for(), "m")
    assert type(caught.value) is error
    assert len(script.asked) == 1
    assert "127.0.0.1:" in str(caught.value) and "0123456789abcdef" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<html><body>Sign in</body></html>", "text/html"),
        (b"<!doctype html>", "application/json"),
        (b'{"choices": [', "application/json"),
        (b'{"hello": 1}', "application/json"),
        (b"[1, 2]", "application/json"),
        (b'{"choices": [{"message": {"content": 5}}]}', "application/json"),
        (b"\xff\xfe\x00", "application/json"),
        (b"", "application/json"),
        (b"data: {not json\n\n", "text/event-stream"),
        (b": nothing\n\n", "text/event-stream"),
        (b"data: [1, 2]\n\n", "text/event-stream"),
    ],
)
async def test_bodies_that_are_no_completion_are_named(
    script: Script, connect: Make, request_for: RequestFor, content: bytes, kind: str
) -> None:
    script.then(script.raw(content, kind))
    with pytest.raises(ReplyInvalid, match=r"127\.0\.0\.1:"):
        await connect().complete(request_for(), "m")


async def test_html_error_page_is_not_quoted(script: Script, connect: Make, request_for: RequestFor) -> None:
    script.then(script.raw(b"<html>long page</html>", "text/html", 403))
    with pytest.raises(ModelAuth, match="an HTML page"):
        await connect().complete(request_for(), "m")


async def test_cut_stream_is_asked_again(script: Script, connect: Make, request_for: RequestFor) -> None:
    script.then(script.cut(), script.text("whole"))
    assert (await connect().complete(request_for(), "m")).text == "whole"


async def test_stream_that_is_always_cut_is_unreachable(script: Script, connect: Make, request_for: RequestFor) -> None:
    script.then(script.cut())
    with pytest.raises(ModelUnreachable, match="cut the connection"):
        await connect().complete(request_for(), "m")
    assert len(script.asked) == 3


async def test_stream_without_a_finish_reason_is_cut_off(
    script: Script, connect: Make, request_for: RequestFor
) -> None:
    script.then(script.chunks(json.dumps({"choices": [{"delta": {"content": "half"}}]})))
    with pytest.raises(ModelUnreachable, match="cut the connection"):
        await connect(tries=1).complete(request_for(), "m")


async def test_error_within_a_stream_is_asked_again(script: Script, connect: Make, request_for: RequestFor) -> None:
    script.then(script.chunks(json.dumps({"error": {"message": "worker died"}})), script.text("fine"))
    assert (await connect().complete(request_for(), "m")).text == "fine"


async def test_error_under_a_status_of_success_keeps_its_meaning(
    script: Script, connect: Make, request_for: RequestFor
) -> None:
    script.then(script.raw(b'{"error": {"code": 401, "message": "who are you"}}', "application/json"))
    with pytest.raises(ModelAuth, match="who are you"):
        await connect().complete(request_for(), "m")


async def test_total_time_out_is_named(script: Script, connect: Make, request_for: RequestFor) -> None:
    script.then(script.silent(after_chunk=False, seconds=0.5))
    with pytest.raises(ModelTimeout, match=r"no complete answer within 0\.1 s"):
        await connect(total_s=0.1, tries=2).complete(request_for(), "m")
    assert len(script.asked) == 2


async def test_silence_within_a_stream_is_named(script: Script, connect: Make, request_for: RequestFor) -> None:
    script.then(script.silent(after_chunk=True, seconds=0.5))
    with pytest.raises(ModelTimeout, match=r"silent for 0\.1 s"):
        await connect(idle_s=0.1, tries=1).complete(request_for(), "m")


async def test_first_chunk_may_take_longer_than_the_idle_time(
    script: Script, connect: Make, request_for: RequestFor
) -> None:
    script.then(script.text("thought about it", pause_s=0.6))
    assert (await connect(idle_s=0.4).complete(request_for(), "m")).text == "thought about it"


async def test_closed_port_is_unreachable_and_named(connect: Make, request_for: RequestFor) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    endpoint = connect(f"http://127.0.0.1:{port}/v1?key=secret-in-query", tries=2)
    with pytest.raises(ModelUnreachable, match=f"cannot connect to 127\\.0\\.0\\.1:{port}") as caught:
        await endpoint.complete(request_for(), "m")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("finish", "refusal"), [("content_filter", None), ("stop", "I cannot help with that")])
async def test_declined_answer_has_its_own_finish_reason(
    script: Script, connect: Make, request_for: RequestFor, finish: str, refusal: str | None
) -> None:
    script.then(script.text("", finish=finish, refusal=refusal))
    reply = await connect().complete(request_for(), "m")
    assert reply.finish_reason in ("content_filter", "refusal")
    assert reply.text == (refusal or "")


async def test_credentials_and_query_reach_the_server_but_no_log(
    script: Script, connect: Make, request_for: RequestFor, caplog: pytest.LogCaptureFixture
) -> None:
    script.then(script.status(400, "bad: pass-word in secret-in-query"))
    caplog.set_level(logging.DEBUG)
    endpoint = connect(script.url.replace("127.0.0.1", "user:pass-word@127.0.0.1") + "?api=secret-in-query")
    with pytest.raises(ModelError) as caught:
        await endpoint.complete(request_for(), "m")
    assert script.asked[0].headers["authorization"].startswith("Basic ")
    assert script.asked[0].path == "/v1/chat/completions?api=secret-in-query"
    for shown in (str(caught.value), caplog.text, endpoint.label):
        assert "pass-word" not in shown and "secret-in-query" not in shown


async def test_endpoint_in_this_process_is_reached_through_its_transport(request_for: RequestFor) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = json.dumps({"choices": [{"message": {"content": scope["path"]}, "finish_reason": "stop"}]})
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body.encode()})

    client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app))
    endpoint = Endpoint("http://127.0.0.1:1/v1", http_client=client, allow_loopback=True)
    assert (await endpoint.complete(request_for(), "m")).text == "/v1/chat/completions"
    await endpoint.close()


async def test_calls_can_be_switched_off(
    script: Script, request_for: RequestFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ALLOW_VARIABLE, "0")
    script.then(script.text("never"))
    for endpoint in (Endpoint(script.url), Endpoint("http://example.org/v1", allow_loopback=True)):
        with pytest.raises(SettingsError, match="switched off"):
            await endpoint.complete(request_for(), "m")
        await endpoint.close()
    assert script.asked == []


async def test_calls_can_be_kept_to_this_machine(
    script: Script, request_for: RequestFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ALLOW_VARIABLE, "loopback")
    script.then(script.text("near"))
    near, far = Endpoint(script.url), Endpoint("http://example.org/v1", allow_loopback=True)
    assert (await near.complete(request_for(), "m")).text == "near"
    with pytest.raises(SettingsError, match="switched off"):
        await far.complete(request_for(), "m")
    for endpoint in (near, far):
        await endpoint.close()


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://x/y", "http://", "http://u:hunter2@h:99999/v1"])
def test_address_that_cannot_be_used_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Endpoint(url)
    assert "hunter2" not in str(caught.value)
