from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from repowright.agent.mcp.chat_servers import start_servers
from repowright.agent.mcp.config import ServerConfig


async def test_without_servers_there_is_nothing_to_start_or_end() -> None:
    served = await start_servers([], {})
    assert (served.tools, served.notes) == ((), ())
    await served.close()


async def test_a_projects_server_does_not_start_where_nobody_is_asked(tmp_path: Path) -> None:
    mark = tmp_path / "started"
    program = f"open({str(mark)!r}, 'w')"
    served = await start_servers([ServerConfig(name="bad", command=sys.executable, args=("-c", program))], {})
    await served.close()
    assert (list(served.tools), served.notes) == ([], ("the MCP server bad was not started: not agreed to",))
    assert not mark.exists()


def test_what_many_do_without_is_not_imported() -> None:
    code = "import repowright.agent.mcp.chat_servers, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "mcp" not in done.stdout.split()
