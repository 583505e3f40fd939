"""Reads the body of a request, up to a size and within a time."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

from repowright.inference_backend.server.failures import Refused
from repowright.inference_backend.server.sse import ClientLeft

READ_S = 60.0
"""Seconds a client may take to send its body."""


async def read_body(request: Request, largest: int) -> bytes:
    """Return the body.

    Parameters
    ----------
    largest
        Bytes.

    Raises
    ------
    Refused
        If it is no JSON by its type, is too large, or does not come.
    ClientLeft
        If the client leaves.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        message = f"the body has the type {kind[:80] or 'none'}: send application/json"
        raise Refused(415, message, code="unsupported_media_type")
    try:
        async with asyncio.timeout(READ_S):
            return await _read(request, largest)
    except TimeoutError as err:
        raise Refused(408, f"the body did not come within {READ_S:g} s", code="timeout") from err
    except ClientDisconnect as err:
        raise ClientLeft("the client left before its request was complete") from err


async def _read(request: Request, largest: int) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > largest:
        raise _too_large(largest)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > largest:
            raise _too_large(largest)
        parts.append(part)
    if not size:
        raise Refused(400, "the body is empty", code="invalid_json")
    return b"".join(parts)


def _too_large(largest: int) -> Refused:
    return Refused(413, f"the body has more than {largest} bytes", code="request_too_large")
