"""The modes: what the agent may do unasked, by what a call does to the world."""

from __future__ import annotations

from typing import Literal

Mode = Literal["plan", "ask", "auto-edit", "auto"]
Verdict = Literal["allow", "ask", "deny"]
Effect = Literal["read", "edit", "run", "publish", "spend", "reach"]
"""read: changes nothing; edit: changes files of the folder; run: a command in the sandbox; publish: changes the
repository itself, such as a commit; spend: a long workflow that costs money; reach: a tool of another server."""

_DEFAULTS: dict[Effect, dict[Mode, Verdict]] = {
    "read": {"plan": "allow", "ask": "allow", "auto-edit": "allow", "auto": "allow"},
    "edit": {"plan": "deny", "ask": "ask", "auto-edit": "allow", "auto": "allow"},
    "run": {"plan": "deny", "ask": "ask", "auto-edit": "ask", "auto": "allow"},
    "publish": {"plan": "deny", "ask": "ask", "auto-edit": "ask", "auto": "ask"},
    "spend": {"plan": "deny", "ask": "ask", "auto-edit": "ask", "auto": "allow"},
    "reach": {"plan": "deny", "ask": "ask", "auto-edit": "ask", "auto": "ask"},
}
_RULES_COUNT_IN_PLAN: frozenset[Effect] = frozenset({"read", "run"})

MEANINGS: dict[Mode, str] = {
    "plan": "reads and plans; changes nothing",
    "ask": "asks before each change and each command that does more than look",
    "auto-edit": "changes files of the folder unasked, asks before commands",
    "auto": "asks only before what leaves the sandbox or cannot be undone",
}


def by_mode(mode: Mode, effect: Effect) -> Verdict:
    """Return what a mode says of a call that no rule speaks of."""
    return _DEFAULTS[effect][mode]


def rules_may_allow(mode: Mode, effect: Effect) -> bool:
    """Whether a rule can allow what the mode does not: in ``plan`` nothing that changes the folder."""
    return mode != "plan" or effect in _RULES_COUNT_IN_PLAN
