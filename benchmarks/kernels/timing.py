"""Times work on a GPU without what a processor adds: a captured graph, replayed, its median."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

import torch

Work = Callable[[], object]


def microseconds(works: Sequence[Work], repeats: int = 20, each: int = 4) -> float:
    """Return the median time of one work.

    Parameters
    ----------
    works
        The same work on different buffers, done in turns so that none finds its data in a cache.
    each
        Times all of them are done in a graph, so that its launch does not count.
    """
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for work in works:
            work()
    torch.cuda.current_stream().wait_stream(stream)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(each):
            for work in works:
                work()
    return _median(graph.replay, repeats) / (each * len(works))


def copy_bandwidth() -> float:
    """Return the bytes a second of a copy within the device's memory, read and written."""
    one = torch.zeros(1 << 30, dtype=torch.uint8, device="cuda")
    other = torch.empty_like(one)
    return 2.0 * (1 << 30) / (microseconds([lambda: other.copy_(one)]) * 1e-6)


def _median(work: Work, repeats: int) -> float:
    for _ in range(3):
        work()
    found: list[float] = []
    for _ in range(repeats):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        begin.record()
        work()
        end.record()
        end.synchronize()
        found.append(begin.elapsed_time(end) * 1000)
    return statistics.median(found)
