"""The exit codes of every command, in the one place that help and documentation take them from."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended, for the shell."""

    DONE = 0
    FAILING = 1
    BAD_INPUT = 2
    NO_MODEL_OR_SANDBOX = 3
    BUDGET_SPENT = 4
    APPROVAL_NEEDED = 5
    INTERNAL = 70
    RETRYABLE = 75
    INTERRUPTED = 130

    @property
    def meaning(self) -> str:
        """What the code says, in a few words."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.DONE: "done; all tests pass",
    ExitCode.FAILING: "delivered, but some units or checks fail",
    ExitCode.BAD_INPUT: "bad input; nothing was started",
    ExitCode.NO_MODEL_OR_SANDBOX: "no model or no sandbox; the run can be resumed",
    ExitCode.BUDGET_SPENT: "the budget is spent; the run can be resumed",
    ExitCode.APPROVAL_NEEDED: "an approval was needed and not given; the run can be resumed",
    ExitCode.INTERNAL: "a fault of repowright itself",
    ExitCode.RETRYABLE: "the model's endpoint cannot answer now; the run can be resumed later",
    ExitCode.INTERRUPTED: "interrupted; the run can be resumed",
}


def exit_codes_help() -> str:
    """Return the codes as the block that ends the help."""
    rows = "\n".join(f"  {code.value:>3}  {code.meaning}" for code in ExitCode)
    return f"\b\nExit codes:\n{rows}"
