"""The options of `train` that are parameters of an estimator, as data; left out, each is the preset's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


def sizes(value: Any) -> tuple[int, ...]:
    """Whole numbers with commas between them, or a list of them from a file."""
    try:
        found = tuple(int(one) for one in (value.split(",") if isinstance(value, str) else value))
    except (TypeError, ValueError):
        found = ()
    if not found or min(found) < 1:
        raise click.BadParameter(f"{value!r} is no list of units such as 256,256.")
    return found


class NumberEncoding(click.ParamType):  # type: ignore[type-arg]  # from 8.4 on, it has one
    """One of the names in `tables.numbers.HOW`, which are imported when one is given."""

    name = "encoding"

    @property
    def names(self) -> click.Choice[str]:
        from chainrule.tables.numbers import HOW

        return click.Choice(list(HOW))

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return self.names.convert(value, param, ctx)


_COUNT, _POSITIVE = click.IntRange(1), click.FloatRange(0, min_open=True)
_SHARE = click.FloatRange(0, 1, max_open=True)

#: Parameter, type of its option, help.
BOTH: tuple[tuple[str, Any, str], ...] = (
    ("numbers", NumberEncoding(), "How numbers are encoded: piecewise, log, cyclic and others."),
    ("hidden_layer_sizes", sizes, "Units of each hidden layer, such as 256,256."),
    ("activation", str, "Of the hidden layers: relu, gelu, silu, tanh and others."),
    ("dropout", _SHARE, "Share of the units dropped in training."),
    ("n_members", _COUNT, "Networks whose predictions are averaged."),
    ("n_folds", _COUNT, "Times that networks are trained, each with other rows held out."),
    ("learning_rate_init", _POSITIVE, "Peak of the learning rate's schedule."),
    ("weight_decay", click.FloatRange(0), "Decoupled weight decay."),
    ("batch_size", _COUNT, "Rows of a batch."),
    ("max_iter", _COUNT, "Epochs at most."),
    ("time_limit", _POSITIVE, "Seconds that the fit may take; the networks are as many as there is time for."),
    ("n_iter_no_change", _COUNT, "Epochs without improvement that are waited for."),
    ("validation_fraction", click.FloatRange(0, 1, min_open=True, max_open=True), "Share of the rows held out."),
    ("memory", _COUNT, "Bytes that the rows of DATA may take; a larger file is read anew in every epoch."),
)
CLASSIFICATION: tuple[tuple[str, Any, str], ...] = (
    ("class_weight", click.Choice(["balanced"]), "Rare classes weigh as much as frequent ones."),
)
REGRESSION: tuple[tuple[str, Any, str], ...] = (
    ("loss", str, "Loss: squared_error, absolute_error, huber and others."),
    ("log_target", bool, "Learn the logarithm of a target above 0."),
)
OF = {"classification": CLASSIFICATION, "regression": REGRESSION}


def training_options(function: Function) -> Function:
    """A command with these options."""
    for name, kind, said in reversed((*BOTH, *CLASSIFICATION, *REGRESSION)):
        option = f"--{name.replace('_', '-')}"
        flag: dict[str, Any] = {"is_flag": True, "default": None} if kind is bool else {"type": kind}
        function = click.option(option, name, help=said, **flag)(function)
    return function


def chosen(task: str, given: dict[str, Any]) -> dict[str, Any]:
    """The parameters that were said, all of which belong to the task.

    Raises
    ------
    click.UsageError
    """
    said = {name: value for name, value in given.items() if value is not None}
    for other, options in OF.items():
        for name, *_ in options:
            if other != task and name in said:
                option = f"--{name.replace('_', '-')}"
                raise click.UsageError(f"{option} belongs to {other}, and this is {task}: leave it out, or --task.")
    return said
