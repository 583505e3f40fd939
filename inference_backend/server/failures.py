"""What a client is told when its request is refused: one body, shaped as OpenAI's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from starlette.responses import JSONResponse

from repowright.inference_backend.engine.request import Overloaded
from repowright.inference_backend.errors import InferenceError, RequestTooLong
from repowright.inference_backend.schema_checks import SchemaUnusable, ToolUnusable

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

RETRY_AFTER_S = 2
"""Seconds a client is asked to wait where too many requests wait already."""

_SHOWN = 300


class Refused(Exception):
    """A request that is answered with an error.

    Parameters
    ----------
    status
        HTTP status.
    param
        The part of the request that is meant.
    code
        Names the kind of error for programs.
    """

    def __init__(self, status: int, message: str, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code

    @property
    def kind(self) -> str:
        """OpenAI's word for errors of this status."""
        if self.status == 401:
            return "authentication_error"
        if self.status == 429:
            return "rate_limit_error"
        return "server_error" if self.status >= 500 else "invalid_request_error"

    @property
    def body(self) -> dict[str, Any]:
        """The error as a client reads it."""
        return {"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}}

    def response(self) -> JSONResponse:
        """Return the error as a response."""
        headers = {"retry-after": str(RETRY_AFTER_S)} if self.status == 429 else None
        if self.status == 401:
            headers = {"www-authenticate": "Bearer"}
        return JSONResponse(self.body, self.status, headers)


def refusal_of(error: InferenceError | ValueError) -> Refused:
    """Return what a client is told of an error of the engine."""
    if isinstance(error, RequestTooLong):
        message = f"{error}: this is beyond the context length"
        return Refused(400, message, "messages", "context_length_exceeded")
    if isinstance(error, Overloaded):
        return Refused(429, str(error), code="overloaded")
    if isinstance(error, SchemaUnusable):
        part = "tools" if isinstance(error, ToolUnusable) else "response_format"
        return Refused(400, str(error), part, "invalid_schema")
    if isinstance(error, InferenceError):
        return Refused(500, str(error), code="engine_failed")
    return Refused(400, str(error), code="invalid_value")


def refusal_of_body(error: ValidationError) -> Refused:
    """Return what a client is told of a body that does not fit: the first problem of it, and where it lies."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "json_invalid":
        return Refused(400, f"the body is no JSON: {first['msg'].removeprefix('Invalid JSON: ')}", code="invalid_json")
    where = ".".join(str(part) for part in first["loc"]) or None
    named = f"'{where}': " if where else ""
    return Refused(400, f"{named}{_problem(first)}"[:_SHOWN], where, first["type"])


def _problem(found: ErrorDetails) -> str:
    if found["type"] == "extra_forbidden":
        return "this parameter is not known here; leave it out"
    said = found["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return said[:1].lower() + said[1:]
