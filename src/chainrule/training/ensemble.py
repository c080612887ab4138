"""Names of before: a `Trainer` and a `Predictor` are of one network or of several."""

from __future__ import annotations

import warnings
from typing import Any

from chainrule.engine.network import Network
from chainrule.engine.parameters import Members
from chainrule.engine.predictor import Predictor
from chainrule.network.losses import Loss
from chainrule.training.streams import Streams, streams
from chainrule.training.trainer import Trainer


class EnsembleTrainer(Trainer):
    """A `Trainer` with `n_members`, by its name of before; it goes with the next release.

    Parameters
    ----------
    network, loss, settings : as in `Trainer`
    n_members : int

    Examples
    --------
    >>> from chainrule import Dense, Network, Trainer
    >>> trainer = Trainer(Network([Dense(1)], inputs=2), "squared_error", n_members=5, seed=0)  # instead
    >>> len(trainer.parameters)
    5
    """

    def __init__(
        self,
        network: Network,
        loss: str | Loss,
        *settings: Any,
        seed: Any = None,
        n_members: int = 5,
        **named: Any,
    ) -> None:
        _warn("EnsembleTrainer(...)", "Trainer(..., n_members=5)")
        drawn = seed if isinstance(seed, Streams) else streams(seed)
        if n_members == 1 and len(settings) < 2 and named.get("parameters") is None:
            named["parameters"] = Members.of([network.init(drawn.init)])
        given: dict[str, Any] = {**named, "seed": drawn, "n_members": n_members}
        super().__init__(network, loss, *settings, **given)


class EnsemblePredictor(Predictor):
    """A `Predictor` of Members, by its name of before; it goes with the next release.

    Parameters
    ----------
    network, parameters, loss, temperature : as in `Predictor`

    Examples
    --------
    >>> from chainrule import Dense, Members, Network, Predictor, losses
    >>> network = Network([Dense(1)], inputs=2)
    >>> members = Members.of([network.init(seed) for seed in range(3)])
    >>> Predictor(network, members, losses.SquaredError()).members  # instead
    3
    """

    def __init__(self, network: Network, parameters: Members, loss: Loss, temperature: float = 1.0) -> None:
        _warn("EnsemblePredictor(...)", "Predictor(...) of the same arguments")
        super().__init__(network, parameters, loss, temperature)


def _warn(before: str, now: str) -> None:
    warnings.warn(f"{before} goes with the next release: write {now}.", DeprecationWarning, stacklevel=3)
