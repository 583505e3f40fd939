"""The errors of the agent, one tree; each carries the exit code the command line ends with.

::

    AgentError
    ├── UserError                2  bad input: nothing was started, nothing was lost
    │   ├── SpecError               empty, binary or unreadable specification
    │   ├── OutFolderError          unwritable, not empty, or inside another work tree
    │   ├── SettingsError           an unreadable or contradictory setting
    │   ├── BudgetError             a budget that cannot be read or cannot pay for one call
    │   ├── PlanError               an edited plan that breaks an invariant
    │   ├── RunNotFound             no run or recording of that name
    │   ├── RunDamaged              a run or recording that cannot be trusted
    │   ├── RunBusy                 another process works on the run
    │   └── ReplayMiss              the recording has no answer to this request
    ├── ModelError               3  the model cannot be used; the run can be resumed
    │   ├── NoModel                 nothing says which model to ask
    │   ├── ModelAuth               the endpoint refuses the key
    │   ├── ModelUnreachable        no endpoint answers there
    │   │   └── ModelBusy          75  it answers that it cannot now, or cuts the connection
    │   ├── ModelTimeout           75  slower than the time-out
    │   ├── ModelRefused            the model declines to answer
    │   └── ReplyInvalid            no usable answer after the repair rounds
    ├── BudgetSpent              4  stopped before the call that would have passed the budget
    └── ApprovalNeeded           5  a call had to be approved and was not

75 says that the same command may succeed later.

A sandbox that cannot be had is ``executors.SandboxUnavailable`` (exit code 3 too).
"""

from __future__ import annotations


class AgentError(Exception):
    """Something the user should read: what happened, and what to do next.

    Parameters
    ----------
    message
        One line: what happened, on what.
    hint
        One line: what to do next.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UserError(AgentError):
    """The input is not usable."""

    exit_code = 2


class SpecError(UserError):
    """The specification is empty, binary or unreadable."""


class OutFolderError(UserError):
    """The output folder cannot be written, is not empty, or lies in another work tree."""


class SettingsError(UserError):
    """A setting cannot be read or contradicts another."""


class BudgetError(UserError):
    """The budget cannot be read, priced, or does not pay for a single call."""


class PlanError(UserError):
    """The plan, as edited, breaks an invariant of the graph."""


class RunNotFound(UserError):
    """No run or recording has that name."""


class RunDamaged(UserError):
    """A run or recording is incomplete, altered or from another version."""


class RunBusy(UserError):
    """Another process works on the run."""


class ReplayMiss(UserError):
    """The recording has no answer to a request."""


class ModelError(AgentError):
    """The model cannot be used."""

    exit_code = 3


class NoModel(ModelError):
    """Nothing says which model to ask."""


class ModelAuth(ModelError):
    """The endpoint refuses the key."""


class ModelUnreachable(ModelError):
    """No endpoint answers at the address."""


class ModelBusy(ModelUnreachable):
    """The endpoint is there, but could not answer at any try."""

    exit_code = 75


class ModelTimeout(ModelError):
    """The model was slower than the time-out, at every try."""

    exit_code = 75


class ModelRefused(ModelError):
    """The model declined to answer."""


class ReplyInvalid(ModelError):
    """The reply was still unusable after the repair rounds."""

    def __init__(self, message: str, hint: str = "", problems: tuple[str, ...] = (), key: str = "") -> None:
        super().__init__(message, hint)
        self.problems = problems
        self.key = key
        """The request whose answers were used up."""


class BudgetSpent(AgentError):
    """The next call would pass the budget; it was not made."""

    exit_code = 4


class ApprovalNeeded(AgentError):
    """A call had to be approved, and was refused or there was nobody to ask."""

    exit_code = 5
