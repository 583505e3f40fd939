"""The errors of running many."""

from __future__ import annotations

from repowright.agent.errors import AgentError, UserError


class FleetUnavailable(AgentError):
    """The cluster's software is not installed, or no cluster answers."""

    exit_code = 3


class CommandsClash(UserError):
    """Two commands share a name or a folder."""
