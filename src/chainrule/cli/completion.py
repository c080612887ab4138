"""`chainrule completion`."""

from __future__ import annotations

import click


@click.command(epilog='For bash: eval "$(chainrule completion bash)", once or in ~/.bashrc.')
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a script for completion in a shell."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None or ctx.parent is None:
        raise click.UsageError(f"{shell} is not known.", ctx)
    click.echo(kind(ctx.parent.command, {}, "chainrule", "_CHAINRULE_COMPLETE").source())
