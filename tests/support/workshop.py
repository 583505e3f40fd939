"""Runs of the real workflow: a real endpoint on the loopback, a real sandbox, a real git repository."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from repowright.agent.events import Event, RunEnd
from repowright.agent.run import Run
from repowright.agent.runs import list_runs
from repowright.agent.settings import Settings
from repowright.agent.spec import spec_from_bytes
from repowright.agent.workflows.generate.session import resume, start
from repowright.benchmarks.speed.synthetic import Mistakes, endpoint, specification

E = TypeVar("E")


@dataclass
class Told:
    """The events of a run, by type."""

    events: list[Event] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]


@dataclass
class Workshop:
    """Starts and resumes runs in one temporary folder."""

    folder: Path
    told: Told = field(default_factory=Told)

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def run(self) -> Run:
        return Run.open(list_runs(self.runs)[-1].folder)

    def start(
        self,
        units: int,
        *,
        mistakes: Mistakes | None = None,
        stop_after: str | None = None,
        replay: Path | None = None,
        out: Path | None = None,
        **settings: object,
    ) -> RunEnd:
        with endpoint(mistakes) as url:
            chosen = Settings.model_validate(
                {"model": "synthetic", "base_url": url, "sandbox": "bubblewrap", **settings}
            )
            spec = spec_from_bytes(specification(units).encode(), "test")
            return asyncio.run(
                start(
                    spec,
                    chosen,
                    out=out or self.out,
                    runs=self.runs,
                    replay=replay,
                    stop_after=stop_after,
                    subscribers=[self.told],
                )
            )

    def resume(self, *, mistakes: Mistakes | None = None, stop_after: str | None = None, **settings: object) -> RunEnd:
        with endpoint(mistakes) as url:
            chosen = Settings.model_validate(
                {"model": "synthetic", "base_url": url, "sandbox": "bubblewrap", **settings}
            )
            return asyncio.run(resume(self.run, chosen, stop_after=stop_after, subscribers=[self.told]))
