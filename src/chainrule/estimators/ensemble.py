"""One network or an ensemble of them: their parameters say which, and everything else follows from that."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from chainrule.engine.ensemble import EnsemblePredictor
from chainrule.engine.members import Members
from chainrule.engine.network import Network
from chainrule.engine.parameters import Parameters
from chainrule.engine.predictor import Predictor
from chainrule.network import losses
from chainrule.network.losses import Loss
from chainrule.training import ensemble
from chainrule.training.ensemble import EnsembleEvaluator, EnsembleTrainer
from chainrule.training.loop import AnyTrainer
from chainrule.training.streams import Streams
from chainrule.training.trainer import Trainer
from chainrule.training.validation import Evaluator

Array = NDArray[Any]
Model = Parameters | Members
AnyPredictor = Predictor | EnsemblePredictor


def initial(network: Network, drawn: Streams, dtype: Any, n_members: int) -> Model:
    """Fresh parameters."""
    if n_members == 1:
        return network.init(drawn.init, dtype)
    return ensemble.initial(network, drawn, n_members, dtype)


def count(parameters: Model) -> int:
    """How many networks these are the parameters of."""
    return len(parameters) if isinstance(parameters, Members) else 1


def predictor(network: Network, parameters: Model, loss: Loss) -> AnyPredictor:
    """What predicts with these parameters."""
    if isinstance(parameters, Members):
        return EnsemblePredictor(network, parameters, loss)
    return Predictor(network, parameters, loss)


def spread(predicts: AnyPredictor, X: Any, n_threads: int | None) -> tuple[Array, Array | None]:
    """A prediction, and how far the members are apart where there are several."""
    if isinstance(predicts, EnsemblePredictor):
        return predicts.spread(X, n_threads)
    return predicts(X, n_threads), None


def decisions(predicts: AnyPredictor, X: Any, n_threads: int | None, chosen: Any = None) -> Array:
    """z of the last layer of every member, before the link, (members, rows, outputs)."""
    bare = losses.get("squared_error")  # whose link changes nothing
    if isinstance(predicts, EnsemblePredictor):
        return EnsemblePredictor(predicts.network, predicts.parameters, bare).each(X, n_threads, chosen)
    return Predictor(predicts.network, predicts.parameters, bare)(X, n_threads, chosen)[None]


def trainer(network: Network, loss: Loss, parameters: Model, **settings: Any) -> AnyTrainer:
    """What trains these parameters."""
    if isinstance(parameters, Members):
        return EnsembleTrainer(network, loss, parameters=parameters, **settings)
    return Trainer(network, loss, parameters=parameters, **settings)


def evaluator(predicts: AnyPredictor) -> Evaluator | EnsembleEvaluator:
    """What takes the loss of rows under the parameters that this predicts with."""
    if isinstance(predicts, EnsemblePredictor):
        return EnsembleEvaluator(predicts.network, predicts.parameters, predicts.loss)
    return Evaluator(predicts.network, predicts.parameters, predicts.loss)
