"""What all tests share: no test can reach a model by accident, and none of a sandbox is left out in silence."""

from __future__ import annotations

import os

import pytest
from given_up import WITHOUT, given_up, report

os.environ["REPOWRIGHT_ALLOW_MODEL_REQUESTS"] = "loopback"
os.environ["LANGSMITH_TRACING"] = "false"
# Kernels run in Triton's interpreter, and it must be said before any test imports one.
os.environ.setdefault("TRITON_INTERPRET", "1")
os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "REPOWRIGHT_MODEL"):
    os.environ.pop(name, None)


def pytest_report_header() -> list[str]:
    return report()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for name in given_up():
            if item.get_closest_marker(name) is not None:
                item.add_marker(pytest.mark.skip(reason=f"{WITHOUT} names {name}"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in report():
        terminalreporter.write_line(line, red=True)
