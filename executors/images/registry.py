"""Pulls the base image from a registry by its digest, and gives up soon where none answers."""

from __future__ import annotations

import re
import threading

from repowright.executors.docker.client import Daemon
from repowright.executors.docker.failures import daemon_errors
from repowright.executors.sandbox import SandboxError, SandboxUnavailable

PROBE_S = 20.0
"""Seconds in which a registry must say something."""
PULL_S = 600.0
REFERENCE = re.compile(r"(?P<repository>[a-z0-9][a-z0-9.:/_-]*?)(:(?P<tag>[\w.-]+))?@(?P<digest>sha256:[0-9a-f]{64})")


def pinned(reference: str) -> str:
    """Return ``repository@digest`` of a reference that may name a tag too.

    Raises
    ------
    SandboxUnavailable
        If it has no digest: a tag may mean something else tomorrow.
    """
    found = REFERENCE.fullmatch(reference)
    if found is None:
        raise SandboxUnavailable(f"the base image {reference!r} is not pinned", "name it as repository@sha256:...")
    return f"{found['repository']}@{found['digest']}"


def pull(daemon: Daemon, reference: str, probe_s: float = PROBE_S, pull_s: float = PULL_S) -> str:
    """Pull an image pinned by digest, verify what came and return its name as ``repository@digest``.

    Raises
    ------
    SandboxUnavailable
        If no registry answers within ``probe_s``, the pull fails, or something else came.
    """
    name = pinned(reference)
    if not _has(daemon, name):
        _pull(daemon, name, probe_s, pull_s)
    if not _has(daemon, name):
        raise SandboxUnavailable(f"the registry gave another image than {name}", "trust another registry")
    return name


def _has(daemon: Daemon, name: str) -> bool:
    """True when the daemon holds an image that came under this very digest."""
    import docker.errors

    with daemon_errors("inspect an image"):
        try:
            digests = daemon.api.inspect_image(name).get("RepoDigests") or []
        except docker.errors.ImageNotFound:
            return False
    return any(each.rpartition("@")[2] == name.rpartition("@")[2] for each in digests)


def _pull(daemon: Daemon, name: str, probe_s: float, pull_s: float) -> None:
    heard, done = threading.Event(), threading.Event()
    failures: list[str] = []

    def follow() -> None:
        try:
            with daemon_errors(f"pull {name}"):
                for event in daemon.api.pull(name, stream=True, decode=True):
                    heard.set()
                    if "error" in event:
                        failures.append(str(event["error"]))
        except SandboxError as err:
            failures.append(err.message)
        finally:
            heard.set()
            done.set()

    threading.Thread(target=follow, name="docker-pull", daemon=True).start()
    if not heard.wait(probe_s):
        raise SandboxUnavailable(f"no registry answers for {name} within {probe_s:g} s")
    if not done.wait(pull_s):
        raise SandboxUnavailable(f"{name} is not pulled within {pull_s:g} s")
    if failures:
        raise SandboxUnavailable(f"{name} cannot be pulled: {failures[0][:300]}")
