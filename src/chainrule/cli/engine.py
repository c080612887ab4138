"""The options by which a command takes its work to a cluster."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from typing import Any, Literal, NamedTuple

import click


class Engine(NamedTuple):
    """Where the work is done; in this process where there is no name.

    Attributes
    ----------
    name, address, workers, divide, steps : as `cluster()` has them
    """

    name: str | None = None
    address: str | None = None
    workers: int | None = None
    divide: Literal["large", "always"] = "large"
    steps: int | None = None

    def used(self, threads: int | None = None) -> AbstractContextManager[Any]:
        """Work inside of the block is done there, on so many threads of each worker."""
        if self.name is None:
            return nullcontext()
        from chainrule.clusters.cluster import cluster

        said = {} if self.steps is None else {"steps": self.steps}
        return cluster(self.name, self.address, self.workers, self.divide, threads, **said)


def engine(command: Callable[..., Any]) -> Callable[..., Any]:
    """These options, given to the command as `engine`."""

    @wraps(command)
    def called(
        *,
        engine: str | None,
        address: str | None,
        workers: int | None,
        divide: str | None,
        steps: int | None,
        **others: Any,
    ) -> Any:
        said = {"--address": address, "--workers": workers, "--divide": divide, "--steps": steps}
        alone = [option for option, value in said.items() if value is not None]
        if alone and engine is None:
            raise click.UsageError(f"{alone[0]} is of a cluster: say --engine ray.", click.get_current_context())
        return command(engine=Engine(engine, address, workers, divide or "large", steps), **others)  # type: ignore[arg-type]

    for option, kind, about in (
        ("--steps", click.IntRange(1), "Of a worker, between two averages of a divided table."),
        ("--divide", click.Choice(["large", "always"]), "Divide tables that do not fit into memory, or all."),
        ("--workers", click.IntRange(1), "Parts that rows are divided into; one for each machine if left out."),
        ("--address", str, "Of the cluster: HOST:PORT of its head, or auto; one of this machine alone if left out."),
        ("--engine", click.Choice(["ray"]), "Take the work to a cluster."),
    ):
        called = click.option(option, type=kind, help=about)(called)
    return called
