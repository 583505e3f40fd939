"""Counts and times of requests, and the engine's figures, in Prometheus' text format."""

from __future__ import annotations

import bisect
import threading
from collections import Counter
from dataclasses import dataclass, fields

from repowright.inference_backend.engine.settings import EngineStats

PREFIX = "repowright_"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_BOUNDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
_GAUGES = frozenset(["running", "waiting", "pinned", "pages_held", "pages_cached", "pages_free"])
_HELP = {
    "running": "Sequences that run.",
    "waiting": "Requests that wait.",
    "pinned": "Finished turns kept for their programs.",
    "pages_held": "Pages of the cache in use.",
    "pages_cached": "Free pages whose content may still be shared.",
    "pages_free": "Free pages.",
    "finished": "Answers that came to their end.",
    "cancelled": "Answers that were cancelled.",
    "failed": "Answers that were given up.",
    "preempted": "Sequences that gave their pages up and ran again.",
    "prefilled": "Tokens of prompts taken in.",
    "cached": "Tokens of prompts found in the cache.",
    "generated": "Tokens generated.",
    "drafted": "Tokens guessed by a drafter.",
    "accepted": "Guessed tokens that were right.",
}


@dataclass
class _Histogram:
    counts: list[int]
    total: float = 0.0


class Metrics:
    """What the server counts. For several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._seconds = {
            "request_seconds": ("Seconds from a request to the end of its answer.", _empty()),
            "first_token_seconds": ("Seconds from a request to the first piece of its answer.", _empty()),
        }

    def answered(self, route: str, status: int) -> None:
        """Count a request; ``status`` 499 says that the client left."""
        with self._lock:
            self._requests[route, status] += 1

    def took(self, what: str, seconds: float) -> None:
        """Note how long something took: ``request_seconds`` or ``first_token_seconds``."""
        with self._lock:
            histogram = self._seconds[what][1]
            histogram.counts[bisect.bisect_left(_BOUNDS, seconds)] += 1
            histogram.total += seconds

    def text(self, stats: EngineStats) -> str:
        """Return everything as Prometheus reads it."""
        lines = [line for each in fields(stats) for line in _engine_lines(each.name, getattr(stats, each.name))]
        with self._lock:
            lines += _head("requests_total", "Requests answered.", "counter")
            for (route, status), count in sorted(self._requests.items()):
                lines.append(f'{PREFIX}requests_total{{route="{route}",status="{status}"}} {count}')
            for name, (told, histogram) in self._seconds.items():
                lines += [*_head(name, told, "histogram"), *_histogram_lines(name, histogram)]
        return "\n".join(lines) + "\n"


def _empty() -> _Histogram:
    return _Histogram([0] * (len(_BOUNDS) + 1))


def _engine_lines(name: str, value: int) -> list[str]:
    kind = "gauge" if name in _GAUGES else "counter"
    shown = name if kind == "gauge" else f"{name}_total"
    return [*_head(shown, _HELP.get(name, "Of the engine."), kind), f"{PREFIX}{shown} {value}"]


def _histogram_lines(name: str, histogram: _Histogram) -> list[str]:
    lines, so_far = [], 0
    for bound, count in zip([*map(str, _BOUNDS), "+Inf"], histogram.counts, strict=True):
        so_far += count
        lines.append(f'{PREFIX}{name}_bucket{{le="{bound}"}} {so_far}')
    return [*lines, f"{PREFIX}{name}_sum {histogram.total}", f"{PREFIX}{name}_count {so_far}"]


def _head(name: str, told: str, kind: str) -> list[str]:
    return [f"# HELP {PREFIX}{name} {told}", f"# TYPE {PREFIX}{name} {kind}"]
