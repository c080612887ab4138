"""What a loss is: a number to lower, its link from the last layer's z to a prediction, and what y it can take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

import numpy as np
from numpy import exp
from numpy.typing import ArrayLike, NDArray

from chainrule.checks import BELOW_1, NOT_NEGATIVE, POSITIVE, Checked, Number
from chainrule.errors import InputError, InputTypeError
from chainrule.network.losses.domains import ANY, Domain
from chainrule.network.special import expit

Array = NDArray[Any]
Scalar = Callable[..., Any]
Link = Literal["identity", "sigmoid", "softmax", "exp"]

#: How often the range of the best constant is halved, and how far it goes from 0 before a link.
HALVINGS, FARTHEST = 50, 100.0

#: A loss that is 0 but for where z would have to be infinite.
NOTHING = 1e-12

#: The links that work element by element: from z to a prediction.
LINKS: dict[str, Scalar] = {"sigmoid": expit, "exp": exp}


def averaged(values: Array, shares: Array | None = None) -> Array:
    """The mean over the first axis, by shares whose sum is 1, in the float type of the values."""
    mean: Array = values.mean(axis=0) if shares is None else np.tensordot(shares.astype(values.dtype), values, 1)
    return mean


@dataclass(frozen=True)
class Loss(Checked):
    """A loss per row. The loss of a batch is the mean over its rows, weighted: a row of weight 0 is not there.

    A loss is a value: what was chosen are its fields. `numbers` are handed to the kernel with every call, so that
    losses of other numbers are not compiled anew.

    Attributes
    ----------
    name, formula, source : how it is called and written, and who proposed it
    link : from z to a prediction: "identity", "sigmoid", "softmax" or "exp". A hinge has the identity: its decision
        values are no probabilities, and no link makes them so
    target : "classes", y is whole numbers of shape (rows,); "values", floats of shape (rows, targets)
    domain : which y it can take
    kernel : name of the kernel that computes it
    entry : scalar function that this kernel applies, or None
    scalar : whether that function is a user's own, which may know no arrays
    signed : whether it may be below 0: to be so many times as large means nothing then
    per_target : outputs of the network for a target

    Examples
    --------
    >>> from chainrule.losses import LOSSES, Loss, Quantile
    >>> all(isinstance(loss, Loss) for loss in LOSSES.values())
    True
    >>> Quantile((0.1, 0.9)).outputs(targets=3), Quantile((0.1, 0.9)).link
    (6, 'identity')
    """

    name: ClassVar[str]
    formula: ClassVar[str]
    source: ClassVar[str]
    link: ClassVar[Link] = "identity"
    target: ClassVar[Literal["classes", "values"]] = "values"
    domain: ClassVar[Domain] = ANY
    kernel: ClassVar[str] = "separable_loss"
    scalar: ClassVar[bool] = False
    signed: ClassVar[bool] = False

    bounds: ClassVar[dict[str, Number]] = {
        "delta": POSITIVE,
        "power": Number(1, 2, open_low=True, open_high=True),
        "gamma": NOT_NEGATIVE,
        "smoothing": BELOW_1,
        "floor": POSITIVE,
    }

    @property
    def entry(self) -> Scalar | None:
        """The function that the kernel applies to every entry.

        It is given z, y and c, a row of `numbers`, and gives the value and its derivative by z.
        """
        return None

    @property
    def numbers(self) -> tuple[tuple[float, ...], ...]:
        """The parameters: a row of them for every output of a target."""
        return (tuple(float(getattr(self, one.name)) for one in fields(self)),)

    @property
    def per_target(self) -> int:
        """Outputs of the network for a column of y."""
        return 1

    def outputs(self, targets: int) -> int:
        """Outputs of a network.

        Where a target has several outputs, all targets' first outputs stand first, then all targets' second ones.

        Parameters
        ----------
        targets : columns of y, or classes

        Returns
        -------
        int
        """
        return targets * self.per_target

    def targets(self, outputs: int) -> int:
        """Columns of y, or classes, for a network.

        Parameters
        ----------
        outputs : of the network

        Returns
        -------
        int

        Raises
        ------
        InputError
            Where outputs are left over.
        """
        if outputs % self.per_target:
            raise InputError(
                f"{self.name}: outputs of the network", f"a multiple of {self.per_target}", outputs,
                f"This loss wants {self.per_target} outputs for each column of y: see its `outputs(targets)`.",
            )  # fmt: skip
        return outputs // self.per_target

    def check_y(self, y: ArrayLike, outputs: int, weight: ArrayLike | None = None, where: str = "y") -> None:
        """Refuse what this loss cannot take as y for a network of so many outputs.

        Parameters
        ----------
        y : array of shape (rows,) for class codes, else (rows, targets)
        outputs : of the network
        weight : array of shape (rows,), or None; rows of weight 0 are not looked at
        where : how an error names y

        Raises
        ------
        InputError
            For another shape, or a value outside of `domain`.
        InputTypeError
            For what is not numbers.
        """
        found = np.asarray(y)
        if found.dtype.kind not in "biuf":
            raise InputTypeError(where, "numbers", f"dtype {found.dtype}", "Encode labels as numbers first.")
        rows = found.shape[:1]
        shape = rows if self.target == "classes" else (*rows, self.targets(outputs))
        if found.ndim == 0 or found.shape != shape:
            said = "(rows,)" if self.target == "classes" else f"(rows, {self.targets(outputs)})"
            raise InputError(where, f"shape {said} for loss {self.name!r}", found.shape, "Reshape y.")
        bad = ~self.domain.holds(found, outputs).reshape(len(found), -1).all(axis=1)
        if weight is not None:
            bad &= np.asarray(weight) != 0
        if bad.any():
            row = int(bad.argmax())
            raise InputError(
                where, f"{self.domain.says} for loss {self.name!r}", f"{found[row].tolist()} in row {row}",
                self.domain.mend,
            )  # fmt: skip

    def constant(self, y: Array, outputs: int, weight: Array | None = None) -> float | None:
        """Loss of the best prediction that is the same for every row: what a network has to beat.

        Parameters
        ----------
        y : array in the form of this loss, as `check_y` takes it
        outputs : of the network
        weight : array of shape (rows,), or None for 1 each

        Returns
        -------
        float, or None where it is not known: of losses of one's own, of `Focal`, and where all weights are 0

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule.losses import AbsoluteError, CrossEntropy
        >>> loss = AbsoluteError().constant(np.array([[1.0], [2.0], [9.0]]), outputs=1)  # of the median, 2
        >>> float(round(loss, 6))
        2.666667
        >>> float(round(CrossEntropy().constant(np.array([0, 1]), outputs=2) / np.log(2), 6))
        1.0
        """
        shares = np.ones(len(y)) if weight is None else np.asarray(weight, np.float64)
        if self.scalar or not shares.sum() > 0:
            return None
        used = shares > 0
        rows = np.asarray(y)[used].astype(np.intp if self.target == "classes" else np.float64)
        loss = self._constant(rows, outputs, shares[used] / shares.sum())
        return loss if loss is None or abs(loss) > NOTHING else 0.0

    def _constant(self, y: Array, outputs: int, shares: Array) -> float | None:
        """Of rows that count by these shares, whose sum is 1. Here: of a sum over columns, whose slope has one zero."""
        if self.kernel != "separable_loss":
            return None
        entry, total = self.entry, 0.0
        assert entry is not None
        for numbers in self.numbers:
            low, high = self._between(y)
            for _ in range(HALVINGS):
                middle = (low + high) / 2
                rises = shares @ entry(middle, y, numbers)[1] > 0
                low, high = np.where(rises, low, middle), np.where(rises, middle, high)
            total += float((shares @ entry((low + high) / 2, y, numbers)[0]).sum())
        return total

    def _between(self, y: Array) -> tuple[Array, Array]:
        """Between which z, of each column, the best constant lies."""
        if self.link == "identity":
            return np.minimum(y.min(axis=0), -1.0), np.maximum(y.max(axis=0), 1.0)
        return np.full(y.shape[1], -FARTHEST), np.full(y.shape[1], FARTHEST)

    def mixed(self, predictions: Array, shares: Array | None = None) -> Array:
        """One prediction of several networks: the mean, unless a loss says otherwise.

        Parameters
        ----------
        predictions : array of shape (networks, rows, outputs), through the link
        shares : array of shape (networks,), whose sum is 1: how much each counts; None for all alike

        Returns
        -------
        array of shape (rows, outputs)
        """
        return averaged(predictions, shares)

    def predict(self, prediction: Array) -> Array:
        """What a prediction plan gives made ready for whoever asked: most often as it is.

        Parameters
        ----------
        prediction : array of shape (rows, outputs), through the link

        Returns
        -------
        array of the same shape
        """
        return prediction

    def split(self, prediction: Array) -> tuple[Array, ...]:
        """The columns of a prediction by what they say.

        Parameters
        ----------
        prediction : array of shape (rows, outputs)

        Returns
        -------
        `per_target` arrays of shape (rows, targets)
        """
        return tuple(np.split(prediction, self.per_target, axis=1))
