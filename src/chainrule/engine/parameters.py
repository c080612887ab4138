"""Parameters: one flat vector with named views, the layout that names them, and those of several networks in one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.division import cut
from chainrule.errors import InputError, unknown_name
from chainrule.network.layers import Parameter
from chainrule.network.signs import drawn_by

Vector = NDArray[np.floating]


@dataclass(frozen=True)
class Layout:
    """Where each parameter stands in the vector. Running statistics stand last, after `trained`."""

    parameters: tuple[Parameter, ...]

    @cached_property
    def places(self) -> dict[str, tuple[slice, tuple[int, ...]]]:
        found, start = {}, 0
        for p in self.in_order:
            stop = start + int(np.prod(p.shape))
            found[p.name] = slice(start, stop), p.shape
            start = stop
        return found

    def place(self, name: str) -> tuple[slice, tuple[int, ...]]:
        """Where one stands, and its shape."""
        if name not in self.places:
            raise unknown_name("parameters[...]", name, self.places)
        return self.places[name]

    @cached_property
    def in_order(self) -> tuple[Parameter, ...]:
        return tuple(sorted(self.parameters, key=lambda p: not p.trained))

    @cached_property
    def size(self) -> int:
        return sum(int(np.prod(p.shape)) for p in self.parameters)

    @cached_property
    def trained(self) -> int:
        """Entries that training changes: the head of the vector."""
        return sum(int(np.prod(p.shape)) for p in self.parameters if p.trained)

    @cached_property
    def trained_names(self) -> tuple[str, ...]:
        """The trained parameters, in the order of the vector."""
        return tuple(p.name for p in self.in_order if p.trained)

    @cached_property
    def weights(self) -> tuple[str, ...]:
        """The weight matrices, in the order of the layers."""
        return tuple(p.name for p in self.parameters if p.kind == "weight")

    @cached_property
    def signed(self) -> tuple[Parameter, ...]:
        """The parameters whose entries have to have signs."""
        return tuple(p for p in self.in_order if p.signs is not None)

    def segments(
        self, parts: int = 1, names: Collection[str] | None = None
    ) -> list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]:
        """For each part, of each trained parameter: start, stop, and 1 for weights, 0 for the rest.

        A part has the rows whose gradient it computes, so that it need not wait for others. `names` chooses some of the
        parameters; they come in the order of the vector.
        """
        trained = [p for p in self.in_order if p.trained and (names is None or p.name in names)]
        penalised = np.array([float(p.kind == "weight") for p in trained])
        cuts = []
        for p in trained:
            start, per_row = self.places[p.name][0].start, int(np.prod(p.shape[1:]))
            cuts.append(
                [(start + rows.start * per_row, start + rows.stop * per_row) for rows in cut(p.shape[0], parts)]
            )
        ends = np.array(cuts, np.int64).reshape(-1, parts, 2)
        return [(ends[:, part, 0].copy(), ends[:, part, 1].copy(), penalised) for part in range(parts)]


@dataclass(frozen=True)
class Parameters:
    """A vector and its layout: `parameters["0.W"]` is a view of shape (units, inputs).

    Gradients and optimiser moments have the same layout.
    """

    layout: Layout = field(repr=False)
    vector: Vector

    def __post_init__(self) -> None:
        if self.vector.shape != (self.layout.size,):
            raise InputError(
                "Parameters(vector=)",
                f"{self.layout.size} values for this network",
                f"an array of shape {self.vector.shape}",
                "Make them with network.init(seed).",
            )

    def __getitem__(self, name: str) -> Vector:
        place, shape = self.layout.place(name)
        return self.vector[place].reshape(shape)

    @property
    def members(self) -> tuple[Parameters, ...]:
        """These alone: the one network that they are of."""
        return (self,)

    def names(self) -> tuple[str, ...]:
        """ "0.W", "0.b", "1.gain" ..., in the order of the layers."""
        return tuple(p.name for p in self.layout.parameters)

    def items(self) -> Iterator[tuple[str, Vector]]:
        """Names and views, as a dict has them."""
        return ((name, self[name]) for name in self.names())

    def copy(self) -> Parameters:
        """The same numbers in a vector of their own."""
        return Parameters(self.layout, self.vector.copy())

    def like(self) -> Parameters:
        """Zeros of the same layout: room for gradients or moments."""
        return Parameters(self.layout, np.zeros_like(self.vector))


@dataclass(frozen=True)
class Members:
    """The parameters of all members, one member's vector after another's.

    `members[k]` are those of member k, `members["0.W"]` a view of shape (members, units, inputs).

    Examples
    --------
    >>> from chainrule import Members
    >>> from chainrule import Dense, Network
    >>> network = Network([Dense(3)], inputs=2)
    >>> members = Members.of([network.init(seed) for seed in range(4)])
    >>> len(members), members["0.W"].shape, members.vector.shape
    (4, (4, 3, 2), (36,))
    """

    layout: Layout = field(repr=False)
    vector: Vector

    def __post_init__(self) -> None:
        if self.vector.ndim != 1 or not self.vector.size or self.vector.size % self.layout.size:
            raise InputError(
                "Members(vector=)", f"{self.layout.size} values for each member", f"shape {self.vector.shape}",
                "Make them with Members.of([network.init(seed), ...]).",
            )  # fmt: skip

    @classmethod
    def of(cls, parameters: Sequence[Parameters]) -> Members:
        """Copies of parameters as members of one.

        Parameters
        ----------
        parameters : sequence of Parameters, all of one network

        Returns
        -------
        Members
        """
        return cls(parameters[0].layout, np.concatenate([one.vector for one in parameters]))

    def __len__(self) -> int:
        return self.vector.size // self.layout.size

    def __getitem__(self, which: int | str) -> Any:
        rows = self.vector.reshape(len(self), -1)
        if isinstance(which, str):
            place, shape = self.layout.place(which)
            return rows[:, place].reshape(len(self), *shape)
        return Parameters(self.layout, rows[which])

    def __iter__(self) -> Iterator[Parameters]:
        return (self[member] for member in range(len(self)))

    @property
    def members(self) -> tuple[Parameters, ...]:
        """The parameters of each, in order."""
        return tuple(self)

    def names(self) -> tuple[str, ...]:
        """ "0.W", "0.b", "1.gain" ..., in the order of the layers."""
        return tuple(p.name for p in self.layout.parameters)

    def items(self) -> Iterator[tuple[str, Vector]]:
        """Names and views, as a dict has them."""
        return ((name, self[name]) for name in self.names())

    def copy(self) -> Members:
        """The same numbers in a vector of their own."""
        return Members(self.layout, self.vector.copy())

    def like(self) -> Members:
        """Zeros of the same layout."""
        return Members(self.layout, np.zeros_like(self.vector))


#: The parameters of one network, or of several of the same layers.
AnyParameters = Parameters | Members


def draw(layout: Layout, seed: int | np.random.SeedSequence, dtype: Any) -> Parameters:
    """Fresh parameters: weights by their initialisers, gains and variances 1, all else 0."""
    generator = np.random.default_rng(seed)
    parameters = Parameters(layout, np.zeros(layout.size, dtype))
    for p in layout.parameters:
        if p.init is not None:
            units, inputs = p.shape
            parameters[p.name][...] = p.init.draw(generator, (units, inputs))
        elif p.kind in ("gain", "variance"):
            parameters[p.name][...] = 1
    for p in layout.signed:
        parameters[p.name][...] = drawn_by(p, parameters[p.name])
    return parameters
