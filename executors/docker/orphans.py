"""Finds what killed processes left in Docker, and removes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from repowright.executors.docker.client import Daemon
from repowright.executors.docker.failures import daemon_errors
from repowright.executors.docker.ownership import OWNER, is_orphan
from repowright.executors.sandbox import SandboxError


@dataclass(frozen=True)
class Orphans:
    """Ids and names of what nobody owns any more; ``kept`` names what could not be removed, and why."""

    containers: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Kind:
    found: Callable[[], Iterable[tuple[str, Mapping[str, str]]]]
    remove: Callable[[str], object]


def remove_orphans(daemon: Daemon, now_s: float, *, only_look: bool = False) -> Orphans:
    """Remove each container, volume, network and unfinished image whose owner is gone or whose deadline passed.

    Raises
    ------
    SandboxLost
        If the daemon stops to answer.
    """
    kept: list[str] = []
    removed: dict[str, tuple[str, ...]] = {}
    for name, kind in _kinds(daemon).items():
        with daemon_errors(f"list {name}"):
            orphans = sorted(each for each, labels in kind.found() if is_orphan(labels, now_s))
        failed = {} if only_look else _remove(name, kind, orphans)
        kept += [f"{name} {each}: {why}" for each, why in failed.items()]
        removed[name] = tuple(each for each in orphans if each not in failed)
    return Orphans(**removed, kept=tuple(kept))


def _kinds(daemon: Daemon) -> dict[str, _Kind]:
    """Containers come first: what they use cannot be removed before they are."""
    api = daemon.api
    filters = {"label": OWNER}
    # A finished image has a tag; it may carry the labels of the container it was made from.
    unfinished = {**filters, "dangling": True}
    return {
        "containers": _Kind(lambda: ((each.id, each.labels) for each in daemon.labelled(OWNER)), daemon.remove),
        "volumes": _Kind(
            lambda: ((each["Name"], each["Labels"] or {}) for each in api.volumes(filters)["Volumes"] or ()),
            lambda name: api.remove_volume(name, force=True),
        ),
        "networks": _Kind(
            lambda: ((each["Id"], each["Labels"] or {}) for each in api.networks(filters=filters)), api.remove_network
        ),
        "images": _Kind(
            lambda: ((each["Id"], each["Labels"] or {}) for each in api.images(filters=unfinished)),
            lambda image: api.remove_image(image, force=True),
        ),
    }


def _remove(name: str, kind: _Kind, orphans: Iterable[str]) -> dict[str, str]:
    failed: dict[str, str] = {}
    for each in orphans:
        try:
            with daemon_errors(f"remove from its {name}"):
                kind.remove(each)
        except SandboxError as err:
            failed[each] = err.message
    return failed
