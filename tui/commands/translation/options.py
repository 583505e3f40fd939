"""What the commands of this group share: the set of projects, and the sandbox that compiles and runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from repowright.agent.workflows.translate.checks import Bench
    from repowright.benchmarks.translation.cases import CaseSet
    from repowright.executors import Sandbox

Command = TypeVar("Command", bound=Callable[..., Any])
_SETS = "a folder, a .zip, URL@COMMIT, or a set that is fetched: crust, crust-2026, rosetta, rustine"


def data_options(command: Command) -> Command:
    """Add ``--data`` and ``--project``."""
    command = click.option(
        "--project", "chosen", multiple=True, metavar="NAME", help="One project of the set; may be repeated."
    )(command)
    return click.option("--data", required=True, metavar="PLACE", help=f"The set of projects: {_SETS}.")(command)


def sandbox_options(command: Command) -> Command:
    """Add ``--sandbox`` and ``--jobs``."""
    command = click.option(
        "--jobs", type=click.IntRange(1, 64), default=2, show_default=True, help="Sandboxes at a time."
    )(command)
    kinds = click.Choice(["auto", "docker", "bubblewrap"])
    return click.option("--sandbox", type=kinds, default="auto", show_default=True, help="Where code runs.")(command)


def cases_at(data: str) -> CaseSet:
    """Open a set; one that is fetched is kept in the user's cache."""
    from platformdirs import user_cache_path

    from repowright.benchmarks.translation.opening import open_cases

    return open_cases(data, user_cache_path("repowright", appauthor=False) / "translation")


def names_of(cases: CaseSet, chosen: tuple[str, ...]) -> tuple[str, ...]:
    """The chosen projects of a set, all where none is chosen."""
    from repowright.benchmarks.translation.preparing import chosen_names

    return chosen_names(cases, chosen)


@contextmanager
def opened(sandbox: str) -> Iterator[Sandbox]:
    """Open a sandbox with the compilers of both languages."""
    import contextlib
    from typing import cast

    from repowright.agent.workflows.translate.place import TOOLCHAINS
    from repowright.executors import PooledSandbox, Preference, choose

    with contextlib.closing(PooledSandbox(choose(cast(Preference, sandbox), toolchains=TOOLCHAINS))) as found:
        yield found


@contextmanager
def bench_in(sandbox: str, jobs: int) -> Iterator[Bench]:
    """Open a bench in such a sandbox."""
    from repowright.agent.workflows.translate.checks import Bench

    with opened(sandbox) as found:
        yield Bench(found, at_once=jobs)


def say(line: str) -> None:
    """Print a line of progress on standard error."""
    from repowright.tui.amounts import printable

    click.echo(printable(line), err=True)
