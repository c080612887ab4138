"""The estimators inside scikit-learn's tools, and prediction in all the ways that there are."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale
from threadpoolctl import threadpool_info

from chainrule import Dense, Dropout, MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)
X = scale(X)


def quick(Estimator=MLPClassifier, **parameters):
    settings = {"hidden_layer_sizes": (16,), "max_iter": 30, "learning_rate_init": 0.02, "random_state": 0}
    return Estimator(**settings | parameters)


def test_cross_validation_of_a_pipeline():
    model = make_pipeline(StandardScaler(), quick(norm="layer"))
    assert cross_val_score(model, X * 100 + 5, Y, cv=3).min() > 0.9


def test_grid_search_over_our_parameters_in_two_processes():
    grid = {"dropout": [0.0, 0.2], "layers": [None, [Dense(8, "tanh"), Dropout(0.1)]]}
    search = GridSearchCV(quick(), grid, cv=2, n_jobs=2).fit(X, Y)
    assert search.best_score_ > 0.9
    assert len(search.cv_results_["params"]) == 4


def test_many_outputs_of_classes():
    model = MultiOutputClassifier(quick()).fit(X, np.c_[Y, Y == 0])
    assert model.predict(X).shape == (len(X), 2)


def test_set_params_and_repr():
    model = MLPRegressor(layers=[Dense(4, "gelu")], norm=None).set_params(alpha=0.5, layers=None)
    assert repr(model) == "MLPRegressor(alpha=0.5)"
    assert "alpha" in model._repr_html_()
    with pytest.raises(ValueError, match="Invalid parameter 'alhpa'"):
        model.set_params(alhpa=1)


# Prediction -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 7, 150])
@pytest.mark.parametrize("settings", [{}, {"dtype": "float32"}, {"norm": "batch", "dropout": 0.2}], ids=str)
def test_predict_function_is_predict(rows, settings):
    classifier, regressor = quick(**settings).fit(X, Y), quick(MLPRegressor, **settings).fit(X, Y)
    two = quick(**settings).fit(X, Y > 0)
    few = X[:rows]
    assert_allclose(classifier.predict_function(rows)(few), classifier.predict_proba(few), rtol=1e-6)
    assert_allclose(two.predict_function(rows)(few)[:, 0], two.predict_proba(few)[:, 1], rtol=1e-6)
    assert_allclose(regressor.predict_function(rows)(few)[:, 0], regressor.predict(few), rtol=1e-6)


def test_predict_function_gives_a_new_array_and_follows_the_weights():
    model = quick(MLPRegressor).fit(X, Y)
    predict = model.predict_function()
    first = predict(X[:1])
    kept = first.copy()
    second = predict(X[1:2])
    assert np.array_equal(first, kept)
    assert not np.array_equal(first, second)
    model.intercepts_[-1][...] += 1
    assert_allclose(predict(X[:1]), first + 1)
    assert_allclose(model.predict(X[:1]), first[0] + 1)


def test_more_rows_than_a_chunk_are_the_same_rows():
    model = quick(MLPRegressor).fit(X, Y)
    many = np.tile(X, (100, 1))
    assert_allclose(model.predict(many), np.tile(model.predict(X), 100), rtol=1e-12)


@pytest.mark.parametrize("n_threads", [None, 1])
def test_predictions_from_many_threads_at_once(n_threads):
    model = quick(hidden_layer_sizes=(64, 64), n_threads=n_threads, max_iter=5).fit(X, Y)
    parts = [np.tile(X[i : i + 1], (40 + i, 1)) for i in range(60)]
    expected = [model.predict_proba(part) for part in parts]
    before = threadpool_info()
    with ThreadPoolExecutor(8) as pool:
        for _ in range(10):
            for found, wanted in zip(pool.map(model.predict_proba, parts), expected, strict=True):
                assert np.array_equal(found, wanted)
    assert threadpool_info() == before


def test_two_fits_at_once_are_two_fits():
    alone = [quick(random_state=seed).fit(X, Y).parameters_.vector for seed in range(6)]
    with ThreadPoolExecutor(3) as pool:
        at_once = list(pool.map(lambda seed: quick(random_state=seed).fit(X, Y).parameters_.vector, range(6)))
    assert all(map(np.array_equal, alone, at_once))


def test_the_views_are_the_model():
    model = quick(MLPRegressor).fit(X, Y)
    for view in model.coefs_ + model.intercepts_:
        view[...] = 0
    assert not model.predict(X).any()
    assert not model.parameters_.vector.any()
    assert "Dense" in model.network_.describe()
