"""`chainrule lab`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chainrule.cli import exits, shared
from chainrule.cli.config import Configured
from chainrule.errors import InputError

if TYPE_CHECKING:
    from chainrule.labs import Lab, Result


def known(value: str) -> str:
    """The name of a lab; the table of them is loaded when one is given."""
    from chainrule import labs

    try:
        return labs.get(value).name
    except InputError as error:
        raise click.BadParameter(str(error)) from error


def completed(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from chainrule import labs

    return [name for name in labs.LABS if name.startswith(incomplete)]


@click.command(cls=Configured)
@click.argument("name", type=known, required=False, shell_complete=completed)
@click.option("--output", "-o", type=shared.PATH, help="Picture to write: .png, .svg or .pdf.")
@shared.force
@click.option("--short", is_flag=True, help="A form of the experiment that takes seconds.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="The same seed, the same numbers.")
@shared.as_json
def lab(name: str | None, output: Path | None, force: bool, short: bool, seed: int, as_json: bool) -> int:
    """Put a claim of the textbooks to the test.

    Without NAME, the labs and their claims are listed. A lab takes less than a minute, prints a table, what was seen in
    it, and whether the claim holds.
    """
    if name is None:
        if output is not None:
            raise click.UsageError("-o wants the NAME of the lab whose picture it is.", click.get_current_context())
        _list(as_json)
        return exits.WELL
    _check(output, force)
    from chainrule.labs import get

    chosen = get(name)
    result = chosen.run(short, seed)
    if output is not None:
        result.save(output)
    if as_json:
        shared.document("lab", _content(chosen, result) | {"short": short, "seed": seed, "picture": output})
    else:
        click.echo(chosen.report(result))
        if output is not None:
            shared.tell(f"{output} written")
    return exits.INTERNAL if chosen.broken(result) else exits.WELL


def _check(output: Path | None, force: bool) -> None:
    """What forbids a picture is told before the work is done."""
    if output is None:
        return
    from chainrule.labs import paper
    from chainrule.plots import style

    shared.check_free("-o", output, force)
    try:
        paper.check_ending(output, "-o")
    except InputError as error:
        raise click.UsageError(str(error), click.get_current_context()) from error
    style.require("-o")


def _list(as_json: bool) -> None:
    from chainrule.labs import LABS

    if as_json:
        shared.document("lab", {"labs": [{"name": one.name, "claim": one.claim} for one in LABS.values()]})
    else:
        click.echo(shared.lines(((one.name, one.claim) for one in LABS.values()), indent=""))


def _content(chosen: Lab, result: Result) -> dict[str, Any]:
    broken = chosen.broken(result)
    return {
        "lab": chosen.name,
        "claim": chosen.claim,
        "holds": not broken,
        "seen": result.seen,
        "columns": result.columns,
        "rows": result.rows,
        "figures": dict(result.figures),
        "conditions": [
            {"figure": one.figure, "low": one.low, "high": one.high, "holds": one not in broken}
            for one in chosen.conditions
        ],
    }
