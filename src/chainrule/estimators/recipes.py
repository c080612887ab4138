"""From the parameters of an estimator to a recipe."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sklearn.metrics import check_scoring

from chainrule.estimators.inputs import one_form
from chainrule.estimators.rules import STEP_OPTIONS
from chainrule.models.model import Model
from chainrule.models.recipe import Recipe, Scorer
from chainrule.training import optimisers, schedules
from chainrule.training.optimisers import SGD, Adam, Optimiser
from chainrule.training.penalty import Penalty
from chainrule.training.schedules import Schedule
from chainrule.training.step_options import StepOptions


def recipe_of(estimator: Any) -> Recipe:
    """How an `MLPClassifier` or an `MLPRegressor` learns."""
    rate: Any = estimator.learning_rate if estimator.solver == "sgd" else "constant"
    return Recipe(
        name=type(estimator).__name__,
        optimiser=None if estimator.solver == "lbfgs" else optimiser_of(estimator),
        penalty=Penalty(estimator.l1, estimator.l2, estimator.alpha),
        options=StepOptions(**{name: getattr(estimator, name) for name in STEP_OPTIONS}),
        schedule=schedule_of(estimator),
        rate_rule=rate if rate in ("invscaling", "adaptive") else "constant",
        power=estimator.power_t,
        mixup=estimator.mixup,
        shuffle=estimator.shuffle,
        batch_size=estimator.batch_size,
        epochs=estimator.max_iter,
        evaluations=estimator.max_fun,
        tol=estimator.tol,
        patience=estimator.n_iter_no_change,
        n_members=int(estimator.n_members),
        n_threads=estimator.n_threads,
        scoring=scoring_of(estimator),
        score_training=estimator.score_training,
        probes=estimator.probes,
    )


def optimiser_of(estimator: Any) -> Optimiser:
    """What its solver stands for: 'adam' and 'sgd' for one by its parameters, another name for one by its defaults."""
    rate, decay = estimator.learning_rate_init, estimator.weight_decay
    if estimator.solver == "sgd":
        return SGD(rate, decay, momentum=estimator.momentum, nesterov=estimator.nesterovs_momentum)
    if estimator.solver == "adam":
        return Adam(rate, decay, estimator.beta_1, estimator.beta_2, estimator.epsilon)
    return optimisers.get(estimator.solver)


def schedule_of(estimator: Any) -> Schedule | None:
    """The schedule that its learning_rate is, or names; None where the rate is scikit-learn's affair."""
    rate = estimator.learning_rate
    return schedules.get(rate) if schedules.is_one(rate) else None


def scoring_of(estimator: Any) -> Any:
    """None, "loss", or a scorer of scikit-learn as a function of a model, rows, y and weights."""
    if estimator.scoring in (None, "loss"):
        return estimator.scoring
    where = f"{type(estimator).__name__}(scoring=)"
    with one_form(where, "None, 'loss', or a scorer of scikit-learn", estimator.scoring):
        scorer = check_scoring(estimator, scoring=estimator.scoring)

    def score(model: Model, X: Any, y: Any, weight: Any) -> Any:
        # These rows have lost their columns' names.
        nameless = replace(model, input=model.input.nameless()) if model.input.names else model
        bare = estimator._of(nameless)
        given = {} if weight is None else {"sample_weight": weight}
        return scorer(bare, X, y, **given)

    scored: Scorer = score
    return scored
