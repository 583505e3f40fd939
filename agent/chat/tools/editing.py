"""Changing files: an exact replacement, a whole file, or taking one away; each shown as a diff before it is made."""

from __future__ import annotations

import difflib

from pydantic import BaseModel, Field

from repowright.agent.approvals.gate import Call
from repowright.agent.chat.tools.tool import ChatTool, Site, Told, acting, as_text
from repowright.agent.chat.wishes import Wish
from repowright.agent.chat.workspace import Edit
from repowright.agent.errors import UserError
from repowright.graph.sources import lines_of, numbered
from repowright.repo_tools.python_source import syntax_error


class EditFile(BaseModel):
    """What ``edit`` takes."""

    path: str = Field(description="from the project's folder")
    old: str = Field(description="text of the file, word for word, with enough around it to stand there once")
    new: str = Field(description="what stands there instead")
    every: bool = Field(default=False, description="replace it wherever it stands")


class WriteFile(BaseModel):
    """What ``write`` takes."""

    path: str = Field(description="from the project's folder")
    content: str = Field(description="the whole file")


class RemoveFile(BaseModel):
    """What ``remove`` takes."""

    path: str = Field(description="from the project's folder")


def editing_tools() -> list[ChatTool]:
    """Return the tools that change files."""
    return [
        acting("edit", "Replace text of a file; for every change of a file that exists.", EditFile, _edit, _path),
        acting("write", "Write a new file, or all of one anew.", WriteFile, _write, _path),
        acting("remove", "Remove a file.", RemoveFile, _remove, _path),
    ]


def _path(asked: EditFile | WriteFile | RemoveFile) -> str:
    return asked.path


async def _edit(asked: EditFile, site: Site) -> Told:
    before = site.edits_of_before()
    if before is not None:
        return site.made(before)
    old = as_text(site.desk.workspace.read(asked.path), asked.path)
    return await _make("edit", site, site.desk.workspace.edit(asked.path, _replaced(old, asked).encode()))


async def _write(asked: WriteFile, site: Site) -> Told:
    before = site.edits_of_before()
    if before is not None:
        return site.made(before)
    return await _make("write", site, site.desk.workspace.edit(asked.path, asked.content.encode()))


async def _remove(asked: RemoveFile, site: Site) -> Told:
    before = site.edits_of_before()
    if before is not None:
        return site.made(before)
    edit = site.desk.workspace.edit(asked.path, None)
    if edit.old is None:
        raise UserError(f"there is no file {asked.path}", "list shows what there is")
    return await _make("remove", site, edit)


async def _make(tool: str, site: Site, edit: Edit) -> Told:
    if edit.old == edit.new:
        raise UserError(f"{edit.path} holds that already", "nothing was changed")
    wanted = Call(tool, "edit", paths=(edit.path,))
    await site.permit(Wish(site.call, wanted, f"{tool} {edit.path}", edit.diff))
    told = edit.told()
    return site.make([edit], f"{edit.path}: {told.added} lines added, {told.removed} removed{_problem(edit)}")


def _replaced(text: str, asked: EditFile) -> str:
    count = text.count(asked.old) if asked.old else 0
    if not count:
        raise UserError(f"the old text does not stand in {asked.path}", _nearest(text, asked.old))
    if count > 1 and not asked.every:
        raise UserError(f"the old text stands {count} times in {asked.path}", "give more around it, or every=true")
    return text.replace(asked.old, asked.new)


def _nearest(text: str, old: str) -> str:
    """Return the lines that come nearest to a text, for the model to copy from."""
    lines, wanted = lines_of(text), lines_of(old)
    if not wanted or len(lines) > 20_000:
        return "read the file and copy it word for word"
    near = difflib.get_close_matches(max(wanted, key=len), lines, n=1, cutoff=0.6)
    if not near:
        return "read the file and copy it word for word"
    at = lines.index(near[0])
    first = max(at - 3, 0)
    return f"nearest to it:\n{numbered(lines[first : at + 6], first + 1)}"


def _problem(edit: Edit) -> str:
    if edit.new is None or not edit.path.endswith(".py"):
        return ""
    error = syntax_error(edit.new.decode("utf-8", "replace"))
    return f"\nbut it is no valid Python now: {error}" if error else ""
