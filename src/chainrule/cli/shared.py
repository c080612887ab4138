"""What commands share: options of one meaning, and ways to speak."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple

import click

from chainrule import __version__
from chainrule.as_json import sound

#: Raised where a name in a document goes away or changes what it means; new names are no reason.
SCHEMA_VERSION = 1

PATH = click.Path(path_type=Path)
#: What a table is read from: a path, a folder, a pattern, a URL, - for standard input. A URL is no path.
SOURCE = click.Path()
Source = str | tuple[str, ...]


def character(value: str) -> str:
    """One character, or \\t for a tab."""
    found = value.replace("\\t", "\t")
    if len(found) != 1 or found in '"\r\n':
        raise click.BadParameter(f"{value!r} is no single character such as ';' or '\\t'.")
    return found


def _source(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> Source:
    return given[0] if len(given) == 1 else given


data = click.argument("data", type=SOURCE, nargs=-1, required=True, callback=_source)
model_file = click.argument("model", type=PATH)
as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
force = click.option("--force", is_flag=True, help="Replace a file that is there.")
quiet = click.option("--quiet", "-q", is_flag=True, help="No progress and no summary.")


class Form(NamedTuple):
    """How a CSV file is written."""

    delimiter: str | None
    encoding: str


ANY_FORM = Form(None, "utf-8")


def form(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a CSV file, given to the command as `form`."""

    @wraps(command)
    def called(*, delimiter: str | None, encoding: str, **others: Any) -> Any:
        return command(form=Form(delimiter, encoding), **others)

    about = "Between the fields of a CSV file; found if left out."
    called = click.option("--encoding", default="utf-8", show_default=True, help="Of a CSV file, such as latin-1.")(
        called
    )
    return click.option("--delimiter", type=character, metavar="CHARACTER", help=about)(called)


drop_missing_target = click.option(
    "--drop-missing-target", is_flag=True, help="Leave out rows whose target is missing, and say how many."
)
threads = click.option("--threads", type=click.IntRange(1), help="Threads at most; those of the machine if left out.")


def tell(line: str) -> None:
    """To the user, beside the data."""
    click.echo(line, err=True)


def document(command: str, content: dict[str, Any]) -> None:
    """The one JSON document of a command."""
    found = {"schema_version": SCHEMA_VERSION, "command": command, "chainrule": __version__, **content}
    click.echo(json.dumps(sound(found), indent=2, ensure_ascii=False))


def printable(text: str) -> str:
    """Without what would command a terminal: names in a file are untrusted."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def printable_lines(text: str) -> str:
    """The same of every line of a text."""
    return "\n".join(map(printable, text.split("\n")))


def lines(rows: Iterable[Sequence[Any]], indent: str = "  ") -> str:
    """Rows of a few words each, their columns below one another."""
    texts = [[f"{one:,.6g}" if isinstance(one, float) else printable(str(one)) for one in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    said = ("  ".join(t.ljust(width) for t, width in zip(row, widths, strict=True)) for row in texts)
    return "\n".join(f"{indent}{line}".rstrip() for line in said)


def check_free(option: str, path: Path | None, force: bool) -> None:
    """Refuse an output that is there, or has no folder, before work is done for it."""
    if path is None:
        return
    if not path.parent.is_dir():
        raise click.BadParameter(f"there is no folder {str(path.parent)!r}. Make it first.", param_hint=option)
    if not os.access(path.parent, os.W_OK):
        raise click.BadParameter(
            f"{str(path.parent)!r} cannot be written to. Choose another folder.", param_hint=option
        )
    if path.is_dir() or (path.exists() and not force):
        mend = "Name a file." if path.is_dir() else "Choose another name, or --force."
        raise click.BadParameter(f"{str(path)!r} is there already. {mend}", param_hint=option)
