"""Which sandboxes this machine offers, and which one to use."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
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
logger = logging.getLogger(__name__)


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


def first_usable(found: Sequence[SandboxStatus]) -> tuple[str | None, str]:
    """Which sandbox ``auto`` takes of those tried, best first, and why; None when no safe one can be used."""
    passed: list[str] = []
    for each in found:
        if each.name != "local" and each.usable:
            return each.name, "it is the default and can be used" if not passed else f"{'; '.join(passed)}"
        passed.append(f"{each.name} cannot be used ({each.why})")
    return None, "no safe sandbox can be used"


def choose(preference: Preference = "auto", *, unsafe_local: bool = False, toolchains: Sequence[str] = ()) -> Sandbox:
    """Make the sandbox asked for; ``auto`` takes Docker, else bubblewrap, and never the unsafe local one.

    Parameters
    ----------
    toolchains
        Names of toolchains that boxes must have, such as ``rust``; the local sandbox has those of this machine.

    Raises
    ------
    SandboxUnavailable
        If it cannot be had here, or ``local`` is meant without ``unsafe_local``.
    """
    if preference == "auto":
        return _local() if unsafe_local else _first_usable(toolchains)
    if preference == "docker":
        return _docker(toolchains)
    if preference == "bubblewrap":
        return BubblewrapSandbox(toolchains=toolchains)
    if preference == "local" and unsafe_local:
        return _local()
    if preference == "local":
        raise SandboxUnavailable("the local sandbox does not isolate code", "allow it with --unsafe-local")
    raise SandboxUnavailable(f"there is no sandbox named {preference!r}", "use docker, bubblewrap or local")


def _local() -> Sandbox:
    """Make the local sandbox and say what it means; unless somebody listens, Python prints the warning."""
    _probe_local()
    logger.warning("--unsafe-local: generated code runs on this machine itself, with your files and your network")
    return LocalSandbox()


def _docker(toolchains: Sequence[str]) -> Sandbox:
    _probe_docker(toolchains)
    return DockerSandbox(toolchains=toolchains)


def _first_usable(toolchains: Sequence[str]) -> Sandbox:
    try:
        return _docker(toolchains)
    except SandboxUnavailable as docker:
        try:
            return BubblewrapSandbox(toolchains=toolchains)
        except SandboxUnavailable as bubblewrap:
            said = f"no sandbox can be had: {docker.message}; {bubblewrap.message}"
            raise SandboxUnavailable(said, bubblewrap.hint or docker.hint) from bubblewrap


def _status(name: str, probe: Callable[[], str]) -> SandboxStatus:
    try:
        return SandboxStatus(name, usable=True, detail=probe())
    except SandboxError as err:
        return SandboxStatus(name, usable=False, why=err.message, hint=err.hint)


def _probe_docker(toolchains: Sequence[str] = ()) -> str:
    daemon = Daemon(timeout_s=PROBE_S)
    try:
        return f"daemon {daemon.version}, image {find_image(daemon, toolchains)}"
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
