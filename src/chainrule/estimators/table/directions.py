"""`monotone=` of the table estimators: held against the columns, the activation, and the model to go on with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from chainrule.errors import InputError, unknown_name
from chainrule.network import activations
from chainrule.tables.encoder import Encoder
from chainrule.tables.numbers import NOT_RISING
from chainrule.tables.schema import Schema


def of_columns(
    estimator: Any, schema: Schema, names: Sequence[str], used: Collection[str]
) -> tuple[tuple[str, int], ...]:
    """The directions of the columns that are used; predictions know nothing of one that is left out.

    Parameters
    ----------
    estimator : whose parameters say them
    schema : what columns are
    names : of all columns
    used : names of those that the encoder has

    Raises
    ------
    InputError
        For a column that is not there, that is no number, or that is said to be encoded up and down; and for an
        activation that falls.
    """
    asked, name = estimator.monotone or {}, type(estimator).__name__
    if asked and estimator.activation is not None and not activations.get(estimator.activation).rises:
        raise InputError(
            f"{name}(activation=)", "a function that never falls, beside monotone=", repr(estimator.activation),
            "relu, elu and tanh are some.",
        )  # fmt: skip
    for column in asked:
        where = f"{name}(monotone=), column {column!r}"
        if column not in names:
            raise unknown_name(f"{name}(monotone=)", column, names)
        if column in used and schema.by_name[column].kind != "number":
            raise InputError(
                where, "numbers", f"a column of kind {schema.by_name[column].kind!r}",
                f"Where it holds numbers, say so: columns={{{column!r}: 'number'}}.",
            )  # fmt: skip
        if (estimator.columns or {}).get(column) in NOT_RISING:
            raise InputError(
                where, "an encoding that rises with the number", repr(estimator.columns[column]),
                "Leave the column out of columns=, or of monotone=.",
            )  # fmt: skip
    return tuple((column, int(sign)) for column, sign in asked.items() if column in used)


def check_same(estimator: Any, known: Encoder) -> None:
    """Refuse other directions than those of the model that training goes on with.

    Raises
    ------
    InputError
    """
    asked = {column: sign for column, sign in (estimator.monotone or {}).items() if column in known.names}
    if asked != dict(known.monotone):
        raise InputError(
            f"{type(estimator).__name__}(monotone=)", f"directions as before, {dict(known.monotone)}", asked,
            "warm_start and partial_fit cannot change them: use fit with warm_start=False.",
        )  # fmt: skip
