"""The product's own workflows as long tools: each is a run of its own, whose progress is told in the chat."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, Field

from repowright.agent.approvals.gate import Call
from repowright.agent.chat.tools.sub_run import ended, sub_run
from repowright.agent.chat.tools.tool import ChatTool, Site, Told, acting
from repowright.agent.chat.wishes import Wish
from repowright.agent.errors import UserError
from repowright.agent.events import RunEnd, Subscriber
from repowright.agent.run import Run
from repowright.agent.workflows.locate.ranking import joined
from repowright.agent.workflows.locate.workflow import Task, judge
from repowright.graph.encode import load_graph
from repowright.graph.locate.located import Located
from repowright.graph.locate.locator import Locator
from repowright.graph.locate.reading import stored_corpus
from repowright.graph.sources import SnapshotSources
from repowright.graph.store import Store
from repowright.repo_tools.snapshot_tree import WorkTreeSnapshot

_CANDIDATES = 20
_PATCH = 40_000


class Locate(BaseModel):
    """What ``locate`` takes."""

    issue: str = Field(description="what is wrong or wanted, in full: messages, names, tracebacks")
    judged: bool = Field(default=False, description="let a model choose among the candidates; costs up to 7 replies")


class Resolve(BaseModel):
    """What ``resolve`` takes."""

    issue: str = Field(description="what is wrong, in full")


class Generate(BaseModel):
    """What ``generate`` takes."""

    specification: str = Field(description="what to build: a sentence or a whole document")
    folder: str = Field(description="absolute path of a new or empty folder outside any repository")


def workflow_tools() -> list[ChatTool]:
    """Return locate, resolve and generate."""
    return [
        acting("locate", "Rank the code that an issue is about.", Locate, _locate, lambda asked: asked.issue),
        acting(
            "resolve",
            "Resolve an issue in a run of its own, in sandboxes, and hand over a patch; long and costly.",
            Resolve,
            _resolve,
            lambda asked: asked.issue,
        ),
        acting(
            "generate",
            "Build a new, tested repository from a specification; very long and costly.",
            Generate,
            _generate,
            lambda asked: asked.folder,
        ),
    ]


async def _locate(asked: Locate, site: Site) -> Told:
    known = site.known("locate")
    if known is not None:
        return Told(text=known)
    await site.desk.graph.fresh()
    stored = site.desk.graph.stored
    assert stored is not None
    found = await asyncio.to_thread(_ranked, site.desk.root, stored, asked.issue)
    if asked.judged:
        wanted = Call("locate", "spend", subject="locate")
        await site.permit(Wish(site.call, wanted, "locate with a model", asked.issue))
        found = await _judged(asked, found, stored, site)
    text = _table(found)
    site.keep("locate", text)
    return Told(text=text)


async def _judged(asked: Locate, found: Located, stored: Path, site: Site) -> Located:
    site.progress("a model chooses among the candidates")
    rpg = await asyncio.to_thread(load_graph, stored)
    files, functions = ([each.label for each in ranked] for ranked in (found.files, found.functions))
    sources = SnapshotSources(WorkTreeSnapshot(site.desk.root))
    done = await judge(Task(site.desk.root.name, asked.issue, rpg, sources, files, functions), site.desk.gateway)
    return joined(found, done, rpg, _CANDIDATES)


def _ranked(folder: Path, stored: Path, issue: str) -> Located:
    with Store(stored) as store:
        corpus = stored_corpus(store, WorkTreeSnapshot(folder))
    return Locator(corpus).locate(issue, _CANDIDATES)


def _table(found: Located) -> str:
    lines: list[str] = []
    for title, ranked in (("files", found.files[:10]), ("functions", found.functions)):
        lines.append(f"{title}:")
        for place, each in enumerate(ranked, 1):
            why = f" - {each.evidence[0]}" if each.evidence else ""
            where = f" ({each.first}-{each.last})" if each.qualname else ""
            lines.append(f"{place:>3}. {each.label}{where}{why}")
    return "\n".join(lines)


async def _resolve(asked: Resolve, site: Site) -> Told:
    from repowright.agent.workflows.resolve.session import Asked, resume, start

    desk = site.desk
    settings = desk.settings
    wanted = Call("resolve", "spend", subject="resolve")
    wish = Wish(site.call, wanted, "resolve an issue in a run of its own", asked.issue)

    async def begin(subscribers: Sequence[Subscriber]) -> RunEnd:
        issue = Asked(asked.issue, "a conversation", desk.root)
        return await start(issue, settings, runs=desk.runs, replay=None, subscribers=subscribers)

    async def go_on(run: Run, subscribers: Sequence[Subscriber]) -> RunEnd:
        return await resume(run, settings, subscribers=subscribers)

    end = await sub_run(wish, begin, go_on, site)
    patch = Path(end.out).read_text(encoding="utf-8") if end.out and Path(end.out).is_file() else ""
    text = f"the run {end.run} ended: {end.status}\n\n{patch[:_PATCH]}" if patch else ended(end)
    return Told(text=text, failed=not patch)


async def _generate(asked: Generate, site: Site) -> Told:
    from repowright.agent.out_folder import check_out_folder
    from repowright.agent.spec import spec_from_bytes
    from repowright.agent.workflows.generate.session import resume, start

    desk = site.desk
    if not Path(asked.folder).is_absolute():
        raise UserError(f"{asked.folder} is not an absolute path", "name the folder in full")
    wanted = Call("generate", "spend", subject=asked.folder)
    wish = Wish(site.call, wanted, f"generate {asked.folder}", asked.specification)

    async def begin(subscribers: Sequence[Subscriber]) -> RunEnd:
        out = check_out_folder(Path(asked.folder), desk.runs)
        spec = spec_from_bytes(asked.specification.encode(), "a conversation")
        return await start(
            spec, desk.settings, out=out, runs=desk.runs, replay=None, stop_after=None, subscribers=subscribers
        )

    async def go_on(run: Run, subscribers: Sequence[Subscriber]) -> RunEnd:
        return await resume(run, desk.settings, stop_after=None, subscribers=subscribers)

    end = await sub_run(wish, begin, go_on, site)
    return Told(text=ended(end), failed=end.status != "done")
