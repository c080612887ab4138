"""Ensemble selection: what held-out rows choose of members, and the loss that they choose by."""

import numpy as np
import pytest

from chainrule import Evaluator, Network, Predictor, Rows, losses
from chainrule.models.answers import Classes, Numbers
from chainrule.models.selection import by_loss, of_mixed, selected, unlinked
from chainrule.models.temperature import fit_temperature
from chainrule.network.layers import Dense

RANDOM = np.random.default_rng(0)
TRUE = RANDOM.normal(size=(200, 1))


def near(distance, seed=0):
    return TRUE + np.random.default_rng(seed).normal(0, distance, TRUE.shape)


def score(prediction):
    return -float(np.mean((prediction - TRUE) ** 2))


def chosen(each, groups, judge=score):
    return selected(groups, of_mixed(np.stack(each), losses.SquaredError(), judge))


def test_the_better_of_two_groups_is_taken_whole_where_the_other_does_not_help():
    each = [near(0.1, 0), near(0.1, 1), near(5.0, 2)]
    np.testing.assert_array_equal(chosen(each, [2, 1]), [0.5, 0.5, 0.0])


def test_what_helps_joins_by_as_much_as_helps():
    noise = RANDOM.normal(size=TRUE.shape)
    shares = chosen([TRUE + noise, TRUE - 2 * noise], [1, 1])
    np.testing.assert_allclose(shares, [2 / 3, 1 / 3], atol=0.05)


def test_it_is_never_worse_than_the_best_group_on_the_rows_that_choose():
    for seed in range(20):
        each = np.stack([near(0.5 + 0.2 * k, 10 * seed + k) for k in range(5)])
        alone = max(score(each[:2].mean(axis=0)), score(each[2:].mean(axis=0)))
        assert score(np.tensordot(chosen(each, [2, 3]), each, 1)) >= alone


def test_a_member_that_predicts_nothing_is_not_taken():
    np.testing.assert_array_equal(chosen([near(1.0), np.full_like(TRUE, np.nan)], [1, 1]), [1.0, 0.0])


def test_a_member_that_adds_nothing_is_not_added():
    each = [near(1.0), near(1.0, 1), near(1.0, 2)]
    np.testing.assert_array_equal(chosen(each, [2, 1], lambda prediction: 0.5), [0.5, 0.5, 0.0])
    np.testing.assert_array_equal(chosen(each, [2, 1], lambda prediction: -0.5), [0.5, 0.5, 0.0])


def test_a_score_that_is_the_same_for_all_takes_the_first_group():
    np.testing.assert_array_equal(chosen([near(1.0), near(1.0)], [1, 1], lambda prediction: 0.5), [1.0, 0.0])


@pytest.mark.parametrize("weight", [None, RANDOM.uniform(0.5, 2, 60).astype(np.float32)])
@pytest.mark.parametrize(
    ("loss", "outputs", "y"),
    [
        (losses.BinaryCrossEntropy(), 1, RANDOM.integers(0, 2, (60, 1)).astype(np.float32)),
        (losses.CrossEntropy(), 3, RANDOM.integers(0, 3, 60)),
        (losses.Focal(), 3, RANDOM.integers(0, 3, 60)),
        (losses.SquaredError(), 2, RANDOM.normal(size=(60, 2)).astype(np.float32)),
        (losses.Poisson(), 1, RANDOM.integers(0, 5, (60, 1)).astype(np.float32)),
        (losses.Gaussian(), 2, RANDOM.normal(size=(60, 1)).astype(np.float32)),
        (losses.Quantile((0.1, 0.9)), 2, RANDOM.normal(size=(60, 1)).astype(np.float32)),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_the_loss_of_a_prediction_is_that_of_the_network_that_made_it(loss, outputs, y, weight):
    network = Network([Dense(outputs)], inputs=4)
    parameters, X = network.init(0), RANDOM.normal(size=(60, 4)).astype(np.float32)
    rows = Rows(X, y, weight)
    classes = loss.domain in (losses.CrossEntropy.domain, losses.BinaryCrossEntropy.domain)
    answer = Classes(loss, outputs, np.arange(max(outputs, 2))) if classes else Numbers(loss, outputs)
    found = by_loss(answer, rows, 1)(Predictor(network, parameters, loss)(X))
    assert -found == pytest.approx(Evaluator(network, parameters, loss)(rows, 1), rel=1e-4)


def test_predictions_of_0_and_1_have_a_z():
    for loss in (losses.BinaryCrossEntropy(), losses.CrossEntropy(), losses.Poisson()):
        z = unlinked(np.array([[0.0, 1.0]], np.float32), loss)
        assert np.isfinite(z).all()
        assert z[0, 0] < -80


def test_a_temperature_is_that_of_members_by_their_shares():
    z = RANDOM.normal(size=(3, 300, 4)) * np.array([9.0, 1.0, 1.0])[:, None, None]
    y = RANDOM.integers(0, 4, 300)
    alone = fit_temperature(z[:1], y)
    assert fit_temperature(z, y, None, np.array([1 - 2e-9, 1e-9, 1e-9])) == pytest.approx(alone, rel=1e-3)
    assert fit_temperature(z, y, None, np.full(3, 1 / 3)) == fit_temperature(z, y)
    assert fit_temperature(z, y) < 0.8 * alone


def test_from_a_time_on_nothing_more_is_tried():
    asked = []
    shares = selected([1, 2], lambda shares: asked.append(shares) or 1.0, until=0.0)
    np.testing.assert_array_equal(shares, [1.0, 0.0, 0.0])
    assert len(asked) == 1
