"""Translating C of the project to Rust or Python, as a run of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from repowright.agent.approvals.gate import Call
from repowright.agent.chat.tools.sub_run import ended, sub_run
from repowright.agent.chat.tools.tool import ChatTool, Site, Told, acting
from repowright.agent.chat.wishes import Wish
from repowright.agent.errors import UserError
from repowright.agent.events import RunEnd, Subscriber
from repowright.agent.run import Run


class Translate(BaseModel):
    """What ``translate`` takes."""

    folder: str = Field(description="folder of the C project, from the project's folder; . for all of it")
    out: str = Field(description="absolute path of a new or empty folder outside any repository, for the result")
    to: Literal["rust", "python"] = Field(default="rust", description="the language it becomes")
    interface: str = Field(
        default="", description="folder of that language whose functions are stubs, to be filled as it is"
    )
    tests: str = Field(default="", description="folder of tests in that language that the result must pass")
    idiomatic: bool = Field(
        default=False, description="Rust without an interface: design safe types and signatures first; costs more"
    )


def translation_tools() -> list[ChatTool]:
    """Return translate."""
    return [
        acting(
            "translate",
            "Translate a C project to Rust or Python in a run of its own, each unit tested; very long and costly.",
            Translate,
            _translate,
            lambda asked: f"{asked.folder} into {asked.out}",
        )
    ]


async def _translate(asked: Translate, site: Site) -> Told:
    from repowright.agent.workflows.translate.session import Asked, resume, start
    from repowright.agent.workflows.translate.stages import REPORT

    desk = site.desk
    if not Path(asked.out).is_absolute():
        raise UserError(f"{asked.out} is not an absolute path", "name the folder in full")
    folder = _inside(desk.root, asked.folder)
    interface, tests = (_inside(desk.root, each) if each else None for each in (asked.interface, asked.tests))

    async def begin(subscribers: Sequence[Subscriber]) -> RunEnd:
        given = Asked(folder, Path(asked.out), asked.to, interface, tests, asked.idiomatic)
        return await start(given, desk.settings, runs=desk.runs, replay=None, subscribers=subscribers)

    async def go_on(run: Run, subscribers: Sequence[Subscriber]) -> RunEnd:
        return await resume(run, desk.settings, subscribers=subscribers)

    wanted = Call("translate", "spend", subject=asked.out)
    wish = Wish(site.call, wanted, f"translate {asked.folder} to {asked.to.capitalize()}", _detail(asked))
    end = await sub_run(wish, begin, go_on, site)
    report = desk.runs / end.run / REPORT
    words = f"\n\n{report.read_text(encoding='utf-8')}" if report.is_file() else ""
    return Told(text=f"{ended(end)}{words}", failed=end.status != "done")


def _inside(root: Path, written: str) -> Path:
    """A folder of the project, wherever links lead."""
    folder = (root / written).resolve()
    if not folder.is_relative_to(root.resolve()):
        raise UserError(f"{written} lies outside of the project", "name a folder in it")
    return folder


def _detail(asked: Translate) -> str:
    parts = [("into", asked.out), ("interface", asked.interface), ("tests", asked.tests)]
    lines = [f"{name}: {value}" for name, value in parts if value]
    return "\n".join([*lines, *(["safe types and signatures are designed first"] if asked.idiomatic else [])])
