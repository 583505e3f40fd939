"""``repowright generate``: from a specification to a tested repository."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repowright.tui.exit_codes import exit_codes_help
from repowright.tui.graph_wish import GraphWish, seed_of
from repowright.tui.settings_options import complete_run, settings_options, stop_after_option

if TYPE_CHECKING:
    from repowright.agent.events import RunEnd, Subscriber

_EPILOG = f"""\b
Examples:
  repowright generate "a to-do list on the command line"
  repowright generate idea.md --out ./todo --model gpt-5-mini --budget 5usd
  repowright generate - --stop-after interfaces < idea.md
  repowright generate examples/unit-converter/spec.md --replay examples/unit-converter/recording
  repowright generate idea.md --json > events.jsonl
  repowright generate --from-graph ./requests --keep files --alias http-easy

{exit_codes_help()}
"""


@click.command(epilog=_EPILOG)
@click.argument("spec", required=False)
@click.option("--out", type=click.Path(path_type=Path), help="A new or empty folder; ./<title> by default.")
@settings_options
@stop_after_option
@click.option(
    "--resume",
    "resumed",
    shell_complete=complete_run,
    metavar="RUN",
    help="Go on with a run instead of starting one.",
)
@click.option(
    "--replay",
    shell_complete=complete_run,
    metavar="RUN",
    help="Take every answer from a recorded run; ask no model.",
)
@click.option(
    "--from-graph",
    metavar="GRAPH",
    help="Rebuild the repository of a graph: a stored graph, a graph.json, or a folder or run that holds one.",
)
@click.option(
    "--keep",
    type=click.Choice(["features", "files", "interfaces"]),
    help="What is kept of the graph: areas and features; files too; or all but bodies.  [default: files]",
)
@click.option("--alias", metavar="NAME", help="Another name for the graph's package, in its texts too.")
@click.option(
    "--repo",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The code of the graph; by default the folder that the graph lies in.",
)
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines on standard output.")
@click.option("--plain", is_flag=True, help="One line an event instead of the live view.")
def generate(
    spec: str | None,
    out: Path | None,
    stop_after: str | None,
    resumed: str | None,
    replay: str | None,
    from_graph: str | None,
    keep: str | None,
    alias: str | None,
    repo: Path | None,
    as_json: bool,
    plain: bool,
    **settings: Any,
) -> int:
    """Build a tested repository from SPEC.

    SPEC is a sentence, a text file, or - for standard input. With --from-graph it may be left out: the areas and
    features of the graph are then the specification.
    """
    if resumed is not None:
        if spec is not None or out is not None or replay is not None or from_graph is not None:
            raise click.UsageError("--resume takes no SPEC, --out, --replay or --from-graph; the run has its own")
        return resume_run(resumed, stop_after, as_json, plain, settings)
    if from_graph is None and (keep or alias or repo):
        raise click.UsageError("--keep, --alias and --repo are for --from-graph")
    if spec is None and from_graph is None:
        raise click.UsageError("SPEC is missing; give a sentence in quotes, a file, or -")
    wish = GraphWish(from_graph, keep or "files", alias or "", repo) if from_graph is not None else None
    return _start_run(spec, wish, out, stop_after, replay, as_json, plain, settings)


def resume_run(name: str, stop_after: str | None, as_json: bool, plain: bool, options: dict[str, Any]) -> int:
    """Go on with a run and return the exit code."""
    import os

    from repowright.agent.runs import find_run_of, runs_root
    from repowright.tui.follow import follow, present
    from repowright.tui.settings_options import resume_settings

    root = runs_root(os.environ)

    def begin(subscribers: Sequence[Subscriber]) -> Coroutine[None, None, RunEnd]:
        run = find_run_of("generate", name, root)
        settings = resume_settings(options, run)
        from repowright.agent.workflows.generate.session import resume

        return resume(run, settings, stop_after=stop_after, subscribers=subscribers)

    return follow(begin, present(as_json, plain), root)


def _start_run(
    argument: str | None,
    wish: GraphWish | None,
    out: Path | None,
    stop_after: str | None,
    replay: str | None,
    as_json: bool,
    plain: bool,
    options: dict[str, Any],
) -> int:
    import os

    from repowright.agent.out_folder import check_out_folder, default_out
    from repowright.agent.runs import runs_root
    from repowright.agent.spec import read_spec
    from repowright.tui.follow import follow, present
    from repowright.tui.settings_options import start_settings

    root = runs_root(os.environ)

    def begin(subscribers: Sequence[Subscriber]) -> Coroutine[None, None, RunEnd]:
        import sys

        seed = seed_of(wish) if wish is not None else None
        given = read_spec(argument, sys.stdin.buffer) if argument is not None else None
        spec = given or (seed.spec if seed is not None else read_spec("", sys.stdin.buffer))
        settings, recording = start_settings(options, replay, root)
        target = check_out_folder(out or default_out(spec, Path.cwd()), root)
        from repowright.agent.workflows.generate.session import start

        return start(
            spec,
            settings,
            out=target,
            runs=root,
            replay=recording,
            stop_after=stop_after,
            subscribers=subscribers,
            seed=seed,
        )

    return follow(begin, present(as_json, plain), root)
