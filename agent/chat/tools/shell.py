"""Commands: run in the sandbox on a copy; what they change comes back as a diff that must be granted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from pydantic import BaseModel, ConfigDict, Field

from repowright.agent.approvals.gate import Call
from repowright.agent.chat.tools.tool import ChatTool, Site, Told, acting
from repowright.agent.chat.wishes import Refused, Wish
from repowright.agent.chat.workspace import OWN_FOLDER, Edit
from repowright.executors import Ended, Outcome
from repowright.repo_tools.errors import RepoToolsError

MOST_CHANGED = 200
"""Files that one command may change in the project; more is taken for a build."""

_LITTER = frozenset(
    {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", "node_modules", "target", ".git"}
)
_LITTER_FILES = (".pyc", ".pyo", ".coverage")


class Command(BaseModel):
    """What ``shell`` takes."""

    command: str = Field(description="a bash command line; the working folder is a copy of the project's folder")


class _Found(BaseModel):
    """What a command did, kept so that it is not run twice."""

    model_config = ConfigDict(frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    text: str
    failed: bool
    changed: dict[str, bytes | None] = {}


def shell_tools() -> list[ChatTool]:
    """Return the tool that runs commands."""
    about = (
        "Run a command in a sandbox: no network, no secrets, a copy of the project. Files it changes are shown to the "
        "user and taken over if granted."
    )
    return [acting("shell", about, Command, _shell, lambda asked: asked.command)]


async def _shell(asked: Command, site: Site) -> Told:
    before = site.edits_of_before()
    if before is not None:
        return site.made(before)
    told = site.known("run")
    if told is None:
        command = asked.command
        await site.permit(Wish(site.call, Call("shell", "run", command=command), _title(command), command))
        found = await _run(command, site)
        site.keep_exactly("run", found.model_dump_json())
    else:
        found = _Found.model_validate_json(told)
    return await _take_over(found, asked.command, site)


async def _run(command: str, site: Site) -> _Found:
    desk = site.desk
    site.progress("running")
    ran = await desk.box.run(command, desk.workspace.files())
    changed = _worth_taking(ran.changed, desk.git.ignored(ran.changed))
    text = said(ran.outcome)
    if ran.unread:
        text += f"\n(what it changed is not taken over: {ran.unread})"
    return _Found(text=desk.redacted(text), failed=bool(ran.outcome.exit_code), changed=changed)


async def _take_over(found: _Found, command: str, site: Site) -> Told:
    if not found.changed:
        return Told(text=found.text, failed=found.failed)
    if len(found.changed) > MOST_CHANGED:
        note = f"\n(it changed {len(found.changed)} files; so many are not taken over into the project)"
        return Told(text=found.text + note, failed=found.failed)
    try:
        edits = [site.desk.workspace.edit(path, content) for path, content in sorted(found.changed.items())]
    except RepoToolsError as err:
        return Told(text=f"{found.text}\n(its files are not taken over: {err})", failed=found.failed)
    edits = [edit for edit in edits if edit.old != edit.new]
    return await _granted(found, edits, command, site) if edits else Told(text=found.text, failed=found.failed)


async def _granted(found: _Found, edits: list[Edit], command: str, site: Site) -> Told:
    names = ", ".join(edit.path for edit in edits)
    title = f"take over {len(edits)} file{'s' * (len(edits) != 1)} that the command changed: {names[:200]}"
    diff = "".join(edit.diff for edit in edits)
    try:
        wanted = Call("edit", "edit", paths=tuple(edit.path for edit in edits))
        await site.permit(Wish(site.call, wanted, title, diff))
    except Refused as refused:
        note = f"\n(the files it changed were not taken over: {refused.reason})"
        return Told(text=found.text + note, failed=found.failed)
    told = site.make(edits, f"{found.text}\n(changed in the project: {names})")
    return told.model_copy(update={"failed": found.failed or told.failed})


def _title(command: str) -> str:
    return f"shell {' '.join(command.split())[:160]}"


def said(outcome: Outcome) -> str:
    """Return what a command printed and how it ended."""
    text = "\n".join(part for part in (outcome.stdout.rstrip(), outcome.stderr.rstrip()) if part)
    if outcome.ended is not Ended.EXITED:
        return f"{text}\n(ended: {outcome.ended})".strip()
    return f"{text}\n(exit code {outcome.exit_code})".strip() if outcome.exit_code else text or "(no output)"


def _worth_taking(changed: Mapping[str, bytes | None], ignored: set[str]) -> dict[str, bytes | None]:
    found = {}
    for path, content in changed.items():
        parts = set(PurePosixPath(path).parts)
        litter = parts & _LITTER or path.endswith(_LITTER_FILES) or OWN_FOLDER in parts
        if path not in ignored and not litter:
            found[path] = content
    return found
