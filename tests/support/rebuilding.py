"""Rebuilds a repository from its graph with the real workflow, and tells what the model was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from workshop import Told

from repowright.agent.events import RunEnd
from repowright.agent.graph_origin import Keep
from repowright.agent.manifest import read_manifest
from repowright.agent.run import Run
from repowright.agent.runs import list_runs
from repowright.agent.settings import Settings
from repowright.agent.spec import spec_from_bytes
from repowright.agent.workflows.generate.from_graph.seed import Seed, seed_of_graph
from repowright.agent.workflows.generate.session import resume, start
from repowright.benchmarks.speed.synthetic import endpoint
from repowright.graph.opening import open_graph
from repowright.graph.sources import NoSources, SnapshotSources
from repowright.repo_tools.snapshot_tree import WorkTreeSnapshot

Answer = Callable[[str, str], str | None]
EXAMPLE = Path(__file__).parents[2] / "examples" / "unit-converter"


def seed_of_folder(folder: Path, keep: Keep, alias: str = "", *, code: bool = True) -> Seed:
    """Return the seed that the graph in a folder gives, with the code that lies beside it or without."""
    sources = SnapshotSources(WorkTreeSnapshot(folder)) if code else NoSources()
    return seed_of_graph(open_graph(folder), sources, keep, alias)


def replay_example(folder: Path) -> Told:
    """Generate the example ``unit-converter`` into ``folder/out`` from its recording."""
    recording, told = EXAMPLE / "recording", Told()
    remembered = read_manifest(recording).settings
    settings = Settings.model_validate(remembered.model_dump() | {"sandbox": "bubblewrap", "parallel": 4})
    spec = spec_from_bytes((EXAMPLE / "spec.md").read_bytes(), "spec.md")
    out, runs = folder / "out", folder / "runs"
    asyncio.run(start(spec, settings, out=out, runs=runs, replay=recording, stop_after=None, subscribers=[told]))
    return told


@dataclass
class Rebuilding:
    """Runs of one seed in one temporary folder."""

    folder: Path
    told: Told = field(default_factory=Told)

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def run(self) -> Run:
        return Run.open(list_runs(self.folder / "runs")[-1].folder)

    def start(
        self, seed: Seed, answer: Answer | None, *, stop_after: str | None = None, replay: Path | None = None
    ) -> RunEnd:
        with endpoint(answer) as url:
            return asyncio.run(
                start(
                    seed.spec,
                    self._settings(url),
                    out=self.out,
                    runs=self.folder / "runs",
                    replay=replay,
                    stop_after=stop_after,
                    subscribers=[self.told],
                    seed=seed,
                )
            )

    def resume(self, answer: Answer | None, *, stop_after: str | None = None) -> RunEnd:
        with endpoint(answer) as url:
            return asyncio.run(resume(self.run, self._settings(url), stop_after=stop_after, subscribers=[self.told]))

    def _settings(self, url: str) -> Settings:
        given = {"model": "synthetic", "base_url": url, "sandbox": "bubblewrap", "parallel": 4}
        return Settings.model_validate(given)
