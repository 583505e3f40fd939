"""What a tool of the conversation is, and what it is given to act with."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from repowright.agent.artifacts import ArtifactStore
from repowright.agent.chat.entries import Change
from repowright.agent.chat.events import ToolProgress
from repowright.agent.chat.folder_graph import FolderGraph
from repowright.agent.chat.handles import Handles
from repowright.agent.chat.wishes import Permit
from repowright.agent.chat.workbox import Workbox
from repowright.agent.chat.workspace import Edit, Workspace
from repowright.agent.errors import UserError
from repowright.agent.events import Event
from repowright.agent.llm import Gateway, Record, Replay, ToolSpec, tool_spec
from repowright.agent.settings import Settings
from repowright.repo_tools.project_git import ProjectGit

A = TypeVar("A", bound=BaseModel)
EVIDENCE = "chat-tool"
"""Kind of the record's evidence on what a tool did."""


class Told(BaseModel):
    """What came of a call: words for the model, and what it did.

    Parameters
    ----------
    plan
        The plan from here on; ``None`` where it stays.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    failed: bool = False
    changes: tuple[Change, ...] = ()
    plan: str | None = None


@dataclass(frozen=True)
class Desk:
    """All that tools of one session share.

    Parameters
    ----------
    runs
        The folder in which runs of other workflows are begun.
    paths_changed
        Paths that the agent changed in this conversation, sorted.
    may_read
        Whether a file may be read unasked.
    redacted
        Takes the secrets of the environment out of a text.
    """

    root: Path
    runs: Path
    store: ArtifactStore
    workspace: Workspace
    handles: Handles
    graph: FolderGraph
    box: Workbox
    git: ProjectGit
    settings: Settings
    gateway: Gateway
    record: Record
    replay: Replay | None
    emit: Callable[[Event], object]
    paths_changed: Callable[[], list[str]]
    may_read: Callable[[str], bool]
    redacted: Callable[[str], str]

    def edit_of(self, change: Change) -> Edit:
        """Return a change with both its contents."""
        return Edit(change.path, self.workspace.content(change.before), self.workspace.content(change.after))


@dataclass(frozen=True)
class Site:
    """One call: where it acts, and how it asks for what it may not do unasked.

    Parameters
    ----------
    key
        Of the call and all that was said before it, in this session or a replay of it.
    """

    call: str
    key: str
    desk: Desk
    permit: Permit

    def progress(self, text: str, done: int = 0, total: int = 0) -> None:
        """Tell how far a long piece of work is."""
        self.desk.emit(ToolProgress(call=self.call, text=text, done=done, total=total))

    def known(self, part: str) -> str | None:
        """Return what this call, in a sitting that was killed or in the recording, found already."""
        own = self.done(part)
        return own if own is not None else self.recorded(part)

    def done(self, part: str) -> str | None:
        """Return what this call did already, in a sitting that was killed."""
        return self.desk.record.get_text(EVIDENCE, f"{self.key}-{part}")

    def recorded(self, part: str) -> str | None:
        """Return what the call said in the recording that is replayed."""
        return self.desk.replay.get_text(EVIDENCE, f"{self.key}-{part}") if self.desk.replay is not None else None

    def keep(self, part: str, text: str) -> None:
        """Keep what must not be done, or found out, twice; without secrets."""
        self.keep_exactly(part, self.desk.redacted(text))

    def keep_exactly(self, part: str, text: str) -> None:
        """Keep the same where it holds contents of files, which must come back as they were."""
        self.desk.record.put_text(EVIDENCE, f"{self.key}-{part}", text)

    def make(self, edits: Sequence[Edit], text: str) -> Told:
        """Make edits that were granted, so that a crash at any moment makes them once.

        Raises
        ------
        RepoToolsError
            If a file cannot be written.
        """
        told = Told(text=text, changes=self.desk.workspace.keep(edits))
        self.keep("edits", told.model_dump_json())
        return self.made(told)

    def made(self, told: Told) -> Told:
        """Make the changes of a result that is kept; one that meets a file changed meanwhile leaves it alone."""
        done = [change for change in told.changes if self.desk.workspace.make(change)]
        for change in done:
            self.desk.emit(self.desk.edit_of(change).told(self.call))
        left = sorted({change.path for change in told.changes} - {change.path for change in done})
        if not left:
            return told
        said = f"{told.text}\nnot changed, since somebody else changed it meanwhile: {', '.join(left)}"
        return told.model_copy(update={"text": said, "changes": tuple(done), "failed": True})

    def edits_of_before(self) -> Told | None:
        """Return what this call was about to change when its sitting was killed."""
        kept = self.done("edits")
        return Told.model_validate_json(kept) if kept is not None else None


class ChatTool(Protocol):
    """Something the agent can call."""

    @property
    def name(self) -> str: ...

    @property
    def spec(self) -> ToolSpec: ...

    @property
    def arguments(self) -> type[BaseModel]:
        """The model that a call's arguments are validated by."""

    def title(self, arguments: BaseModel) -> str:
        """Return the call on one line."""

    async def call(self, arguments: BaseModel, site: Site) -> Told:
        """Act.

        Raises
        ------
        Refused
            If it was not allowed.
        AgentError, SandboxError, GraphError, RepoToolsError
            Which become words for the model.
        """


@dataclass(frozen=True)
class _Acting(Generic[A]):
    name: str
    description: str
    arguments: type[A]
    act: Callable[[A, Site], Awaitable[Told]]
    subject: Callable[[A], str]

    @property
    def spec(self) -> ToolSpec:
        return tool_spec(self.name, self.description, self.arguments)

    def title(self, arguments: BaseModel) -> str:
        """Return the tool's name and what it is about."""
        assert isinstance(arguments, self.arguments)
        words = " ".join(self.subject(arguments).split())
        return f"{self.name} {words[:160]}".strip()

    async def call(self, arguments: BaseModel, site: Site) -> Told:
        """Act; see ``ChatTool.call``."""
        assert isinstance(arguments, self.arguments)
        return await self.act(arguments, site)


def acting(
    name: str,
    description: str,
    arguments: type[A],
    act: Callable[[A, Site], Awaitable[Told]],
    subject: Callable[[A], str] = lambda arguments: "",
) -> ChatTool:
    """Return a tool made of a function.

    Parameters
    ----------
    subject
        What a call is about, for its title.
    """
    return _Acting(name, description, arguments, act, subject)


def as_text(content: bytes | None, path: str) -> str:
    """Return a file's text.

    Raises
    ------
    UserError
        If there is no such file, or it is no text.
    """
    if content is None:
        raise UserError(f"there is no file {path}", "list shows what there is")
    try:
        return content.decode()
    except UnicodeDecodeError as err:
        raise UserError(f"{path} is no UTF-8 text", "use shell to look at it") from err


def shown_arguments(text: str) -> Mapping[str, object]:
    """Return a call's arguments as an object; empty where they are none."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
