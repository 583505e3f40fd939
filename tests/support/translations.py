"""Translations of small C projects, started and resumed in one temporary folder."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from small_c_projects import CProject
from workshop import Told

from repowright.agent.events import RunEnd
from repowright.agent.run import Run
from repowright.agent.runs import list_runs
from repowright.agent.settings import Settings
from repowright.agent.workflows.translate.records import Translation
from repowright.agent.workflows.translate.session import Asked, resume, start


@dataclass
class Studio:
    """Translates one project."""

    folder: Path
    told: Told = field(default_factory=Told)

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def run(self) -> Run:
        return Run.open(list_runs(self.runs)[-1].folder)

    @property
    def translation(self) -> Translation:
        return Translation.model_validate_json((self.run.folder / "translation.json").read_bytes())

    @property
    def report(self) -> str:
        return (self.run.folder / "translation.md").read_text(encoding="utf-8")

    def settings(self, url: str, **settings: object) -> Settings:
        chosen = {"model": "translator", "base_url": url, "sandbox": "bubblewrap", "unit_repairs": 2, **settings}
        return Settings.model_validate(chosen)

    def translate(
        self,
        url: str,
        project: CProject,
        *,
        replay: Path | None = None,
        target: str = "rust",
        idiomatic: bool = False,
        **settings: object,
    ) -> RunEnd:
        """Translate a project into its interface, or into a skeleton made for it."""
        place = project.write(self.folder / "project")
        interface = place / "interface" if project.interface else None
        tests = place / "tests" if project.tests else None
        asked = Asked(place / "c", self.out, target, interface, tests, idiomatic)
        chosen = self.settings(url, **settings)
        return asyncio.run(start(asked, chosen, runs=self.runs, replay=replay, subscribers=[self.told]))

    def resume(self, url: str, **settings: object) -> RunEnd:
        return asyncio.run(resume(self.run, self.settings(url, **settings), subscribers=[self.told]))
