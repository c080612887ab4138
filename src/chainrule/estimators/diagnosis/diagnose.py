"""`diagnose`: what keeps an estimator from learning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from chainrule.diagnosis.findings import Findings
from chainrule.diagnosis.judge import judge
from chainrule.diagnosis.observed import Observed, Scores
from chainrule.engine.expansion import Coded
from chainrule.engine.feeds import is_sparse
from chainrule.errors import InputError, InputTypeError
from chainrule.estimators.base import BaseMLP
from chainrule.estimators.diagnosis import columns, experiments, scores
from chainrule.estimators.estimator import Estimator
from chainrule.estimators.fitted import at_rest
from chainrule.estimators.recipes import optimiser_of
from chainrule.estimators.sequences import OverSequences
from chainrule.estimators.table import fitting
from chainrule.estimators.table.base import BaseTable
from chainrule.models.answers import Classes
from chainrule.models.inputs import ColumnInput
from chainrule.models.model import Model
from chainrule.training.batches import Data

Array = NDArray[Any]

#: Rows that are scored.
SCORED = 5_000

#: Training loss, over that of a constant, above which the one-batch experiment is made; score below which the plain
#: network is trained.
DOUBTFUL_LOSS, DOUBTFUL_SCORE = 0.7, 0.98


def diagnose(estimator: Any, X: Any = None, y: Any = None, X_val: Any = None, y_val: Any = None) -> Findings:
    """Why an estimator learns, or does not: findings with evidence, reasons and remedies.

    A fitted estimator is judged by what was measured while it trained. Rows tell more: how well those that it was
    trained on are predicted, and others. Of an unfitted estimator, the rows, the network and its first step are looked
    at, and, of tables of numbers, whether a small batch can be learned by heart. The estimator is not changed.

    Parameters
    ----------
    estimator : MLPClassifier, TableRegressor, or another of chainrule's; or a fitted pipeline that ends in one
    X, y : rows to train on, as `fit` takes them; needed where the estimator is not fitted
    X_val, y_val : rows that it was not trained on, or None

    Returns
    -------
    Findings : the worst first; none where nothing was found

    Raises
    ------
    InputError, InputTypeError
        A `ValueError`, a `TypeError`: rows that `fit` would refuse, or too few arguments.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from chainrule import MLPClassifier, diagnose
    >>> X, y = load_digits(return_X_y=True)
    >>> deep = MLPClassifier((32,) * 12, activation="logistic", tol=0.01, n_iter_no_change=3, random_state=0)
    >>> findings = diagnose(deep.fit((X - 8) / 8, y))
    >>> findings.rules
    ('vanishing-gradients', 'constant-columns', 'plateau', 'like-a-constant')
    >>> print(findings.remedies()[0].text)
    Use GELU with He initialisation and layer normalisation, with a skip connection around every layer: the gradient \
then has a way back on which nothing shrinks it. Clip its norm at 1, as more of it arrives.
    """
    where = "diagnose(estimator)"
    estimator, X, X_val = unwrapped(estimator, X, X_val)
    if not isinstance(estimator, Estimator):
        raise InputTypeError(
            where, "an estimator of chainrule", type(estimator).__name__, "For example MLPClassifier()."
        )
    for name, first, second in (("X, y", X, y), ("X_val, y_val", X_val, y_val)):
        if (first is None) != (second is None) and not isinstance(estimator, BaseTable):
            raise InputError(f"diagnose({name})", "both, or none", "one of them", "Give the rows and their targets.")
    with np.errstate(all="ignore"):  # a network that has diverged predicts what overflows
        if not estimator.__sklearn_is_fitted__():
            return judge(_unfitted(estimator, X, y))
        return judge(_fitted(estimator, X, y, X_val, y_val))


def unwrapped(estimator: Any, *rows: Any) -> tuple[Any, ...]:
    """The last step of a fitted pipeline, at rest, and the rows as it gets them; others and their rows as they are."""
    if not isinstance(estimator, Pipeline):
        return at_rest(estimator), *rows
    front = estimator[:-1]
    return at_rest(estimator[-1]), *(None if X is None else front.transform(X) for X in rows)


def _unfitted(estimator: Any, X: Any, y: Any) -> Observed:
    if X is None:
        raise InputError(
            "diagnose(X, y)",
            "rows to train on, of an estimator that is not fitted",
            "none",
            "diagnose(estimator, X, y).",
        )
    made = experiments.fitted(experiments.few(estimator, max_iter=1), X, y)
    model, data, table = made.model_, _rows(made, X, y), _table(estimator, X)
    seen = columns.seen(made, X, y, data)
    return Observed(
        **_known(made, model),
        fitted=False,
        table=seen,
        others=seen,
        initial_loss=scores.initial_loss(model.network, model.loss, data),
        one_batch=None if table is None else experiments.one_batch(estimator, table, y),
    )


def _fitted(estimator: Any, X: Any, y: Any, X_val: Any, y_val: Any) -> Observed:
    model, threads = estimator.model_, estimator.n_threads
    known = _known(estimator, model)
    found: dict[str, Any] = {}
    tables: list[Any] = []
    if X is not None:
        data = _rows(estimator, X, y)
        tables.append(columns.seen(estimator, X, y, data))
        found["training"] = scores.scores(model, data, threads)
        found["initial_loss"] = scores.initial_loss(model.network, model.loss, data)
        found["batch_losses"] = scores.batch_loss(model, data)
    if X_val is not None:
        others = _rows(estimator, X_val, y_val)
        tables.append(columns.seen(estimator, X_val, y_val, others))
        found["held_out"] = scores.scores(model, others, threads)
    if X is not None:
        found |= _tried(estimator, X, y, data, known["constant_loss"], **found)
    tables = tables or [columns.known(model)]
    return Observed(**known, fitted=True, table=tables[0], others=tables[-1], **found)


def _tried(
    estimator: Any, X: Any, y: Any, data: Data, constant: float | None, training: Scores,
    held_out: Scores | None = None, **others: Any,
) -> dict[str, Any]:  # fmt: skip
    """Experiments, where the scores give reason to make them."""
    found: dict[str, Any] = {}
    table = _table(estimator, X)
    doubtful = training.score < DOUBTFUL_SCORE or (held_out is not None and not held_out.related)
    if doubtful and (table is not None or isinstance(data.X, Coded)):
        found["plain"] = experiments.plain(estimator, *((table, y) if table is not None else _inputs(estimator, data)))
    if table is not None and constant and training.loss > DOUBTFUL_LOSS * constant and estimator.solver != "lbfgs":
        found["one_batch"] = experiments.one_batch(estimator, table, y)
    return found


def _inputs(estimator: Any, data: Data) -> tuple[Array, Array]:
    """Some rows of a table as the network reads them, and their targets in units of the network."""
    places = np.arange(len(data.X.values)) if data.subset is None else data.subset
    some = places[:: -(-len(places) // experiments.PLAIN_ROWS)]
    answer, y = estimator.model_.answer, data.y[some]
    y = answer.codes(y) if isinstance(answer, Classes) else y
    return data.X[some].toarray(), y.ravel() if y.size == len(y) else y


def _known(estimator: Any, model: Model) -> dict[str, Any]:
    """What is known of an estimator without rows."""
    probes = model.probes
    survey = None if probes is None else probes.survey
    parameters = estimator.get_params(deep=False)
    if isinstance(estimator, BaseTable):  # with what the preset has chosen in place of None
        chosen = fitting.preset_of(estimator, 1000 if survey is None else survey.rows)
        parameters |= {name: getattr(chosen, name) for name in fitting.FROM_PRESET}
    outlook = model.progress.outlook
    stochastic = parameters.get("solver", "adam") not in ("adam", "lbfgs")
    rate = optimiser_of(estimator).learning_rate if stochastic else parameters["learning_rate_init"]
    return {
        "network": model.network,
        "loss": model.loss,
        "parameters": parameters,
        "columns": _columns(model),
        "rate": float(rate),
        "restores": model.progress.scores is not None,
        "history": model.history,
        "probes": probes,
        "constant_loss": None if survey is None else survey.constant_loss,
        "rows": 0 if outlook is None else outlook.rows + outlook.held_out,
    }


def _columns(model: Model) -> Sequence[str]:
    """The column that each input of the network is, or was made of."""
    if not isinstance(model.input, ColumnInput):
        return model.input.feature_names()
    encoder = model.input.encoder
    names = [one.name for one in encoder.encodings for _ in range(one.compact)]
    return [names[block.source] for block in encoder.expansion.blocks for _ in range(block.width)]


def _table(estimator: Any, X: Any) -> Array | None:
    """Rows of numbers as an array, for experiments; None of raw tables, of sequences, and of sparse rows."""
    if not isinstance(estimator, BaseMLP) or isinstance(estimator, OverSequences) or is_sparse(X):
        return None
    return np.asarray(X, np.float32)


def _rows(estimator: Any, X: Any, y: Any) -> Data:
    """At most `SCORED` rows, in the form of the loss."""
    data = experiments.rows_of(estimator, X, y)
    if len(data) <= SCORED:
        return data
    return data.part(np.unique(np.linspace(0, len(data) - 1, SCORED).astype(np.intp)))
