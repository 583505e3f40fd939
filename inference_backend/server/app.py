"""The server as an ASGI application."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from repowright.inference_backend.errors import InferenceError
from repowright.inference_backend.server.completing import Completing
from repowright.inference_backend.server.failures import Refused
from repowright.inference_backend.server.guard import Guard
from repowright.inference_backend.server.metrics import CONTENT_TYPE
from repowright.inference_backend.server.served import Served
from repowright.inference_backend.server.work import chat_work, text_work


def build_app(served: Served, key: str = "", hosts: frozenset[str] = frozenset()) -> Starlette:
    """Return the application that serves a model; the engine runs already.

    Parameters
    ----------
    key, hosts
        Who is let in; see `Guard`.
    """
    about = _About(served)
    routes = [
        Route("/v1/chat/completions", Completing(served, "chat", chat_work), methods=["POST"]),
        Route("/v1/completions", Completing(served, "text", text_work), methods=["POST"]),
        Route("/v1/models", about.models),
        Route("/v1/models/{name:path}", about.model),
        Route("/health", about.health),
        Route("/metrics", about.metrics),
    ]
    handlers: dict[Any, Any] = {HTTPException: _refused, Exception: _failed}
    guard = Middleware(Guard, key=key, hosts=hosts)
    return Starlette(routes=routes, exception_handlers=handlers, middleware=[guard])


class _About:
    """The endpoints that tell of the server itself."""

    def __init__(self, served: Served) -> None:
        self._served = served

    async def models(self, request: Request) -> Response:
        """Return the list of the one model."""
        return JSONResponse({"object": "list", "data": [self._described()]})

    async def model(self, request: Request) -> Response:
        """Return the model by its name."""
        name = str(request.path_params["name"])
        if not self._served.is_asked(name):
            return Refused(404, f"there is no model {name[:200]}", "model", "model_not_found").response()
        return JSONResponse(self._described())

    async def health(self, request: Request) -> Response:
        """Say whether the engine runs."""
        try:
            await self._served.engine.stats()
        except InferenceError as err:
            return Refused(503, str(err), code="not_ready").response()
        return JSONResponse({"status": "ok"})

    async def metrics(self, request: Request) -> Response:
        """Return all figures for Prometheus."""
        stats = await self._served.engine.stats()
        return Response(self._served.metrics.text(stats), headers={"content-type": CONTENT_TYPE})

    def _described(self) -> dict[str, Any]:
        return {
            "id": self._served.name,
            "object": "model",
            "created": self._served.created,
            "owned_by": "local",
            "max_model_len": self._served.engine.longest,
        }


async def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 405:
        told = f"{request.method} is not for {request.url.path}"
        response = Refused(status, told, code="method_not_allowed").response()
        response.headers.update((error.headers or {}) if isinstance(error, HTTPException) else {})
        return response
    return Refused(status, f"there is nothing at {request.url.path[:200]}", code="not_found").response()


async def _failed(request: Request, error: Exception) -> Response:
    """Answer where nobody foresaw the error; the server writes its traceback to its own log, never to a client."""
    return Refused(500, f"the server failed: {type(error).__name__}", code="internal_error").response()
