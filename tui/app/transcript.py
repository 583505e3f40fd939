"""The conversation as entries, from its events; knows nothing of widgets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from repowright.agent import events as e
from repowright.agent.chat import events as c
from repowright.tui.amounts import count, duration, money, tokens
from repowright.tui.lines import line_of

Kind = Literal["user", "reply", "tool", "note", "turn"]
State = Literal["", "running", "done", "failed", "denied", "cancelled", "info", "warning", "error"]


@dataclass(frozen=True)
class Entry:
    """One thing the conversation shows.

    Parameters
    ----------
    id
        Of the message or call; empty for a note.
    text
        Markdown of a reply, the words of a user or note, the result of a tool.
    title
        What a tool does, on one line; of a note, a word for its kind.
    detail
        How far a tool is, or how long it took.
    """

    kind: Kind
    id: str = ""
    text: str = ""
    title: str = ""
    state: State = ""
    detail: str = ""
    live: bool = False


class Change(NamedTuple):
    """What an event did to the entries.

    Parameters
    ----------
    what
        ``add``: an entry at ``place``; ``set``: it is another now; ``grow``: a live reply got ``text``;
        ``cut``: it and all that follow are gone.
    """

    what: Literal["add", "set", "grow", "cut"]
    place: int
    text: str = ""


class Transcript:
    """Keeps ``entries`` up to date; ``apply`` tells what changed, so that nothing else is drawn again."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = entries
        self._places: dict[str, int] = {}

    def apply(self, event: e.Event) -> list[Change]:
        """Take one event in and return what it changed, in order."""
        act = _ACTS.get(event.type)
        return act(self, event) if act is not None else []

    def message_ids(self) -> list[tuple[str, str]]:
        """Return id and words of every message of the user, the newest first."""
        users = [(entry.id, entry.text) for entry in self.entries if entry.kind == "user" and entry.id]
        return users[::-1]

    def _add(self, entry: Entry) -> list[Change]:
        if entry.id:
            self._places[entry.id] = len(self.entries)
        self.entries.append(entry)
        return [Change("add", len(self.entries) - 1)]

    def _set(self, place: int, entry: Entry) -> list[Change]:
        self.entries[place] = entry
        return [Change("set", place)]

    def _user(self, event: c.ChatUser) -> list[Change]:
        detail = "said while it worked" if event.how == "steer" else ""
        return self._add(Entry("user", event.message, event.text, detail=detail))

    def _delta(self, event: c.ChatDelta) -> list[Change]:
        place = self._places.get(event.message)
        if place is None and not event.text.strip():
            return []
        if place is None:
            added = self._add(Entry("reply", event.message, live=True))
            return [*added, *self._delta(event)]
        entry = self.entries[place]
        if not entry.live:
            return []
        self.entries[place] = replace(entry, text=entry.text + event.text)
        return [Change("grow", place, event.text)]

    def _reply(self, event: c.ChatReply) -> list[Change]:
        place = self._places.get(event.message)
        entry = Entry("reply", event.message, event.text)
        if place is not None:
            return self._set(place, entry)
        return self._add(entry) if event.text.strip() else []

    def _called(self, event: c.ToolCalled) -> list[Change]:
        return self._add(Entry("tool", event.call, title=event.title or event.name, state="running"))

    def _progress(self, event: c.ToolProgress) -> list[Change]:
        place = self._places.get(event.call)
        if place is None:
            return []
        far = f" {event.done}/{event.total}" if event.total else ""
        return self._set(place, replace(self.entries[place], detail=f"{event.text}{far}"))

    def _result(self, event: c.ToolResult) -> list[Change]:
        place = self._places.get(event.call)
        known = self.entries[place] if place is not None else Entry("tool", event.call, title=event.name)
        entry = replace(known, text=event.text, state=event.state, detail=duration(event.seconds))
        return self._set(place, entry) if place is not None else self._add(entry)

    def _turn_end(self, event: c.TurnEnd) -> list[Change]:
        used = tokens(event.prompt_tokens + event.completion_tokens)
        paid = f", {money(event.usd)}" if event.usd else ""
        cost = f"{count(event.steps, 'step')}, {used} tokens{paid}, {duration(event.seconds)}"
        state: State = {"done": "done", "error": "failed"}.get(event.status, "cancelled")  # type: ignore[assignment]
        settled = [change for place in self._live() for change in self._set(place, _settled(self.entries[place]))]
        return [*settled, *self._add(Entry("turn", title=event.status, state=state, detail=cost))]

    def _live(self) -> list[int]:
        return [place for place in range(max(0, len(self.entries) - 20), len(self.entries)) if self.entries[place].live]

    def _rewound(self, event: c.Rewound) -> list[Change]:
        changes: list[Change] = []
        place = self._places.get(event.message)
        if place is not None and event.what != "code":
            del self.entries[place:]
            self._places = {name: at for name, at in self._places.items() if at < place}
            changes.append(Change("cut", place))
        kept = f"; {', '.join(event.kept)} stay as you changed them" if event.kept else ""
        what = {"both": "code and conversation", "code": "code", "conversation": "conversation"}[event.what]
        return [*changes, *self._note(f"{what} set back to before {event.message}{kept}")]

    def _compaction(self, event: c.Compaction) -> list[Change]:
        size = f"{tokens(event.tokens_before)} to {tokens(event.tokens_after)} tokens"
        return self._note(f"{count(event.messages, 'older message')} summarised for the model: {size}")

    def _decided(self, event: c.ApprovalDecided) -> list[Change]:
        if event.decision == "deny":
            return self._note(f"refused{': ' + event.reason if event.reason else ''}", "warning")
        return self._note(
            {"once": "allowed once", "session": "allowed for this session"}.get(event.decision, "allowed always")
        )

    def _told(self, event: c.Note) -> list[Change]:
        return self._note(f"{event.text} ({event.hint})" if event.hint else event.text, event.level)

    def _plain(self, event: e.Event) -> list[Change]:
        level: State = "error" if event.type == "error" else "warning" if event.type == "warning" else "info"
        word, _, said = " ".join(line_of(event).split()).partition(" ")
        return self._add(Entry("note", text=said, title=word, state=level))

    def _ended(self, event: e.RunEnd) -> list[Change]:
        if event.units_total or event.tasks_total or event.tests_passed or event.tests_failed:
            return self._plain(event)
        resume = f"; go on with {event.resume}" if event.resume else ""
        return self._note(f"{event.status}{resume}")

    def _note(self, text: str, state: State = "info") -> list[Change]:
        return self._add(Entry("note", text=text, state=state))


def _settled(entry: Entry) -> Entry:
    return replace(entry, live=False)


_ACTS: dict[str, Callable[..., list[Change]]] = {
    "chat.user": Transcript._user,
    "chat.delta": Transcript._delta,
    "chat.reply": Transcript._reply,
    "tool.call": Transcript._called,
    "tool.progress": Transcript._progress,
    "tool.result": Transcript._result,
    "turn.end": Transcript._turn_end,
    "rewind": Transcript._rewound,
    "compaction": Transcript._compaction,
    "approval.decided": Transcript._decided,
    "note": Transcript._told,
    "run.start": Transcript._plain,
    "stage.start": Transcript._plain,
    "stage.end": Transcript._plain,
    "unit.end": Transcript._plain,
    "decision": Transcript._plain,
    "commit": Transcript._plain,
    "warning": Transcript._plain,
    "error": Transcript._plain,
    "run.end": Transcript._ended,
}
