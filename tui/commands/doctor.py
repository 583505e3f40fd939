"""``repowright doctor``: what is there, what is missing, and how to get it."""

from __future__ import annotations

import click

from repowright.tui.exit_codes import ExitCode


@click.command(epilog="\b\nExample:\n  repowright doctor --json\n\nEnds with 0 if generate could run, else with 3.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a check.")
def doctor(as_json: bool) -> int:
    """Look up what is missing.

    That is git, a sandbox, a model, its key, and room for runs.
    """
    import json
    import os
    from dataclasses import asdict
    from pathlib import Path

    from repowright.tui.doctor import examine
    from repowright.tui.doctor_table import print_checks

    checks = examine(os.environ, Path.cwd())
    if as_json:
        for check in checks:
            click.echo(json.dumps(asdict(check), sort_keys=True))
    else:
        print_checks(checks)
    missing = [check.name for check in checks if check.state == "missing"]
    if not missing:
        click.echo("ready", err=True)
        return ExitCode.DONE
    click.echo(f"not ready: {', '.join(missing)}", err=True)
    return ExitCode.NO_MODEL_OR_SANDBOX
