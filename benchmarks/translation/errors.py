"""What can go wrong with the translation benchmarks as such."""

from __future__ import annotations

from repowright.agent.errors import UserError


class TranslationBenchError(UserError):
    """The benchmark cannot go on: what happened, and what to do next."""


class CasesUnavailable(TranslationBenchError):
    """The data is not where it was looked for, or is not laid out as it should be."""


class CaseUnknown(TranslationBenchError):
    """No project of that name."""
