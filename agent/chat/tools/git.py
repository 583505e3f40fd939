"""Git in a conversation: looking is free, a commit needs a yes, and nothing is ever pushed."""

from __future__ import annotations

import time
from typing import Literal

from pydantic import BaseModel, Field

from repowright.agent.approvals.gate import Call
from repowright.agent.chat.tools.tool import ChatTool, Site, Told, acting
from repowright.agent.chat.wishes import Wish
from repowright.agent.errors import UserError


class Look(BaseModel):
    """What ``git`` takes."""

    what: Literal["status", "diff", "log", "show"]
    revision: str = Field(default="", description="for diff: what to compare with; for show: which commit")
    path: str = Field(default="", description="for diff and log: only this file or folder")
    count: int = Field(default=20, ge=1, le=200, description="for log")


class CommitFiles(BaseModel):
    """What ``git_commit`` takes."""

    subject: str = Field(description="imperative, at most 72 characters")
    body: str = Field(default="", description="why")
    paths: list[str] = Field(default_factory=list, description="files to commit; those you changed if empty")


def git_tools() -> list[ChatTool]:
    """Return the tools over git."""
    return [
        acting("git", "Look at the repository: status, diff, log, show.", Look, _look, lambda asked: asked.what),
        acting("git_commit", "Commit files as they are now.", CommitFiles, _commit, lambda asked: asked.subject),
    ]


async def _look(asked: Look, site: Site) -> Told:
    git = site.desk.git
    if asked.what == "status":
        said = git.status()
    elif asked.what == "diff":
        said = git.diff(asked.revision, asked.path)
    elif asked.what == "log":
        said = git.log(asked.count, asked.path)
    else:
        said = git.show(asked.revision or "HEAD")
    return Told(text=said.rstrip() or "(nothing)")


async def _commit(asked: CommitFiles, site: Site) -> Told:
    done = site.done("commit")
    if done is not None:
        return Told(text=done)
    git = site.desk.git
    paths = sorted(asked.paths or set(site.desk.paths_changed()) & set(git.changed()))
    if not paths:
        raise UserError("there is nothing of yours to commit", "name the paths")
    diff = "".join(git.diff("", path) for path in paths)
    detail = "\n\n".join(part for part in (asked.subject, asked.body, "\n".join(paths), diff) if part)
    wanted = Call("git_commit", "publish", subject=asked.subject)
    await site.permit(Wish(site.call, wanted, f"commit: {asked.subject}", detail))
    sha = git.commit(paths, asked.subject, asked.body, int(time.time()))
    said = site.recorded("commit") or f"committed {sha[:12]}: {len(paths)} files"
    site.keep("commit", said)
    return Told(text=said)
