"""Batches: items of X, y and weights gathered, in a drawn order, into the buffers of a plan."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.expansion import Coded, Expansion
from chainrule.engine.feeds import Feed, Table
from chainrule.engine.fill import fill
from chainrule.engine.network import Network
from chainrule.engine.plan import Binds, Extent, R
from chainrule.engine.program import Space
from chainrule.engine.terms import Terms
from chainrule.errors import InputError, InputTypeError
from chainrule.network.losses import Loss

Array = NDArray[Any]


class Data(ABC):
    """Items to train on or to validate on, rows or sequences: a feed of X, and targets and weights beside it.

    Attributes
    ----------
    X : as the feed has it
    y, weight : arrays with an entry per item or per step, as `space` says; weight may be None for 1 each
    subset : indices of the items that count, or None for all
    """

    space: Space = "rows"

    def __init__(self, X: Any, feed: Feed, y: Array, weight: Array | None, subset: NDArray[np.intp] | None) -> None:
        self.X = X
        self.y = y
        self.weight = weight
        self.subset = subset
        self._feed = feed
        self._passed: tuple[Any, ...] = ()

    def check(self, network: Network, loss: Loss, dtype: np.dtype[Any]) -> None:
        """Refuse what this network, in this float type, cannot be trained on with this loss; what passed passes again.

        Raises
        ------
        InputError, InputTypeError
        """
        asked = network, loss, dtype
        if len(self._passed) == 3 and all(one is other for one, other in zip(asked, self._passed, strict=True)):
            return
        name = type(self).__name__
        self.check_shape(network)
        self.check_items(name)
        if self.X.shape[1] != network.inputs:
            raise InputError(f"{name}(X)", f"{network.inputs} features", self.X.shape[1], "The network has inputs=.")
        loss.check_y(self.y, network.outputs, self.weight, f"{name}(y)")
        for what, array in (("X", self.X), ("y", self.y), ("weight", self.weight)):
            if array is not None and array.dtype.kind == "f" and array.dtype != dtype:
                raise InputTypeError(
                    f"{name}({what})", f"{dtype}, the float type of the parameters", array.dtype,
                    f"{what}.astype(np.{dtype}), or network.init(seed, dtype=np.{array.dtype}).",
                )  # fmt: skip
        self._passed = asked

    def check_items(self, name: str) -> None:
        """Refuse indices of items that are not there.

        Parameters
        ----------
        name : how errors call the data

        Raises
        ------
        InputError
        """
        if self.subset is not None and len(self.subset):
            first, last = int(self.subset.min()), int(self.subset.max())
            if first < 0 or last >= len(self._feed):
                raise InputError(
                    f"{name}(subset=)", f"indices from 0 to {len(self._feed) - 1}", f"{first} to {last}",
                    "They are of rows, or of sequences.",
                )  # fmt: skip

    @abstractmethod
    def part(self, subset: NDArray[np.intp]) -> Self:
        """The same data, of which these items count.

        Parameters
        ----------
        subset : indices of rows, or of sequences

        Returns
        -------
        the same type; nothing is copied
        """

    @abstractmethod
    def check_shape(self, network: Network) -> None:
        """Refuse a network that has a Pool where it may not, or none where it must.

        Parameters
        ----------
        network : Network

        Raises
        ------
        InputError
        """

    def read_by(self, expansion: Expansion) -> Data:
        """The same coded rows as another network reads them.

        Parameters
        ----------
        expansion : from compact rows to its inputs

        Returns
        -------
        the same type; nothing is copied

        Raises
        ------
        InputTypeError
            For what is no coded rows.
        """
        raise InputTypeError(f"{type(self).__name__}.read_by()", "coded rows", "others", "Only tables have some.")

    @property
    @abstractmethod
    def contents(self) -> tuple[Array | None, ...]:
        """All arrays that say what this data is."""

    def __len__(self) -> int:
        return len(self._feed) if self.subset is None else len(self.subset)

    def counted(self) -> tuple[Array, Array | None]:
        """y and weights of the items that count, where those have one y each."""
        chosen = slice(None) if self.subset is None else self.subset
        return self.y[chosen], None if self.weight is None else self.weight[chosen]

    def batches(self, size: int, generator: np.random.Generator | None) -> Iterator[Any]:
        """Batches of `size` items, a smaller one last; in order without a generator."""
        order = self.subset
        if generator is not None:
            order = generator.permutation(len(self) if order is None else order)
        return self._feed.batches(size, order)

    def steps(self, size: int) -> int:
        """Of an epoch in batches of `size` items."""
        return math.ceil(len(self) / size)

    def chunks(self, rows: int) -> Iterator[Any]:
        """Batches of at most `rows` rows, but never less than an item, in order."""
        return self._feed.chunks(rows, self.subset)

    def capacity(self, size: int) -> Extent:
        """What a plan must hold for any batch of `size` items."""
        return self._feed.capacity(size, self.subset)

    def chunk_capacity(self, rows: int) -> Extent:
        """What a plan must hold for any chunk of `rows` rows."""
        return self._feed.chunk_capacity(rows)

    @property
    def rows(self) -> int:
        """Rows of all items together."""
        return self._feed.extent(self.subset)["rows"]

    def terms(self, network: Network, rows: int) -> Terms | None:
        """What coded rows come to in the network's first product, where batches of so many are quicker by that."""
        if not isinstance(self.X, Coded):
            return None
        terms = self.X.expansion.terms
        return terms if terms.pay(rows) and network.takes(terms) else None

    def run(self, plan: Binds[R], chosen: Any) -> R:
        """The run of a plan that a batch takes."""
        return self._feed.run(plan, chosen)

    def gather(self, chosen: Any, arrays: dict[str, Array]) -> float:
        """Fill x, y and w of a run with a batch; the weight it has."""
        self._feed.fill(arrays, chosen)
        fill(arrays["y"], self.y, self._feed.places(chosen, self.space))
        return self.weigh(chosen, arrays)

    def weigh(self, chosen: Any, arrays: dict[str, Array]) -> float:
        """Fill w of a run with a batch; the weight it has."""
        if self.weight is None:
            return float(len(arrays["y"]))
        fill(arrays["w"], self.weight, self._feed.places(chosen, self.space))
        return float(arrays["w"].sum())

    def sources(self) -> dict[str, Any]:
        """Where rows of x and y can be taken from by the indices of a batch, by name; nothing where they cannot."""
        return {}

    def start(self, arrays: dict[str, Array]) -> None:
        """Before the first batch: what has no weights weighs 1, in every batch alike."""
        if self.weight is None:
            arrays["w"].fill(1)


class Rows(Data):
    """Training data as it was given: X dense or in compressed sparse rows, targets, weights, or a part of them.

    Nothing is copied but the rows of the batch at hand. Floats are in the dtype of the parameters.

    Parameters
    ----------
    X : C-ordered array or CSR matrix of shape (rows, features)
    y : targets of the loss, (rows,) class codes or (rows, outputs) values
    weight : array of shape (rows,), or None for 1 each
    subset : indices of the rows that count, or None for all

    Raises
    ------
    InputError, InputTypeError
        When a trainer or an evaluator takes them, for shapes, types or values that do not fit its network and loss.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Dense, Network, Rows, Trainer
    >>> X = np.random.default_rng(0).normal(size=(256, 3)).astype(np.float32)
    >>> data = Rows(X, X[:, :1])
    >>> data.rows, data.part(np.arange(100)).rows
    (256, 100)
    >>> Trainer(Network([Dense(1)], inputs=3), "squared_error", seed=0).epoch(data, batch_size=32).epoch
    1
    """

    def __init__(self, X: Any, y: Array, weight: Array | None = None, subset: NDArray[np.intp] | None = None) -> None:
        super().__init__(X, Table(X), y, weight, subset)

    def part(self, subset: NDArray[np.intp]) -> Self:
        return type(self)(self.X, self.y, self.weight, subset)

    def read_by(self, expansion: Expansion) -> Rows:
        return Rows(self.X.read_by(expansion), self.y, self.weight, self.subset)

    def check_shape(self, network: Network) -> None:
        if network.pools:
            raise InputError(
                "Rows", "a network without Pool", "one with", "Rows have no time axis: give Sequences."
            )  # fmt: skip

    def check_items(self, name: str) -> None:
        """Refuse indices of rows that are not there, and y or weights of another length.

        Parameters
        ----------
        name : how errors call the data

        Raises
        ------
        InputError
        """
        super().check_items(name)
        for what, array in (("y", self.y), ("weight", self.weight)):
            if array is not None and len(array) != len(self._feed):
                raise InputError(
                    f"{name}({what})", f"{len(self._feed)}, one for each row of X", len(array), "Pair them."
                )

    def sources(self) -> dict[str, Any]:
        held = self.X.values if isinstance(self.X, Coded) else self.X
        return {"x": self.X, "y": self.y} if _plain(held) and _plain(self.y) else {}

    @property
    def contents(self) -> tuple[Array | None, ...]:
        if isinstance(self.X, Coded):
            held: tuple[Array, ...] = (self.X.values,)
        else:
            held = (self.X,) if isinstance(self.X, np.ndarray) else (self.X.data, self.X.indices, self.X.indptr)
        return (*held, self.y, self.weight, self.subset)


def _plain(array: Any) -> bool:
    """Whether compiled code may read it as it lies in memory."""
    return isinstance(array, np.ndarray) and array.dtype.isnative and array.flags.c_contiguous and array.flags.aligned
