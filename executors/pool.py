"""Boxes kept warm between runs of one domain of trust, and turns between all who want to run something.

A box goes back clean or not at all: every process that a run left is killed, everything but the workspace
emptied, and what a run could have changed compared with a new box. The workspace is put right by the next
transfer into it, which sends only what differs, or emptied before anything else is done.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, cast

from repowright.executors.sandbox import Box, Limits, Outcome, Sandbox, SandboxError
from repowright.executors.trees import TRANSFER, Changes, Snapshot, Synced, TransferBounds, Tree
from repowright.executors.turns import Turns

logger = logging.getLogger(__name__)

IDLE_S = 300.0
"""A box that nobody used for so long is closed when the pool is used next."""
LIFE_S = 1800.0
"""A box this old is not used again: its container has a deadline."""


class WarmBox(Box, Protocol):
    """A box that can be cleaned."""

    def mirror(self, tree: Tree, bounds: TransferBounds = ...) -> Synced:
        """Make the workspace hold ``tree`` and nothing else, sending only what differs."""

    def reset(self) -> str:
        """Kill what runs and empty all but the workspace; say why the box is not clean, nothing if it is."""


class WarmSandbox(Sandbox, Protocol):
    """A sandbox whose boxes can be used again."""

    def open_warm(self, limits: Limits) -> WarmBox:
        """Open a box that can be cleaned."""


@dataclass(frozen=True)
class PoolCounts:
    """What became of the boxes of a pool."""

    opened: int
    reused: int
    thrown_away: int
    idle: int


@dataclass(frozen=True)
class _Key:
    domain: str
    memory_mb: int
    pids: int
    disk_mb: int


@dataclass(frozen=True)
class _Idle:
    key: _Key
    box: WarmBox
    opened_s: float
    since_s: float


class BoxPool:
    """Keeps boxes of one sandbox warm.

    Parameters
    ----------
    sandbox
        Closed with the pool. One whose boxes cannot be cleaned is given turns only.
    running
        How many commands run at once over all domains; the cores of this machine when None.
    idle
        How many boxes are kept open while nobody uses them; twice ``running`` when None.
    """

    def __init__(self, sandbox: Sandbox, *, running: int | None = None, idle: int | None = None) -> None:
        most = running or len(os.sched_getaffinity(0))
        self.sandbox = sandbox
        self.turns = Turns(most)
        self._most_idle = 2 * most if idle is None else idle
        self._guard = threading.Lock()
        self._idle: list[_Idle] = []
        self._opened = self._reused = self._thrown_away = 0
        self._is_closed = False

    def domain(self, name: str) -> PooledSandbox:
        """Return a sandbox whose boxes are shared only within ``name``: one repository, one attempt."""
        return PooledSandbox(self.sandbox, name, self)

    def counts(self) -> PoolCounts:
        """Count boxes since the pool was made."""
        with self._guard:
            return PoolCounts(self._opened, self._reused, self._thrown_away, len(self._idle))

    def open(self, domain: str, limits: Limits) -> Box:
        """Open a box of a domain: a clean one from before, or a new one."""
        if not hasattr(self.sandbox, "open_warm"):
            return TurnBox(self, domain, self.sandbox.open(limits))
        key = _Key(domain, limits.memory_mb, limits.pids, limits.disk_mb)
        kept = self._take(key)
        if kept is not None:
            return PooledBox(self, key, kept.box, kept.opened_s, limits, stale=True)
        return PooledBox(self, key, self.open_new(limits), time.monotonic(), limits, stale=False)

    def open_new(self, limits: Limits) -> WarmBox:
        """Open a new box that can be cleaned."""
        with self._guard:
            self._opened += 1
        return cast(WarmSandbox, self.sandbox).open_warm(limits)

    def give_back(self, key: _Key, box: WarmBox, opened_s: float) -> None:
        """Keep a box for its domain if it is provably clean."""
        why = "the pool is closed" if self._is_closed else "a limit ended a run" if box.spent else box.reset()
        now = time.monotonic()
        with self._guard:
            keep = not why and not self._is_closed and now - opened_s < LIFE_S
            if keep:
                self._idle.append(_Idle(key, box, opened_s, now))
            else:
                self._thrown_away += 1
            old = self._too_many(now)
        if not keep:
            logger.debug("a box of %s is not used again: %s", key.domain, why or "it is old")
            box.close()
        for one in old:
            one.box.close()

    def end_domain(self, domain: str) -> None:
        """Close the idle boxes of a domain."""
        with self._guard:
            ended = [one for one in self._idle if one.key.domain == domain]
            self._idle = [one for one in self._idle if one.key.domain != domain]
        for one in ended:
            one.box.close()

    def close(self) -> None:
        """Close every box, and the sandbox."""
        with self._guard:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for one in idle:
            one.box.close()
        self.sandbox.close()

    def _take(self, key: _Key) -> _Idle | None:
        now = time.monotonic()
        with self._guard:
            old = self._too_many(now)
            # The one used last: its pages are warm, and the others get old and are closed.
            found = next((one for one in reversed(self._idle) if one.key == key), None)
            if found is not None:
                self._idle.remove(found)
                self._reused += 1
        for one in old:
            one.box.close()
        return found

    def _too_many(self, now_s: float) -> list[_Idle]:
        stale = [one for one in self._idle if now_s - one.since_s > IDLE_S or now_s - one.opened_s > LIFE_S]
        fresh = [one for one in self._idle if one not in stale]
        surplus = max(0, len(fresh) - self._most_idle)
        self._idle = fresh[surplus:]
        return stale + fresh[:surplus]


class PooledSandbox:
    """A sandbox whose boxes are kept warm for the next one who opens one like it, in one domain of trust.

    Parameters
    ----------
    domain
        What the boxes are shared within; never a name that two repositories or attempts have.
    pool
        Shared with other domains; one of its own, closed with this sandbox, when None.
    """

    def __init__(self, sandbox: Sandbox, domain: str = "", pool: BoxPool | None = None) -> None:
        self._pool = pool or BoxPool(sandbox)
        self._is_own = pool is None
        self._domain = domain

    @property
    def name(self) -> str:
        """Name of the sandbox that boxes come from."""
        return self._pool.sandbox.name

    @property
    def python(self) -> str:
        """Path, inside a box, of the interpreter that has pytest and coverage."""
        return self._pool.sandbox.python

    @property
    def pool(self) -> BoxPool:
        """The pool behind it."""
        return self._pool

    def open(self, limits: Limits) -> Box:
        """Open a box that looks new, with an empty workspace."""
        return self._pool.open(self._domain, limits)

    def close(self) -> None:
        """Close the boxes of this domain, and the sandbox where the pool is its own."""
        self._pool.end_domain(self._domain)
        if self._is_own:
            self._pool.close()


class TurnBox:
    """A box of its own whose runs take turns with all others of the pool."""

    def __init__(self, pool: BoxPool, domain: str, box: Box) -> None:
        self._pool = pool
        self._domain = domain
        self._box = box

    @property
    def spent(self) -> bool:
        """True once a limit was hit."""
        return self._box.spent

    def put(self, files: Tree) -> None:
        """Write files into the workspace."""
        self._ready().put(files)

    def sync(self, tree: Tree, bounds: TransferBounds = TRANSFER) -> Synced:
        """Make the workspace hold a tree, sending only what differs."""
        return self._ready().sync(tree, bounds)

    def changes(self, bounds: TransferBounds = TRANSFER) -> Changes:
        """Read back what commands changed since the last transfer into the box."""
        return self._ready().changes(bounds)

    def snapshot(self, bounds: TransferBounds = TRANSFER) -> Snapshot:
        """Read back all regular files."""
        return self._ready().snapshot(bounds)

    def restore(self, snapshot: Snapshot, bounds: TransferBounds = TRANSFER) -> Synced:
        """Make the workspace hold a snapshot and nothing else."""
        return self._ready().restore(snapshot, bounds)

    def get(self, paths: Sequence[str], max_bytes: int = 16_000_000) -> dict[str, bytes]:
        """Read regular files of the workspace back."""
        return self._ready().get(paths, max_bytes)

    def run(self, argv: Sequence[str], limits: Limits, env: Mapping[str, str] | None = None) -> Outcome:
        """Wait for a turn, then run a command in the workspace and wait for it; its time starts with the turn."""
        box = self._ready()
        with self._pool.turns.turn(self._domain):
            return box.run(argv, limits, env)

    def close(self) -> None:
        """Give the box up."""
        self._box.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ready(self) -> Box:
        return self._box


class PooledBox(TurnBox):
    """A box that goes back to the pool; its workspace looks empty although files may be left to be sent no more."""

    def __init__(self, pool: BoxPool, key: _Key, box: WarmBox, opened_s: float, limits: Limits, *, stale: bool) -> None:
        super().__init__(pool, key.domain, box)
        self._key = key
        self._warm = box
        self._opened_s = opened_s
        self._limits = limits
        self._stale = stale
        self._is_closed = False

    @property
    def spent(self) -> bool:
        """True once a limit was hit or the box was given back."""
        return self._is_closed or self._box.spent

    def put(self, files: Tree) -> None:
        """Write files into the workspace."""
        if self._stale:
            self._put_right(files)
        else:
            self._ready().put(files)

    def sync(self, tree: Tree, bounds: TransferBounds = TRANSFER) -> Synced:
        """Make the workspace hold a tree, sending only what differs."""
        return self._put_right(tree) if self._stale else self._ready().sync(tree, bounds)

    def close(self) -> None:
        """Give the box back."""
        if not self._is_closed:
            self._is_closed = True
            self._pool.give_back(self._key, self._warm, self._opened_s)

    def _ready(self) -> Box:
        self._check_open()
        if self._stale:
            self._put_right({})
        return self._box

    def _check_open(self) -> None:
        if self._is_closed:
            raise SandboxError("the box is closed or spent", "open a new one")

    def _put_right(self, tree: Tree) -> Synced:
        """Make a used workspace hold ``tree`` alone, in a new box where that fails."""
        self._check_open()
        self._stale = False
        try:
            return self._warm.mirror(tree)
        except SandboxError as err:
            logger.debug("a box of %s cannot be put right: %s", self._domain, err)
        self._warm.close()
        self._box = self._warm = self._pool.open_new(self._limits)
        self._opened_s = time.monotonic()
        return self._warm.mirror(tree)
