"""Training that goes on: partial_fit, warm_start, across a pickle, in another process; and what row weights mean."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.preprocessing import scale

from chainrule import MLPClassifier, MLPRegressor, optimisers, schedules

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)
X = scale(X)
BOTH = pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])

#: Everything that keeps a state: moments, rates, shuffles, dropout masks, running statistics.
SETTINGS = {
    "adam": {},
    "sgd": {"solver": "sgd", "learning_rate": "invscaling"},
    "adaptive": {"solver": "sgd", "learning_rate": "adaptive", "n_iter_no_change": 2, "tol": 0.05},
    "random": {"dropout": 0.2, "norm": "batch", "l1": 1e-3, "weight_decay": 0.01},
    "in order": {"shuffle": False},
    "optimiser": {"solver": optimisers.RAdam(0.01, weight_decay=0.01), "l1": 1e-3},
    "schedule": {"learning_rate": schedules.WarmUp(20, schedules.Cosine(end=0.1, steps=300))},
}
EVERY = pytest.mark.parametrize("case", SETTINGS)


def quick(Estimator, case="adam", **parameters):
    settings = {"hidden_layer_sizes": (8, 6), "batch_size": 32, "max_iter": 100, "random_state": 0, "tol": 0}
    return Estimator(**settings | {"n_iter_no_change": np.inf} | SETTINGS[case] | parameters)


def step(model, times=1):
    known = {"classes": np.unique(Y)} if isinstance(model, MLPClassifier) else {}
    for _ in range(times):
        model.partial_fit(X, Y, **known)
    return model


@EVERY
@BOTH
@pytest.mark.one_in(4)
def test_a_hundred_partial_fits_are_a_fit(Estimator, case):
    whole, parts = quick(Estimator, case), quick(Estimator, case)
    if case == "adaptive":  # a fit stops at the smallest rate, a partial_fit never does
        whole.set_params(max_iter=40)
    whole.fit(X, Y)
    step(parts, whole.n_iter_)
    assert np.array_equal(parts.parameters_.vector, whole.parameters_.vector)
    assert parts.loss_curve_ == whole.loss_curve_
    assert parts.t_ == whole.t_
    assert [r.rate for r in parts.history_] == [r.rate for r in whole.history_]
    assert [r.epoch for r in parts.history_] == [r.epoch for r in whole.history_]


@EVERY
@BOTH
def test_a_pickle_predicts_the_same_and_goes_on_the_same(Estimator, case):
    model = step(quick(Estimator, case), 3)
    copy = pickle.loads(pickle.dumps(model))
    assert np.array_equal(copy.predict(X), model.predict(X))
    assert copy.get_params() == model.get_params()
    assert np.array_equal(step(copy, 3).parameters_.vector, step(model, 3).parameters_.vector)
    assert copy.loss_curve_ == model.loss_curve_


def test_a_pickle_holds_parameters_and_moments_only():
    """Weights, the best weights and two moments of Adam; no data, no buffers of a batch or a prediction."""
    wide = np.random.default_rng(0).normal(size=(5000, 100))
    model = MLPClassifier((64,), dtype="float32", max_iter=3, batch_size=1000).fit(wide, wide[:, 0] > 0)
    model.predict(wide)
    assert len(pickle.dumps(model)) < 4 * model.parameters_.vector.nbytes + 10_000


@BOTH
def test_warm_start_goes_on_from_the_last_weights(Estimator):
    model = quick(Estimator, warm_start=True, max_iter=5).fit(X, Y)
    before = model.parameters_.vector.copy()
    model.set_params(learning_rate_init=1e-12).fit(X, Y)
    assert_allclose(model.parameters_.vector, before, atol=1e-9)
    assert len(model.loss_curve_) == len(model.history_) == 10
    assert model.n_iter_ == 5
    assert [record.epoch for record in model.history_] == list(range(1, 11))
    model.set_params(warm_start=False).fit(X, Y)
    assert len(model.loss_curve_) == 5


@BOTH
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_records_count_on_through_a_warm_start(Estimator, solver):
    model = Estimator(hidden_layer_sizes=(4,), solver=solver, warm_start=True, max_iter=3, random_state=0)
    assert [record.epoch for record in model.fit(X, Y).fit(X, Y).history_] == [1, 2, 3, 4, 5, 6]


@BOTH
def test_a_settled_fit_may_go_on(Estimator):
    """The patience of a warm start is a new one: it does not end at its first epoch without improvement."""
    model = quick(Estimator, warm_start=True, tol=100.0, n_iter_no_change=3).fit(X, Y)
    assert model.n_iter_ == 5
    assert model.fit(X, Y).n_iter_ == 4  # the first epoch no longer betters "nothing"


@BOTH
def test_changed_settings_count_in_the_next_call(Estimator):
    model = step(quick(Estimator), 3)
    before = model.parameters_.vector.copy()
    step(model.set_params(learning_rate_init=1e-12))
    assert_allclose(model.parameters_.vector, before, atol=1e-9)
    step(model.set_params(learning_rate_init=0.001, l1=10.0), 5)
    assert (model.coefs_[0] == 0).any()


@BOTH
def test_solvers_float_types_and_stopping_may_change_on_the_way(Estimator):
    model = quick(Estimator, warm_start=True, max_iter=3).fit(X.astype(np.float32), Y)
    for solver in ("lbfgs", "sgd", "adam"):
        for early_stopping in (True, False):
            model.set_params(solver=solver, early_stopping=early_stopping).fit(X, Y)
            scores = early_stopping and solver != "lbfgs"
            assert (model.validation_scores_ is not None) == scores
            assert (model.best_loss_ is None) == scores
    step(model.set_params(early_stopping=False))
    assert model.parameters_.vector.dtype == model.predict_function()(X[:1]).dtype == np.float32
    assert len(model.history_) == 3 * 7 + 1


@pytest.mark.parametrize("case", ["adam", "random", "in order", "optimiser"])
@BOTH
def test_warm_start_keeps_the_optimiser(Estimator, case):
    """Moments, steps, shuffles and masks go on: two fits of four epochs are one of eight."""
    whole = quick(Estimator, case, max_iter=8).fit(X, Y)
    parts = quick(Estimator, case, max_iter=4, warm_start=True).fit(X, Y).fit(X, Y)
    assert np.array_equal(parts.parameters_.vector, whole.parameters_.vector)


@BOTH
def test_a_warm_start_lets_rate_and_schedule_start_anew(Estimator):
    model = quick(Estimator, learning_rate=schedules.Linear(), max_iter=3, warm_start=True).fit(X, Y).fit(X, Y)
    first, second = model.history_[:3], model.history_[3:]
    assert [record.rate for record in first] == [record.rate for record in second]
    model.set_params(solver="sgd", learning_rate="adaptive", tol=10.0, n_iter_no_change=1, max_iter=5).fit(X, Y)
    assert model.fit(X, Y).history_[-5].rate == 0.001


def test_batches_may_grow_and_shrink_and_weights_come_and_go():
    model = quick(MLPClassifier, batch_size="auto")
    for rows, weight in ((150, None), (40, np.ones(40)), (1, [2.0]), (150, None)):
        model.partial_fit(X[:rows], Y[:rows], weight, classes=[0, 1, 2])
    assert np.isfinite(model.loss_)


def test_clone_forgets_and_keeps_parameters():
    model = step(quick(MLPClassifier, "random"))
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not hasattr(copy, "coefs_")


def test_same_bits_in_another_process():
    code = """if True:
        from sklearn.datasets import load_iris
        from chainrule import MLPClassifier
        X, y = load_iris(return_X_y=True)
        model = MLPClassifier((8,), max_iter=3, tol=1.0, dropout=0.1, early_stopping=True, random_state=5)
        print(model.set_params(n_iter_no_change=1).fit(X, y).parameters_.vector.tobytes().hex())
    """
    here, there = ([sys.executable, "-W", "ignore", "-c", code] for _ in range(2))
    first, second = (subprocess.run(c, capture_output=True, text=True, check=True).stdout for c in (here, there))
    assert len(first) > 100
    assert first == second


# Weights of rows ------------------------------------------------------------------------------------------

FULL_BATCH = {
    "lbfgs": {"solver": "lbfgs", "max_iter": 20},
    "sgd": {"solver": "sgd", "batch_size": 1000, "shuffle": False, "max_iter": 20},
    "adam": {"solver": "adam", "batch_size": 1000, "shuffle": False, "max_iter": 20},
}


@pytest.mark.filterwarnings("ignore:batch_size=1000 is larger")
@pytest.mark.parametrize("targets", ["classes", "two classes", "labels", "numbers", "counts"])
@pytest.mark.parametrize("case", FULL_BATCH)
def test_weight_2_is_a_row_twice_and_weight_0_no_row(case, targets):
    weight = np.random.default_rng(0).integers(0, 3, len(X))
    Estimator = MLPRegressor if targets in ("numbers", "counts") else MLPClassifier
    y = {"labels": np.c_[Y > 0, Y > 1].astype(int), "two classes": Y > 0}.get(targets, Y)
    settings = FULL_BATCH[case] | ({"loss": "poisson"} if targets == "counts" else {})
    weighted = quick(Estimator, alpha=0.1, l2=0.01).set_params(**settings).fit(X, y, weight)
    repeated = clone(weighted).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight, axis=0))
    assert_allclose(weighted.parameters_.vector, repeated.parameters_.vector, atol=1e-10)
    assert_allclose(weighted.loss_curve_, repeated.loss_curve_, atol=1e-10)


def test_one_number_weighs_all_rows():
    by_number = quick(MLPClassifier, max_iter=3).fit(X, Y, 2.0)
    by_array = quick(MLPClassifier, max_iter=3).fit(X, Y, np.full(len(X), 2.0))
    assert np.array_equal(by_number.parameters_.vector, by_array.parameters_.vector)


def test_batches_without_any_weight_change_nothing_by_themselves():
    """Plain gradient descent, row by row: the rows without weight leave no trace."""
    settings = {"solver": "sgd", "momentum": 0, "alpha": 0, "batch_size": 1, "shuffle": False, "max_iter": 3}
    weight = np.arange(len(X)) % 3 == 0
    weighted = quick(MLPRegressor).set_params(**settings).fit(X, Y, weight)
    left_out = quick(MLPRegressor).set_params(**settings).fit(X[weight], Y[weight])
    assert_allclose(weighted.parameters_.vector, left_out.parameters_.vector, atol=1e-12)
