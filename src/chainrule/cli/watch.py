"""`--watch`: the page that follows a training, from its first epoch to its report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from chainrule.cli import shared
from chainrule.errors import InputError

if TYPE_CHECKING:
    from chainrule.serving.watching import Watching


@contextmanager
def followed(asked: bool, port: int, name: str) -> Iterator[Watching | None]:
    """A callback whose page is served until the end, where that is asked for; its address is told."""
    if not asked:
        yield None
        return
    from chainrule.plots.report import live
    from chainrule.serving.loopback import Loopback
    from chainrule.serving.watching import Painter, Watching

    painter = Painter(
        state=live.seen,
        page=lambda state: live.live_page(name, state),
    )
    watching = Watching(painter)
    try:
        server = Loopback(watching.app(), port)
    except InputError as error:
        raise click.BadParameter(str(error), param_hint="--watch-port") from error
    with server:
        shared.tell(f"Watch it at {server.address}")
        try:
            yield watching
        finally:
            if not watching.over:
                watching.finish()


def hand_over(watching: Watching, estimator: Any) -> None:
    """The report of what was learned, and of what its probes tell, in place of the page."""
    from chainrule.plots.report import document

    watching.finish(document(estimator))
