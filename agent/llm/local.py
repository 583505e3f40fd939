"""Models that run in this process: ``--model local:NAME`` asks one as any endpoint is asked, without a network."""

from __future__ import annotations

import asyncio
import atexit
import hashlib
import json
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from repowright.agent.errors import NoModel
from repowright.agent.llm.endpoint import Endpoint, Timeouts
from repowright.agent.llm.types import Request
from repowright.agent.settings import LOCAL

if TYPE_CHECKING:
    from repowright.agent.llm.in_process import Application

ADDRESS = "http://this-process.localhost/v1"

ENGINE_VARIABLE = "REPOWRIGHT_LOCAL_ENGINE"
"""Which engine evaluates tokens: ``own``, as where it is not set, or ``llama.cpp``."""

_opening = threading.Lock()
_open: dict[str, tuple[Application, tuple[str, ...]]] = {}


async def local_endpoint(model: str, timeouts: Timeouts, tell: Callable[[str], None]) -> Endpoint:
    """Return an endpoint that asks a model of this process; it is loaded once, and stays loaded.

    Parameters
    ----------
    model
        Its name with `LOCAL` before it.
    timeouts
        Of these the silence between two pieces does not count: a call of a tool comes in one.
    tell
        Takes what the user should know, a line each.

    Raises
    ------
    NoModel
        If the packages it needs are not installed, or there is no such model or engine.
    """
    import httpx2

    from repowright.agent.llm.in_process import InProcess

    application, told = await asyncio.to_thread(_application, model.removeprefix(LOCAL))
    for line in told:
        tell(line)
    client = httpx2.AsyncClient(transport=InProcess(application))
    patient = replace(timeouts, idle_s=timeouts.total_s)
    return Endpoint(ADDRESS, timeouts=patient, http_client=client, extra=hints_of)


def hints_of(request: Request) -> dict[str, Any]:
    """Return what tells the engine to keep the cache of a conversation while its tools run.

    A conversation is known by what it begins with: its turns only ever add messages.
    """
    if not request.tools:
        return {}
    names = {call.id: call.name for message in request.messages for call in message.tool_calls}
    last = request.messages[-1] if request.messages else None
    tool = names.get(last.tool_call_id, "") if last is not None and last.role == "tool" else ""
    hints = {"job_id": _job(request), "last_tool": tool[:200], "is_last": request.is_last}
    return {"extra_body": {"kv": hints}}


def _job(request: Request) -> str:
    begin = [[message.role, message.content] for message in request.messages[:2]]
    text = json.dumps([request.task, request.sample, begin], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _application(name: str) -> tuple[Application, tuple[str, ...]]:
    with _opening:
        if name not in _open:
            _open[name] = _opened(name)
        return _open[name]


def _opened(name: str) -> tuple[Application, tuple[str, ...]]:
    from repowright.inference_backend.errors import InferenceError
    from repowright.inference_backend.server.opening import ENGINES, ServeSettings, open_served

    wanted = os.environ.get(ENGINE_VARIABLE, "").strip() or "own"
    engine = next((each for each in ENGINES if each == wanted), None)
    if engine is None:
        raise NoModel(f"{ENGINE_VARIABLE} names no engine: {wanted}", f"known are {', '.join(ENGINES)}")
    told: list[str] = []
    try:
        served = open_served(ServeSettings(name, engine=engine), told.append)
    except InferenceError as err:
        raise NoModel(err.message, err.hint) from err
    from repowright.inference_backend.server.app import build_app

    served.__enter__()
    atexit.register(served.engine.close)
    known = replace(served, aliases=served.aliases | {LOCAL + name})
    return build_app(known), tuple(told)
