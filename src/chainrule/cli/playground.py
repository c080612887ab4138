"""`chainrule playground`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chainrule.cli import browser, exits, shared
from chainrule.cli.config import Configured
from chainrule.errors import InputError

if TYPE_CHECKING:
    from chainrule.playground.own import Own

#: Seconds between two looks for Ctrl-C.
APART = 0.5


@click.command(cls=Configured)
@click.argument("data", type=shared.SOURCE, required=False)
@shared.form
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 lets the system choose.")
@click.option("--open/--no-open", "opens", default=True, help="Open it in a browser, if there is one to see.")
@click.option(
    "--static", type=shared.PATH, metavar="FOLDER", help="Write it as files that need no server; with --pyodide."
)
@click.option("--pyodide", type=shared.PATH, metavar="FOLDER", help="Pyodide's core, and its NumPy as a wheel.")
def playground(
    data: str | None, form: shared.Form, port: int, opens: bool, static: Path | None, pyodide: Path | None
) -> int:
    """Touch a network as it learns, in a page with lessons.

    With DATA, a table of your own: pick its target and two of its columns in the page. Ctrl-C ends it.
    """
    if (static is None) != (pyodide is None):
        raise click.UsageError("--static and --pyodide go together.", click.get_current_context())
    if static is not None and pyodide is not None:
        return _files(static, pyodide)
    from chainrule.playground.server import Playground
    from chainrule.serving.loopback import Loopback

    own = None if data is None else _own(data, form)
    try:
        server = Loopback(Playground(own).app(), port)
    except InputError as error:
        raise click.BadParameter(str(error), param_hint="--port") from error
    with server:
        shared.tell(f"The playground is at {server.address} (Ctrl-C ends it)")
        if opens and browser.somebody_looks() and not browser.opened(server.address):
            shared.tell("No browser could be opened: open that address in one.")
        try:
            while True:
                time.sleep(APART)
        except KeyboardInterrupt:
            shared.tell("The playground has ended.")
    return exits.WELL


def _files(folder: Path, pyodide: Path) -> int:
    from chainrule.playground.static import build

    written = build(folder, pyodide)
    shared.tell(f"{folder}: {len(written)} files. Serve them over HTTP: browsers load no modules from files.")
    return exits.WELL


def _own(data: str, form: shared.Form) -> Own:
    """The table of a file, all of it."""
    from chainrule.cli import tables
    from chainrule.playground.own import Own

    file = tables.opened(data, form)
    return Own.of(file.read(), str(file.path).rpartition("/")[2])
