"""From what a person gives to fit to a call of it that is ready to run: checked, encoded, split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from chainrule.engine.network import Network
from chainrule.errors import InputError
from chainrule.estimators import room, rules
from chainrule.estimators.fitting import Fitting, batch_rows
from chainrule.estimators.held_out import Parts, split
from chainrule.estimators.inputs import Given
from chainrule.estimators.protocol import Bridge, listens
from chainrule.estimators.session import Session
from chainrule.estimators.target import Target
from chainrule.training import checkpoints
from chainrule.training.batches import Data
from chainrule.training.callbacks.base import Callback, callback
from chainrule.training.checkpoints import State

if TYPE_CHECKING:
    from chainrule.estimators.base import BaseMLP

Array = NDArray[Any]
#: From y and its row weights to the weights that training and validation take.
Weigher = Callable[[Array, Array | None], Array | None]


def fitting(
    estimator: BaseMLP,
    given: Given,
    held_out: Given,
    groups: Any = None,
    resume_from: Any = None,
    incremental: bool = False,
    classes: Array | None = None,
) -> Fitting:
    """A call of fit or partial_fit that is ready to run, in a draft of the estimator that has begun its session.

    `classes` are those that a first partial_fit names. Where something is refused, a fresh fit leaves no model of an
    earlier y behind, and any other the model as it was.
    """
    rules.check_of_fit(type(estimator).__name__, vars(estimator))
    _check_call(estimator, held_out, resume_from, incremental)
    resumed = None if resume_from is None else checkpoints.read(resume_from)
    goes_on = estimator.__sklearn_is_fitted__() and (estimator.warm_start or incremental) and resumed is None
    draft = estimator._draft(goes_on)
    if classes is not None:
        draft.classes_ = classes
    audience = [Bridge(estimator, draft, given)] if listens(estimator) and not incremental else []
    try:
        return _begun(draft, given, held_out, groups, resumed, incremental, goes_on, audience)
    except Exception:
        if not goes_on:
            estimator._forget()
        raise


def _begun(
    estimator: BaseMLP,
    given: Given,
    held_out: Given,
    groups: Any,
    resumed: State | None,
    incremental: bool,
    goes_on: bool,
    audience: Sequence[Callback],
) -> Fitting:
    """The call in a draft."""
    name = type(estimator).__name__
    X, y, weight = given.checked(
        estimator, estimator.parameters_.vector.dtype if goes_on else estimator.dtype, reset=not goes_on
    )
    target = estimator._target(y, goes_on, incremental)
    target.check(f"{name}: y", weight)
    network = Network(estimator._layers(target.outputs), X.shape[1])
    if goes_on:
        session = estimator._session
        _check_same(estimator, network, target)
    else:
        rows = X.shape[0] if estimator.solver == "lbfgs" else batch_rows(estimator.batch_size, X.shape[0])
        room.check(f"{name}.fit", network, rows, X.dtype, int(estimator.n_members))
        session = Session.begin(network, target.loss, X.dtype, estimator.random_state, int(estimator.n_members))
    if resumed is not None:
        session.streams.load(resumed.data["trainer"]["streams"])  # one of which chooses the held-out rows
    weigh = estimator._weigher(y, incremental)
    data = estimator._data(X, target.values_in(X.dtype), _in(X.dtype, weigh(y, weight)))
    if not held_out.nothing:
        parts = Parts(data, unseen(estimator, held_out, session, weigh, "_val", "fit"))
    elif incremental or estimator.solver == "lbfgs":
        parts = Parts(data, None)
    else:
        parts = split(estimator, session, data, groups)
    if estimator.calibration:
        estimator._check_calibration(f"{name}(loss=)", target.loss)
        if parts.validation is None:
            raise InputError(
                f"{name}(calibration=)", "held-out rows to calibrate on", "none",
                "Give X_val and y_val, validation_split= or early_stopping=True, or call calibrate after fit.",
            )  # fmt: skip
    own = [callback(f"{name}(callbacks=)", one) for one in estimator.callbacks or ()]
    made = Fitting(estimator, session, parts, incremental, resumed, [*own, *audience])
    if goes_on:
        made.session = estimator._session = session.going_on()
    else:
        estimator._adopt(session)
    return made


def unseen(estimator: BaseMLP, given: Given, session: Session, weigh: Weigher, suffix: str, method: str) -> Data:
    """Other rows than those to train on, checked, in the form of the session's loss."""
    name, predictor = type(estimator).__name__, session.predictor
    dtype = predictor.parameters.vector.dtype
    X, y, weight = given.checked(estimator, dtype, reset=False, suffix=suffix, where=method)
    found = estimator._target(y, goes_on=True, incremental=True)
    found.check(f"{name}: y{suffix}", weight)
    if (found.loss, found.outputs) != (predictor.loss, predictor.network.outputs):
        raise InputError(
            f"{name}.{method}(y{suffix}=)",
            f"as many columns as y, for {predictor.network.outputs} outputs and {predictor.loss.name}",
            f"{found.outputs} outputs for {found.loss.name}",
            "Give the same targets.",
        )
    return estimator._data(X, found.values_in(dtype), _in(dtype, weigh(y, weight)))


def _in(dtype: Any, weight: Array | None) -> Array | None:
    return None if weight is None else weight.astype(dtype, copy=False)


def _check_call(estimator: BaseMLP, held_out: Given, resume_from: Any, incremental: bool) -> None:
    """Refuse what this call of fit or partial_fit cannot do with the parameters at hand."""
    name = type(estimator).__name__
    if estimator.solver == "lbfgs" and not (held_out.nothing and resume_from is None):
        raise InputError(
            f"{name}.fit(X_val=, resume_from=)", "none of them with solver='lbfgs'", "one",
            "L-BFGS has no epochs to choose from: use solver='adam' or 'sgd'.",
        )  # fmt: skip
    if incremental and held_out.nothing and estimator.early_stopping:
        raise InputError(
            f"{name}(early_stopping=)", "False in partial_fit, or rows to validate on", True,
            "partial_fit does not support early_stopping=True without them: give X_val and y_val.",
        )  # fmt: skip


def _check_same(estimator: BaseMLP, network: Network, target: Target) -> None:
    """warm_start and partial_fit go on with the network at hand, and refuse what would need another."""
    name, before = type(estimator).__name__, estimator._session.predictor
    if (target.loss, target.outputs) != (before.loss, before.network.outputs):
        raise InputError(
            f"{name}: y",
            f"targets as before, {before.network.outputs} outputs for {before.loss.name}",
            f"{target.outputs} outputs for {target.loss.name}",
            "Use fit with warm_start=False, or a new estimator.",
        )
    mend = "warm_start and partial_fit cannot change them: use fit with warm_start=False."
    members = before.members
    if estimator.n_members != members:
        raise InputError(f"{name}(n_members=)", f"as many members as before, {members}", estimator.n_members, mend)
    if network != before.network:
        raise InputError(name, f"layers as before, {before.network.layers}", network.layers, mend)
