"""What came of each type cluster, as records that outlive the run."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RoundTrip(_Kept):
    """One type of C converted to Rust and back.

    Parameters
    ----------
    reason
        Why there are no converters; empty where there are.
    ran, failed
        Values that went there and back, and those of them that did not come back the same.
    told
        The first that did not.
    not_compared
        Members of C that the SPEC leaves out.
    sanitized
        Whether it ran under the address sanitizer.
    """

    type: str
    rust: str = ""
    reason: str = ""
    ran: int = 0
    failed: int = 0
    told: str = ""
    not_compared: tuple[str, ...] = ()
    sanitized: bool = False

    @property
    def generated(self) -> bool:
        """Whether converters could be made."""
        return not self.reason


class ClusterRecord(_Kept):
    """One type cluster of the report.

    Parameters
    ----------
    types
        Of C.
    functions
        C functions as ``path:name``, those that only its own file sees too.
    module
        File of the crate.
    round_trips
        One for each type.
    unsafe_before, unsafe_after
        Places of unsafe code in its items, typed as C types them and as they are delivered.
    reason
        Why it is not accepted; empty where it is.
    """

    name: str
    types: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    module: str = ""
    round_trips: tuple[RoundTrip, ...] = ()
    unsafe_before: int = 0
    unsafe_after: int = 0
    reason: str = ""

    @property
    def accepted(self) -> bool:
        """Whether it behaves as the C does, loses nothing, and holds less unsafe code than the first stage."""
        return not self.reason
