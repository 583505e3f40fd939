"""The one way around tests of a sandbox that a developer's machine lacks; without it they fail there."""

from __future__ import annotations

import os

WITHOUT = "REPOWRIGHT_WITHOUT"
"""Names sandboxes, as in ``docker,bubblewrap``; CI never sets it."""


def given_up() -> list[str]:
    return sorted({name.strip() for name in os.environ.get(WITHOUT, "").split(",") if name.strip()})


def report() -> list[str]:
    names = ", ".join(given_up())
    return [f"{WITHOUT} is set: nothing is shown of {names}; its tests are left out"] if names else []
