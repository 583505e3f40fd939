"""What a failed call means: which error it is, and whether asking again can help."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

import httpx2
import openai
from pydantic import ValidationError

from repowright.agent.errors import (
    ModelAuth,
    ModelBusy,
    ModelError,
    ModelTimeout,
    ModelUnreachable,
    NoModel,
    ReplyInvalid,
)
from repowright.agent.llm.address import Address
from repowright.agent.llm.assembly import CutOff, ErrorInBody, NotACompletion
from repowright.agent.llm.retry import asked_wait

_AGAIN = (408, 409, 425, 429)
_NO_CREDIT = (
    "insufficient_quota",
    "insufficient balance",
    "insufficient credit",
    "exceeded your current quota",
)


class TooSlow(Exception):
    """One of our time-outs passed; the message names it."""


CAUGHT = (
    openai.OpenAIError, httpx2.HTTPError, httpx2.StreamError,
    TooSlow, CutOff, NotACompletion, ErrorInBody,
    json.JSONDecodeError, UnicodeError, ValidationError,
)  # fmt: skip
"""Everything one try can raise, a body that cannot be decoded included."""


@dataclass(frozen=True)
class Failure:
    """One failed try.

    Parameters
    ----------
    error
        What to raise when it is final.
    reason
        One short line for the retry event.
    wait_s
        Seconds the server asks to wait, if it does.
    """

    error: ModelError
    reason: str
    again: bool
    wait_s: float | None = None


def failure_of(error: Exception, address: Address, model: str, connect_s: float) -> Failure:
    """Explain any error of ``CAUGHT`` without showing a key or an address beyond host and port."""
    if isinstance(error, openai.APIStatusError):
        wait_s = asked_wait(error.response.headers, time.time())
        return _of_status(error.status_code, said(error), address, model, wait_s)
    if isinstance(error, ErrorInBody):
        return _of_status(error.status or 500, str(error), address, model, None)
    if isinstance(error, TooSlow | openai.APITimeoutError | httpx2.TimeoutException):
        reason = str(error) if isinstance(error, TooSlow) else f"no connection within {connect_s:g} s"
        late = ModelTimeout(f"{address.label}: {reason}", "raise the time-out or lower the number of parallel calls")
        return Failure(late, reason, again=True)
    if isinstance(error, openai.APIConnectionError | httpx2.TransportError | CutOff):
        return _of_connection(error, address)
    if isinstance(error, openai.APIError) and not isinstance(error, openai.APIResponseValidationError):
        return _of_status(500, str(error), address, model, None)
    what = str(error) if isinstance(error, NotACompletion) else "a body that is no chat completion"
    invalid = ReplyInvalid(f"{address.label} answered with {address.redact(what)}", _WRONG_ADDRESS)
    return Failure(invalid, "not a completion", again=False)


_WRONG_ADDRESS = "check that the address is an OpenAI-compatible one; most end in /v1"


def said(error: openai.APIStatusError) -> str:
    """Parameter and message of a server's error, or the start of its body."""
    body = error.body
    if isinstance(body, dict):
        message = body.get("message") or body.get("detail") or body
        parts = (body.get("param"), body.get("code"), message)
        return " ".join(str(part) for part in parts if part)
    text = str(body or error.response.reason_phrase)
    return "an HTML page" if text.lstrip()[:1] == "<" else text


def _of_connection(error: Exception, address: Address) -> Failure:
    cut = isinstance(error, CutOff | httpx2.RemoteProtocolError | httpx2.ReadError) or isinstance(
        error.__cause__, httpx2.RemoteProtocolError | httpx2.ReadError
    )
    if cut:
        gone = ModelBusy(f"{address.label} cut the connection before the answer was complete", _RESUME)
        return Failure(gone, "connection cut", again=True)
    cause = address.redact(str(error.__cause__ or error), 120)
    hint = "start the server or correct the address"
    return Failure(ModelUnreachable(f"cannot connect to {address.label}: {cause}", hint), "cannot connect", again=True)


_RESUME = "try again later with resume; nothing that was answered is lost"


def _of_status(status: int, text: str, address: Address, model: str, wait_s: float | None) -> Failure:
    line = address.redact(text)
    error = _final(status, text.lower(), f"{address.label} answered {status}: {line}", address.label, model)
    if error is not None:
        return Failure(error, f"{status}", again=False)
    busy = ModelBusy(f"{address.label} answered {status} at every try: {line}", _RESUME)
    return Failure(busy, f"{status} {address.redact(text, 80)}".strip(), again=True, wait_s=wait_s)


def _final(status: int, text: str, message: str, label: str, model: str) -> ModelError | None:
    if status == 402 or any(words in text for words in _NO_CREDIT):
        return ModelAuth(message, "the account has no credit left: add some, or use another model")
    if status in (401, 403):
        return ModelAuth(message, "check the API key and that it may use this model")
    if status == 404:
        return NoModel(f"{label} has no model '{model}' at this address: {message}", _WRONG_ADDRESS)
    if status in _AGAIN or status >= 500:
        return None
    return ModelError(message, "the endpoint does not accept this request: use another model or endpoint")
