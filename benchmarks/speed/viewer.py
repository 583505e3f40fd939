"""What the page of a large graph costs in a real browser: opening, each key of a search, expanding everything."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from repowright.benchmarks.speed.browser import Tab, browser, find_browser
from repowright.benchmarks.speed.large_graph import large_graph
from repowright.graph.model import RPG
from repowright.graph.opening import open_graph
from repowright.graph.render import html

NODES = 20_000
ROUNDS = 5
MS_A_KEY = 50.0
"""The bound a key of the search is held to, until the rows are on the screen."""

_TIMED = """
(async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  await frame();
  const start = performance.now();
  %s;
  const script = performance.now() - start;
  document.body.offsetHeight;
  const shown = performance.now() - start;
  await frame();
  return [script, shown, performance.now() - start];
})()
"""


@dataclass(frozen=True)
class PageCost:
    """What one page costs; times in milliseconds, until layout is done.

    Parameters
    ----------
    first_key_ms
        The very first key after the page has loaded.
    worst_key_ms, mean_key_ms
        Over all keys of typing the query and deleting it again, each the median of `ROUNDS`: other processes may
        have the processor for a moment.
    elements
        Elements of the page with everything expanded.
    """

    nodes: int
    edges: int
    render_s: float
    megabytes: float
    load_ms: float
    first_key_ms: float
    worst_key_ms: float
    mean_key_ms: float
    expand_ms: float
    scroll_ms: float
    choose_ms: float
    elements: int


def measure(rpg: RPG, query: str, program: str) -> PageCost:
    """Render the page, open it in a browser and use it."""
    begun = time.perf_counter()
    text = html(rpg)
    rendered = time.perf_counter() - begun
    with tempfile.TemporaryDirectory() as folder, browser(program) as tab:
        page = Path(folder) / "graph.html"
        page.write_text(text, encoding="utf-8")
        load = tab.open(page)
        states = [query[:end] for end in (*range(1, len(query) + 1), *range(len(query) - 1, -1, -1))]
        first = _type(tab, states[0])
        rounds = [[_type(tab, text) for text in states] for _ in range(ROUNDS)]
        keys = [statistics.median(times) for times in zip(*rounds, strict=True)]
        expand = _timed(tab, "document.getElementById('expand').click()")
        scroll = _timed(tab, "scroller.scrollTop = scroller.scrollHeight / 2; draw(false)")
        choose = _timed(tab, "choose(Math.floor(count / 2))")
        elements = tab.run("document.querySelectorAll('*').length")
    return PageCost(
        nodes=len(rpg),
        edges=len(rpg.edges()),
        render_s=rendered,
        megabytes=len(text.encode()) / 1e6,
        load_ms=1000 * load,
        first_key_ms=first,
        worst_key_ms=max(keys),
        mean_key_ms=sum(keys) / len(keys),
        expand_ms=expand,
        scroll_ms=scroll,
        choose_ms=choose,
        elements=elements if isinstance(elements, int) else 0,
    )


def _type(tab: Tab, text: str) -> float:
    return _timed(tab, f"filter.value = {json.dumps(text)}; filter.dispatchEvent(new Event('input'))")


def _timed(tab: Tab, action: str) -> float:
    told = tab.run(_TIMED % action)
    return float(told[1]) if isinstance(told, list) and isinstance(told[1], (int, float)) else float("nan")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 if a key takes longer than `MS_A_KEY`, 2 if there is no browser."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graph", type=Path, help="a graph to show instead of a made one")
    parser.add_argument("--nodes", type=int, default=NODES)
    parser.add_argument("--query", default="parse query")
    given = parser.parse_args(arguments)
    program = find_browser()
    if program is None:
        print("no Chromium is installed", file=sys.stderr)
        return 2
    rpg = open_graph(given.graph) if given.graph else large_graph(given.nodes)
    cost = measure(rpg, given.query, program)
    for name, value in asdict(cost).items():
        print(f"{name:<14} {value:>12,.1f}" if isinstance(value, float) else f"{name:<14} {value:>12,}")
    return 1 if cost.worst_key_ms > MS_A_KEY else 0


if __name__ == "__main__":
    sys.exit(main())
