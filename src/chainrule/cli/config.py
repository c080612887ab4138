"""Settings from a TOML file, a table per command, and back."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

#: Parameters that say where settings come from, and are none.
_OWN = ("config", "print_config", "help")


class Configured(click.Command):
    """A command whose options and arguments can stand in a file."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += [
            click.Option(
                ["--config"],
                type=click.Path(path_type=Path),
                is_eager=True,
                expose_value=False,
                callback=_take,
                help=f"TOML file with a table [{self.name}]; its keys are options and arguments.",
            ),
            click.Option(["--print-config"], is_flag=True, help="Print the settings in force as such a file, and end."),
        ]

    def invoke(self, ctx: click.Context) -> Any:
        if ctx.params.pop("print_config"):
            return click.echo(text(self, ctx.params), nl=False)
        return super().invoke(ctx)


def settings(command: click.Command) -> dict[str, str]:
    """What can be set: name in a file -> name of the parameter."""
    return {max(p.opts, key=len).lstrip("-"): str(p.name) for p in command.params if p.name not in _OWN}


def text(command: click.Command, values: Mapping[str, Any]) -> str:
    """Values as TOML; those that are None or empty are left out."""
    said = {key: values[name] for key, name in settings(command).items() if values[name] not in (None, ())}
    return "\n".join([f"[{command.name}]", *(f"{key} = {_value(value)}" for key, value in said.items()), ""])


def _value(value: Any) -> str:
    match value:
        case ((_, _), *_):  # pairs
            return "{" + ", ".join(f"{_value(key)} = {_value(one)}" for key, one in value) + "}"
        case tuple():
            return f"[{', '.join(map(_value, value))}]"
        case bool() | int() | float():
            return json.dumps(value)
    return json.dumps(str(value), ensure_ascii=False)


def _take(ctx: click.Context, parameter: click.Parameter, path: Path | None) -> None:
    if path is not None:
        ctx.default_map = {**(ctx.default_map or {}), **_read(ctx, path)}


def _read(ctx: click.Context, path: Path) -> dict[str, Any]:
    """The defaults in a file, by the names of parameters."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise click.UsageError(f"{path}: {error}.", ctx) from error
    commands = ctx.parent.command.list_commands(ctx.parent) if ctx.parent else []  # type: ignore[attr-defined]
    for name, table in tables.items():
        if not isinstance(table, dict) or name not in commands:
            mend = f"Settings of this command stand under [{ctx.command.name}]."
            raise click.UsageError(f"{path}: {name!r} is no table of a command.{_near(name, commands)} {mend}", ctx)
    known, found = settings(ctx.command), {}
    for key, value in tables.get(str(ctx.command.name), {}).items():
        if key not in known:
            said = _near(key, known) or f" There are {', '.join(known)}."
            raise click.UsageError(f"{path}: [{ctx.command.name}] has no setting {key!r}.{said}", ctx)
        found[known[key]] = [f"{k}={v}" for k, v in value.items()] if isinstance(value, dict) else value
    several = {parameter.name for parameter in ctx.command.params if parameter.nargs == -1}
    return {name: [value] if name in several and isinstance(value, str) else value for name, value in found.items()}


def _near(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
