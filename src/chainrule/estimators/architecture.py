"""From an estimator's parameters to layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.errors import InputError
from chainrule.network.layers import (
    NORMS,
    Activation,
    Dense,
    Dropout,
    GaussianNoise,
    Layer,
    Pool,
    Residual,
)


def build(estimator: Any, outputs: int) -> tuple[Layer, ...]:
    """The layers of an estimator with this many outputs; the last is a linear `Dense`.

    Each hidden layer is Dense, norm, activation, dropout; with `residual`, a skip goes around each.
    `layers` takes the place of all that and gets only the output layer added. Noise on the inputs stands before all.
    """
    noise = [GaussianNoise(estimator.input_noise)] if estimator.input_noise else []
    return (*noise, *_hidden(estimator), Dense(outputs, init=estimator.init))


def build_pooled(estimator: Any, outputs: int) -> tuple[Layer, ...]:
    """The layers of an estimator of sequences: for each step, the pool, those behind it, the output layer."""
    noise = [GaussianNoise(estimator.input_noise)] if estimator.input_noise else []
    before: Sequence[Layer]
    head = hidden_sizes(estimator.head_layer_sizes)
    if estimator.layers is not None:
        before, behind = estimator.layers, _blocks(estimator, head)
    else:
        steps = hidden_sizes(estimator.hidden_layer_sizes)
        blocks = _blocks(estimator, [*steps, *head])
        before, behind = _flat(blocks[: len(steps)]), blocks[len(steps) :]
    return (*noise, *before, Pool(estimator.pool), *_flat(behind), Dense(outputs, init=estimator.init))


def _hidden(estimator: Any) -> Sequence[Layer]:
    if estimator.layers is not None:
        return tuple(estimator.layers)
    return _flat(_blocks(estimator, hidden_sizes(estimator.hidden_layer_sizes)))


def _blocks(estimator: Any, widths: Sequence[Any]) -> Sequence[Sequence[Layer]]:
    """The layers of each hidden layer; with `residual`, a single one."""
    given = estimator.activation
    functions = list(given) if isinstance(given, (list, tuple)) else [given] * len(widths)
    if len(functions) != len(widths):
        raise InputError(
            f"{type(estimator).__name__}(activation=)",
            f"one name, or {len(widths)}, one per hidden layer",
            f"{len(functions)} names",
            "Match hidden_layer_sizes.",
        )
    blocks = [_block(estimator, int(width), f) for width, f in zip(widths, functions, strict=True)]
    return [[Residual(block)] for block in blocks] if estimator.residual else blocks


def _flat(blocks: Sequence[Sequence[Layer]]) -> list[Layer]:
    return [layer for block in blocks for layer in block]


def hidden_sizes(value: Any) -> list[Any]:
    """`hidden_layer_sizes` as a list; a single number is one layer."""
    return list(value) if hasattr(value, "__iter__") else [value]


def draws(layers: Sequence[Layer]) -> bool:
    """Whether training draws anything anywhere in these layers."""
    return any(layer.draws for layer in layers)


def _block(estimator: Any, width: int, f: Any) -> list[Layer]:
    block: list[Layer] = [Dense(width, f, init=estimator.init)]
    if estimator.norm is not None:
        norm = NORMS[estimator.norm]()
        block = [Dense(width, init=estimator.init), norm, Activation(f)]
    return [*block, Dropout(estimator.dropout)] if estimator.dropout else block
