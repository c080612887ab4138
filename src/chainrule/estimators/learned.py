"""What an estimator has learned: the attributes that scikit-learn's MLP has, and the network behind them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from chainrule.diagnosis.probes import Probes
from chainrule.engine.network import Network
from chainrule.engine.parameters import AnyParameters
from chainrule.estimators.one_value import Learner, learned
from chainrule.estimators.session import Session
from chainrule.network.losses import Loss
from chainrule.training.callbacks.base import Outlook
from chainrule.training.records import Record

Array = NDArray[Any]

#: scikit-learn's names of the links.
OUT_ACTIVATIONS = {"sigmoid": "logistic", "identity": "identity", "softmax": "softmax", "exp": "exp"}


class Learned(Learner):
    """Learned attributes of the last fit, and those that are read off its session."""

    _session: Session = learned()
    n_features_in_: int = learned()
    feature_names_in_: NDArray[np.object_] = learned()
    n_outputs_: int = learned()
    out_activation_: str = learned()
    n_layers_: int = learned()
    n_iter_: int = learned()
    t_: int = learned()
    loss_: float = learned()
    best_loss_: Any = learned()
    loss_curve_: list[float] = learned()
    validation_scores_: Any = learned()
    best_validation_score_: Any = learned()
    history_: list[Record] = learned()
    outlook_: Outlook | None = learned()
    stopped_: bool = learned()

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_session")

    def _adopt(self, session: Session) -> None:
        """Begin the learned attributes with a fresh session."""
        network, loss = session.predictor.network, session.predictor.loss
        self._session = session
        self.n_outputs_ = network.outputs
        self.out_activation_ = OUT_ACTIVATIONS[loss.link]
        self.n_layers_ = 1 + sum(p.name.endswith(".W") for p in network.layout.parameters)
        self.t_ = 0
        self.loss_ = math.nan
        self.loss_curve_ = []
        self.history_ = []
        self.outlook_ = None
        self.best_loss_ = math.inf
        self.validation_scores_ = None
        self.best_validation_score_ = None

    @property
    def coefs_(self) -> list[Array]:
        """Weights per layer, each of shape (inputs, units): views, so a change is a change of the model.

        With `n_members` above 1, arrays have a leading axis of members.
        """
        return [np.swapaxes(W, -1, -2) for W in self._of_kind("weight")]

    @property
    def intercepts_(self) -> list[Array]:
        """Biases per layer, each of shape (units,), or (members, units): views."""
        return self._of_kind("bias")

    @property
    def network_(self) -> Network:
        """The network as a value: layers and sizes; `network_.describe()` prints it."""
        return self._fitted.predictor.network

    @property
    def parameters_(self) -> AnyParameters:
        """All parameters by name, running statistics included; `parameters_[k]` are those of member k of several."""
        return self._fitted.predictor.parameters

    @property
    def probes_(self) -> Probes | None:
        """What was measured of every layer while it trained; None with `probes=False` and with solver="lbfgs"."""
        return self._fitted.probes

    @property
    def _fitted(self) -> Session:
        """The session, which an unfitted estimator has not; scikit-learn's check takes longer than to predict a row."""
        try:
            return self._session
        except AttributeError:
            check_is_fitted(self)
            raise

    @property
    def _loss(self) -> Loss:
        return self._session.predictor.loss

    def _of_kind(self, kind: str) -> list[Array]:
        predictor = self._fitted.predictor
        return [predictor.parameters[p.name] for p in predictor.network.layout.parameters if p.kind == kind]
