"""What all tests share: no test can reach a model by accident."""

from __future__ import annotations

import os

os.environ["REPOWRIGHT_ALLOW_MODEL_REQUESTS"] = "loopback"
os.environ["LANGSMITH_TRACING"] = "false"
os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "REPOWRIGHT_MODEL"):
    os.environ.pop(name, None)
