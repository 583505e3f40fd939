"""One gateway between the workflows and any OpenAI-compatible endpoint."""

from repowright.agent.llm.budget import Budget
from repowright.agent.llm.code_answers import read_code, read_files
from repowright.agent.llm.endpoint import Endpoint, Timeouts
from repowright.agent.llm.gateway import Gateway
from repowright.agent.llm.ledger import Cost, Ledger
from repowright.agent.llm.prices import Price, Prices
from repowright.agent.llm.record import Record, Replay
from repowright.agent.llm.repair import Unusable
from repowright.agent.llm.retry import Backoff
from repowright.agent.llm.tool_loop import Conversation, Finished, Tool, run_tools, tool_spec
from repowright.agent.llm.types import Message, Reply, Request, ToolCall, ToolSpec, Usage

__all__ = [
    "Backoff",
    "Budget",
    "Conversation",
    "Cost",
    "Endpoint",
    "Finished",
    "Gateway",
    "Ledger",
    "Message",
    "Price",
    "Prices",
    "Record",
    "Replay",
    "Reply",
    "Request",
    "Timeouts",
    "Tool",
    "ToolCall",
    "ToolSpec",
    "Unusable",
    "Usage",
    "read_code",
    "read_files",
    "run_tools",
    "tool_spec",
]
