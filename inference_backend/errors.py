"""What can go wrong with the local model, one tree."""

from __future__ import annotations


class InferenceError(Exception):
    """The local model cannot do what was asked: what happened, and what to do next."""

    exit_code = 3

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class BackendMissing(InferenceError):
    """The packages of the extra ``local`` are not installed."""


class ModelUnusable(InferenceError):
    """A model is not there, damaged, or of a family the engine does not know."""


class RequestTooLong(InferenceError):
    """A request has more tokens than the model or the cache can hold."""


class OutOfPages(InferenceError):
    """No page of the cache is free; the scheduler makes room and tries again."""
