"""How closely columns and predictions go with the target."""

import numpy as np
import pytest

from chainrule.diagnosis.relations import agreement, told

ROWS = 600
RANDOM = np.random.default_rng(0)
NOISE = RANDOM.normal(size=(ROWS, 4))
CLASSES = np.arange(ROWS) % 5
TWO = (NOISE[:, 0] > 0.5).astype(int)
NUMBER = NOISE[:, 0] + RANDOM.normal(size=ROWS)


def binned(v, bins=10):
    """A column of numbers as an encoder's bins."""
    edges = np.quantile(v, np.linspace(0, 1, bins + 1))
    return np.clip((v[:, None] - edges[:-1]) / np.diff(edges), 0, 1)


#: Columns beside noise, y, classes, owners, and whether they give the whole target away, or a part of it.
CASES = {
    "a number in other units": (3 - 2 * NUMBER, NUMBER, 0, (), True, True),
    "a number in bins": (binned(NUMBER), NUMBER, 0, (4,) * 10, True, True),
    "a number's square in bins": (binned(NUMBER**2), NUMBER, 0, (4,) * 10, False, False),
    "two classes as 0 and 1": (1 - TWO, TWO, 2, (), True, True),
    "two classes by the bins of a number": (binned(TWO + 0.01 * NOISE[:, 1]), TWO, 2, (4,) * 10, True, True),
    "codes of five classes": (CLASSES, CLASSES, 5, (), True, True),
    "a column for each of five classes": (np.eye(5)[CLASSES], CLASSES, 5, (), True, True),
    "levels of five classes": (np.eye(5)[CLASSES], CLASSES, 5, (4,) * 5, True, True),
    "one class of five": (CLASSES == 3, CLASSES, 5, (), False, True),
    "one class of five, a level": (np.eye(5)[CLASSES][:, 3:4], CLASSES, 5, (4,), False, True),
    "four classes of five": (np.eye(5)[np.minimum(CLASSES, 3)], CLASSES, 5, (), False, True),
    "a level for every row": (np.eye(ROWS), NUMBER, 0, (4,) * ROWS, False, False),
    "nothing": (NOISE[:, 3], NUMBER, 0, (), False, False),
}


@pytest.mark.parametrize("name", CASES)
def test_what_tells_all_of_the_target_and_what_a_part(name):
    extra, y, classes, owners, whole, part = CASES[name]
    X = np.column_stack([NOISE[:, 1:], extra]).astype(float)
    found = told(X, X.std(axis=0) > 0, y, classes, (0, 1, 2, *owners) if owners else ())
    assert (found.whole > 0.99, found.part > 0.95) == (whole, part if not owners or classes else found.part > 0.95)
    assert not whole or found.place >= 3


def test_columns_that_do_not_vary_tell_nothing():
    X = np.ones((20, 3))
    assert told(X, np.zeros(3, bool), np.arange(20.0), 0) == (-1, 0.0, 0.0)
    assert told(NOISE, np.full(4, True), np.zeros(ROWS, int), 2) == (-1, 0.0, 0.0)


@pytest.mark.parametrize("outputs", [1, 2, 7])
def test_agreement_by_chance_is_that_of_permutations(outputs):
    generator = np.random.default_rng(outputs)
    p, truth = generator.random((80, outputs)), np.eye(outputs + 1)[generator.integers(0, outputs + 1, 80)][:, :outputs]
    found, by_chance = agreement(p, truth)
    drawn = [agreement(p, truth[generator.permutation(80)])[0] for _ in range(2000)]
    assert np.std(drawn) == pytest.approx(by_chance, rel=0.06) and abs(np.mean(drawn)) < by_chance / 10
    assert abs(found) < 4 * by_chance
    assert agreement(3 * truth - 1, truth)[0] == pytest.approx(1)


def test_agreement_of_a_constant_is_none():
    assert agreement(np.ones((9, 2)), np.arange(18.0).reshape(9, 2)) == (0.0, 0.0)
