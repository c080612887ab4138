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
from chainrule.engine.network import Network
from chainrule.engine.parameters import Layout, Parameters, Vector
from chainrule.engine.plan import KEPT_SIZES, Plan
from chainrule.engine.work import Step, Team, bind_abreast, team
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


def team_size(n_threads: int | None, network: Network, rows: int, members: int) -> int:
    """Threads that members abreast take: no more than members, and one where all of them together have little to do."""
    return min(members, threads.suitable(n_threads, members * network.largest_product(rows)))


class Run:
    """Plans abreast at one batch size: the arrays of every member by value name, and their work as one.

    What is given is one and the same array for all members where the plans share it.
    """

    def __init__(self, arrays: list[dict[str, Array]], make: Callable[[], Callable[[Team | None], None]]) -> None:
        self.arrays = arrays
        self._make = make

    @cached_property
    def whole(self) -> Callable[[Team | None], None]:
        return self._make()

    def bind(self) -> None:
        """Compile what is not yet compiled, before a team is called together."""
        self.whole  # noqa: B018

    def __call__(self, team: Team | None = None) -> None:
        self.whole(team)


class Abreast:
    """Plans of one thread each, followed side by side by a team: a whole step of a member is one thread's.

    Parameters
    ----------
    plans : one for each member
    n_threads : of the team
    behind : for each member, steps that follow its plan's, such as those of its update
    """

    def __init__(self, plans: Sequence[Plan], n_threads: int, behind: Sequence[list[Step]] | None = None) -> None:
        self.plans = plans
        self.n_threads = n_threads
        self.behind = behind or [[] for _ in plans]
        self._set = chosen_set()
        self._runs: dict[int, Run] = {}

    def team(self) -> AbstractContextManager[Team | None]:
        """The threads that its runs take."""
        return team(self._set, self.n_threads)

    def run(self, rows: int) -> Run:
        """All plans bound to a batch of this size; bound once and remembered."""
        if rows not in self._runs:
            if len(self._runs) >= KEPT_SIZES:
                self._runs.pop(next(iter(self._runs)))
            self._runs[rows] = self._bind(rows)
        return self._runs[rows]

    def _bind(self, rows: int) -> Run:
        runs = [plan.run(rows) for plan in self.plans]
        works = [run.steps + steps for run, steps in zip(runs, self.behind, strict=True)]
        dtype = self.plans[0].parameters.vector.dtype
        return Run([run.arrays for run in runs], lambda: bind_abreast(self._set, dtype, works, self.n_threads))


def plans(
    network: Network,
    members: Members,
    rows: int,
    mode: Mode,
    loss: Loss,
    gradients: Sequence[Parameters] | None = None,
    shared: bool = True,
) -> list[Plan]:
    """A plan for each member, all of which read the same batches, or each its own."""
    made: list[Plan] = []
    for place, parameters in enumerate(members):
        given = made[0].given if made and shared else None
        gradient = None if gradients is None else gradients[place]
        made.append(network.plan(parameters, rows, mode=mode, loss=loss, gradients=gradient, given=given))
    return made
