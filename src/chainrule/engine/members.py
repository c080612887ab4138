"""Members of an ensemble: networks of the same layers whose parameters stand in one vector, and their plans abreast."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine import threads
from chainrule.engine.builder import Mode
from chainrule.engine.kernels import chosen_set
from chainrule.engine.meetings import Step
from chainrule.engine.network import Network
from chainrule.engine.parameters import Layout, Parameters, Vector
from chainrule.engine.payoff import Payoff
from chainrule.engine.plan import KEPT_SIZES, Extent, Plan
from chainrule.engine.plan import Run as OneRun
from chainrule.engine.team import Team, team
from chainrule.engine.work import bind_abreast
from chainrule.errors import InputError
from chainrule.network.losses import Loss

Array = NDArray[Any]


@dataclass(frozen=True)
class Members:
    """The parameters of all members, one member's vector behind another's.

    `members[k]` are those of member k, `members["0.W"]` a view of shape (members, units, inputs).

    Examples
    --------
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
        """Copies of these parameters, which are of one network."""
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

    def names(self) -> tuple[str, ...]:
        """ "0.W", "0.b", "1.gain" ..., in the order of the layers."""
        return tuple(p.name for p in self.layout.parameters)

    def items(self) -> Iterator[tuple[str, Vector]]:
        return ((name, self[name]) for name in self.names())

    def copy(self) -> Members:
        return Members(self.layout, self.vector.copy())

    def like(self) -> Members:
        """Zeros of the same layout."""
        return Members(self.layout, np.zeros_like(self.vector))


@dataclass(frozen=True)
class Sharing:
    """How a team shares members out: threads of the team, and threads that take a step of each member."""

    n_threads: int
    each: tuple[int, ...]


def sharing(n_threads: int | None, network: Network, rows: int, members: int) -> Sharing:
    """One thread a member. Those that do not divide evenly are done by the whole team, if they are large enough for it.

    Where a member alone fills a team that is larger than there are members, the whole team does one after the other.
    """
    product = network.largest_product(rows)
    alone = threads.suitable(n_threads, product)
    if alone > members:
        return Sharing(alone, (alone,) * members)
    count = min(members, threads.suitable(n_threads, members * product))
    over = members % count if alone >= count else 0
    return Sharing(count, (1,) * (members - over) + (count,) * over)


class Run:
    """Plans abreast at one batch size: the arrays of every member by value name, and their work as one.

    What is given with each batch is one and the same array for all members.

    Attributes
    ----------
    first : the run of the first member
    """

    def __init__(
        self, runs: Sequence[OneRun], make: Callable[[list[list[Step]]], Callable[[Team | None], None]]
    ) -> None:
        self.arrays = [run.arrays for run in runs]
        self.first, self._others = runs[0], runs[1:]
        self._make = make

    @cached_property
    def whole(self) -> Callable[[Team | None], None]:
        return self._bound(self.first.steps)

    @cached_property
    def rest(self) -> Callable[[Team | None], None]:
        """All but the program of the first member, which has been followed before."""
        return self._bound([])

    def _bound(self, first: list[Step]) -> Callable[[Team | None], None]:
        return self._make([first + self.first.behind, *(run.steps + run.behind for run in self._others)])

    def bind(self) -> None:
        """Compile what is not yet compiled, before a team is called together."""
        self.whole  # noqa: B018

    def __call__(self, team: Team | None = None) -> None:
        self.whole(team)


class Abreast:
    """Plans of all members, followed side by side by a team.

    Parameters
    ----------
    plans : one for each member
    sharing : that they were made for
    """

    def __init__(self, plans: Sequence[Plan], sharing: Sharing) -> None:
        self.plans = plans
        self.sharing = sharing
        self._set = chosen_set()
        self._payoff = Payoff()
        self._runs: dict[tuple[int, int | None], Run] = {}

    def team(self) -> AbstractContextManager[Team | None]:
        """The threads that its runs take."""
        return team(self._set, self.sharing.n_threads, self._payoff)

    def run(self, rows: int, sequences: int | None = None) -> Run:
        """All plans bound to a batch of this size; bound once and remembered."""
        key = rows, sequences
        if key not in self._runs:
            if len(self._runs) >= KEPT_SIZES:
                self._runs.pop(next(iter(self._runs)))
            self._runs[key] = self._bind(rows, sequences)
        return self._runs[key]

    def _bind(self, rows: int, sequences: int | None) -> Run:
        dtype = self.plans[0].parameters.vector.dtype

        def make(works: list[list[Step]]) -> Callable[[Team | None], None]:
            return bind_abreast(self._set, dtype, works, rows if 2 * rows >= self.plans[0].capacity["rows"] else 0)

        return Run([plan.run(rows, sequences) for plan in self.plans], make)


def plans(
    network: Network,
    members: Members,
    capacity: Extent,
    mode: Mode,
    loss: Loss,
    sharing: Sharing,
    temperature: float = 1.0,
) -> list[Plan]:
    """A plan for each member, all of which read the same batches."""
    made: list[Plan] = []
    for parameters, count in zip(members, sharing.each, strict=True):
        made.append(
            network.plan(
                parameters, **capacity, mode=mode, loss=loss, n_threads=count, temperature=temperature,
                given=made[0].given if made else None,
            )
        )  # fmt: skip
    return made
