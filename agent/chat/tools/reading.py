"""Reading the project: files with line numbers, what there is, and results that were too long."""

from __future__ import annotations

import fnmatch
import re

from pydantic import BaseModel, Field

from repowright.agent.approvals.gate import Call
from repowright.agent.chat.tools.tool import ChatTool, Site, Told, acting, as_text
from repowright.agent.chat.wishes import Wish
from repowright.agent.errors import UserError
from repowright.graph.sources import lines_of, numbered

MOST_LINES = 400
MOST_NAMES = 300
MOST_HITS = 100


class ReadFile(BaseModel):
    """What ``read`` takes."""

    path: str = Field(description="from the project's folder")
    first: int = Field(default=1, ge=1, description="first line")
    last: int = Field(default=0, ge=0, description=f"last line; 0 for {MOST_LINES} lines from the first")


class ListFiles(BaseModel):
    """What ``list`` takes."""

    pattern: str = Field(default="*", description="such as src/**/*.py, *.md, or a folder")


class Grep(BaseModel):
    """What ``grep`` takes."""

    pattern: str = Field(description="a Python regular expression, matched line by line")
    files: str = Field(default="*", description="only files like this, such as src/*.py")


class ReadResult(BaseModel):
    """What ``read_result`` takes."""

    handle: str = Field(description="as it was given with a shortened result")
    first: int = Field(default=1, ge=1)
    last: int = Field(default=0, ge=0, description=f"0 for {MOST_LINES} lines from the first")
    pattern: str = Field(default="", description="only lines that this regular expression matches")


def reading_tools() -> list[ChatTool]:
    """Return the tools that read; none of them needs a yes."""
    return [
        acting("read", "Read a file, or lines of it, with line numbers.", ReadFile, _read, lambda asked: asked.path),
        acting("list", "List the project's files.", ListFiles, _list, lambda asked: asked.pattern),
        acting("grep", "Find lines in the project's files.", Grep, _grep, lambda asked: asked.pattern),
        acting(
            "read_result",
            "Read more of a result that was shortened.",
            ReadResult,
            _read_result,
            lambda asked: asked.handle,
        ),
    ]


async def _read(asked: ReadFile, site: Site) -> Told:
    await site.permit(Wish(site.call, Call("read", "read", paths=(asked.path,)), f"read {asked.path}"))
    text = as_text(site.desk.workspace.read(asked.path), asked.path)
    return Told(text=_window(text, asked.first, asked.last) or "(the file is empty)")


async def _list(asked: ListFiles, site: Site) -> Told:
    found = [path for path in site.desk.workspace.paths() if _matches(path, asked.pattern)]
    lines = found[:MOST_NAMES]
    if len(found) > MOST_NAMES:
        lines.append(f"... and {len(found) - MOST_NAMES} more: narrow the pattern")
    return Told(text="\n".join(lines) or "no file is like that")


async def _grep(asked: Grep, site: Site) -> Told:
    wanted = _compiled(asked.pattern)
    found: list[str] = []
    for path in site.desk.workspace.paths():
        if not _matches(path, asked.files) or not site.desk.may_read(path):
            continue
        content = site.desk.workspace.read(path) or b""
        if b"\0" in content[:8000]:
            continue
        lines = lines_of(content.decode("utf-8", "replace"))
        found += [f"{path}:{number}: {line[:300]}" for number, line in enumerate(lines, 1) if wanted.search(line)]
        if len(found) > MOST_HITS:
            return Told(text="\n".join([*found[:MOST_HITS], "... and more: narrow the pattern"]))
    return Told(text="\n".join(found) or "no line matches")


async def _read_result(asked: ReadResult, site: Site) -> Told:
    text = site.desk.handles.whole(asked.handle)
    if not asked.pattern:
        return Told(text=_window(text, asked.first, asked.last))
    wanted = _compiled(asked.pattern)
    found = [f"{number} | {line[:300]}" for number, line in enumerate(lines_of(text), 1) if wanted.search(line)]
    return Told(text="\n".join(found[:MOST_HITS]) or "no line matches")


def _window(text: str, first: int, last: int) -> str:
    lines = lines_of(text)
    if first > max(len(lines), 1):
        raise UserError(f"there are only {len(lines)} lines", "begin earlier")
    last = min(last or first + MOST_LINES - 1, first + MOST_LINES - 1, len(lines))
    more = f"\n({len(lines)} lines in all)" if last < len(lines) or first > 1 else ""
    return numbered(lines[first - 1 : last], first) + more if lines else ""


def _matches(path: str, pattern: str) -> bool:
    wanted = pattern.strip().removeprefix("./").rstrip("/")
    if wanted in ("", ".", "*", "**"):
        return True
    return fnmatch.fnmatchcase(path, wanted.replace("**/", "*")) or path.startswith(f"{wanted}/")


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as err:
        raise UserError(f"{pattern!r} is no regular expression: {err}", "escape what is meant literally") from err
