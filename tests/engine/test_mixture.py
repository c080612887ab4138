"""Mixtures: what networks of several kinds predict together, by hand from what each predicts."""

import numpy as np
import pytest

from chainrule import Dense, Dropout, Members, Network, Predictor, losses
from chainrule.engine import mixture as module
from chainrule.engine.blocks import Clip, Levels
from chainrule.engine.expansion import Coded, Expansion
from chainrule.engine.mixture import Mixture, Part
from chainrule.errors import InputError

RANDOM = np.random.default_rng(0)
VALUES = np.stack([RANDOM.normal(size=50), RANDOM.integers(0, 3, 50)], axis=1).astype(np.float32)
LINE = Clip(0, (0.0,), (1.0,), (-9.0,), (9.0,))
FIRST, SECOND = Expansion([LINE, Levels(1, 3)], [0.0, -1.0]), Expansion([LINE], [0.0, -1.0])
ROWS = Coded(VALUES, FIRST)
SHARES = np.array([0.5, 0.3, 0.2])


def parts(loss, *behind):
    wide, narrow = Network([*behind, Dense(5, "tanh"), Dense(2)], 4), Network([*behind, Dense(2)], 1)
    two = Members.of([narrow.init(1), narrow.init(2)])
    return [
        Part(Predictor(wide, wide.init(0), loss), FIRST, (0.5,)),
        Part(Predictor(narrow, two, loss), SECOND, (0.3, 0.2)),
    ]


def apart(made, what="each", rows=ROWS):
    return np.concatenate([getattr(part.predictor, what)(Coded(rows.values, part.expansion)) for part in made])


@pytest.mark.parametrize("loss", [losses.CrossEntropy(), losses.SquaredError(), losses.BinaryCrossEntropy()])
@pytest.mark.parametrize("held", [7, 50, 1 << 16])
def test_it_is_the_mean_by_shares_however_many_rows_are_held(loss, held, monkeypatch):
    monkeypatch.setattr(module, "HELD", held)
    made = parts(loss)
    expected = np.tensordot(SHARES, apart(made), 1)
    np.testing.assert_allclose(Mixture(made)(ROWS), expected, rtol=1e-6)
    some = RANDOM.integers(0, 50, 20)
    np.testing.assert_array_equal(Mixture(made)(ROWS, chosen=some), Mixture(made)(ROWS)[some])


def test_normal_distributions_have_the_variance_of_their_mixture():
    loss = losses.Gaussian()
    mean, s = np.split(apart(parts(loss)), 2, axis=2)
    middle = np.tensordot(SHARES, mean, 1)
    variance = np.tensordot(SHARES, np.exp(s) + mean**2, 1) - middle**2
    np.testing.assert_allclose(Mixture(parts(loss))(ROWS), np.hstack([middle, np.log(variance)]), rtol=1e-4)


def test_the_spread_is_that_of_members_by_shares():
    made = parts(losses.SquaredError())
    each = apart(made)
    mean, deviation = Mixture(made).spread(ROWS)
    expected = np.sqrt(np.tensordot(SHARES, (each - mean) ** 2, 1))
    np.testing.assert_allclose(deviation, expected, rtol=1e-5)


def test_passes_that_draw_have_the_spread_of_both():
    made = parts(losses.SquaredError(), Dropout(0.4))
    mean, deviation = Mixture(made).sample(ROWS, 400)
    alone = [
        Predictor(part.predictor.network, one, part.predictor.loss).sample(part.rows(ROWS), 400)
        for part in made
        for one in part.predictor.parameters.members
    ]
    means, deviations = (np.stack(found) for found in zip(*alone, strict=True))
    np.testing.assert_allclose(mean, np.tensordot(SHARES, means, 1), rtol=1e-5)
    second = np.tensordot(SHARES, means**2 + deviations**2, 1)
    np.testing.assert_allclose(deviation, np.sqrt(second - mean**2), rtol=1e-3)


@pytest.mark.parametrize("rows", [1, 4])
def test_a_function_of_so_many_rows_gives_the_same_bits(rows):
    mixture = Mixture(parts(losses.CrossEntropy()))
    some = ROWS[:rows]
    np.testing.assert_array_equal(mixture.bound(rows)(some), mixture(some))


def test_a_temperature_is_that_of_all():
    mixture = Mixture(parts(losses.CrossEntropy()))
    cooled = mixture.at(3.0)
    z = mixture.before_link(ROWS)
    p = np.exp(z / 3) / np.exp(z / 3).sum(axis=2, keepdims=True)
    assert cooled.temperature == 3
    np.testing.assert_allclose(cooled(ROWS), np.tensordot(SHARES, p, 1), rtol=1e-5)


def test_what_it_says_of_itself_is_of_all_or_of_the_first():
    made = parts(losses.SquaredError())
    mixture = Mixture(made)
    assert mixture.members == 3
    assert mixture.trained == sum(part.predictor.trained for part in made)
    assert (mixture.network, mixture.parameters) == (made[0].predictor.network, made[0].predictor.parameters)
    np.testing.assert_array_equal(mixture.shares, SHARES)


@pytest.mark.parametrize("shares", [(0.5,), (0.6, 0.2), (-0.1, 0.6), (0.0, 0.5), (np.nan, 0.5), (0.2, 0.2, 0.1)])
def test_shares_that_are_none_are_refused(shares):
    first, second = parts(losses.SquaredError())
    with pytest.raises(InputError, match="a share above 0 for each member, 1 in all"):
        Mixture([first, second._replace(shares=shares)])
    with pytest.raises(InputError):
        Mixture([])
