"""A program in the making: instructions, the tape of ways back, and the gradients that wait to be summed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from chainrule.engine.draws import Draw
from chainrule.engine.program import (
    Argument,
    InPlace,
    Instruction,
    Noise,
    Out,
    Program,
    Tap,
    Value,
    Weight,
    instruction,
)
from chainrule.engine.terms import Terms

#: "train" uses the batch's statistics and draws; "evaluate" does neither but knows the way back; "predict", "sample"
#: and "loss" know no way back: "sample" draws, and "loss" ends in the loss where the others end in the link.
Mode = Literal["train", "evaluate", "predict", "sample", "loss"]


class Front(NamedTuple):
    """Inputs that stand in front of a value's columns, as terms of a product."""

    terms: Terms
    places: Value
    shares: Value


class Builder:
    """A program in the making.

    Attributes
    ----------
    fronts : of values whose first columns are not in memory: of x, and of what an embedding makes of its codes
    """

    def __init__(self, mode: Mode, inspect: bool) -> None:
        self.mode = mode
        self.inspect = inspect
        self.forward: list[Instruction] = []
        self.backward: list[Instruction] = []
        self.given: list[Value] = []
        self.seen: list[Value] = []
        self.sites: list[Draw] = []
        self.needed: set[Value] = set()  # what a way back will read
        self.passed: dict[Value, int] = {}  # how many first columns of a value are the input's own
        self.fronts: dict[Value, Front] = {}
        self.tape: list[Callable[[], None]] = []
        self.gradients: dict[Value, list[Value]] = {}
        self.layer_values: dict[str, Value] = {}
        self.taps: list[Tap] = []
        self._returning = False

    @property
    def draws(self) -> bool:
        return self.mode in ("train", "sample")

    @property
    def returns(self) -> bool:
        """Whether there will be a way back."""
        return self.mode in ("train", "evaluate")

    def give(self, value: Value) -> Value:
        self.given.append(value)
        return value

    def front_of(self, x: Value, terms: Terms) -> None:
        """Let the inputs that come in stand in front of x as terms, which are given beside it."""
        places = self.give(Value("places", x.space, terms.count, "int32"))
        self.fronts[x] = Front(terms, places, self.give(Value("shares", x.space, terms.count)))

    def emit(self, name: str, *arguments: Argument, text: str, **functions: Any) -> None:
        made = instruction(name, *arguments, text=text, **functions)
        (self.backward if self._returning else self.forward).append(made)
        self.seen.extend(made.writes)

    def tap(
        self,
        layer: str,
        kind: Literal["z", "a", "dz"],
        value: Value,
        gain: Weight | None = None,
        bias: Argument | None = None,
    ) -> None:
        """Say that a value of a layer can be read here, after what has been emitted so far."""
        if self.returns:
            added = bias if isinstance(bias, Weight) else None
            self.taps.append(Tap(layer, kind, value, len(self.forward) + len(self.backward), gain, added))

    def copy(self, x: Value, name: str) -> Value:
        """x again, in memory that may be overwritten."""
        z = Value(name, x.space, x.width)
        self.emit("copy", Out(z), x, text=f"{z.name} = {x.name}")
        self.behind(lambda: self.contribute(x, self.gradient(z)))
        return z

    def behind(self, way_back: Callable[[], None]) -> None:
        """Put the way back of what was just emitted on the tape."""
        if self.returns:
            self.tape.append(way_back)

    def at_last(self, emit: Callable[[], None]) -> None:
        """Emit what nobody waits for: at the end of the way back, or now where there is none."""
        if self.returns:
            self.tape.insert(0, emit)
        else:
            emit()

    def go_back(self) -> None:
        """Play the tape in reverse: from here on instructions join the backward program."""
        self._returning = True
        while self.tape:
            self.tape.pop()()

    def wants_gradient(self, value: Value) -> bool:
        """Whether anybody asks for the gradient of a value: of the input, only an inspection does."""
        return self.inspect or value.name != "x"

    def first_wanted(self, value: Value) -> int:
        """The column of a value from which on its gradient is asked for; 0 unless one product alone reads it."""
        readers = sum(value in instruction.reads for instruction in self.forward)
        return self.passed.get(value, 0) if readers == 1 else 0

    def contribute(self, value: Value, gradient: Value) -> None:
        """One of the ways on which a value reaches the loss."""
        self.gradients.setdefault(value, []).append(gradient)

    def gradient(self, value: Value) -> Value:
        """The sum of what was contributed; the last contribution is overwritten, the others are not.

        An inspection works on a copy, so that every delta can still be read when all is done.
        """
        *others, total = self.gradients.pop(value)
        for other in others:
            whole = Value(f"{total.name}+", total.space, total.width)
            self.emit("add_into", InPlace(total, whole), other, text=f"{whole.name} = {total.name} + {other.name}")
            total = whole
        if self.inspect:
            kept, total = total, Value(f"{total.name} for {value.name}", total.space, total.width)
            self.emit("copy", Out(total), kept, text=f"{total.name} = {kept.name}")
        return total

    def site(self, draw: Draw) -> Noise:
        """A site of its own for what is drawn, or the one that draws nothing."""
        if not draw:
            return Noise(-1)
        self.sites.append(draw)
        return Noise(len(self.sites) - 1)

    def program(self, output: Value, d_input: Value | None) -> Program:
        kept: tuple[Value, ...] = (output,) if self.mode in ("predict", "sample") else ()
        if self.inspect:
            overwritten = {v for i in self.forward + self.backward for v in i.overwritten}
            kept = tuple(v for v in (*self.given, *self.seen) if v not in overwritten)
        return Program(
            tuple(self.forward), tuple(self.backward), tuple(self.given), kept, output,
            self.returns, tuple(self.sites), d_input, self.layer_values, tuple(self.taps),
        )  # fmt: skip
