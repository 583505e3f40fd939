"""What the commands for editors and other agents need beside the core."""

from __future__ import annotations

from importlib.util import find_spec

import click


def needs(package: str, extra: str) -> None:
    """Check that the package of an extra is installed.

    Raises
    ------
    click.UsageError
        If it is not; it says how to install it.
    """
    if find_spec(package) is None:
        raise click.UsageError(f"the package {package} is not installed; pip install 'repowright[{extra}]'")
