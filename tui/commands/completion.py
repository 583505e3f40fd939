"""``repowright completion``: the script that completes commands in a shell."""

from __future__ import annotations

import click


@click.command(
    epilog='\b\nExamples:\n  eval "$(repowright completion bash)"\n  repowright completion fish > '
    "~/.config/fish/completions/repowright.fish"
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script for a shell."""
    from click.shell_completion import get_completion_class

    script = get_completion_class(shell)
    if script is None:
        raise click.UsageError(f"no completion for {shell}")
    root = context.find_root()
    # The source is asked for directly: completing bash would otherwise start bash to learn its version.
    template = script(root.command, {}, "repowright", "_REPOWRIGHT_COMPLETE")
    click.echo(template.source_template % template.source_vars())
