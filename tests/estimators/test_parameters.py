"""Every parameter that scikit-learn's MLP lacks trains, and changes what it should; and those that it has, in words."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import scale

from chainrule import (
    AlphaDropout,
    BatchNorm,
    Dense,
    Dropout,
    GaussianNoise,
    LayerNorm,
    MLPClassifier,
    MLPRegressor,
    Residual,
    activations,
    optimisers,
)
from chainrule.network.initialisers import Normal
from chainrule.training.streams import streams

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)
X = scale(X)


def quick(Estimator=MLPClassifier, **parameters):
    settings = {"hidden_layer_sizes": (16,), "max_iter": 40, "batch_size": 30, "random_state": 0}
    rate = {} if isinstance(parameters.get("solver"), optimisers.Optimiser) else {"learning_rate_init": 0.02}
    return Estimator(**rate | settings | parameters)


def weights(model):
    return np.concatenate([W.ravel() for W in model.coefs_])


softsign = activations.custom("softsign", lambda z: z / (1.0 + abs(z)), lambda z: 1.0 / (1.0 + abs(z)) ** 2)

#: what is asked for, and the kinds of the parameters that the network then has
NETWORKS = {
    "plain": ({}, ["0.W", "0.b", "1.W", "1.b"]),
    "linear": ({"hidden_layer_sizes": ()}, ["0.W", "0.b"]),
    "batch norm": ({"norm": "batch"}, ["1.gain", "1.offset", "1.mean", "1.variance"]),
    "layer norm": ({"norm": "layer"}, ["1.gain", "1.offset"]),
    "residual": ({"hidden_layer_sizes": (8, 8), "residual": True}, ["0.0.W", "0.projection.W", "1.0.W"]),
    "dropout": ({"dropout": 0.2}, ["0.W"]),
    "everything": (
        {"hidden_layer_sizes": (8, 8), "norm": "layer", "residual": True, "dropout": 0.1},
        ["0.0.W", "0.1.gain", "1.1.gain"],
    ),
    "layers": (
        {"layers": [Dense(8, "gelu"), BatchNorm(), Residual([Dense(8), LayerNorm(), Dropout(0.1)])]},
        ["0.W", "1.gain", "2.0.W", "2.1.gain", "3.W"],
    ),
    "layers that draw": (
        {"layers": [GaussianNoise(0.1), Dense(8, "selu"), AlphaDropout(0.1)]},
        ["1.W", "3.W"],
    ),
    "an activation per layer": ({"hidden_layer_sizes": (8, 6), "activation": ["tanh", "silu"]}, ["2.W"]),
    "an activation of your own": ({"activation": softsign}, ["1.W"]),
    "NumPy's numbers": ({"n_threads": np.int64(1), "hidden_layer_sizes": np.array([8]), "l2": np.float32(0)}, ["1.W"]),
}


@pytest.mark.parametrize(
    "solver",
    [
        optimisers.SGD(0.1, momentum=0.9, nesterov=True),
        optimisers.Adam(0.02),
        optimisers.AdamW(0.02),
        optimisers.Nadam(0.02),
        optimisers.RAdam(0.02),
        optimisers.AdaBelief(0.02),
        optimisers.RMSprop(0.01),
        optimisers.Adagrad(0.1),
        optimisers.Adadelta(2.0),
        optimisers.Lion(0.01),
    ],
    ids=lambda solver: type(solver).__name__,
)
def test_optimisers_as_solvers_learn(solver):
    model = clone(quick(solver=solver, l1=1e-4)).fit(X, Y)
    assert model.score(X, Y) > 0.93
    assert {record.rate for record in model.history_} == {solver.learning_rate}


#: lbfgs takes no dropout, and says so: test_bad_input.
DROPPING = {"dropout", "everything", "layers", "layers that draw"}


@pytest.mark.parametrize(
    ("case", "solver"),
    [(case, solver) for case in NETWORKS for solver in ("adam", "sgd", "lbfgs")[: 2 if case in DROPPING else 3]],
)
@pytest.mark.one_in(4)
def test_networks_train(case, solver):
    settings, names = NETWORKS[case]
    model = quick(solver=solver, **settings).fit(X, Y)
    assert set(names) <= set(model.parameters_.names())
    assert model.score(X, Y) > 0.92
    assert model.loss_curve_[-1] < model.loss_curve_[0]


@pytest.mark.parametrize("f", sorted(activations.ACTIVATIONS))
def test_activations_are_used(f):
    model = quick(activation=f, max_iter=3).fit(X, Y)
    assert model.network_.layers[0].activation == f
    hidden = activations.get(f).value(X @ model.coefs_[0] + model.intercepts_[0])
    z = hidden @ model.coefs_[1] + model.intercepts_[1]
    p = np.exp(z - z.max(axis=1, keepdims=True))
    assert_allclose(model.predict_proba(X), p / p.sum(axis=1, keepdims=True), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_l1_gives_exact_zeros_and_no_bias_of_them(solver):
    model = quick(solver=solver, l1=0.02, max_iter=100).fit(X, Y)
    assert (weights(model) == 0).mean() > 0.3
    assert (weights(quick(solver=solver).fit(X, Y)) == 0).mean() == 0
    assert all(model.intercepts_[-1] != 0)
    assert model.score(X, Y) > 0.9


@pytest.mark.parametrize(
    ("penalty", "solver"),
    [
        (p, s)
        for p in ("l2", "weight_decay", "alpha")
        for s in ("adam", "sgd", "lbfgs")[: 2 if p == "weight_decay" else 3]
    ],
)
def test_penalties_shrink(penalty, solver):
    """alpha is divided by the rows of a batch, of which lbfgs has but one."""
    strength = 0.5 if penalty != "alpha" else 0.5 * (len(X) if solver == "lbfgs" else 30)
    free, held = (np.abs(weights(quick(solver=solver, **{penalty: s}).fit(X, Y))).sum() for s in (0, strength))
    assert held < 0.6 * free


def test_l2_is_alpha_over_the_rows_of_a_batch():
    a = quick(solver="sgd", alpha=0.3 * 30, shuffle=False).fit(X, Y)
    b = quick(solver="sgd", alpha=0, l2=0.3, shuffle=False).fit(X, Y)
    assert_allclose(a.parameters_.vector, b.parameters_.vector, rtol=1e-10)
    assert_allclose(a.loss_curve_, b.loss_curve_, rtol=1e-10)


def test_dropout_is_off_in_prediction_and_changes_training():
    model = quick(dropout=0.5, max_iter=3).fit(X, Y)
    assert np.array_equal(model.predict_proba(X), model.predict_proba(X))
    assert not np.array_equal(weights(model), weights(quick(max_iter=3).fit(X, Y)))
    assert np.array_equal(weights(quick(dropout=0.0, max_iter=3).fit(X, Y)), weights(quick(max_iter=3).fit(X, Y)))


def test_init():
    start = {"max_iter": 1, "learning_rate_init": 1e-12}
    first = {name: quick(init=init, **start).fit(X, Y).coefs_[0].std() for name, init in {
        "he": "he_normal", "lecun": "lecun_normal", "mine": Normal(0.001),
    }.items()}  # fmt: skip
    assert_allclose(first["he"] / first["lecun"], math.sqrt(2), rtol=0.01)  # the same draws
    assert first["mine"] < 0.002
    constant = quick(init="zeros", max_iter=5).fit(X, Y)
    assert not weights(constant).any()  # nothing breaks the symmetry, and ReLU at 0 passes no gradient


@pytest.mark.parametrize("state", [7, np.int64(7)])
def test_same_random_state_same_bits(state):
    models = [quick(random_state=state, dropout=0.1, early_stopping=True, max_iter=5).fit(X, Y) for _ in range(2)]
    assert np.array_equal(*(model.parameters_.vector for model in models))
    other = quick(random_state=8, dropout=0.1, early_stopping=True, max_iter=5).fit(X, Y)
    assert not np.array_equal(other.parameters_.vector, models[0].parameters_.vector)


@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng])
def test_generators_as_random_state(make):
    models = [quick(random_state=make(3), max_iter=2).fit(X, Y) for _ in range(2)]
    assert np.array_equal(*(model.parameters_.vector for model in models))
    shared = make(3)
    models = [quick(random_state=shared, max_iter=2).fit(X, Y) for _ in range(2)]
    assert not np.array_equal(*(model.parameters_.vector for model in models))


def test_nothing_reads_numpys_global_state():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    quick(random_state=None, dropout=0.1, early_stopping=True, max_iter=2).fit(X, Y)
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("weight", [None, np.linspace(0.5, 2, len(X))], ids=["", "weighted"])
def test_early_stopping_restores_the_best_weights(Estimator, weight):
    """The split is drawn again from the seed, and the score of its validation part is the best one."""
    model = quick(Estimator, early_stopping=True, validation_fraction=0.3, n_iter_no_change=5, max_iter=200)
    model.set_params(learning_rate_init=0.1).fit(X, Y, weight)
    assert len(model.validation_scores_) == model.n_iter_ == len(model.history_) < 200
    assert model.best_validation_score_ == max(model.validation_scores_) > model.validation_scores_[-1] - 1e-12
    _, held_out = train_test_split(np.arange(len(X)), random_state=streams(0).split, test_size=0.3)
    held_out.sort()
    score = accuracy_score if Estimator is MLPClassifier else r2_score
    again = score(Y[held_out], model.predict(X[held_out]), sample_weight=None if weight is None else weight[held_out])
    assert_allclose(again, model.best_validation_score_, rtol=1e-12)
    assert [record.score for record in model.history_] == model.validation_scores_


def test_adaptive_and_invscaling_rates():
    model = quick(solver="sgd", learning_rate="adaptive", tol=10.0, n_iter_no_change=1, max_iter=500).fit(X, Y)
    rates = [record.rate for record in model.history_]
    assert rates[0] == 0.02
    assert 1e-7 < rates[-1] <= 1e-6
    assert model.n_iter_ < 500
    model = quick(solver="sgd", learning_rate="invscaling", power_t=0.4, max_iter=3).fit(X, Y)
    assert_allclose([record.rate for record in model.history_], [0.02, 0.02 / 151**0.4, 0.02 / 301**0.4])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"solver": "adam"}, ["Iteration 1, loss = ", "Training loss did not improve more than tol=10.0"]),
        ({"early_stopping": True}, ["Validation score: ", "Validation score did not improve"]),
        ({"solver": "sgd", "learning_rate": "adaptive"}, ["learning rate set to 0.004"]),
        ({"solver": "lbfgs", "tol": 1e-4}, ["Iteration 1, loss = "]),
    ],
    ids=str,
)
def test_verbose(settings, words, capsys):
    quick(**{"tol": 10.0, "n_iter_no_change": 2} | settings).fit(X, Y)
    assert capsys.readouterr().out == ""
    quick(**{"tol": 10.0, "n_iter_no_change": 2} | settings, verbose=True).fit(X, Y)
    out = capsys.readouterr().out
    assert all(word in out for word in words), out


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_history_is_the_loss_curve(solver):
    model = quick(solver=solver, max_iter=4).fit(X, Y)
    assert [record.loss for record in model.history_] == model.loss_curve_
    assert [record.epoch for record in model.history_] == [1, 2, 3, 4]
    assert model.best_loss_ == min(model.loss_curve_)
    assert model.n_iter_ == 4
