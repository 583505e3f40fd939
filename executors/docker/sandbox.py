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
from concurrent.futures import Future, ThreadPoolExecutor

from repowright.executors.docker.box import DockerBox
from repowright.executors.docker.client import Daemon
from repowright.executors.docker.hardening import Bounds, host_config
from repowright.executors.docker.ownership import OWNER, is_orphan, owner_labels
from repowright.executors.images.names import find_image
from repowright.executors.sandbox import Limits, SandboxError

logger = logging.getLogger(__name__)

LIFE_S = 3600
"""Longest life of a container, seconds."""
SPARE_AGE_S = 600
"""A container opened ahead is used within this time or not at all."""


class DockerSandbox:
    """Opens one container a box.

    A container is never used for two boxes: telling a clean one from one that a stray process will
    soon soil costs more than a new one. Instead the next container is opened while a box is in use.

    Parameters
    ----------
    image
        Image to use; ``REPOWRIGHT_IMAGE`` or the image of ``image.build`` when None.
    ahead
        Open the next container in the background.

    Raises
    ------
    SandboxUnavailable
        If no daemon answers or the image is not there.
    """

    name = "docker"
    python = "/opt/venv/bin/python"

    def __init__(self, image: str | None = None, *, ahead: bool = True) -> None:
        self._daemon = Daemon()
        self._alive: set[str] = set()
        self._finalizer = weakref.finalize(self, _remove_left, self._daemon, self._alive)
        self._image = image or find_image(self._daemon)
        self._ahead = ahead
        self._guard = threading.Lock()
        self._workers = ThreadPoolExecutor(2, thread_name_prefix="docker-box")
        self._spare: tuple[Bounds, float, Future[str]] | None = None
        self._boxes: set[DockerBox] = set()
        self._workers.submit(_reap, self._daemon)

    @property
    def detail(self) -> str:
        """Version of the daemon and the image, for people."""
        return f"daemon {self._daemon.version}, image {self._image}"

    def open(self, limits: Limits) -> DockerBox:
        """Open a box bounded by ``limits``; ``/workspace`` and ``/tmp`` hold ``disk_mb`` each."""
        bounds = Bounds(limits.memory_mb, limits.pids, limits.disk_mb)
        container = self._take_spare(bounds) or self._create(bounds)
        if self._ahead:
            self._prepare_spare(bounds)
        try:
            box = DockerBox(self._daemon, container, self._forget)
        except SandboxError:
            self._remove(container)
            raise
        with self._guard:
            self._boxes.add(box)
        return box

    def close(self) -> None:
        """Remove every box this sandbox opened; returns when they are gone."""
        with self._guard:
            boxes, spare = list(self._boxes), self._spare
            self._spare = None
        for box in boxes:
            box.close()
        if spare is not None:
            self._workers.submit(self._remove_spare, spare[2])
        self._workers.shutdown(wait=True)
        self._finalizer()

    def _create(self, bounds: Bounds) -> str:
        command = ["timeout", "-s", "KILL", str(LIFE_S), "sleep", str(LIFE_S + 60)]
        labels = owner_labels(time.time(), LIFE_S)
        container = self._daemon.create(self._image, command, host_config(bounds), labels)
        self._alive.add(container)
        return container

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

    def _prepare_spare(self, bounds: Bounds) -> None:
        with self._guard:
            if self._spare is None:
                self._spare = (bounds, time.monotonic(), self._workers.submit(self._create, bounds))

    def _forget(self, box: DockerBox, container: str) -> None:
        with self._guard:
            self._boxes.discard(box)
        self._workers.submit(self._remove, container)


def _reap(daemon: Daemon) -> None:
    """Remove containers whose owner is gone; a box is still to be had when that fails."""
    try:
        for container in daemon.labelled(OWNER):
            if is_orphan(container.labels, time.time()):
                daemon.remove(container.id)
    except SandboxError as err:
        logger.warning("cannot remove stale boxes: %s", err)


def _remove_left(daemon: Daemon, alive: set[str]) -> None:
    """Remove what a sandbox that nobody closed still holds; the reaper of the next one finds the rest."""
    with contextlib.suppress(SandboxError):
        for container in sorted(alive):
            daemon.remove(container)
    daemon.close()
