"""What a failure of Docker means: the box is lost, nothing can be had, or the request was wrong."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from repowright.executors.sandbox import SandboxError, SandboxLost, SandboxUnavailable

FULL = ("no space left on device", "disk quota exceeded")
TEXT_CHARACTERS = 300
CONFLICT, NOT_FOUND, SERVER_ERROR = 409, 404, 500


@contextlib.contextmanager
def daemon_errors(doing: str) -> Iterator[None]:
    """Turn what the SDK, its HTTP client or the socket raise into a SandboxError of the right kind."""
    import docker.errors
    import requests

    try:
        yield
    except docker.errors.ImageNotFound as err:
        raise SandboxUnavailable(f"Docker failed to {doing}: {_said(err)}", "repowright sandbox build") from err
    except docker.errors.APIError as err:
        raise _refused(doing, _said(err), err.status_code or SERVER_ERROR) from err
    except (requests.exceptions.ReadTimeout, TimeoutError) as err:
        hint = "the daemon hangs or is overloaded: look at its log, restart it"
        raise SandboxLost(f"Docker did not answer when asked to {doing}", hint) from err
    except (docker.errors.DockerException, requests.exceptions.RequestException, OSError) as err:
        raise SandboxLost(f"Docker failed to {doing}: {_said(err)}", "is the daemon running?") from err


def _refused(doing: str, said: str, status: int) -> SandboxError:
    """A box that is gone may be had anew; a full disk or a refused request stays what it is."""
    message = f"Docker failed to {doing}: {said}"
    if any(word in said.lower() for word in FULL):
        return SandboxUnavailable(message, "free disk space where Docker keeps its data: docker system df")
    if status >= SERVER_ERROR or status in {CONFLICT, NOT_FOUND}:
        return SandboxLost(message, "the box or its daemon went away")
    return SandboxError(message, "this Docker does not take the request: repowright doctor")


def _said(err: Exception) -> str:
    explanation = getattr(err, "explanation", None)
    return " ".join(str(explanation or err).split())[:TEXT_CHARACTERS]
