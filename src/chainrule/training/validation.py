"""Validation: the loss of held-out rows, and a score of them, after every epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Self

import numpy as np

from chainrule.engine.mixture import AnyPredictor
from chainrule.engine.network import Network
from chainrule.engine.parameters import AnyParameters
from chainrule.engine.plans import Plans, in_turn, plans
from chainrule.engine.predictor import Predictor, chunk
from chainrule.network.losses import Loss
from chainrule.training.batches import Data
from chainrule.training.loading import Loader


class Watched(NamedTuple):
    """What is seen after an epoch; the score decides over stopping, higher is better."""

    score: float
    validation_loss: float | None = None
    training_score: float | None = None


#: What the loop asks after each epoch.
Watch = Callable[[], Watched]


class Evaluator:
    """The loss of data under a network, without dropout and on running statistics; penalties are left out.

    Of several networks, the mean of their losses. Where the loss is convex in the prediction, that of the ensemble's
    prediction is no higher (Jensen).

    Plans are made when first needed, and a pickle leaves them out.

    Parameters
    ----------
    network : Network
    parameters : Parameters of it, or Members; read anew at every call
    loss : Loss

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Dense, Evaluator, Network, Rows, losses
    >>> network = Network([Dense(1, bias=False)], inputs=1)
    >>> parameters = network.init(0)
    >>> parameters.vector[...] = 1.0
    >>> data = Rows(np.array([[1.0], [2.0]], np.float32), np.array([[1.0], [4.0]], np.float32))
    >>> Evaluator(network, parameters, losses.SquaredError())(data)
    1.0
    """

    def __init__(self, network: Network, parameters: AnyParameters, loss: Loss) -> None:
        self.network = network
        self.parameters = parameters
        self.loss = loss
        self._plans: Plans | None = None

    @classmethod
    def of(cls, predictor: Predictor) -> Self:
        """Of what a predictor predicts with; its temperature does not count.

        Parameters
        ----------
        predictor : Predictor

        Returns
        -------
        Evaluator
        """
        return cls(predictor.network, predictor.parameters, predictor.loss)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_plans": None}

    def __call__(self, data: Data, n_threads: int | None = None) -> float:
        """The weighted mean of the loss over the data; NaN where none of it weighs anything."""
        data.check(self.network, self.loss, self.parameters.vector.dtype)
        terms = data.terms(self.network, data.rows)
        size = chunk(self.network, terms)
        capacity, rows = data.chunk_capacity(size), min(data.rows, size)
        shared = in_turn(n_threads, self.network, rows, len(self.parameters.members), terms)
        if self._plans is None or not self._plans.suits(shared, terms, capacity):
            self._plans = plans(self.network, self.parameters, capacity, "loss", self.loss, shared, terms=terms)
        load, run = Loader(data, self._plans), self._plans.run(**capacity)
        data.start(run.arrays)
        totals = run.of_each("total")
        for total in totals:
            total[...] = 0
        with np.errstate(all="ignore"), self._plans.team() as team:
            for group, _ in load.groups(data.chunks(size), lambda place: False):
                run, _ = load(group)
                load.run(run, team, len(group))
            return float(np.mean([total[0] / total[1] for total in totals]))


def loss_of(predictor: AnyPredictor, data: Data, n_threads: int | None = None) -> float:
    """The loss of data under what predicts: of several networks, the mean of their losses by their shares.

    Parameters
    ----------
    predictor : Predictor or Mixture, whose temperature does not count
    data : Rows or Sequences; of a mixture, coded Rows
    n_threads : int, or None for what is available

    Returns
    -------
    float
    """
    if isinstance(predictor, Predictor):
        return Evaluator.of(predictor)(data, n_threads)
    total = 0.0
    for part in predictor.parts:
        network, loss, rows = part.predictor.network, part.predictor.loss, data.read_by(part.expansion)
        for share, one in zip(part.shares, part.predictor.parameters.members, strict=True):
            total += share * Evaluator(network, one, loss)(rows, n_threads)
    return total


class Validation:
    """A `Watch` of held-out rows by their loss: its score is the loss with its sign turned.

    Parameters
    ----------
    evaluator : Evaluator of the model in training
    data : Rows or Sequences that training does not see
    n_threads : int, or None for what is available

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Dense, Evaluator, Network, Rows, Validation, losses
    >>> network = Network([Dense(1, bias=False)], inputs=1)
    >>> parameters = network.init(0)
    >>> parameters.vector[...] = 1.0
    >>> data = Rows(np.array([[1.0], [2.0]], np.float32), np.array([[1.0], [4.0]], np.float32))
    >>> Validation(Evaluator(network, parameters, losses.SquaredError()), data)().score
    -1.0
    """

    def __init__(self, evaluator: Evaluator, data: Data, n_threads: int | None = None) -> None:
        self.evaluator = evaluator
        self.data = data
        self.n_threads = n_threads

    def __call__(self) -> Watched:
        loss = self.evaluator(self.data, self.n_threads)
        return Watched(-loss, loss)
