"""Boxes made of hardened Docker containers.

No network, no capability, no new privileges, a user that owns nothing, a read-only root, and sized
tmpfs folders. PID 1 is a dead man's switch: a container outlives its owner by its deadline at most.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import weakref
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from repowright.executors.binds import Bind
from repowright.executors.docker.box import DockerBox
from repowright.executors.docker.client import Daemon
from repowright.executors.docker.hardening import (
    Bounds,
    box_hostname,
    daemon_overrides,
    host_config,
    keeper_command,
    keeper_user,
)
from repowright.executors.docker.ownership import owner_labels
from repowright.executors.docker.warm import WarmDockerBox
from repowright.executors.images.names import find_image
from repowright.executors.limits.defences import ALL_ON, Defence, Without
from repowright.executors.reaping import reap, reap_docker
from repowright.executors.sandbox import Limits, SandboxError, SandboxLost

logger = logging.getLogger(__name__)
Opened = TypeVar("Opened", bound=DockerBox)

LIFE_S = 3600
"""Longest life of a container, seconds."""
NO_NETWORK = "none"
SPARE_AGE_S = 600
"""A container opened ahead is used within this time or not at all."""


class DockerSandbox:
    """Opens one container a box.

    A container is never used for two boxes; the next one is opened while a box is in use. Only a pool
    uses a box again, cleaned, and only within one domain of trust.

    Parameters
    ----------
    image
        Image to use; ``REPOWRIGHT_IMAGE`` or the image of ``image.build`` when None.
    toolchains
        Names of toolchains that the image must hold, such as ``rust``, when ``image`` is None.
    ahead
        Open the next container in the background.
    binds
        What boxes see of the daemon's machine, read-only.
    network
        The daemon's network that boxes are on; for installing dependencies alone.
    life_s
        Longest life of a container, seconds.
    without
        Defences to leave out, for tests of the defences only.

    Raises
    ------
    SandboxUnavailable
        If no daemon answers or the image is not there.
    """

    name = "docker"
    keeps_running = True
    """A program in a warm box takes one command after another."""
    python = "/opt/venv/bin/python"

    def __init__(
        self,
        image: str | None = None,
        *,
        toolchains: Sequence[str] = (),
        ahead: bool = True,
        binds: Sequence[Bind] = (),
        network: str = NO_NETWORK,
        life_s: int = LIFE_S,
        without: Without = ALL_ON,
    ) -> None:
        self._life_s = life_s
        self._network = network
        self._binds = {str(bind.source): {"bind": bind.target, "mode": "ro"} for bind in binds}
        self._without = without
        self._daemon = Daemon()
        self._alive: set[str] = set()
        self._finalizer = weakref.finalize(self, _remove_left, self._daemon, self._alive)
        self._image = image or find_image(self._daemon, toolchains)
        self._ahead = ahead
        self._guard = threading.Lock()
        self._workers = ThreadPoolExecutor(2, thread_name_prefix="docker-box")
        self._spare: tuple[Bounds, float, Future[str]] | None = None
        self._boxes: set[DockerBox] = set()
        self._workers.submit(_reap, self._daemon)

    @property
    def image(self) -> str:
        """The image boxes are made of."""
        return self._image

    @property
    def detail(self) -> str:
        """Version of the daemon and the image, for people."""
        return f"daemon {self._daemon.version}, image {self._image}"

    def open(self, limits: Limits) -> DockerBox:
        """Open a box bounded by ``limits``; ``/workspace`` and ``/tmp`` hold ``disk_mb`` each."""
        return self._opened(limits, DockerBox)

    def open_warm(self, limits: Limits) -> WarmDockerBox:
        """Open a box that can be cleaned and used again."""
        return self._opened(limits, WarmDockerBox)

    def _opened(self, limits: Limits, kind: type[Opened]) -> Opened:
        bounds = Bounds(limits.memory_mb, limits.pids, limits.disk_mb)
        try:
            box = self._open(bounds, kind)
        except SandboxLost:
            # The daemon went away, and the container opened ahead with it.
            self._daemon.reconnect()
            self._drop_spare()
            box = self._open(bounds, kind)
        with self._guard:
            self._boxes.add(box)
        return box

    def close(self) -> None:
        """Remove every box this sandbox opened; returns when they are gone."""
        with self._guard:
            boxes = list(self._boxes)
        for box in boxes:
            box.close()
        self._drop_spare()
        self._workers.shutdown(wait=True)
        self._finalizer()

    def _open(self, bounds: Bounds, kind: type[Opened]) -> Opened:
        container = self._take_spare(bounds) or self._create(bounds)
        if self._ahead:
            self._prepare_spare(bounds)
        try:
            return kind(self._daemon, container, self._forget, python=self.python, without=self._without)
        except SandboxError:
            with contextlib.suppress(SandboxError):
                self._remove(container)
            raise

    def _create(self, bounds: Bounds) -> str:
        without = self._without
        container = self._daemon.create(
            self._image,
            keeper_command(self._life_s, without),
            self._settings(bounds),
            owner_labels(time.time(), self._life_s),
            user=keeper_user(without),
            hostname=box_hostname(without),
            overrides=daemon_overrides(without),
        )
        self._alive.add(container)
        return container

    def _settings(self, bounds: Bounds) -> dict[str, object]:
        settings = host_config(bounds, without=self._without)
        if self._network != NO_NETWORK:
            settings["network_mode"] = self._network
        binds = settings["binds"]
        return {**settings, "binds": {**(binds if isinstance(binds, dict) else {}), **self._binds}}

    def _remove(self, container: str) -> None:
        self._daemon.remove(container)
        self._alive.discard(container)

    def _remove_spare(self, container: Future[str]) -> None:
        if container.exception() is None:
            self._remove(container.result())

    def _take_spare(self, bounds: Bounds) -> str | None:
        with self._guard:
            spare, self._spare = self._spare, None
        if spare is None:
            return None
        if spare[0] == bounds and time.monotonic() - spare[1] < SPARE_AGE_S:
            return spare[2].result()
        self._workers.submit(self._remove_spare, spare[2])
        return None

    def _drop_spare(self) -> None:
        with self._guard:
            spare, self._spare = self._spare, None
        if spare is not None:
            self._workers.submit(self._remove_spare, spare[2])

    def _prepare_spare(self, bounds: Bounds) -> None:
        with self._guard:
            if self._spare is None:
                self._spare = (bounds, time.monotonic(), self._workers.submit(self._create, bounds))

    def _forget(self, box: DockerBox, container: str) -> None:
        with self._guard:
            self._boxes.discard(box)
        if Defence.REMOVAL not in self._without:
            self._workers.submit(self._remove, container)


def _reap(daemon: Daemon) -> None:
    """Remove what killed processes left; a box is still to be had when that fails."""
    try:
        kept = (*reap_docker(daemon, time.time()).kept, *reap(docker=False).kept)
        if kept:
            logger.warning("cannot remove everything that was left: %s", "; ".join(kept))
    except SandboxError as err:
        logger.warning("cannot remove stale boxes: %s", err)


def _remove_left(daemon: Daemon, alive: set[str]) -> None:
    """Remove what a sandbox still holds, and what a daemon that went away made or kept without telling."""
    with contextlib.suppress(SandboxError):
        for container in sorted(alive):
            daemon.remove(container)
        daemon.remove_given_up()
    daemon.close()
