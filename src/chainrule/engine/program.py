"""A program: what a network computes, as a list of instructions over named values, not yet bound to memory.

Each instruction says which values it reads, writes or overwrites. From that, storage is shared out by
lifetimes, and a verifier that knows nothing of how it was shared out follows the program and checks that
every read finds the value it names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from chainrule.engine.draws import Draw
from chainrule.engine.kernels import Kernel
from chainrule.errors import PlanError

#: What a value's first axis counts: rows, sequences, one entry per boundary of sequences, or it has none.
Space = Literal["rows", "sequences", "boundaries", "none"]


@dataclass(frozen=True)
class Value:
    """A named array of a program: (count of its space, width), or one axis where one of them is missing."""

    name: str
    space: Space
    width: int | None
    dtype: str = "float"  # of the network, or a NumPy name

    def shape(self, counts: dict[Space, int]) -> tuple[int, ...]:
        head = () if self.space == "none" else (counts[self.space],)
        return head if self.width is None else (*head, self.width)


@dataclass(frozen=True)
class Out:
    """An argument that the kernel writes and does not read."""

    value: Value


@dataclass(frozen=True)
class InPlace:
    """An argument that the kernel reads as one value and leaves as another, in the same memory."""

    before: Value
    after: Value


@dataclass(frozen=True)
class Weight:
    """A parameter, or its gradient, by name."""

    name: str
    gradient: bool = False

    def __str__(self) -> str:
        return f"d {self.name}" if self.gradient else self.name


@dataclass(frozen=True)
class Noise:
    """The state of one site that draws; of site -1, the state that draws nothing."""

    site: int


@dataclass(frozen=True)
class Zeros:
    """A constant vector of zeros, for a bias that is not there."""

    width: int


@dataclass(frozen=True)
class Numbers:
    """A constant array, such as the parameters of a loss."""

    rows: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Own:
    """A vector for every part, which a kernel fills and another may read."""

    name: str
    width: int
    dtype: str = "float"


@dataclass(frozen=True)
class Everyones:
    """The vectors of all parts, (parts, width)."""

    of: Own


@dataclass(frozen=True)
class Whole:
    """All rows of a value, whichever rows a part has of the others."""

    of: Value


@dataclass(frozen=True)
class Start:
    """Where the first entry of a part's rows or columns stands in the whole array."""


@dataclass(frozen=True)
class Transposed:
    """An argument turned on its side, by a view."""

    of: Value | Weight | ColumnsFrom


@dataclass(frozen=True)
class ColumnsFrom:
    """The columns of a matrix of weights from this one on, by a view."""

    of: Weight
    start: int


Argument = (
    Value
    | Out
    | InPlace
    | Weight
    | Noise
    | Zeros
    | Numbers
    | Own
    | Everyones
    | Whole
    | Start
    | Transposed
    | ColumnsFrom
    | float
    | int
)


@dataclass(frozen=True)
class Instruction:
    """One kernel call."""

    kernel: Kernel
    arguments: tuple[Argument, ...]
    text: str

    @property
    def reads(self) -> tuple[Value, ...]:
        found: list[Value] = []
        for argument in self.arguments:
            if isinstance(argument, (Transposed, Whole)) and isinstance(argument.of, Value):
                found.append(argument.of)
            elif isinstance(argument, InPlace):
                found.append(argument.before)
            elif isinstance(argument, Value):
                found.append(argument)
        return tuple(found)

    @property
    def overwritten(self) -> tuple[Value, ...]:
        return tuple(a.before for a in self.arguments if isinstance(a, InPlace))

    @property
    def writes(self) -> tuple[Value, ...]:
        outs = [a.value for a in self.arguments if isinstance(a, Out)]
        return (*outs, *(a.after for a in self.arguments if isinstance(a, InPlace)))


@dataclass(frozen=True)
class Tap:
    """Where a value of a layer can be read while the program runs: it may be overwritten a moment later.

    Attributes
    ----------
    layer : place of its Dense or GLU, "0" or "3.1" inside a Residual
    kind : "z" (what its function is applied to; of a GLU gates and values), "a", or "dz" (dLoss/d of what its product
        gave)
    value : what holds it, times `gain`, plus `bias`, where those are given
    after : how many instructions have run
    """

    layer: str
    kind: Literal["z", "a", "dz"]
    value: Value
    after: int
    gain: Weight | None = None
    bias: Weight | None = None


@dataclass(frozen=True)
class Program:
    """Instructions forward and backward, with the values that come from outside and those that are kept."""

    forward: tuple[Instruction, ...]
    backward: tuple[Instruction, ...]
    given: tuple[Value, ...]  # filled by whoever runs the program, before it runs
    kept: tuple[Value, ...]  # must still be there when the program has ended
    output: Value
    differentiates: bool  # whether it has a way back
    sites: tuple[Draw, ...] = ()  # what is drawn at each
    d_input: Value | None = None
    layer_values: dict[str, Value] = field(default_factory=dict, hash=False)
    taps: tuple[Tap, ...] = ()

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        return self.forward + self.backward


def share_storage(program: Program, cut: bool = False) -> dict[Value, int]:
    """A block number per value: values whose lifetimes do not meet share a block.

    A value lives from the instruction that writes it to the last that reads it; a given value from the
    start, a kept one to the end. A value made in place takes over its forerunner's block. Where the program is `cut`
    into parts, values share a block only if their rows are as wide: a part's rows of one are then its rows of the
    other, and no part has to wait for another before it overwrites them.
    """
    last: dict[Value, int] = {}
    for place, instruction in enumerate(program.instructions):
        for value in instruction.reads + instruction.writes:
            last[value] = place
    end = len(program.instructions)
    last.update(dict.fromkeys(program.kept, end))

    blocks: dict[Value, int] = {value: number for number, value in enumerate(program.given)}
    total = len(blocks)
    free: list[tuple[str, Space, int, int]] = []  # dtype, space, width, block
    living = set(program.given)
    for place, instruction in enumerate(program.instructions):
        inherited = {a.after: a.before for a in instruction.arguments if isinstance(a, InPlace)}
        for value in instruction.writes:
            if value in inherited:
                blocks[value] = blocks[inherited[value]]
                living.discard(inherited[value])
            else:
                fitting = [f for f in free if f[:2] == (value.dtype, value.space)]
                if cut:
                    fitting = [f for f in fitting if f[2] == (value.width or 1)]
                if fitting:
                    # The nearest width wastes least; blocks grow to the widest value they hold.
                    best = min(fitting, key=lambda f: abs(f[2] - (value.width or 1)))
                    free.remove(best)
                    blocks[value] = best[3]
                else:
                    blocks[value] = total
                    total += 1
            living.add(value)
        for value in [v for v in living if last.get(v, end) <= place]:
            living.discard(value)
            if value in program.given:
                continue  # may be the caller's own array
            free.append((value.dtype, value.space, value.width or 1, blocks[value]))
    return blocks


def verify(program: Program, blocks: dict[Value, int]) -> None:
    """Follow the program and check that each read finds its value and each kept value survives.

    Raises
    ------
    PlanError
        Where a value was overwritten, or never written, before it is read.
    """
    holds: dict[int, Value] = {blocks[value]: value for value in program.given}
    for instruction in program.instructions:
        for value in instruction.reads:
            _must_hold(holds, blocks, value, instruction.text)
        touched = [blocks[value] for value in instruction.writes]
        plain_reads = {blocks[v] for v in instruction.reads if v not in instruction.overwritten}
        if len(set(touched)) < len(touched) or plain_reads & set(touched):
            raise PlanError(
                instruction.text, "separate memory for what it reads and writes", touched,
                "This is a defect of chainrule; please report it with network.describe().",
            )  # fmt: skip
        holds.update({blocks[value]: value for value in instruction.writes})
    for value in program.kept:
        _must_hold(holds, blocks, value, "the end")


def _must_hold(holds: dict[int, Value], blocks: dict[Value, int], value: Value, where: str) -> None:
    found = holds.get(blocks[value]) if value in blocks else None
    if found != value:
        raise PlanError(
            where, f"{value.name} in its buffer", found.name if found else "nothing",
            "This is a defect of chainrule; please report it with network.describe().",
        )  # fmt: skip


def listing(program: Program, counts: dict[Space, int]) -> str:
    """The forward and the backward program, an instruction a line, with shapes."""
    lines = []
    for title, part in (("forward", program.forward), ("backward", program.backward)):
        if part:
            lines.append(title)
        for instruction in part:
            shapes = ", ".join(
                f"{value.name} {'x'.join(map(str, value.shape(counts)))}" for value in instruction.writes
            )
            lines.append(f"  {instruction.text:<60} {shapes}".rstrip())
    return "\n".join(lines)


def sizes(blocks: dict[Value, int], counts: dict[Space, int]) -> dict[int, int]:
    """Entries that each block must hold."""
    found: dict[int, int] = {}
    for value, block in blocks.items():
        found[block] = max(found.get(block, 0), int(np.prod(value.shape(counts))))
    return found


def instruction(name: str, *arguments: Argument, text: str, **functions: Any) -> Instruction:
    """An instruction of the kernel `name`, with the functions that its placeholders take."""
    return Instruction(Kernel(name, **functions), arguments, text)
