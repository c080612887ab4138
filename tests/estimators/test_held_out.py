"""Held-out rows: given, cut off by a splitter, watched by any scorer; class weights; partial_fit that stops."""

import math
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import balanced_accuracy_score, log_loss, make_scorer, mean_absolute_error
from sklearn.model_selection import GroupShuffleSplit, TimeSeriesSplit, train_test_split
from sklearn.preprocessing import scale

from chainrule import MLPClassifier, MLPRegressor, schedules
from chainrule.errors import InputError, InputTypeError
from chainrule.estimators import base
from chainrule.training.streams import streams

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_breast_cancer(return_X_y=True)
X = scale(X)
LABELS = np.where(Y == 1, "benign", "malignant")
TRAIN, HELD_OUT = slice(0, 400), slice(400, None)


def quick(**parameters):
    settings = {"hidden_layer_sizes": (8,), "max_iter": 12, "random_state": 0, "tol": 0, "n_iter_no_change": np.inf}
    return MLPClassifier(**settings | {"learning_rate_init": 0.01} | parameters)


def fitted(**parameters):
    model = quick(**parameters)
    return model.fit(X[TRAIN], LABELS[TRAIN], X_val=X[HELD_OUT], y_val=LABELS[HELD_OUT])


@pytest.mark.parametrize("scoring", ["loss", "neg_log_loss"])
def test_scores_by_the_loss_are_below_0_of_both_parts(scoring):
    last = fitted(scoring=scoring, score_training=True).history_[-1]
    assert last.score == pytest.approx(-last.validation_loss, rel=1e-5)
    assert last.training_score < 0 and abs(last.training_score - last.score) < 0.2


def test_records_tell_of_the_held_out_rows():
    model = fitted(score_training=True)
    last = max(model.history_, key=lambda record: record.score)
    p = model.predict_proba(X[HELD_OUT])
    assert last.score == model.best_validation_score_ == model.score(X[HELD_OUT], LABELS[HELD_OUT])
    assert last.training_score == model.score(X[TRAIN], LABELS[TRAIN])
    assert_allclose(last.validation_loss, log_loss(LABELS[HELD_OUT], p), rtol=1e-5)
    assert model.validation_scores_ == [record.score for record in model.history_]
    assert len(model.history_) == 12


def test_the_best_weights_come_back():
    """Those behind the fourth epoch of twelve, which this scorer likes best."""

    def scorer(estimator, X, y):
        return -abs(len(estimator.history_) - 3)

    model, four = fitted(scoring=scorer), fitted(scoring=scorer, max_iter=4)
    assert model.validation_scores_ == [-3, -2, -1, 0, -1, -2, -3, -4, -5, -6, -7, -8]
    assert_array_equal(model.parameters_.vector, four.parameters_.vector)


def test_held_out_rows_stop_the_fit():
    assert fitted(n_iter_no_change=2, max_iter=500, learning_rate_init=0.1).n_iter_ < 100


def test_held_out_rows_are_the_rows_of_early_stopping():
    """Cut by hand as early_stopping cuts them, they give the same fit."""
    by_itself = quick(early_stopping=True).fit(X, LABELS)
    cut = train_test_split(
        np.arange(len(X)), random_state=streams(0).split, test_size=0.1, stratify=np.where(Y == 0, "True", "False")
    )
    by_pair = quick(validation_split=[tuple(cut)]).fit(X, LABELS)
    assert_array_equal(by_itself.parameters_.vector, by_pair.parameters_.vector)
    assert by_itself.validation_scores_ == by_pair.validation_scores_


def test_a_splitter_keeps_groups_together(monkeypatch):
    groups = np.arange(len(X)) % 7
    model = quick(validation_split=GroupShuffleSplit(random_state=3), max_iter=1)
    rows = spied(monkeypatch, lambda: model.fit(X, LABELS, groups=groups))
    assert set(groups[rows.training.subset]).isdisjoint(groups[rows.validation.subset])


def test_a_time_ordered_splitter_holds_out_the_latest(monkeypatch):
    model = quick(validation_split=TimeSeriesSplit(4), max_iter=1)
    rows = spied(monkeypatch, lambda: model.fit(X, LABELS))
    assert rows.training.subset.max() < rows.validation.subset.min()
    assert rows.validation.subset.max() == len(X) - 1


def spied(monkeypatch, fit):
    seen = []
    split = base.split
    monkeypatch.setattr(base, "split", lambda *given: seen.append(split(*given)) or seen[-1])
    fit()
    return seen[0]


SCORERS = {
    "balanced_accuracy": lambda model: balanced_accuracy_score(LABELS[HELD_OUT], model.predict(X[HELD_OUT])),
    "neg_log_loss": lambda model: -log_loss(LABELS[HELD_OUT], model.predict_proba(X[HELD_OUT])),
    "loss": lambda model: -log_loss(LABELS[HELD_OUT], model.predict_proba(X[HELD_OUT])),
}


@pytest.mark.parametrize("scoring", SCORERS)
def test_any_scorer_may_decide(scoring):
    model = fitted(scoring=scoring, score_training=True)
    assert_allclose(model.best_validation_score_, SCORERS[scoring](model), rtol=1e-5)
    assert model.history_[0].training_score is not None


def test_a_scorer_of_a_regression_in_the_target_s_own_units():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    scorer = make_scorer(mean_absolute_error, greater_is_better=False)
    model = MLPRegressor(scoring=scorer, early_stopping=True, max_iter=30, learning_rate_init=0.05, random_state=0)
    model.fit(X, y)  # with the names of columns
    assert -80 < model.best_validation_score_ < -30


def test_weights_of_held_out_rows_count():
    weight = np.random.default_rng(0).uniform(0, 3, len(X[HELD_OUT]))
    model = quick().fit(X[TRAIN], LABELS[TRAIN], None, X[HELD_OUT], LABELS[HELD_OUT], weight)
    assert model.best_validation_score_ == pytest.approx(model.score(X[HELD_OUT], LABELS[HELD_OUT], weight))


def test_class_weights_are_row_weights():
    weights = {"benign": 0.5, "malignant": 3.0}
    per_row = np.array([weights[label] for label in LABELS])
    by_class = fitted(class_weight=weights)
    by_row = quick().fit(X[TRAIN], LABELS[TRAIN], per_row[TRAIN], X[HELD_OUT], LABELS[HELD_OUT], per_row[HELD_OUT])
    assert_array_equal(by_class.parameters_.vector, by_row.parameters_.vector)
    assert by_class.validation_scores_ == by_row.validation_scores_


def test_class_and_row_weights_multiply():
    doubled = quick(class_weight={"benign": 2.0}).fit(X, LABELS, np.full(len(X), 3.0))
    by_row = quick().fit(X, LABELS, np.where(Y == 1, 6.0, 3.0))
    assert_array_equal(doubled.parameters_.vector, by_row.parameters_.vector)


def test_balanced_classes_weigh_the_same():
    rare = np.r_[np.flatnonzero(Y == 1), np.flatnonzero(Y == 0)[:20]]
    plain, balanced = (quick(class_weight=w, max_iter=40).fit(X[rare], Y[rare]) for w in (None, "balanced"))
    others = np.setdiff1d(np.arange(len(X)), rare)
    assert balanced.score(X[others], Y[others]) > plain.score(X[others], Y[others])


@pytest.mark.parametrize(
    ("weights", "word"),
    [
        ({"benign": -1.0}, "at least 0"),
        ({"other": 1.0}, "malignant"),
        ({"benign": float("nan")}, "at least 0"),
        ([1, 2], "dict"),
    ],
    ids=str,
)
def test_bad_class_weights(weights, word):
    with pytest.raises((InputError, InputTypeError), match=r"class_weight=\): expected") as caught:
        quick(class_weight=weights).fit(X, LABELS)
    assert word in str(caught.value)


def test_class_weights_that_cannot_be_known():
    with pytest.raises(InputError, match="in partial_fit"):
        quick(class_weight="balanced").partial_fit(X, Y, classes=[0, 1])
    with pytest.raises(InputError, match="several labels"):
        quick(class_weight="balanced").fit(X, np.c_[Y, 1 - Y])


def test_partial_fit_stops_on_rows_given_to_it():
    """Calls of different sizes; the one that exhausts the patience puts the best weights back and says so."""
    model, random, sizes = quick(n_iter_no_change=2, learning_rate_init=0.1), np.random.default_rng(0), (50, 200, 7)
    for call in range(200):
        rows = random.choice(400, sizes[call % 3], replace=False)
        model.partial_fit(X[rows], Y[rows], classes=[0, 1], X_val=X[HELD_OUT], y_val=Y[HELD_OUT])
        if model.stopped_:
            break
    assert 2 < call < 199
    assert model.score(X[HELD_OUT], Y[HELD_OUT]) == max(model.validation_scores_) > 0.9
    model.partial_fit(X[:30], Y[:30], X_val=X[HELD_OUT], y_val=Y[HELD_OUT])
    assert not model.stopped_


REFUSED = {
    "another width": (lambda: (X[HELD_OUT, :5], Y[HELD_OUT]), "5 features"),
    "one without the other": (lambda: (X[HELD_OUT], None), "go together"),
    "no X": (lambda: (None, Y[HELD_OUT]), "X_val"),
    "NaN": (lambda: (np.full((3, X.shape[1]), np.nan), Y[:3]), "Input X_val"),
    "lengths that differ": (lambda: (X[HELD_OUT], Y[:3]), "X_val"),
    "a class that training does not have": (lambda: (X[HELD_OUT], Y[HELD_OUT] + 5), "classes"),
    "no rows": (lambda: (X[:0], Y[:0]), "0 sample"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_held_out_rows_that_cannot_be_used(case):
    held_out, word = REFUSED[case]
    X_val, y_val = held_out()
    model = quick()
    with pytest.raises((InputError, InputTypeError), match="expected .*; received") as caught:
        model.fit(X, Y, X_val=X_val, y_val=y_val)
    assert word in str(caught.value)
    assert model.fit(X, Y).score(X, Y) > 0.9


def test_a_scorer_that_fails_loses_nothing():
    def scorer(estimator, X, y):
        return 0.5 if len(estimator.history_) < 3 else math.nan

    model = quick(scoring=scorer)
    with pytest.raises(InputError, match=r"scoring=.*finite number; received nan after epoch 4"):
        model.fit(X[TRAIN], Y[TRAIN], X_val=X[HELD_OUT], y_val=Y[HELD_OUT])
    assert model.n_iter_ == 3
    assert np.isfinite(model.predict_proba(X)).all()
    assert model.set_params(scoring=None).fit(X, Y).score(X, Y) > 0.9


@pytest.mark.parametrize(
    "split", [GroupShuffleSplit(), [([0, 1], [9999])], [(range(500), [])], [([], range(9))], [(1, 2, 3)]], ids=str
)
def test_a_splitter_that_cannot_cut(split):
    with pytest.raises((InputError, InputTypeError), match="expected .*; received"):
        quick(validation_split=split).fit(X, Y)


def test_held_out_rows_do_not_go_with_lbfgs():
    with pytest.raises(InputError, match="solver='lbfgs'"):
        quick(solver="lbfgs").fit(X, Y, X_val=X, y_val=Y)


def test_maximum_iterations_still_warn():
    with pytest.warns(ConvergenceWarning):
        fitted(max_iter=1)


def test_a_schedule_that_ran_to_its_end_is_no_reason_to_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted(max_iter=2, learning_rate=schedules.OneCycle())
