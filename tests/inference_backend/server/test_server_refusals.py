from __future__ import annotations

import http.client
import json
import socket
from typing import Any

import httpx2
import pytest
from local_servers import Running, running, tiny_served

CHAT, TEXT = "/v1/chat/completions", "/v1/completions"
HELLO = [{"role": "user", "content": "hello"}]
TOOL = {"type": "function", "function": {"name": "clock"}}


def _chat(**changed: Any) -> dict[str, Any]:
    return {"model": "tiny", "messages": HELLO, "max_tokens": 2, **changed}


def _schema(schema: Any, **more: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, **more}}


BODIES: list[tuple[str, Any, str]] = [
    (CHAT, b"", "the body is empty"),
    (CHAT, b"{", "no JSON"),
    (CHAT, b"\xff\xfe{}", "no JSON"),
    (CHAT, b"[" * 100_000, "no JSON"),
    (CHAT, b"[]", "object"),
    (CHAT, b"null", "object"),
    (CHAT, b'{"model": "tiny", "messages": [{"role": "user", "content": "a"}], "temperature": NaN}', "temperature"),
    (CHAT, {}, "model"),
    (CHAT, {"model": "tiny"}, "messages"),
    (CHAT, _chat(model="other"), "there is no model other"),
    (CHAT, _chat(model=3), "model"),
    (CHAT, _chat(messages=[]), "messages"),
    (CHAT, _chat(messages="hello"), "messages"),
    (CHAT, _chat(messages=[{"role": "king", "content": "a"}]), "messages.0"),
    (CHAT, _chat(messages=[{"role": "user"}]), "messages.0"),
    (CHAT, _chat(messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]), "messages.0"),
    (CHAT, _chat(messages=[{"role": "assistant", "content": None}]), "content or tool_calls"),
    (CHAT, _chat(messages=[{"role": "tool", "content": "a"}]), "tool_call_id"),
    (CHAT, _chat(max_tokens=0), "max_tokens"),
    (CHAT, _chat(max_tokens="ten"), "max_tokens"),
    (CHAT, _chat(max_completion_tokens=-1), "max_completion_tokens"),
    (CHAT, _chat(temperature=2.5), "temperature"),
    (CHAT, _chat(temperature="hot"), "temperature"),
    (CHAT, _chat(top_p=0), "top_p"),
    (CHAT, _chat(n=0), "n"),
    (CHAT, _chat(n=1000), "n"),
    (CHAT, _chat(seed=1 << 70), "seed"),
    (CHAT, _chat(stop=""), "stop"),
    (CHAT, _chat(stop=["a"] * 17), "stop has more than 16"),
    (CHAT, _chat(stream="yes"), "stream"),
    (CHAT, _chat(stream_options={"include_usage": True}), "stream: true"),
    (CHAT, _chat(logprobs=True, top_logprobs=21), "top_logprobs"),
    (CHAT, _chat(top_logprobs=2), "logprobs: true"),
    (CHAT, _chat(logit_bias={"99999": 1}), "logit_bias"),
    (CHAT, _chat(logit_bias={"-1": 1}), "logit_bias"),
    (CHAT, _chat(logit_bias={"1": 1000}), "logit_bias"),
    (CHAT, _chat(wings=2), "not known here"),
    (CHAT, _chat(tools=[{"type": "function"}]), "tools.0"),
    (CHAT, _chat(tools=[{"type": "function", "function": {"name": "a b"}}]), "name"),
    (CHAT, _chat(tools=[TOOL, TOOL]), "same name"),
    (CHAT, _chat(tools=[TOOL] * 129), "tools"),
    (CHAT, _chat(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "sun"}}), "not among the tools"),
    (CHAT, _chat(tool_choice="required"), "there are no tools"),
    (CHAT, _chat(tools=[{"type": "function", "function": {"name": "a", "parameters": {"type": "string"}}}]), "object"),
    (CHAT, _chat(tools=[{"type": "function", "function": {"name": "a", "parameters": {"type": 3}}}]), "Schema"),
    (CHAT, _chat(tools=[TOOL], tool_choice="required", response_format={"type": "json_object"}), "cannot both"),
    (CHAT, _chat(response_format={"type": "xml"}), "response_format"),
    (CHAT, _chat(response_format={"type": "json_schema"}), "json_schema"),
    (CHAT, _chat(response_format=_schema({"type": "strnig"})), "no JSON Schema"),
    (CHAT, _chat(response_format=_schema({"properties": 3})), "no JSON Schema"),
    (CHAT, _chat(response_format=_schema({"$ref": "#/nowhere"})), "cannot be enforced"),
    (CHAT, _chat(response_format=_schema({"type": "integer", "multipleOf": 3}, strict=True)), "multipleOf"),
    (CHAT, _chat(response_format=_schema({"description": "a" * 300_000})), "longer than"),
    (CHAT, _chat(response_format=_schema({"properties": {f"p{n}": {} for n in range(600)}})), "more than 512"),
    (CHAT, _chat(kv={"job_id": ""}), "job_id"),
    (CHAT, _chat(messages=[{"role": "user", "content": "a" * 50_000}]), "context length"),
    (TEXT, {"model": "tiny"}, "prompt"),
    (TEXT, {"model": "tiny", "prompt": ""}, "prompt is empty"),
    (TEXT, {"model": "tiny", "prompt": []}, "prompt is empty"),
    (TEXT, {"model": "tiny", "prompt": [[]]}, "one token or more"),
    (TEXT, {"model": "tiny", "prompt": [5, 100_000]}, "each from 0 to"),
    (TEXT, {"model": "tiny", "prompt": [1, "a"]}, "prompt"),
    (TEXT, {"model": "tiny", "prompt": ["a"] * 17}, "more than 16"),
    (TEXT, {"model": "tiny", "prompt": "a", "echo": True}, "echo"),
    (TEXT, {"model": "tiny", "prompt": "a", "best_of": 4}, "best_of"),
]


@pytest.mark.parametrize(("path", "body", "told"), BODIES)
def test_malformed_request_is_refused_in_clear_words(tiny: Running, path: str, body: Any, told: str) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = httpx2.post(
        f"http://127.0.0.1:{tiny.port}{path}", content=content, headers={"content-type": "application/json"}
    )
    assert answer.status_code == (404 if told.startswith("there is no model") else 400)
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert told in error["message"] and len(error["message"]) < 500
    assert error["type"] == "invalid_request_error"
    assert "Traceback" not in answer.text and ".py" not in answer.text
    assert httpx2.get(f"http://127.0.0.1:{tiny.port}/health").json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/", {}, 404),
        ("GET", "/v1", {}, 404),
        ("GET", "/v1/models/other", {}, 404),
        ("GET", "/v1/../etc/passwd", {}, 404),
        ("GET", CHAT, {}, 405),
        ("PUT", CHAT, {}, 405),
        ("DELETE", "/v1/models", {}, 405),
        ("POST", CHAT, {"content-type": "text/plain"}, 415),
        ("POST", CHAT, {}, 415),
        ("POST", TEXT, {"content-type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_wrong_address_method_or_type_is_refused(
    tiny: Running, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", tiny.port, timeout=10)
    connection.request(method, path, body=b"{}" if method == "POST" else None, headers=headers)
    answer = connection.getresponse()
    assert answer.status == status
    assert json.loads(answer.read())["error"]["message"]
    connection.close()


def test_body_beyond_the_limit_is_refused_announced_or_not() -> None:
    with running(tiny_served(), largest_body=10_000) as server:
        address = f"http://127.0.0.1:{server.port}{CHAT}"
        body = json.dumps(_chat(messages=[{"role": "user", "content": "a" * 20_000}])).encode()
        headers = {"content-type": "application/json"}
        announced = httpx2.post(address, content=body, headers=headers)
        chunked = httpx2.post(address, content=iter([body[:5000], body[5000:15_000], body[15_000:]]), headers=headers)
        for answer in (announced, chunked):
            assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")
        assert httpx2.post(address, json=_chat()).status_code == 200


def test_client_that_talks_no_http_or_leaves_halfway_does_no_harm(tiny: Running) -> None:
    for said in (b"\x16\x03\x01\x02\x00", b"POST " + CHAT.encode() + b" HTTP/1.1\r\ncontent-length: 500\r\n\r\n{", b""):
        with socket.create_connection(("127.0.0.1", tiny.port), timeout=10) as connection:
            connection.sendall(said)
    answer = httpx2.post(f"http://127.0.0.1:{tiny.port}{CHAT}", json=_chat())
    assert answer.status_code == 200


def test_key_is_asked_for_everything_but_the_health() -> None:
    with running(tiny_served(), key="geheim") as server:
        address = f"http://127.0.0.1:{server.port}"
        assert httpx2.get(f"{address}/health").status_code == 200
        for path in ("/v1/models", "/metrics"):
            for given in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Basic geheim"}):
                refused = httpx2.get(f"{address}{path}", headers=given)
                assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
            assert httpx2.get(f"{address}{path}", headers={"authorization": "Bearer geheim"}).status_code == 200
        assert httpx2.post(f"{address}{CHAT}", json=_chat()).status_code == 401


def test_web_page_under_another_name_of_this_machine_is_refused() -> None:
    with running(tiny_served(), hosts=frozenset({"127.0.0.1", "localhost"})) as server:
        address = f"http://127.0.0.1:{server.port}/v1/models"
        assert httpx2.get(address, headers={"host": f"localhost:{server.port}"}).status_code == 200
        assert httpx2.get(address, headers={"host": "evil.example"}).status_code == 421
