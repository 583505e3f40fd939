"""One sitting of a session: all that a conversation works with, brought together and let go of."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from repowright.agent.approvals.gate import Gate
from repowright.agent.approvals.project_rules import as_prompt, project_rules
from repowright.agent.approvals.redaction import Redactor
from repowright.agent.approvals.rule_files import RuleFiles, user_folder_of
from repowright.agent.chat.clean_record import CleanRecord
from repowright.agent.chat.conversation import Conversation
from repowright.agent.chat.entries import Thread
from repowright.agent.chat.events import ChatDelta, Note, QueueChanged
from repowright.agent.chat.folder_graph import FolderGraph
from repowright.agent.chat.handles import Handles
from repowright.agent.chat.ledger_file import LedgerFile
from repowright.agent.chat.offer import offers_translation
from repowright.agent.chat.options import ChatOptions
from repowright.agent.chat.outfit import Outfit
from repowright.agent.chat.permission import Permission
from repowright.agent.chat.pruning import prune
from repowright.agent.chat.queueing import Queue
from repowright.agent.chat.reading_list import Setting
from repowright.agent.chat.state import Hand
from repowright.agent.chat.steps import build
from repowright.agent.chat.toolbox import toolbox
from repowright.agent.chat.tools.tool import ChatTool, Desk
from repowright.agent.chat.workbox import Workbox
from repowright.agent.chat.workspace import Workspace
from repowright.agent.events import Event, EventBus, LlmRetry, Subscriber
from repowright.agent.llm import Gateway
from repowright.agent.run import Run
from repowright.agent.settings import Settings, remember
from repowright.agent.side_record import CallCounts
from repowright.agent.sitting import Closing, Sitting
from repowright.executors import Sandbox
from repowright.repo_tools.project_git import ProjectGit


@dataclass(frozen=True)
class Means:
    """What the engine hands to its sitting.

    Parameters
    ----------
    ready
        Set once commands can be taken.
    """

    options: ChatOptions
    environ: Mapping[str, str]
    redactor: Redactor
    ready: asyncio.Event


class ChatSitting(Sitting):
    """Holds all that a conversation works with until somebody closes it."""

    talk: Conversation
    _current: Hand

    def __init__(
        self,
        run: Run,
        settings: Settings,
        sandbox: Sandbox,
        bus: EventBus,
        means: Means,
    ) -> None:
        super().__init__(run, settings, sandbox, bus)
        self.record = CleanRecord(run.record, means.redactor)
        self._options = means.options
        self._redactor = means.redactor
        self._environ = means.environ
        self._ready = means.ready
        self.closing = asyncio.Event()
        self.is_open = False

    async def work(self) -> Closing:
        """Let the conversation go on until the session is closed."""
        ledger = LedgerFile(self.run.folder)
        graph = FolderGraph(self.run.out, self.emit, self._options.watch_s)
        counts = CallCounts()
        self.bus.subscribe(counts)
        async with contextlib.AsyncExitStack() as stack:
            gateway = await stack.enter_async_context(self.gateway())
            saver = await stack.enter_async_context(AsyncSqliteSaver.from_conn_string(str(self.run.checkpoints)))
            translates = await asyncio.to_thread(offers_translation, self.run.out, self.record, self.replay)
            hand = self._hand(ledger, graph, gateway, toolbox(self._options.tools, translates=translates))
            stack.callback(hand.desk.box.close)
            stack.push_async_callback(graph.close)
            outfit = self._outfit(hand)
            stack.push_async_callback(outfit.close)
            self.talk = Conversation(hand, build(saver), counts, partial(prune, saver))
            self.bus.subscribe(self._told_again(hand))
            await self._open(ledger)
            graph.begin()
            outfit.begin(hand)
            self._ready.set()
            await self.closing.wait()
            left = await self.talk.close()
        if not self._options.attended:
            ending = self.talk.ending.closing
            return Closing("interrupted", 130) if left and ending.status == "done" else ending
        return Closing("stopped" if left else "done")

    def emit(self, event: Event) -> None:
        """Tell an event without the secrets of the environment."""
        self.bus.emit(self._redactor.event(event))

    async def _open(self, ledger: LedgerFile) -> None:
        cut_off = await self.talk.open()
        self.is_open = True
        # A session may go on with another model, which is then the one it goes on with next.
        self.run.manifest = self.run.manifest.model_copy(update={"settings": remember(self.settings)})
        self.run.update_status("running")
        self.talk.set_mode(self._options.mode or ledger.kept.mode)
        if ledger.kept.waiting:
            self.emit(QueueChanged(waiting=list(ledger.kept.waiting)))
        if cut_off:
            self.emit(Note(level="warning", text="the last turn was cut off", hint="go on with it, or say something"))

    def _outfit(self, hand: Hand) -> Outfit:
        log = self.run.folder / "servers.log"
        outfit = Outfit(self._options.servers, self._environ, log, hand.permission, self.emit)
        hand.outfitted = outfit.ready
        return outfit

    def _hand(self, ledger: LedgerFile, graph: FolderGraph, gateway: Gateway, tools: dict[str, ChatTool]) -> Hand:
        gate = self._gate(ledger)
        permission = Permission(gate, ledger, self.emit, attended=self._options.attended)
        rules = self._redactor.text(as_prompt(project_rules(self.run.out)))
        specs = tuple(tool.spec for tool in tools.values())
        setting = Setting(self.run.out.name or "root", rules, specs, self.settings.temperature)
        thread = Thread(self.run.artifacts)
        desk = self._desk(graph, gateway, thread, permission)
        hand = Hand(
            thread=thread,
            desk=desk,
            tools=tools,
            setting=setting,
            permission=permission,
            queue=Queue(ledger, self.emit),
            ledger=ledger,
            window=self._options.window,
            most_steps=self._options.most_steps,
            redactor=self._redactor,
        )
        self._current = hand
        return hand

    def _desk(self, graph: FolderGraph, gateway: Gateway, thread: Thread, permission: Permission) -> Desk:
        store, root = self.run.artifacts, self.run.out

        def paths_changed() -> list[str]:
            return sorted({change.path for _, entry in thread.back(self._current.tip) for change in entry.changes})

        return Desk(
            root=root,
            runs=self.run.folder.parent,
            store=store,
            workspace=Workspace(root, store),
            handles=Handles(store),
            graph=graph,
            box=Workbox(self.sandbox),
            git=ProjectGit(root),
            settings=self.settings,
            gateway=gateway,
            record=self.record,
            replay=self.replay,
            emit=self.emit,
            paths_changed=paths_changed,
            may_read=permission.may_read,
            redacted=self._redactor.text,
        )

    def _gate(self, ledger: LedgerFile) -> Gate:
        files = RuleFiles(self.run.out, user_folder_of(self._environ))
        mode = self._options.mode or ledger.kept.mode
        gate = Gate(self.run.out, mode, files, ledger.kept.allowed, isolated=self.sandbox.name != "local")
        if gate.dropped_rules:
            dropped = "; ".join(map(str, gate.dropped_rules))
            self.emit(Note(level="warning", text=f"rules that came with the project do not count: {dropped}"))
        return gate

    def _told_again(self, hand: Hand) -> Subscriber:
        """Return what takes back the pieces of a reply whose call is tried again."""

        def told(event: Event) -> None:
            if isinstance(event, LlmRetry) and event.task == "chat.turn" and hand.speaking:
                self.bus.emit(ChatDelta(message=hand.speaking, text="", restart=True))

        return told
