"""``repowright acp``: the agent inside an editor."""

from __future__ import annotations

from typing import Any

import click

from repowright.tui.settings_options import settings_options

_EPILOG = """\b
Examples:
  repowright acp
  repowright acp --model gpt-5-mini --budget 2usd
"""


@click.command(epilog=_EPILOG)
@settings_options
def acp(**options: Any) -> None:
    """Serve an editor that speaks the Agent Client Protocol, over standard input and output.

    The editor starts this command itself and says which folders it works in. Sessions are kept as those of chat are.
    """
    from repowright.tui.integrations import needs

    needs("acp", "acp")
    import asyncio
    import os
    import sys

    from repowright.agent.acp.opening import serve_editor
    from repowright.tui.settings_options import flags_of

    if sys.stdin.isatty():
        raise click.UsageError("an editor starts this command and speaks to it; see docs/integrations.md")
    asyncio.run(serve_editor(flags_of(options), os.environ))
