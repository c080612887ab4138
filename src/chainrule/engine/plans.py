"""Plans of one network, or of several of the same layers side by side: one batch for all, one team for their work."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine import threads
from chainrule.engine.builder import Mode
from chainrule.engine.kernels import chosen_set
from chainrule.engine.kernels.access import MOST_PARTS
from chainrule.engine.meetings import Step
from chainrule.engine.network import Network
from chainrule.engine.parameters import AnyParameters
from chainrule.engine.payoff import Payoff
from chainrule.engine.plan import KEPT_SIZES, Extent, Plan, Run, Tapped
from chainrule.engine.team import Team, team
from chainrule.engine.terms import Terms
from chainrule.engine.work import Work, bind
from chainrule.network.losses import Loss

Array = NDArray[Any]


@dataclass(frozen=True)
class Sharing:
    """How a team shares networks out: threads of the team, and threads that take a step of each network."""

    n_threads: int
    each: tuple[int, ...]


def sharing(n_threads: int | None, network: Network, rows: int, members: int, terms: Terms | None = None) -> Sharing:
    """One thread a member. Those that do not divide evenly are done by the whole team, if they are large enough for it.

    Where a member alone fills a team that is larger than there are members, the whole team does one after the other.
    """
    product = network.largest_product(rows, terms)
    alone = threads.suitable(n_threads, product)
    if alone > members:
        return Sharing(alone, (alone,) * members)
    count = min(members, threads.suitable(n_threads, members * product))
    over = members % count if alone >= count else 0
    return Sharing(count, (1,) * (members - over) + (count,) * over)


def in_turn(n_threads: int | None, network: Network, rows: int, members: int, terms: Terms | None = None) -> Sharing:
    """The whole team does one member after the other."""
    count = threads.suitable(n_threads, network.largest_product(rows, terms))
    return Sharing(count, (count,) * members)


class Runs:
    """Plans at one batch size, and their work as one.

    Attributes
    ----------
    each : Run of every network
    arrays : of the first by value name; what is given with a batch is the same array for all
    """

    def __init__(self, each: Sequence[Run], bind: Callable[..., Work], rows: int) -> None:
        self.each = each
        self.arrays = each[0].arrays
        self._bind = bind
        self._rows = rows  # that its time is measured by
        self._led: list[tuple[weakref.ref[Any], Work]] = []
        self._buffers: dict[tuple[str, tuple[int, ...], np.dtype[Any]], Array] = {}

    def of_each(self, name: str) -> list[Array]:
        """The value of a name in every network."""
        return [run.arrays[name] for run in self.each]

    @property
    def works(self) -> list[list[Step]]:
        """What is done for each network: forward, backward where there is a way back, and what follows in its plan."""
        return [run.steps + run.behind for run in self.each]

    @cached_property
    def whole(self) -> Work:
        return self._bind(self.works, self._rows)

    @cached_property
    def rest(self) -> Work:
        """All but the program of the first network."""
        return self._bind([self.each[0].behind, *self.works[1:]], 0)

    def led_by(self, owner: object, before: Callable[[], tuple[list[Step], list[Step]]]) -> Work:
        """The whole behind instructions that read what `owner` holds; bound once for as long as it lives.

        Those are what the caller's thread does first, and then what the parts do. Two owners may take turns.
        """
        for one, work in self._led:
            if one() is owner:
                return work
        opening, borrowing = before()
        work = self._bind(self.works, self._rows, opening, borrowing)
        self._led = [(weakref.ref(owner), work), *self._led[:1]]
        return work

    def buffer(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """Memory beside the arrays; the same for the same name, shape and dtype."""
        key = name, shape, dtype
        if key not in self._buffers:
            self._buffers[key] = np.zeros(shape, dtype)
        return self._buffers[key]

    def watched(self, team: Team | None = None, before: Sequence[Step] = ()) -> Iterator[Tapped]:
        """Run the first network forward and backward, with the same bits, and give every tapped value when it is there.

        What comes `before` is done first; `rest` does what is left.
        """
        if before:
            self._bind([list(before)], 0)(team)
        return self.each[0].watched(team)

    def __call__(self, team: Team | None = None) -> None:
        self.whole(team)


class Plans:
    """Plans of one or several networks that read the same batches.

    Parameters
    ----------
    each : Plan of every network
    sharing : that they were made for
    terms : as which coded rows come in; None where they are expanded
    """

    def __init__(self, each: Sequence[Plan], sharing: Sharing, terms: Terms | None = None) -> None:
        self.each = each
        self.sharing = sharing
        self.terms = terms
        self.capacity = each[0].capacity
        self.output = each[0].program.output.name
        self._set = chosen_set()
        self._payoff = Payoff()
        self._runs: dict[tuple[int, int | None], Runs] = {}

    def team(self) -> AbstractContextManager[Team | None]:
        """The threads that its runs take."""
        return team(self._set, self.sharing.n_threads, self._payoff)

    @property
    def compiled(self) -> bool:
        """Whether the work is done by compiled code."""
        return self._set == "numba"

    @property
    def parts(self) -> int:
        """How many the team cuts into what is done once for all networks."""
        return min(self.sharing.n_threads, MOST_PARTS) if self.compiled else 1

    def holds(self, counts: Extent) -> bool:
        """Whether batches of this size fit in."""
        return self.each[0].holds(counts)

    def suits(self, sharing: Sharing, terms: Terms | None, counts: Extent) -> bool:
        """Whether it was made for this sharing and these terms, and batches of this size fit in."""
        return self.sharing == sharing and self.terms is terms and self.holds(counts)

    def draw_anew(self) -> None:
        """Let the next run draw other noise."""
        for plan in self.each:
            plan.noise[:, 1] += 1

    def run(self, rows: int, sequences: int | None = None) -> Runs:
        """All plans bound to a batch of this size; bound once and remembered."""
        key = rows, sequences
        if key not in self._runs:
            if len(self._runs) >= KEPT_SIZES:
                self._runs.pop(next(iter(self._runs)))
            usual = 2 * rows >= self.capacity["rows"]  # the time of a few rows says little of that of many
            each = [plan.run(rows, sequences) for plan in self.each]
            binds = partial(bind, self._set, self.each[0].parameters.vector.dtype)
            self._runs[key] = Runs(each, binds, rows if usual else 0)
        return self._runs[key]


def plans(
    network: Network,
    parameters: AnyParameters,
    capacity: Extent,
    mode: Mode,
    loss: Loss,
    sharing: Sharing,
    temperature: float = 1.0,
    terms: Terms | None = None,
) -> Plans:
    """A plan for each network that these are the parameters of; with `terms`, for coded rows that come as those."""
    made: list[Plan] = []
    for one, count in zip(parameters.members, sharing.each, strict=True):
        made.append(
            network.plan(
                one, **capacity, mode=mode, loss=loss, n_threads=count, temperature=temperature,
                given=made[0].given if made else None, terms=terms,
            )
        )  # fmt: skip
    return Plans(made, sharing, terms)
