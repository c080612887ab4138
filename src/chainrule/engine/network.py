"""`Network`: layers tied to an input width, and all that can be asked of them. A value, like its layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from chainrule.checks import POSITIVE, at_least
from chainrule.engine.builder import Mode
from chainrule.engine.lowering import lower
from chainrule.engine.parameters import Layout, Parameters, draw
from chainrule.engine.plan import Plan, Run
from chainrule.engine.ragged import Packing, packing
from chainrule.engine.terms import Terms
from chainrule.errors import InputError
from chainrule.network import losses
from chainrule.network.layers import GLU, Dense, Embedding, Layer, Pool, check_layers, named_parameters, widths
from chainrule.network.losses import Loss
from chainrule.network.signs import signed

Array = NDArray[Any]


@dataclass(frozen=True)
class Pass:
    """A forward pass that can be looked at and gone back through.

    Attributes
    ----------
    output : array of shape (rows, outputs), or (batch, time, outputs)
    activations : what each layer gave, in order
    pre_activations : x W' + b of a Dense or a GLU; of any other layer, what it was given
    """

    output: Array
    activations: list[Array]
    pre_activations: list[Array]
    _plan: Plan
    _run: Run
    _packing: Packing | None


@dataclass(frozen=True)
class Backward:
    """What a backward pass gave.

    Attributes
    ----------
    gradients : Parameters, dLoss/d(parameter) under the parameters' names
    deltas : dLoss/d(pre_activation) of each layer, in order; of what comes out, for a Residual or a Pool
    d_input : dLoss/dX, of X's shape
    """

    gradients: Parameters
    deltas: list[Array]
    d_input: Array


@dataclass(frozen=True)
class Network:
    """A feedforward network: layers, and the width of what comes in.

    Parameters
    ----------
    layers : sequence of layers
    inputs : int, features of a row
    monotone : of each input, 1 where no output ever falls as it rises, -1 where none rises, 0 where both may be; ()
        for no such inputs. Weights then have the signs that make it so, from the first draw on and through every step
        of a `Trainer`; the layers are Dense, BatchNorm, Dropout, and functions that never fall, behind an Embedding
        or a Periodic of other inputs

    Raises
    ------
    InputError, InputTypeError
        For layers that cannot follow each other, and for others where inputs are monotone.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Dense, Network
    >>> network = Network([Dense(3, "tanh"), Dense(1)], inputs=2)
    >>> parameters = network.init(seed=0)
    >>> parameters["0.W"].shape, parameters.vector.shape
    ((3, 2), (13,))
    >>> network.forward(parameters, np.ones((5, 2))).output.shape
    (5, 1)
    >>> rising = Network([Dense(9, "relu"), Dense(1)], inputs=2, monotone=(1, 0))
    >>> X = np.stack([np.linspace(-1, 1, 50), np.zeros(50)], axis=1)
    >>> bool((np.diff(rising.forward(rising.init(seed=0), X).output[:, 0]) >= 0).all())
    True
    """

    layers: Sequence[Layer]
    inputs: int
    monotone: Sequence[int] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", check_layers(self.layers, "Network(layers)"))
        if sum(isinstance(layer, Pool) for layer in self.layers) > 1:
            raise InputError(
                "Network(layers)", "at most one Pool", "several",
                "The first Pool leaves one row per sequence: there is no time axis for another.",
            )  # fmt: skip
        at_least(1, "It is X.shape[-1].")("Network(inputs=)", self.inputs)
        object.__setattr__(self, "monotone", self._signs_of_inputs())
        if self.monotone:
            _ = self.layout  # which refuses layers that keep no signs

    @cached_property
    def layout(self) -> Layout:
        found = named_parameters(self.layers, self.inputs)
        if self.monotone:
            found = signed(self.layers, found, tuple(self.monotone), "Network(monotone=), layers")
        return Layout(found)

    def _signs_of_inputs(self) -> tuple[int, ...]:
        """`monotone` as it was given, () where no input has a direction."""
        given = tuple(self.monotone)
        if given and (len(given) != self.inputs or not all(one in (-1, 0, 1) for one in given)):
            raise InputError(
                "Network(monotone=)", f"1, -1 or 0 for each of {self.inputs} inputs, or ()", repr(given)[:80],
                "1 lets the outputs rise with an input, -1 fall.",
            )  # fmt: skip
        return given if any(given) else ()

    @cached_property
    def widths(self) -> list[int]:
        """Width after each layer."""
        return widths(self.layers, self.inputs)[1:]

    @cached_property
    def _products(self) -> list[tuple[int, ...]]:
        """Shapes of the matrices of weights, (units, inputs)."""
        return [p.shape for p in self.layout.parameters if p.kind == "weight"]

    def takes(self, terms: Terms) -> bool:
        """Whether terms can stand for inputs: all go into a product at once but codes, which an embedding may read.

        Parameters
        ----------
        terms : of coded rows

        Returns
        -------
        bool

        Examples
        --------
        >>> from chainrule import Dense, Dropout, Network
        >>> from chainrule.engine.blocks import Levels
        >>> from chainrule.engine.expansion import Expansion
        >>> terms = Expansion([Levels(0, 9)], fills=[-1.0]).terms
        >>> Network([Dense(2)], 9).takes(terms), Network([Dropout(0.1), Dense(2)], 9).takes(terms)
        (True, False)
        """
        first, *behind = self.layers
        codes = sum(first.counts) if isinstance(first, Embedding) and behind else 0
        return isinstance(behind[0] if codes else first, (Dense, GLU)) and terms.stand_for(codes)

    @property
    def outputs(self) -> int:
        """Units that come out of the last layer."""
        return self.widths[-1]

    @cached_property
    def widest(self) -> int:
        """Units of the widest layer, the inputs among them."""
        return max([self.inputs, *self.widths])

    @cached_property
    def pools(self) -> bool:
        """Whether sequences come in and one row per sequence comes out."""
        return any(isinstance(layer, Pool) for layer in self.layers)

    def largest_product(self, rows: int, terms: Terms | None = None) -> int:
        """Multiplications of the largest matrix product of a forward pass.

        Parameters
        ----------
        rows : of the batch
        terms : of coded rows, where they stand for inputs in the first product

        Returns
        -------
        int

        Examples
        --------
        >>> from chainrule import Dense, Network
        >>> Network([Dense(8), Dense(2)], inputs=4).largest_product(10)
        320
        """
        first, *behind = self._products or [(0, 0)]
        spared = 0 if terms is None else terms.spared
        return rows * max(units * inputs for units, inputs in [(first[0], first[1] - spared), *behind])

    def init(self, seed: int | np.random.SeedSequence, dtype: DTypeLike = np.float32) -> Parameters:
        """Fresh parameters, the same for the same seed.

        Parameters
        ----------
        seed : whole number, or a SeedSequence of NumPy
        dtype : np.float32 or np.float64

        Returns
        -------
        Parameters

        Raises
        ------
        InputError
            For another dtype.

        Examples
        --------
        >>> from chainrule import Dense, Network
        >>> parameters = Network([Dense(8), Dense(2)], inputs=4).init(seed=0)
        >>> parameters.vector.size, parameters["1.W"].shape
        (58, (2, 8))
        """
        if np.dtype(dtype) not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise InputError("init(dtype=)", "float32 or float64", repr(dtype), "float32 is twice as fast.")
        return draw(self.layout, seed, dtype)

    def plan(
        self,
        parameters: Parameters,
        rows: int,
        *,
        mode: Mode = "train",
        loss: str | Loss | None = None,
        sequences: int | None = None,
        gradients: Parameters | None = None,
        n_threads: int = 1,
        temperature: float = 1.0,
        given: Mapping[str, Array] | None = None,
        terms: Terms | None = None,
    ) -> Plan:
        """This network bound to memory for batches of up to `rows` rows; see `Plan.listing()`.

        Parameters
        ----------
        parameters : Parameters of this network
        rows : most rows of a batch
        mode : "train" uses the batch's statistics and drops units; "evaluate" does neither but knows the way back;
            "predict" ends in the loss's link; "loss" goes forward as "predict" does and adds up the loss of rows
        loss : name or Loss; without one, a way back starts from a d_output that the caller fills in
        sequences : most sequences of a batch, where a Pool is among the layers
        gradients : where a way back puts them; made here where none are given
        n_threads : size of the team that its runs take
        temperature : what the last z is divided by before the link, in "predict" and "sample"
        given : `given` of another plan, whose batches this one reads too
        terms : of coded rows, which stand for inputs in the first product: x is then what they do not stand for

        Examples
        --------
        The mean absolute error of two rows, the second of which counts three times:

        >>> from chainrule import Dense, Network
        >>> network = Network([Dense(1)], inputs=2)
        >>> parameters = network.init(seed=0)
        >>> parameters["0.W"][...] = 1
        >>> run = network.plan(parameters, rows=2, mode="loss", loss="absolute_error").run(2)
        >>> run.arrays["x"][...] = [[1, 1], [2, 2]]
        >>> run.arrays["y"][...] = [[0], [3]]
        >>> run.arrays["w"][...] = [1, 3]
        >>> run()
        >>> run.arrays["total"]  # sum of w * loss, sum of w
        array([5., 4.])
        """
        POSITIVE("plan(temperature=)", temperature)
        chosen = None if loss is None else losses.get(loss)
        program = lower(self.layers, self.inputs, mode, chosen, temperature=temperature, terms=terms)
        return Plan(program, parameters, rows, sequences, gradients, n_threads, given)

    def forward(
        self,
        parameters: Parameters,
        X: ArrayLike,
        train: bool = False,
        lengths: ArrayLike | None = None,
        seed: int = 0,
    ) -> Pass:
        """Run X through the network and keep every activation.

        Parameters
        ----------
        parameters : Parameters of this network
        X : array of shape (rows, features), or (batch, time, features)
        train : batch statistics, dropout and noise, as in training; running statistics then move
        lengths : for sequences, the number of steps of each that are real
        seed : of what is drawn
        """
        X = np.ascontiguousarray(X, parameters.vector.dtype)
        packed = self._packing(X, lengths)
        rows = X if packed is None else packed.pack(X)
        mode: Mode = "train" if train else "evaluate"
        program = lower(self.layers, self.inputs, mode, inspect=True)
        sequences = None if packed is None else packed.sequences
        plan = Plan(program, parameters, len(rows), sequences)
        plan.seed_noise(seed, 0)
        run = plan.run(len(rows), sequences)
        run.arrays["x"][...] = rows
        if self.pools and packed is not None:
            run.arrays["boundaries"][...] = packed.boundaries
        run.forward()

        def seen(kind: str) -> list[Array]:
            values = [program.layer_values[f"{i}.{kind}"] for i in range(len(self.layers))]
            return [_unpacked(run.arrays[v.name], v.space, packed) for v in values]

        output = _unpacked(run.arrays[program.output.name], program.output.space, packed)
        return Pass(output, seen("a"), seen("z"), plan, run, packed)

    def backward(self, parameters: Parameters, pass_: Pass, d_output: ArrayLike) -> Backward:
        """Gradients of every parameter and of X, given the loss's derivative by the output.

        Parameters
        ----------
        parameters : those of the forward pass
        pass_ : what `forward` returned
        d_output : array of the output's shape
        """
        d = np.asarray(d_output, parameters.vector.dtype)
        if d.shape != pass_.output.shape:
            raise InputError(
                "backward(d_output=)", f"shape {pass_.output.shape}, that of the output", d.shape,
                "Give dLoss/d(output), one number per output.",
            )  # fmt: skip
        plan, run, packed = pass_._plan, pass_._run, pass_._packing
        program = plan.program
        run.arrays["d_output"][...] = d if packed is None or program.output.space == "sequences" else packed.pack(d)
        run.backward()
        assert plan.gradients is not None
        assert program.d_input is not None
        deltas = [
            _unpacked(run.arrays[value.name], value.space, packed).copy()
            for value in (program.layer_values[f"{i}.dz"] for i in range(len(self.layers)))
        ]
        d_input = _unpacked(run.arrays[program.d_input.name], "rows", packed)
        return Backward(plan.gradients.copy(), deltas, d_input.copy())

    def check_gradients(
        self,
        parameters: Parameters,
        X: ArrayLike,
        y: ArrayLike,
        loss: str | Loss,
        directions: int = 8,
        seed: int = 0,
        lengths: ArrayLike | None = None,
    ) -> float:
        """Largest relative error of backpropagation against finite differences, in random directions.

        The check is made in float64 whatever the dtype of the parameters. Below 1e-6 is right; kinks (ReLU at 0)
        can push a correct gradient above it when a pre-activation falls within 1e-6 of one.

        Parameters
        ----------
        parameters : Parameters
        X : array of shape (rows, inputs), or (batch, time, inputs) of sequences
        y : array in the form of the loss; of sequences one per sequence after a Pool, else one per step
        loss : name or Loss
        directions : how many
        seed : of the directions
        lengths : of sequences, as in `forward`

        Returns
        -------
        float

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import Dense, Network
        >>> network = Network([Dense(4, "tanh"), Dense(3)], inputs=2)
        >>> X, y = np.eye(2), [0, 2]
        >>> network.check_gradients(network.init(0), X, y, "cross_entropy") < 1e-6
        True
        """
        from chainrule.engine.gradient_check import largest_error

        return largest_error(self, parameters, X, y, losses.get(loss), directions, seed, lengths)

    def describe(self) -> str:
        """Layers, shapes, parameter counts and flops per row, as text."""
        from chainrule.engine.describe import describe

        return describe(self.layers, self.inputs)

    def _packing(self, X: Array, lengths: ArrayLike | None) -> Packing | None:
        if X.ndim not in (2, 3) or X.shape[-1] != self.inputs or X.size == 0:
            raise InputError(
                "forward(X)",
                f"shape (rows, {self.inputs}) or (batch, time, {self.inputs}), not empty",
                X.shape,
                f"The network was made with inputs={self.inputs}.",
            )
        if X.ndim == 3:
            return packing(X.shape, lengths)
        if self.pools or lengths is not None:
            raise InputError(
                "forward(X)", "sequences, shape (batch, time, features)", X.shape,
                "A Pool and lengths= need a time axis.",
            )  # fmt: skip
        return None


def _unpacked(array: Array, space: str, packed: Packing | None) -> Array:
    return array if packed is None or space != "rows" else packed.unpack(array)
