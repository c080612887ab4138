"""`chainrule playground`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from chainrule.cli import exits, shared
from chainrule.cli.config import Configured
from chainrule.errors import InputError

if TYPE_CHECKING:
    from chainrule.playground.own import Own

#: Seconds between two looks whether it is to end.
APART = 0.5


@click.command(cls=Configured)
@click.argument("data", type=shared.SOURCE, required=False)
@shared.form
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 lets the system choose.")
@click.option(
    "--open/--no-open", "opens", default=None, help="Whether a browser is opened; it is where there is a screen."
)
def playground(data: shared.Source | None, form: shared.Form, port: int, opens: bool | None) -> int:
    """Touch a network while it learns: a page on this machine, with lessons.

    With DATA, a table of your own: pick its target and two of its columns in the page. Ctrl-C ends it.
    """
    from chainrule.playground.server import Playground
    from chainrule.serving.loopback import Loopback

    own = None if data is None else _own(data, form)
    try:
        server = Loopback(Playground(own).app(), port)
    except InputError as error:
        raise click.BadParameter(str(error), param_hint="--port") from error
    with server:
        shared.tell(f"The playground is at {server.address} (Ctrl-C ends it)")
        shared.show(server.address, opens)
        try:
            while True:
                time.sleep(APART)
        except KeyboardInterrupt:
            shared.tell("The playground has ended.")
    return exits.WELL


def _own(data: shared.Source, form: shared.Form) -> Own:
    """The table of a file, all of it."""
    from chainrule.cli import tables
    from chainrule.playground.own import Own

    file = tables.opened(data, form)
    return Own.of(file.read(), str(file.path).rpartition("/")[2])
