"""Faults that show while the network trains: gradients, units, and the learning rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.faults.before import far_target, init, times
from benchmarks.faults.planting import Fault, Parameters, Setting, sound
from benchmarks.faults.proofs import DEAD, DIVERGES, FLAT, GROWN, RISES, SHRUNK, STANDS, both, harm
from chainrule.network.initialisers import Constant, VarianceScaling
from chainrule.training.schedules import Exponential, OfStep


@dataclass(frozen=True)
class Below:
    """He's weights, moved down by `shift` of their deviations."""

    shift: float

    def draw(self, generator: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
        deviation = np.sqrt(2 / shape[1])
        return generator.normal(-self.shift * deviation, deviation, shape)


def shock(factor: float, steps: int) -> OfStep:
    """A rate that is too large in the first steps only."""
    return OfStep(lambda step: factor if step < steps else 1.0)


def like(**parameters: Any) -> Callable[[Setting], dict[str, Any]]:
    """The same parameters in every setting."""
    return lambda setting: parameters


def sgd(rate: float, momentum: float = 0.9, **parameters: Any) -> Callable[[Setting], dict[str, Any]]:
    """Plain SGD with momentum."""
    return like(solver="sgd", learning_rate_init=rate, momentum=momentum, nesterovs_momentum=False, **parameters)


def scaled(scale: float, activation: str, **parameters: Any) -> Callable[[Setting], dict[str, Any]]:
    """Normal weights of variance scale / inputs."""
    return like(activation=activation, init=VarianceScaling(scale, "in", "normal"), **parameters)


HARM = harm(0.05)
VANISHES, EXPLODES = both(HARM, SHRUNK), both(HARM, GROWN)
DIES, SATURATES = both(HARM, DEAD), both(HARM, FLAT)
SWINGS, LEVEL = both(harm(0.02), RISES), both(HARM, STANDS)

DEEP, NARROW = (6, 10, 20, 30), (16, 32, 64)
SHALLOW = (1, 2, 3)
STEADY = sgd(0.01, clip_norm=1.0)


def steady(setting: Setting) -> dict[str, Any]:
    """A healthy network that learns by clipped SGD."""
    return {**STEADY(setting), **sound(setting)}


def by_steady(parameters: Parameters) -> Parameters:
    """These parameters, and clipped SGD."""
    return lambda setting: {**STEADY(setting), **parameters(setting)}


TANH, SIGMOID = like(activation="tanh"), like(activation="logistic")
NORMED = like(norm="layer")

VANISHING = (
    Fault("vanishing-gradients", "sigmoid, Xavier, Adam", VANISHES, SIGMOID, depths=DEEP, widths=NARROW),
    Fault("vanishing-gradients", "sigmoid, Xavier, SGD", VANISHES, by_steady(SIGMOID), twin=steady, depths=DEEP,
          widths=NARROW),
    Fault("vanishing-gradients", "sigmoid, 256 wide, SGD", VANISHES, by_steady(SIGMOID), twin=steady, depths=(6, 8),
          widths=(256,)),
    Fault("vanishing-gradients", "sigmoid, N(0, 0.1)", VANISHES, init(0.1, "logistic"), depths=DEEP, widths=NARROW),
    Fault("vanishing-gradients", "tanh, N(0, 0.01)", VANISHES, init(0.01, "tanh"), depths=DEEP, widths=NARROW),
    Fault("vanishing-gradients", "tanh, N(0, 0.05), SGD", VANISHES, by_steady(init(0.05, "tanh")), twin=steady,
          depths=DEEP, widths=NARROW),
    Fault("vanishing-gradients", "ReLU, N(0, 0.01)", VANISHES, init(0.01), depths=DEEP, widths=(*NARROW, 128)),
    Fault("vanishing-gradients", "ReLU, Xavier, SGD", VANISHES, by_steady(like(init="xavier")), twin=steady,
          depths=(20, 30), widths=NARROW),
)  # fmt: skip

EXPLODING = (
    Fault("exploding-gradients", "tanh, N(0, 1)", EXPLODES, init(1.0, "tanh"), depths=(10, 20, 30), widths=(64, 128)),
    Fault("exploding-gradients", "tanh, variance 16 / inputs, SGD", EXPLODES, by_steady(scaled(16, "tanh")),
          twin=steady, depths=(15, 20, 30), widths=NARROW),
    Fault("exploding-gradients", "ReLU, variance 8 / inputs", EXPLODES, scaled(8, "relu"), depths=(10, 15, 20),
          widths=NARROW),
    Fault("exploding-gradients", "ReLU, variance 6 / inputs, SGD", EXPLODES, by_steady(scaled(6, "relu")), twin=steady,
          depths=(15, 20, 30), widths=NARROW),
    Fault("exploding-gradients", "ReLU, N(0, 1)", EXPLODES, init(1.0), depths=(6, 10, 15), widths=NARROW),
    Fault("exploding-gradients", "GELU, variance 10 / inputs", EXPLODES, scaled(10, "gelu"), depths=(10, 15, 20),
          widths=NARROW),
)  # fmt: skip

DEAD_RELU = (
    Fault("dead-relu", "weights around a mean below zero", DIES, like(init=Below(2.5)), depths=(2, 3, 4)),
    Fault("dead-relu", "weights around a mean far below zero", DIES, like(init=Below(5.0)), depths=(2, 3, 4)),
    Fault("dead-relu", "Adam at 0.3", DIES, like(learning_rate_init=0.3), depths=(2, 3, 4)),
    Fault("dead-relu", "SGD at 0.5", DIES, sgd(0.5), twin=STEADY, depths=(2, 3), tasks=("classes",)),
    Fault("dead-relu", "the first five steps 1,000 times too large", DIES, like(learning_rate=shock(1000, 5)),
          depths=(2, 3, 4)),
)  # fmt: skip

SATURATION = (
    Fault("saturation", "tanh, N(0, 2)", SATURATES, init(2.0, "tanh"), twin=TANH, depths=SHALLOW),
    Fault("saturation", "tanh, N(0, 5)", SATURATES, init(5.0, "tanh"), twin=TANH, depths=SHALLOW),
    Fault("saturation", "sigmoid, N(0, 10)", SATURATES, init(10.0, "logistic"), depths=SHALLOW),
    Fault("saturation", "sigmoid, N(0, 3)", SATURATES, init(3.0, "logistic"), depths=SHALLOW),
    Fault("saturation", "tanh, inputs times 100", SATURATES, TANH, times(1, 100), twin=TANH, depths=SHALLOW),
    Fault("saturation", "sigmoid, inputs times 300", SATURATES, SIGMOID, times(1, 300), depths=SHALLOW),
)  # fmt: skip

RATE = (
    Fault("rate-too-high", "Adam at 0.2", HARM, like(learning_rate_init=0.2)),
    Fault("rate-too-high", "Adam at 0.5", HARM, like(learning_rate_init=0.5)),
    Fault("rate-too-high", "tanh, Adam at 0.3", HARM, like(activation="tanh", learning_rate_init=0.3), twin=TANH),
    Fault("rate-too-high", "SGD at 0.3", HARM, sgd(0.3), twin=STEADY, tasks=("classes",)),
    Fault("rate-too-high", "tanh, SGD at 3", HARM, sgd(3.0, activation="tanh"), twin=by_steady(TANH)),
    Fault("rate-too-high", "layer norm, Adam at 3", HARM, like(norm="layer", learning_rate_init=3.0), twin=NORMED),
    Fault("rate-too-low", "Adam at 1e-6", HARM, like(learning_rate_init=1e-6)),
    Fault("rate-too-low", "Adam at 1e-5", HARM, like(learning_rate_init=1e-5)),
    Fault("rate-too-low", "SGD at 1e-5", HARM, sgd(1e-5), twin=STEADY),
    Fault("rate-too-low", "SGD at 1e-4, no momentum", HARM, sgd(1e-4, momentum=0.0), twin=sgd(0.05, momentum=0.0)),
    Fault("rate-too-low", "tanh, batch norm, Adam at 3e-6", HARM,
          like(activation="tanh", norm="batch", learning_rate_init=3e-6), twin=like(activation="tanh", norm="batch")),
    Fault("oscillation", "tanh, Adam at 0.1", SWINGS, like(activation="tanh", learning_rate_init=0.1), twin=TANH),
    Fault("oscillation", "tanh, Adam at 0.05, batches of 8", SWINGS,
          like(activation="tanh", learning_rate_init=0.05, batch_size=8, max_iter=20), twin=TANH),
    Fault("oscillation", "tanh, SGD at 0.5", SWINGS, sgd(0.5, activation="tanh"), twin=by_steady(TANH)),
    Fault("oscillation", "batch norm, Adam at 0.3, batches of 8", SWINGS,
          like(norm="batch", learning_rate_init=0.3, batch_size=8, max_iter=20), twin=like(norm="batch")),
    Fault("plateau", "all weights zero", LEVEL, init(None)),
    Fault("plateau", "all weights the same", LEVEL, like(init=Constant(0.01)), depths=(3, 4)),
    Fault("plateau", "a rate that is gone after a tenth of the steps", LEVEL, like(learning_rate=Exponential(30)),
          depths=SHALLOW),
    Fault("plateau", "eight sigmoid layers and more", LEVEL, SIGMOID, depths=(8, 12), widths=(32, 64)),
    Fault("not-finite", "SGD at 1,000", DIVERGES, sgd(1000.0), depths=SHALLOW),
    Fault("not-finite", "SGD at 0.1, a target in thousands", DIVERGES, sgd(0.1), far_target(1000, 3),
          tasks=("numbers",), depths=SHALLOW),
    Fault("not-finite", "SGD at 0.1, inputs times 10,000", DIVERGES, sgd(0.1), times(1, 1e4), depths=SHALLOW),
    Fault("not-finite", "ReLU, N(0, 100), SGD at 0.1", DIVERGES, lambda s: {**sgd(0.1)(s), **init(100.0)(s)},
          depths=(10, 20)),
)  # fmt: skip

DURING: tuple[Fault, ...] = (*VANISHING, *EXPLODING, *DEAD_RELU, *SATURATION, *RATE)
