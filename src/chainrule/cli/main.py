"""The group of commands, and the one place where whatever they raise becomes an exit code."""

from __future__ import annotations

import errno
import os
import sys
import traceback
import warnings
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from chainrule import __version__
from chainrule.cli import exits, shared
from chainrule.cli.first_words import first_words

#: In the order in which they are used. Each is a function of its name in a module of its name, loaded when it is asked
#: for.
COMMANDS = (
    "demo", "train", "evaluate", "predict", "explain", "serve", "inspect", "diagnose", "export", "lab", "playground",
    "check", "completion",
)  # fmt: skip

#: In front of the names of the options' environment variables: CHAINRULE_TRAIN_PRESET.
ENVIRONMENT = "CHAINRULE"

_CODES = "\n".join(f"{code:>5}  {meaning}" for code, meaning in exits.MEANINGS.items())
_EPILOG = f"""\b
Exit codes:
{_CODES}

Every option is also read from the environment, as CHAINRULE_TRAIN_PRESET is, and from a file, by --config; flags go
before the environment, that before the file. CHAINRULE_DEBUG=1 shows where an error came from.
"""


class Commands(click.Group):
    """The commands, with a word for names that are nearly right."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = getattr(import_module(f"chainrule.cli.{cmd_name}"), cmd_name)
        return found

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args[0].startswith("-") or args[0] in COMMANDS:
            return super().resolve_command(ctx, args)
        near = get_close_matches(args[0], COMMANDS, n=1)
        mend = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(COMMANDS)}."
        raise click.UsageError(f"No such command {args[0]!r}. {mend}", ctx)

    def invoke(self, ctx: click.Context) -> Any:
        """The command. A reader that has read enough of its output is no error."""
        try:
            found = super().invoke(ctx)
            sys.stdout.flush()
            return found
        except OSError as error:
            if not _unread(error):
                raise
            _drop_output()
            return exits.WELL


@click.group(
    cls=Commands,
    epilog=_EPILOG,
    invoke_without_command=True,
    context_settings={"auto_envvar_prefix": ENVIRONMENT, "help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="chainrule")
@click.pass_context
def group(ctx: click.Context) -> None:
    """Neural networks for tables: train a model on a file, score it, predict with it, ship it."""
    if ctx.invoked_subcommand is None:
        click.echo(first_words())


def run(arguments: list[str] | None = None) -> int:
    """Run a command line.

    Parameters
    ----------
    arguments : without the program's name; None takes those of the process

    Returns
    -------
    its exit code
    """
    words = sys.argv[1:] if arguments is None else arguments
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn
            code = group.main(words, prog_name="chainrule", standalone_mode=False)
        return code if isinstance(code, int) else exits.WELL
    except (Exception, KeyboardInterrupt) as error:
        try:
            sys.stdout.flush()
        except OSError:
            _drop_output()
        code, said = exits.judged(error)
        if os.environ.get("CHAINRULE_DEBUG", "0") not in ("", "0"):
            traceback.print_exc()
        name = " ".join(["chainrule", *(word for word in words[:1] if word in COMMANDS)])
        click.echo(shared.printable(" ".join(f"{name}: {said}".split())), err=True)
        return code


def _unread(error: OSError) -> bool:
    """Whether nobody reads standard output any more, which Windows calls an argument that is none."""
    nameless = sys.platform == "win32" and error.errno == errno.EINVAL and error.filename is None
    return nameless or isinstance(error, BrokenPipeError)


def _drop_output() -> None:
    """Send nowhere what standard output cannot take: Python would try again at its end, and fail in its own words."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _warn(message: Warning | str, *where: Any, **line: Any) -> None:
    shared.tell(f"chainrule: warning: {message}")
