"""What each column adds to a prediction of a table's model: gradient times input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.blocks import Code
from chainrule.engine.expansion import Coded, Expansion
from chainrule.engine.mixture import AnyPredictor
from chainrule.engine.network import Network
from chainrule.engine.parameters import AnyParameters
from chainrule.models.answers import Answer, Classes, Numbers
from chainrule.models.inputs import ColumnInput, Input
from chainrule.network.layers import Embedding
from chainrule.tables.encoder import Encoder

Array = NDArray[Any]


class Explained(Protocol):
    """What of a model is looked at."""

    @property
    def input(self) -> Input: ...
    @property
    def network(self) -> Network: ...
    @property
    def predictor(self) -> AnyPredictor: ...
    @property
    def parameters(self) -> AnyParameters: ...
    @property
    def answer(self) -> Answer: ...
    def raw(self, rows: Any, n_threads: int | None = None) -> Array: ...
    def apart(self) -> Sequence[tuple[Explained, Expansion]]: ...


def by_gradient(coded: Coded, model: Explained) -> Array:
    """Gradient times input of each row, summed over the inputs of each column: (rows, columns), or (rows, columns,
    targets) where there are several targets or labels."""
    directions, totals = list(_explained(model, coded)), []
    shares = iter(model.predictor.shares)
    for one, expansion in model.apart():
        assert isinstance(one.input, ColumnInput)
        x, owners = coded.read_by(expansion).toarray(), _owners(one.input.encoder, one)
        mine = [next(shares) for _ in one.parameters.members]
        found = []
        for products in _products(one, x, directions, mine):
            of_columns = np.zeros((len(x), len(one.input.encoder.encodings)), np.float32)
            for place, owner in enumerate(owners):
                of_columns[:, owner] += products[:, place]
            found.append(of_columns)
        totals.append(found[0] if len(found) == 1 else np.stack(found, axis=2))
    return totals[0] if len(totals) == 1 else np.sum(totals, axis=0)


def _explained(model: Explained, coded: Coded) -> Iterator[Array]:
    """What is explained, as a direction of z of each row: its class; or, one after the other, its targets or labels."""
    answer, outputs = model.answer, model.network.outputs
    if isinstance(answer, Classes):
        chosen = answer.decide(model.raw(coded))
        yield np.eye(outputs)[chosen] if outputs > 1 else np.where(chosen > 0, 1.0, -1.0)[:, None]
        return
    targets = model.answer.loss.targets(outputs)
    first = targets * answer.middle if isinstance(answer, Numbers) else 0
    for target in range(first, first + targets):
        yield np.tile(np.eye(outputs)[target], (coded.shape[0], 1))


def _owners(encoder: Encoder, model: Explained) -> list[int]:
    """Of each input, and of each unit of an embedding in its place, the number of the column that it belongs to."""
    columns = [number for number, one in enumerate(encoder.encodings) for _ in range(one.compact)]
    owners = []
    embedded = model.network.layers[0]
    units = iter(embedded.units if isinstance(embedded, Embedding) else ())
    for block in encoder.expansion.blocks:
        owners += [columns[block.source]] * (next(units) if isinstance(block, Code) else block.width)
    return owners


def _products(model: Explained, x: Array, directions: list[Array], shares: Sequence[float]) -> list[Array]:
    """Each input times the slope in it of z in each of these directions; members by their shares.

    Of an embedding, it is its units that count as inputs.
    """
    network, parameters = model.network, model.parameters
    embeds = isinstance(network.layers[0], Embedding)
    totals: list[Any] = [0.0] * len(directions)
    for share, one in zip(shares, parameters.members, strict=True):
        look = network.forward(one, x)
        for place, d_output in enumerate(directions):
            back = network.backward(one, look, d_output.astype(x.dtype))
            product = look.activations[0] * back.deltas[0] if embeds else x * back.d_input
            totals[place] = totals[place] + np.float32(share) * product
    return [np.asarray(total) for total in totals]
