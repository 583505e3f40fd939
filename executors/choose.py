"""Which sandboxes this machine offers, and which one to use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from repowright.executors.bubblewrap.sandbox import BubblewrapSandbox
from repowright.executors.docker.client import Daemon
from repowright.executors.docker.sandbox import DockerSandbox
from repowright.executors.images.names import find_image
from repowright.executors.images.tools import PINS, installed, requirements
from repowright.executors.local import LocalSandbox
from repowright.executors.sandbox import Sandbox, SandboxError, SandboxUnavailable

Preference = Literal["auto", "docker", "bubblewrap", "local"]
PROBE_S = 3
"""Seconds a Docker daemon has to answer."""


@dataclass(frozen=True)
class SandboxStatus:
    """Whether one sandbox can be used here, and if not, why and what would help."""

    name: str
    usable: bool
    why: str = ""
    hint: str = ""
    detail: str = ""


def available() -> list[SandboxStatus]:
    """Try every sandbox, best first; opens no box and pulls no image."""
    probes = {"docker": _probe_docker, "bubblewrap": _probe_bubblewrap, "local": _probe_local}
    return [_status(name, probe) for name, probe in probes.items()]


def choose(preference: Preference = "auto", *, unsafe_local: bool = False) -> Sandbox:
    """Make the sandbox asked for; ``auto`` takes Docker, else bubblewrap, and never the unsafe local one.

    Raises
    ------
    SandboxUnavailable
        If it cannot be had here, or ``local`` is meant without ``unsafe_local``.
    """
    if preference == "auto":
        return LocalSandbox() if unsafe_local else _first_usable()
    if preference == "docker":
        _probe_docker()
        return DockerSandbox()
    if preference == "bubblewrap":
        return BubblewrapSandbox()
    if preference == "local" and unsafe_local:
        _probe_local()
        return LocalSandbox()
    if preference == "local":
        raise SandboxUnavailable("the local sandbox does not isolate code", "allow it with --unsafe-local")
    raise SandboxUnavailable(f"there is no sandbox named {preference!r}", "use docker, bubblewrap or local")


def _first_usable() -> Sandbox:
    try:
        _probe_docker()
        return DockerSandbox()
    except SandboxUnavailable as docker:
        try:
            return BubblewrapSandbox()
        except SandboxUnavailable as bubblewrap:
            said = f"no sandbox can be had: {docker.message}; {bubblewrap.message}"
            raise SandboxUnavailable(said, bubblewrap.hint or docker.hint) from bubblewrap


def _status(name: str, probe: Callable[[], str]) -> SandboxStatus:
    try:
        return SandboxStatus(name, usable=True, detail=probe())
    except SandboxError as err:
        return SandboxStatus(name, usable=False, why=err.message, hint=err.hint)


def _probe_docker() -> str:
    daemon = Daemon(timeout_s=PROBE_S)
    try:
        return f"daemon {daemon.version}, image {find_image(daemon)}"
    finally:
        daemon.close()


def _probe_bubblewrap() -> str:
    return BubblewrapSandbox().detail


def _probe_local() -> str:
    missing = sorted(set(PINS) - set(installed()))
    if missing:
        hint = f"pip install {' '.join(requirements())}"
        raise SandboxUnavailable(f"the test tools are not installed: {', '.join(missing)}", hint)
    return LocalSandbox.detail
