"""One contract for every loss as a value: what it is called, what it takes, and what becomes of its predictions.

What the losses compute is tested where they run, in tests/engine/test_losses.py.
"""

import math
import pickle

import numpy as np
import pytest

from chainrule.errors import InputError, InputTypeError
from chainrule.network import losses
from chainrule.network.losses import LINKS, LOSSES

every_loss = pytest.mark.parametrize("name", LOSSES)


def squared(z, y):
    return 0.5 * (z - y) ** 2, z - y


OTHERS = {
    "huber": losses.Huber(2.0),
    "quantile": losses.Quantile((0.1, 0.5)),
    "tweedie": losses.Tweedie(1.2),
    "gaussian": losses.Gaussian(1e-3),
    "focal": losses.Focal(1.0),
    "binary_focal": losses.BinaryFocal(1.0),
    "cross_entropy": losses.CrossEntropy(0.1),
    "soft_cross_entropy": losses.SoftCrossEntropy(0.1),
    "binary_cross_entropy": losses.BinaryCrossEntropy(0.1),
    "mine": losses.custom("mine", squared),
}


@every_loss
def test_get(name):
    assert losses.get(name) is LOSSES[name]
    assert losses.get(LOSSES[name]) is LOSSES[name]
    assert LOSSES[name].name == name
    assert LOSSES[name].link in {"identity", "softmax", *LINKS}


@pytest.mark.parametrize("loss", [*LOSSES.values(), *OTHERS.values()], ids=[*LOSSES, *OTHERS])
def test_a_loss_is_a_value(loss):
    again = pickle.loads(pickle.dumps(loss))
    assert again == loss
    assert hash(again) == hash(loss)
    if loss.name in LOSSES:
        assert eval(repr(loss), vars(losses)) == loss
        assert (loss == LOSSES[loss.name]) == (loss not in OTHERS.values())
    with pytest.raises(AttributeError):
        loss.delta = 3.0


@every_loss
def test_the_table_has_a_line_for_it(name):
    loss, text = LOSSES[name], losses.table()
    assert f"{loss.formula}\n" in text
    for part in (repr(loss), loss.link, loss.domain.says, loss.source):
        assert part in text


@every_loss
def test_outputs_and_targets(name, targets):
    loss = LOSSES[name]
    assert loss.targets(loss.outputs(3)) == 3
    prediction = np.arange(2.0 * loss.outputs(3)).reshape(2, -1)
    assert [part.shape for part in loss.split(prediction)] == [(2, 3)] * loss.per_target
    assert np.array(loss.numbers).ndim == 2


#: loss -> y of three columns (or classes) that it refuses
REFUSED = {
    **{name: [np.nan, np.inf] for name in ("squared_error", "absolute_error", "huber", "log_cosh", "quantile")},
    "gaussian": [np.nan],
    "poisson": [-1.0, np.nan],
    "gamma": [0.0, -1.0, np.inf],
    "tweedie": [-0.1, np.nan],
    "binary_cross_entropy": [-0.1, 1.1, np.nan],
    **{name: [-1.0, 0.5, 2.0, np.nan] for name in ("binary_focal", "hinge", "squared_hinge")},
    **{name: [-1, 3, 0.5, np.nan] for name in ("cross_entropy", "focal", "multiclass_hinge")},
    "soft_cross_entropy": [-0.1, 0.9, np.nan],
}


@every_loss
def test_what_it_takes_and_what_it_refuses(name, targets):
    loss = LOSSES[name]
    outputs = loss.outputs(3)
    y = np.asarray(targets(loss, 5, outputs), float)
    loss.check_y(y, outputs)
    loss.check_y(y.astype(np.float32), outputs)
    for value in REFUSED[name]:
        bad = y.copy()
        bad[3] = value
        with pytest.raises(InputError, match=rf"^the y: expected .* for loss '{name}'; received .* in row 3\. "):
            loss.check_y(bad, outputs, where="the y")
        loss.check_y(bad, outputs, weight=[1, 1, 1, 0, 1])
        with pytest.raises(InputError, match="in row 3"):
            loss.check_y(bad, outputs, weight=[0, 0, 0, 1, 0])
    for shape in ((5, 7), (5, 3, 1), ()):
        with pytest.raises(InputError, match=r"expected shape \(rows,.*Reshape y\."):
            loss.check_y(np.ones(shape), outputs)
    with pytest.raises(InputTypeError, match="expected numbers"):
        loss.check_y(np.full(y.shape, "a"), outputs)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.Huber(0.0), r"Huber\(delta=\): expected a number above 0"),
        (lambda: losses.Huber(None), "expected a number"),
        (lambda: losses.Tweedie(2.0), r"expected a number in \(1, 2\)"),
        (lambda: losses.Focal(-1.0), r"Focal\(gamma=\)"),
        (lambda: losses.CrossEntropy(1.0), r"CrossEntropy\(smoothing=\): expected a number in \[0, 1\)"),
        (lambda: losses.Gaussian(np.nan), r"Gaussian\(floor=\)"),
        (lambda: losses.Quantile(1.0), r"Quantile\(level=\): expected a number in \(0, 1\)"),
        (lambda: losses.Quantile("0.5"), "expected a number"),
        (lambda: losses.Quantile((0.5, 0.1)), "levels in ascending order"),
        (lambda: losses.Quantile((0.5, 0.5)), "levels in ascending order"),
        (lambda: losses.Quantile(()), "levels in ascending order"),
        (lambda: losses.custom("mine", squared, link="softmax"), r"custom\(link=\): expected 'identity'"),
        (lambda: losses.get("crossentropy"), "Did you mean 'cross_entropy'"),
        (lambda: losses.Quantile((0.1, 0.9)).targets(3), "expected a multiple of 2; received 3"),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises((InputError, InputTypeError), match=message):
        make()


def test_wrong_kinds():
    with pytest.raises(InputTypeError, match="an object of Loss"):
        losses.get(None)
    with pytest.raises(InputTypeError, match=r"custom\(function=\)"):
        losses.custom("mine", "squared")


OWN = {
    "only the value": (lambda z, y: (z - y) ** 2, r"two floats, of \(-2.3, 0\); received 5.2[0-9]*. For example"),
    "three of them": (lambda z, y: (z, y, 1.0), "two floats"),
    "a word": (lambda z, y: ("z", 1.0), "two floats"),
    "a name that is none": (lambda z, y: (missing * z, 1.0), "received NameError: name 'missing' is not defined"),  # noqa: F821
    "one argument": (lambda z: (z, 1.0), "received TypeError"),
    "a gradient of 100 times": (
        lambda z, y: ((z - y) ** 2, 200.0 * (z - y)),
        "received -460 at z=-2.3, y=0, where .* -4.6",
    ),
    "a gradient with a constant in it": (lambda z, y: ((z - y) ** 2, 2.0 * (z - y) + 100.0), "the slope of its value"),
    "a gradient of the other sign": (lambda z, y: (abs(z - y), 1.0 if z < y else -1.0), "the slope of its value"),
}


@pytest.mark.parametrize("case", OWN)
def test_a_function_of_ones_own_is_called_before_it_is_trusted(case):
    function, message = OWN[case]
    with pytest.raises((InputError, InputTypeError), match=rf"custom\('mine', <lambda>\): expected .*{message}"):
        losses.custom("mine", function)


SOUND = {
    "absolute error": lambda z, y: (abs(z - y), 1.0 if z > y else -1.0),
    "hinge": lambda z, y: (max(0.0, 1.0 - (2.0 * y - 1.0) * z), -(2.0 * y - 1.0) if (2.0 * y - 1.0) * z < 1.0 else 0.0),
    "quantile": lambda z, y: (0.9 * (y - z) if y > z else 0.1 * (z - y), -0.9 if y > z else 0.1),
    "of y above 0": lambda z, y: (np.exp(z) - y * z + math.log(y), np.exp(z) - y),
    "a power that is not always real": lambda z, y: ((z - y) ** 1.5, 1.5 * (z - y) ** 0.5),
    "nothing at all": lambda z, y: (0.0, 0.0),
}


@pytest.mark.parametrize("case", SOUND)
def test_kinks_and_places_without_an_answer_are_no_mistakes(case):
    losses.custom("mine", SOUND[case])


@pytest.mark.parametrize("loss", [*LOSSES.values(), *OTHERS.values()], ids=lambda loss: loss.name)
def test_the_losses_here_would_pass(loss):
    if loss.kernel == "separable_loss":
        losses.custom("mine", lambda z, y: tuple(map(float, loss.entry(z, y, loss.numbers[0]))))


def test_levels_come_in_any_sequence():
    levels = losses.Quantile((0.1, 0.9))
    assert losses.Quantile([0.1, 0.9]) == losses.Quantile(np.array([0.1, 0.9])) == levels
    assert repr(losses.Quantile(np.array([0.1, 0.9]))) == repr(levels)


def test_quantiles_do_not_cross():
    loss = losses.Quantile([0.1, 0.5, 0.9])
    output = np.random.default_rng(0).normal(size=(20, loss.outputs(2)))
    before = output.copy()
    low, middle, high = loss.split(loss.predict(output))
    assert (low <= middle).all()
    assert (middle <= high).all()
    np.testing.assert_array_equal(low, np.min(loss.split(output), axis=0))
    np.testing.assert_array_equal(output, before)


def test_a_gaussian_predicts_mean_and_deviation():
    loss = losses.Gaussian(floor=0.09)
    output = np.array([[1.0, 2.0, np.log(0.16), -1e4]])
    np.testing.assert_allclose(loss.predict(output), [[1.0, 2.0, 0.5, 0.3]])


@every_loss
def test_other_predictions_stay_as_they_are(name):
    if LOSSES[name].per_target == 1:
        output = np.ones((2, 3))
        assert (LOSSES[name].predict(output) == output).all()
