"""``repowright mcp``: the graph of a folder as tools of any MCP client."""

from __future__ import annotations

from pathlib import Path

import click

_EPILOG = """\b
Examples:
  repowright mcp
  repowright mcp --repo ~/src/django
  claude mcp add repowright -- repowright mcp
  codex mcp add repowright -- repowright mcp
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--repo",
    "folder",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Folder to serve; the current one by default.",
)
def mcp(folder: Path) -> None:
    """Serve the graph of a folder to an MCP client, over standard input and output.

    The client starts this command itself. The folder is encoded when a tool is first called, and brought up to date
    before each answer.
    """
    from repowright.tui.integrations import needs

    needs("mcp", "mcp")
    import asyncio
    import sys

    from repowright.agent.mcp.server import serve
    from repowright.repo_tools.snapshot_tree import WorkTreeSnapshot

    served = WorkTreeSnapshot(folder).folder
    if sys.stdin.isatty():
        click.echo(f"{served} is served; a client starts this command itself, end it with Ctrl+D", err=True)
    asyncio.run(serve(served))
