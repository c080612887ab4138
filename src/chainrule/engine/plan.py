"""A plan: a program bound to memory. Nothing is decided and nothing allocated while it runs.

One plan serves every batch up to its capacity: a smaller batch uses the heads of the same buffers, bound once
per size and then kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property, partial
from typing import Any, NamedTuple, NotRequired, Protocol, TypedDict, TypeVar

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.division import divide
from chainrule.engine.kernels import SetName, chosen_set
from chainrule.engine.kernels.access import MOST_PARTS
from chainrule.engine.meetings import Step
from chainrule.engine.parameters import Parameters
from chainrule.engine.payoff import Payoff
from chainrule.engine.program import (
    Argument,
    ColumnsFrom,
    Everyones,
    InPlace,
    Instruction,
    Noise,
    Numbers,
    Out,
    Own,
    Program,
    Space,
    Start,
    Tap,
    Transposed,
    Value,
    Weight,
    Whole,
    Zeros,
    listing,
    share_storage,
    sizes,
    verify,
)
from chainrule.engine.team import Team, team
from chainrule.engine.work import Work, bind

Array = NDArray[Any]
KEPT_SIZES = 64


class Extent(TypedDict):
    """How many rows there are, and how many sequences they make up, if any."""

    rows: int
    sequences: NotRequired[int]


R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Binds(Protocol[R_co]):
    """What is bound to a batch's size: a plan, or several."""

    def run(self, rows: int, sequences: int | None = None) -> R_co:
        """Bound to a batch of this size; bound once and remembered."""


class Tapped(NamedTuple):
    """A tap and its array, times `gain`, plus `bias`; what it holds is good until the next instruction."""

    tap: Tap
    array: Array
    gain: Array | None
    bias: Array | None


class Run:
    """A plan at one batch size: its arrays by value name, and its work."""

    def __init__(
        self,
        arrays: dict[str, Array],
        forward: list[Step],
        backward: list[Step],
        behind: list[Step],
        taps: Sequence[Tapped],
        rows: int,
        which: SetName,
        dtype: np.dtype[Any],
    ) -> None:
        self.arrays = arrays
        self._bind = partial(bind, which, dtype)
        self._rows = rows  # that its time is measured by
        self.behind = behind
        self._forward, self._backward, self._taps = forward, backward, taps

    @cached_property
    def forward(self) -> Work:
        return self._bind([self._forward], self._rows)

    @cached_property
    def backward(self) -> Work:
        return self._bind([self._backward], self._rows)

    @cached_property
    def whole(self) -> Work:
        """Forward, backward where the program has a way back, and what follows it in the plan."""
        return self._bind([self.steps + self.behind], self._rows)

    @property
    def steps(self) -> list[Step]:
        """Forward and backward as instructions."""
        return self._forward + self._backward

    def each(self) -> list[Work]:
        """Every instruction of forward and backward as a work of its own."""
        return [self._bind([[step]]) for step in self.steps]

    def watched(self, team: Team | None = None) -> Iterator[Tapped]:
        """Run forward and backward, with the same bits, and give every tapped value when it is there."""
        for work, tapped in self._pieces:
            work(team)
            yield from tapped

    @cached_property
    def _pieces(self) -> list[tuple[Work, list[Tapped]]]:
        """The work cut where something is tapped, and what is tapped after each piece."""
        cuts = sorted({tapped.tap.after for tapped in self._taps} | {len(self.steps)})
        starts = [0, *cuts[:-1]]
        return [
            (self._bind([self.steps[start:stop]]), [one for one in self._taps if one.tap.after == stop])
            for start, stop in zip(starts, cuts, strict=True)
        ]

    def bind(self) -> None:
        """Compile what is not yet compiled."""
        self.whole  # noqa: B018

    def __call__(self, team: Team | None = None) -> None:
        self.whole(team)


class Plan:
    """A program, its parameters and gradients, and buffers for up to `rows` rows.

    Parameters
    ----------
    program : what to compute
    parameters : read, and in training its running statistics are written
    rows, sequences : capacity
    gradients : where to put gradients; made where the program has a way back and none are given
    n_threads : its work is cut into parts for a team of this many, see `team`
    given : flat arrays for values given from outside, by name; made where missing. With `given` of another plan of the
        same capacity, this one reads that one's batches

    Attributes
    ----------
    behind : instructions that follow the program's in every run, such as those of an update; to be set before the first
    """

    def __init__(
        self,
        program: Program,
        parameters: Parameters,
        rows: int,
        sequences: int | None = None,
        gradients: Parameters | None = None,
        n_threads: int = 1,
        given: Mapping[str, Array] | None = None,
    ) -> None:
        self.n_threads = n_threads
        self.program = program
        self.parameters = parameters
        self.gradients = gradients or (parameters.like() if program.differentiates else None)
        self.capacity = _counts(rows, sequences)
        self._set = chosen_set()
        self._blocks = share_storage(program, cut=self.parts > 1)
        verify(program, self._blocks)
        kinds = {block: self._dtype(value.dtype) for value, block in self._blocks.items()}
        lent = {self._blocks[value]: given[value.name] for value in program.given if given and value.name in given}
        self._memory = {
            block: lent[block] if block in lent else np.zeros(entries, kinds[block])
            for block, entries in sizes(self._blocks, self.capacity).items()
        }
        self._owns: dict[Own, Array] = {}
        self._zeros: dict[int, Array] = {}
        self._runs: dict[tuple[int, int | None], Run] = {}
        self._payoff = Payoff()
        self.behind: list[Step] = []
        self.noise = np.zeros((len(program.sites), 4), np.uint32)
        self._silence = np.zeros(4, np.uint32)
        self.seed_noise(0, 0)

    def team(self) -> AbstractContextManager[Team | None]:
        """The threads that its runs take, where it was made for more than one."""
        return team(self._set, self.n_threads, self._payoff)

    @property
    def parts(self) -> int:
        """How many its work is cut into: the NumPy kernels leave that to the BLAS."""
        return min(self.n_threads, MOST_PARTS) if self.compiled else 1

    @property
    def given(self) -> dict[str, Array]:
        """The arrays of what is given with each batch and only read, by name; flat, for the whole capacity."""
        overwritten = {value for instruction in self.program.instructions for value in instruction.overwritten}
        lasting = [v for v in self.program.given if v.space != "none" and v not in overwritten]
        return {value.name: self._memory[self._blocks[value]] for value in lasting}

    def seed_noise(self, seed: int, step: int) -> None:
        """Make what is drawn that of this seed and step; each further step adds 1 to column 1."""
        for site, draw in enumerate(self.program.sites):
            self.noise[site] = (seed & 0xFFFFFFFF, step & 0xFFFFFFFF, site, draw.word)

    def holds(self, counts: Extent) -> bool:
        """Whether batches of this size fit in."""
        return self.capacity["rows"] >= counts["rows"] and self.capacity["sequences"] >= counts.get("sequences", 0)

    def run(self, rows: int, sequences: int | None = None) -> Run:
        """The plan bound to a batch of this size; bound once and remembered."""
        key = rows, sequences
        if key not in self._runs:
            if len(self._runs) >= KEPT_SIZES:
                self._runs.pop(next(iter(self._runs)))
            self._runs[key] = self._bind(_counts(rows, sequences))
        return self._runs[key]

    def listing(self, rows: int | None = None) -> str:
        """The forward and the backward program, an operation a line, with the shapes it writes."""
        return listing(self.program, self.capacity if rows is None else _counts(rows, None))

    @property
    def compiled(self) -> bool:
        """Whether its work is done by compiled code."""
        return self._set == "numba"

    @property
    def nbytes(self) -> int:
        """Bytes of the buffers that hold its values."""
        return sum(memory.nbytes for memory in self._memory.values())

    def array(self, value: Value, counts: dict[Space, int]) -> Array:
        shape = value.shape(counts)
        return self._memory[self._blocks[value]][: int(np.prod(shape))].reshape(shape)

    def _usual(self, counts: dict[Space, int]) -> bool:
        """Whether a batch has about as many rows as the others: the time of a few says little of that of many."""
        return 2 * counts["rows"] >= self.capacity["rows"]

    def _dtype(self, name: str) -> np.dtype[Any]:
        return self.parameters.vector.dtype if name == "float" else np.dtype(name)

    def _bind(self, counts: dict[Space, int]) -> Run:
        arrays = {value: self.array(value, counts) for value in self._blocks}

        def step(instruction: Instruction) -> Step:
            arguments = [self._argument(a, arrays) for a in instruction.arguments]
            return instruction.kernel, divide(instruction, arguments, self.parts)

        def weight(argument: Weight | None) -> Array | None:
            return None if argument is None else self.parameters[argument.name]

        return Run(
            {value.name: array for value, array in arrays.items()},
            [step(instruction) for instruction in self.program.forward],
            [step(instruction) for instruction in self.program.backward],
            self.behind,
            [Tapped(tap, arrays[tap.value], weight(tap.gain), weight(tap.bias)) for tap in self.program.taps],
            counts["rows"] if self._usual(counts) else 0,
            self._set,
            self.parameters.vector.dtype,
        )

    def _argument(self, argument: Argument, arrays: dict[Value, Array]) -> Any:
        match argument:
            case Value():
                return arrays[argument]
            case Out():
                return arrays[argument.value]
            case InPlace():
                return arrays[argument.before]
            case Transposed():
                return self._argument(argument.of, arrays).T
            case ColumnsFrom():
                return self._argument(argument.of, arrays)[:, argument.start :]
            case Weight(name, gradient):
                return self.gradients[name] if gradient and self.gradients else self.parameters[name]
            case Noise(site):
                return self._silence if site < 0 else self.noise[site]
            case Zeros(width):
                return self._zeros.setdefault(width, np.zeros(width, self.parameters.vector.dtype))
            case Numbers(rows):
                return np.array(rows, self.parameters.vector.dtype)
            case Own():
                if argument not in self._owns:
                    self._owns[argument] = np.zeros((self.parts, argument.width), self._dtype(argument.dtype))
                return self._owns[argument]
            case Everyones(of) | Whole(of):
                return self._argument(of, arrays)
            case Start():
                return 0
            case _:
                return argument


def _counts(rows: int, sequences: int | None) -> dict[Space, int]:
    count = 0 if sequences is None else sequences
    return {"rows": rows, "sequences": count, "boundaries": count + 1}
