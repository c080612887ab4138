"""Sequences of different lengths as training data."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.engine.feeds import Packed, pack
from chainrule.engine.network import Network
from chainrule.engine.ragged import packing
from chainrule.errors import InputError
from chainrule.training.batches import Data

Array = NDArray[Any]


class Sequences(Data):
    """Sequences to train on or to validate on. Batches are of whole sequences, padding is left out from the start.

    Floats are in the dtype of the parameters. A batch's loss is the weighted mean over its sequences, or over all their
    steps where each step has a target: a long sequence then counts for more than a short one.

    Parameters
    ----------
    X : array of shape (batch, time, features), padded with anything, or a list of arrays of shape (time, features)
    y : of a network with a Pool, one target per sequence: (batch,) class codes or (batch, outputs) values. With
        `stepwise`, one per step: (batch, time) codes or (batch, time, outputs) values, padded with anything, or a list
        of arrays of shape (time,) or (time, outputs)
    lengths : (batch,) whole numbers, the steps of each that are real; of a list, or where all are, None
    weight : array of shape (batch,), or None for 1 each. With `stepwise`, each step has the weight of its sequence
    subset : indices of the sequences that count, or None for all
    stepwise : whether y has a target for each step, for a network without Pool

    Raises
    ------
    InputError
        Where a sequence has no steps, a length lies beyond the time axis, or X, y and weight do not go together.

    Examples
    --------
    The sum of each set of numbers:

    >>> import numpy as np
    >>> from chainrule import Dense, Network, Pool, Sequences, Trainer
    >>> sets = [np.arange(n, dtype=np.float32)[:, None] for n in (1, 2, 3, 4)]
    >>> sums = np.array([[s.sum()] for s in sets])
    >>> network = Network([Dense(8, "relu"), Pool("sum"), Dense(1)], inputs=1)
    >>> trainer = Trainer(network, "squared_error", seed=0)
    >>> first, *_, last = (trainer.epoch(Sequences(sets, sums), batch_size=2) for _ in range(200))
    >>> last.loss < first.loss
    True
    """

    X: Packed

    def __init__(
        self,
        X: Any,
        y: Any,
        lengths: ArrayLike | None = None,
        weight: Array | None = None,
        subset: NDArray[np.intp] | None = None,
        *,
        stepwise: bool = False,
    ) -> None:
        packed = pack(X, lengths, where="Sequences(X)")
        targets = _steps(y, lengths, packed) if stepwise else np.ascontiguousarray(y)
        expected = len(packed.steps) if stepwise else len(packed)
        if len(targets) != expected:
            raise InputError(
                "Sequences(y)", f"{expected} targets, one per {'step' if stepwise else 'sequence'}", len(targets),
                "Say stepwise=True where each step has a target, for a network without Pool.",
            )  # fmt: skip
        if weight is not None and np.shape(weight) != (len(packed),):
            raise InputError(
                "Sequences(weight=)", f"one number per sequence, shape ({len(packed)},)", np.shape(weight),
                "Steps have the weight of their sequence.",
            )  # fmt: skip
        if weight is not None and stepwise:
            weight = np.repeat(weight, packed.lengths)
        super().__init__(packed, packed, targets, weight, subset)
        self.space = "rows" if stepwise else "sequences"

    def part(self, subset: NDArray[np.intp]) -> Self:
        found = object.__new__(type(self))
        found.__dict__.update(self.__dict__, subset=subset, _passed=())
        return found

    def check_shape(self, network: Network) -> None:
        if network.pools != (self.space == "sequences"):
            raise InputError(
                "Sequences", "a Pool where there is a target per sequence, none where there is one per step",
                f"{'a' if network.pools else 'no'} Pool, and a target per {self.space.removesuffix('s')}",
                "Add a Pool, or say stepwise=True.",
            )  # fmt: skip

    @property
    def contents(self) -> tuple[Array | None, ...]:
        return (self.X.steps, self.X.boundaries, self.y, self.weight, self.subset)


def _steps(y: Any, lengths: ArrayLike | None, packed: Packed) -> Array:
    """Targets of steps, packed as the steps are."""
    if isinstance(y, np.ndarray) and y.dtype != object and y.ndim >= 2:
        shape = (len(y), y.shape[1])
        found = packing(shape, packed.lengths if lengths is None else lengths)
        if np.array_equal(found.boundaries, packed.boundaries):
            return np.ascontiguousarray(y[found.cells])
    else:
        parts = [np.asarray(one) for one in y]
        if [len(one) for one in parts] == packed.lengths.tolist():
            return np.ascontiguousarray(np.concatenate(parts))
    raise InputError(
        "Sequences(y)", "a target for each step of each sequence", f"{type(y).__name__} that fits no lengths",
        "Give (batch, time) or (batch, time, outputs), padded as X is, or a list of arrays as long as X's.",
    )  # fmt: skip
