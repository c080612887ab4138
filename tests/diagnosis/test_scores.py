"""Scores against scikit-learn's, ties and weights of classes among them."""

import numpy as np
import pytest
from sklearn import metrics

from chainrule.diagnosis import scores


@pytest.mark.parametrize("levels", [2, 3, 1000], ids=lambda one: f"{one} different scores")
def test_the_area_under_the_curve_counts_ties_half(levels):
    random = np.random.default_rng(levels)
    positive = random.random(200) < 0.3
    score = random.integers(0, levels, 200) + positive * (levels // 3)
    assert scores._area(positive, score) == pytest.approx(metrics.roc_auc_score(positive, score))


def test_numbers_and_confusion_are_those_of_scikit_learn():
    random = np.random.default_rng(0)
    y, predicted = random.normal(size=(2, 50))
    found = scores.of_numbers(y, predicted)
    assert found["r2"] == pytest.approx(metrics.r2_score(y, predicted))
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(y, predicted))
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(y, predicted))
    codes, guessed = random.integers(0, 4, (2, 80))
    np.testing.assert_array_equal(scores.confusion(codes, guessed, 4), metrics.confusion_matrix(codes, guessed))
