"""Mixup: each row of a batch is mixed with another row of it, inputs and targets alike (Zhang et al. 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import Number
from chainrule.engine.kernels import Kernel, chosen_set, load
from chainrule.engine.network import Network
from chainrule.errors import InputError, InputTypeError

Array = NDArray[Any]


@dataclass(frozen=True)
class Mixup:
    """Train between the rows: lambda x + (1 - lambda) x', with lambda ~ Beta(alpha, alpha) drawn for each batch.

    The partner x' of a row is the next in a ring in which the batch's rows are put at random, so that a batch is mixed
    in place. y is mixed with the same lambda: of class codes, give shares of the classes instead. So is w, which
    leaves the weight of the batch as it was; a row of weight 0 is still somebody's partner.

    Parameters
    ----------
    alpha : number above 0. Small ones leave most batches almost as they were, 1 makes every lambda as likely as any
        other. The source recommends 0.1 to 0.4 for images

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Mixup
    >>> batch = {"x": np.array([[0.0], [1.0]]), "y": np.array([[1.0, 0.0], [0.0, 1.0]]), "w": np.ones(2)}
    >>> Mixup(0.4).apply(batch, np.random.default_rng(0))
    >>> bool((batch["x"] == batch["y"][:, 1:]).all()), bool((batch["y"].sum(axis=1) == 1).all())
    (True, True)
    """

    alpha: float

    def __post_init__(self) -> None:
        Number(0, open_low=True, mend="0.2 is a common choice.")("Mixup(alpha=)", self.alpha)

    def check(self, network: Network) -> None:
        """Refuse a network that reads codes: between two of them is a third.

        Parameters
        ----------
        network : Network

        Raises
        ------
        InputError
        """
        if network.layers[0].reads_codes:
            raise InputError("mixup", "a network without Embedding", network.layers[0], "Codes cannot be mixed.")

    def apply(self, arrays: dict[str, Array], generator: np.random.Generator) -> None:
        """Mix x, y and w of a batch in place.

        Parameters
        ----------
        arrays : "x", "y" and "w", each float and C-ordered, with a row per row of the batch
        generator : of lambda and of the partners

        Raises
        ------
        InputTypeError
            Where y holds whole numbers: class codes have nothing between them.
        InputError
            Where y has not one target for each row of x.
        """
        if arrays["y"].dtype.kind != "f":
            raise InputTypeError(
                "Mixup.apply(y)", "float targets, (rows,) or (rows, outputs)", arrays["y"].dtype,
                "Of class codes, give each row's shares of the classes.",
            )  # fmt: skip
        if len(arrays["y"]) != len(arrays["x"]):
            raise InputError(
                "Mixup.apply(y)", "a target for each row", f"{len(arrays['y'])} for {len(arrays['x'])} rows",
                "Sequences of different lengths cannot be mixed.",
            )  # fmt: skip
        ring = generator.permutation(len(arrays["x"]))
        share = 1.0 - generator.beta(self.alpha, self.alpha)
        for name in ("x", "y", "w"):
            rows = arrays[name].reshape(len(ring), -1)
            mix = load(Kernel("mix"), rows.dtype, chosen_set())
            mix(rows, ring, share, np.empty(rows.shape[1], rows.dtype))
