"""``repowright sandbox``: where generated code runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from repowright.tui.exit_codes import ExitCode

if TYPE_CHECKING:
    from repowright.executors.choose import Preference
    from repowright.executors.images.build import Source


@click.group(epilog="\b\nExample:\n  repowright sandbox status\n  repowright sandbox build")
def sandbox() -> None:
    """Show, build and clean the sandboxes."""


@sandbox.command(epilog="\b\nExample:\n  repowright sandbox status --json\n\nEnds with 3 if none is usable.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a sandbox.")
def status(as_json: bool) -> int:
    """Show each sandbox: usable or not, why, and what helps."""
    import json
    from dataclasses import asdict

    from repowright.executors.choose import available
    from repowright.tui.doctor import sandbox_checks, sandbox_facts
    from repowright.tui.doctor_table import print_checks

    found = available()
    if as_json:
        for each in found:
            click.echo(json.dumps(asdict(each), sort_keys=True))
    else:
        print_checks([*sandbox_checks(found), *sandbox_facts()])
    usable = any(each.usable and each.name != "local" for each in found)
    return ExitCode.DONE if usable else ExitCode.NO_MODEL_OR_SANDBOX


@sandbox.command(
    epilog="\b\nExamples:\n  repowright sandbox build --start-daemon\n  repowright sandbox build --with rust --with c"
)
@click.option("--start-daemon", is_flag=True, help="Start the Docker daemon first; for CI machines, as root.")
@click.option(
    "--with", "toolchains", multiple=True, type=click.Choice(["c", "java", "node", "rust"]), help="Add a toolchain."
)
@click.option(
    "--source",
    type=click.Choice(["auto", "registry", "debian", "host"]),
    default="auto",
    help="Where the base comes from; auto tries each in this order.",
)
@click.option("--rebuild", is_flag=True, help="Make the base anew though it is there.")
def build(start_daemon: bool, toolchains: tuple[str, ...], source: Source, rebuild: bool) -> None:
    """Build the image in which tests run, and print its name."""
    from repowright.executors.images.build import build_image

    def progress(line: str) -> None:
        click.echo(line, err=True)

    if start_daemon:
        from repowright.executors.docker.service import start_daemon as start

        start(progress)
    click.echo(build_image(progress, source=source, rebuild=rebuild, toolchains=toolchains))


@sandbox.command(
    epilog="\b\nExample:\n  export REPOWRIGHT_IMAGE=$(repowright sandbox install requirements.lock --allow-network)"
)
@click.argument("lock", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--allow-network", is_flag=True, help="Fetch what is not frozen yet; boxes themselves stay offline.")
@click.option("--index-url", metavar="URL", help="The package index to ask instead of PyPI.")
@click.option("--network", metavar="NAME", help="Docker's network of the installation; bridge by default.")
@click.option(
    "--sandbox",
    "preference",
    type=click.Choice(["auto", "docker", "bubblewrap"]),
    default="auto",
    help="What the dependencies are for.",
)
def install(
    lock: Path, allow_network: bool, index_url: str | None, network: str | None, preference: Preference
) -> None:
    """Install the dependencies in LOCK once, and print the image or the folder that holds them."""
    import contextlib

    from repowright.executors.choose import choose
    from repowright.executors.installing import DEFAULT_INDEX, DEFAULT_NETWORK
    from repowright.executors.installing import install as install_dependencies

    with contextlib.closing(choose(preference)) as chosen:
        layer = install_dependencies(
            chosen,
            lock.read_text(encoding="utf-8"),
            index_url=index_url or DEFAULT_INDEX,
            allow_network=allow_network,
            network=network or DEFAULT_NETWORK,
        )
    click.echo(layer.image or str(layer.folder))


@sandbox.command(epilog="\b\nExamples:\n  repowright sandbox reap\n  repowright sandbox reap --only-look --json")
@click.option("--only-look", is_flag=True, help="Remove nothing; say what would be.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def reap(only_look: bool, as_json: bool) -> None:
    """Remove what killed runs left: containers, volumes, networks, images, processes, mounts, folders."""
    import json
    from dataclasses import asdict

    from repowright.executors.reaping import reap as remove

    found = remove(only_look=only_look)
    if as_json:
        return click.echo(json.dumps(asdict(found), sort_keys=True))
    for kind, names in asdict(found).items():
        for name in names:
            click.echo(f"{kind}: {name}")
    if not found.count:
        click.echo("nothing was left")
