"""The commands that begin with a slash."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SlashCommand:
    """A command as the input line completes it."""

    name: str
    help: str
    argument: str = ""


@dataclass(frozen=True)
class Said:
    """A line that begins with a slash, taken apart."""

    name: str
    argument: str


COMMANDS: tuple[SlashCommand, ...] = (
    SlashCommand("help", "keys and commands"),
    SlashCommand("mode", "what the agent may do unasked", "plan|ask|auto-edit|auto"),
    SlashCommand("continue", "go on with a turn that was stopped, or with what waits"),
    SlashCommand("rewind", "go back to a message: code, conversation or both"),
    SlashCommand("unqueue", "take the last waiting message back"),
    SlashCommand("compact", "summarise what the model reads"),
    SlashCommand("fork", "copy the session into a new one"),
    SlashCommand("theme", "change the colours"),
    SlashCommand("graph", "show the graph"),
    SlashCommand("diff", "show what was changed"),
    SlashCommand("tests", "show what tests said"),
    SlashCommand("log", "show every event"),
    SlashCommand("quit", "leave; the session can be resumed"),
)


def parsed(line: str) -> Said | None:
    """Return the command in a line, or nothing for a line that is said to the agent.

    Examples
    --------
    >>> parsed("/mode plan")
    Said(name='mode', argument='plan')
    >>> parsed("/usr/bin is a folder") is None
    True
    """
    name, _, argument = line.strip()[1:].partition(" ")
    known = {command.name for command in COMMANDS}
    if not line.lstrip().startswith("/") or not name or ("/" in name and name not in known):
        return None
    return Said(name, argument.strip())


def completions(typed: str) -> list[SlashCommand]:
    """Return the commands that begin with what is typed after the slash."""
    return [command for command in COMMANDS if command.name.startswith(typed)]
