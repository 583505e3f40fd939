"""All tools of a conversation, by name."""

from __future__ import annotations

from collections.abc import Sequence

from repowright.agent.chat.tools.editing import editing_tools
from repowright.agent.chat.tools.git import git_tools
from repowright.agent.chat.tools.graph import graph_chat_tools
from repowright.agent.chat.tools.planning import planning_tools
from repowright.agent.chat.tools.reading import reading_tools
from repowright.agent.chat.tools.shell import shell_tools
from repowright.agent.chat.tools.testing import testing_tools
from repowright.agent.chat.tools.tool import ChatTool
from repowright.agent.chat.tools.translation import translation_tools
from repowright.agent.chat.tools.workflows import workflow_tools


def toolbox(others: Sequence[ChatTool] = (), *, translates: bool = False) -> dict[str, ChatTool]:
    """Return the tools, sorted by name.

    Parameters
    ----------
    others
        Tools of other servers; one with the name of our own is left out.
    translates
        Whether C can be translated.
    """
    own = [
        *reading_tools(),
        *graph_chat_tools(),
        *editing_tools(),
        *shell_tools(),
        *testing_tools(),
        *git_tools(),
        *planning_tools(),
        *workflow_tools(),
        *(translation_tools() if translates else []),
    ]
    found = {tool.name: tool for tool in others} | {tool.name: tool for tool in own}
    return dict(sorted(found.items()))
