"""One contract for every loss of the table, and the numbers of each by another road."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import log_loss, mean_poisson_deviance

from chainrule.errors import InputError, InputTypeError
from chainrule.network import losses
from chainrule.network.losses import LINKS, LOSSES

SCALAR = {name: loss for name, loss in LOSSES.items() if loss.value is not None}
every_scalar_loss = pytest.mark.parametrize("loss", SCALAR.values(), ids=SCALAR)

Z = np.linspace(-4, 4, 33)
Y = {
    "squared_error": np.linspace(2, -2, 33),
    "binary_cross_entropy": np.arange(33) % 3 / 2,  # 0, 1/2 and 1
    "poisson": np.arange(33) % 4,
}


@pytest.mark.parametrize("name", LOSSES)
def test_get(name):
    assert losses.get(name) is LOSSES[name]
    assert losses.get(LOSSES[name]) is LOSSES[name]
    assert LOSSES[name].name == name
    assert LOSSES[name].link in {"identity", "softmax", *LINKS}


@every_scalar_loss
def test_gradient_against_finite_differences(loss):
    y, h = Y[loss.name], 1e-4

    def slope(h):
        return (loss.value(Z + h, y) - loss.value(Z - h, y)) / (2 * h)

    np.testing.assert_allclose(loss.gradient(Z, y), (4 * slope(h) - slope(2 * h)) / 3, rtol=1e-8, atol=1e-9)


@every_scalar_loss
def test_the_loss_is_never_negative_and_zero_at_the_target(loss):
    y = Y[loss.name]
    assert (loss.value(Z, y) >= 0).all()
    inside = (y > 0) & (y < 1) if loss.link == "sigmoid" else y > 0
    at_target = {"identity": lambda p: p, "sigmoid": lambda p: np.log(p / (1 - p)), "exp": np.log}[loss.link]
    np.testing.assert_allclose(loss.gradient(at_target(y[inside]), y[inside]), 0, atol=1e-14)


def test_squared_error_is_half_the_square():
    assert LOSSES["squared_error"].value(3.0, 1.0) == 2.0


def test_binary_cross_entropy_against_scikit_learn():
    y = np.arange(33) % 2
    mean = LOSSES["binary_cross_entropy"].value(Z, y).mean()
    np.testing.assert_allclose(mean, log_loss(y, expit(Z)), rtol=1e-12)


def test_poisson_is_half_the_deviance():
    y = Y["poisson"]
    mean = LOSSES["poisson"].value(Z, y).mean()
    np.testing.assert_allclose(2 * mean, mean_poisson_deviance(y, np.exp(Z)), rtol=1e-12)


def test_binary_cross_entropy_neither_overflows_nor_loses_small_losses():
    value = LOSSES["binary_cross_entropy"].value
    z = np.array([-1000.0, -40.0, 40.0, 1000.0])
    np.testing.assert_array_equal(value(z, np.array([1, 1, 0, 0])), [1000, 40, 40, 1000])
    np.testing.assert_allclose(value(z, np.array([0, 0, 1, 1])), [0, np.exp(-40), np.exp(-40), 0], rtol=1e-12)


def test_unknown_losses():
    with pytest.raises(InputError, match="Did you mean 'cross_entropy'"):
        losses.get("crossentropy")
    with pytest.raises(InputTypeError, match="a name or a Loss"):
        losses.get(None)
