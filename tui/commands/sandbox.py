"""``repowright sandbox``: where generated code runs."""

from __future__ import annotations

import click

from repowright.tui.exit_codes import ExitCode


@click.group(epilog="\b\nExample:\n  repowright sandbox status\n  repowright sandbox build")
def sandbox() -> None:
    """Show and build the sandboxes."""


@sandbox.command(epilog="\b\nExample:\n  repowright sandbox status --json\n\nEnds with 3 if none is usable.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a sandbox.")
def status(as_json: bool) -> int:
    """Show each sandbox: usable or not, why, and what helps."""
    import json
    from dataclasses import asdict

    from repowright.executors.choose import available
    from repowright.tui.doctor import sandbox_checks
    from repowright.tui.doctor_table import print_checks

    found = available()
    if as_json:
        for each in found:
            click.echo(json.dumps(asdict(each), sort_keys=True))
    else:
        print_checks(sandbox_checks(found))
    usable = any(each.usable and each.name != "local" for each in found)
    return ExitCode.DONE if usable else ExitCode.NO_MODEL_OR_SANDBOX


@sandbox.command(epilog="\b\nExample:\n  repowright sandbox build --start-daemon")
@click.option("--start-daemon", is_flag=True, help="Start the Docker daemon first; for CI machines, as root.")
def build(start_daemon: bool) -> None:
    """Build the image in which tests run, and print its name."""
    from repowright.executors.images.build import build_image

    def progress(line: str) -> None:
        click.echo(line, err=True)

    if start_daemon:
        from repowright.executors.docker.service import start_daemon as start

        start(progress)
    click.echo(build_image(progress))
