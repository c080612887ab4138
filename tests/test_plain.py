"""The textbook against arithmetic done by hand and against finite differences."""

import numpy as np
import pytest

from chainrule import plain
from chainrule.errors import InputError

every_activation = pytest.mark.parametrize("activation", list(plain.DERIVATIVES), ids=lambda f: f.__name__)


def network(widths, seed=0):
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(units, inputs)) for inputs, units in zip(widths, widths[1:], strict=False)]
    return rng.normal(size=(7, widths[0])), weights, [rng.normal(size=len(W)) for W in weights]


def test_four_activations():
    assert list(plain.DERIVATIVES) == [np.tanh, plain.sigmoid, plain.relu, plain.identity]
    z = np.array([-1000.0, -1.0, 0.0, 1.0, 1000.0])
    np.testing.assert_array_equal(plain.relu(z), [0, 0, 0, 1, 1000])
    np.testing.assert_array_equal(plain.identity(z), z)
    np.testing.assert_allclose(plain.sigmoid(z), [0, 0.2689414213699951, 0.5, 0.7310585786300049, 1])


@every_activation
def test_derivative_read_off_the_activation(activation):
    z, h = np.linspace(-3, 3, 40), 1e-5  # 0 is not among them
    measured = (activation(z + h) - activation(z - h)) / (2 * h)
    np.testing.assert_allclose(plain.DERIVATIVES[activation](activation(z)), measured, atol=1e-9)


def test_by_hand():
    """One row (1, 2) through two ReLU units and one output.

    z1 = (1*1 + 2*1 - 1, 1*2 - 2*3 + 1) = (2, -3), a1 = (2, 0), output = 2*3 + 0*4 + 0.5 = 6.5. With
    d_output = 2: dW2 = 2 * (2, 0), db2 = 2, dz1 = 2 * (3, 4) where a1 > 0 = (6, 0), dW1 = dz1' x, db1 = dz1.
    """
    X = np.array([[1.0, 2.0]])
    weights = [np.array([[1.0, 1.0], [2.0, -3.0]]), np.array([[3.0, 4.0]])]
    biases = [np.array([-1.0, 1.0]), np.array([0.5])]
    output, activations = plain.forward(X, weights, biases, plain.relu)
    np.testing.assert_array_equal(output, [[6.5]])
    assert activations[0] is X
    np.testing.assert_array_equal(activations[1], [[2, 0]])
    dW, db = plain.backward(activations, weights, np.array([[2.0]]), plain.relu)
    np.testing.assert_array_equal(dW[0], [[6, 12], [0, 0]])
    np.testing.assert_array_equal(dW[1], [[4, 0]])
    np.testing.assert_array_equal(db[0], [6, 0])
    np.testing.assert_array_equal(db[1], [2])


@every_activation
@pytest.mark.parametrize("widths", [(3, 2), (3, 5, 2), (4, 6, 5, 3, 1)], ids=str)
def test_gradients_against_finite_differences(activation, widths):
    X, weights, biases = network(widths)

    def loss():
        return 0.5 * np.sum(plain.forward(X, weights, biases, activation)[0] ** 2)

    output, activations = plain.forward(X, weights, biases, activation)
    dW, db = plain.backward(activations, weights, output, activation)
    for array, gradient in zip(weights + biases, dW + db, strict=True):
        assert gradient.shape == array.shape
        for place in np.ndindex(array.shape):
            kept, h = array[place], 1e-5
            array[place] = kept + h
            above = loss()
            array[place] = kept - h
            below = loss()
            array[place] = kept
            np.testing.assert_allclose(gradient[place], (above - below) / (2 * h), rtol=1e-6, atol=1e-6)


def test_an_activation_of_your_own(monkeypatch):
    def square(z):
        return z**2

    X, weights, biases = network((3, 4, 2))
    output, activations = plain.forward(X, weights, biases, square)
    with pytest.raises(InputError, match=r"DERIVATIVES\[f\]"):
        plain.backward(activations, weights, output, square)
    monkeypatch.setitem(plain.DERIVATIVES, square, lambda a: 2 * np.sqrt(a))
    assert plain.backward(activations, weights, output, square)[0][0].shape == (4, 3)


@pytest.mark.parametrize(
    ("weights", "biases", "layer"),
    [
        ([np.ones((2, 4))], [np.ones(2)], 0),  # one column too many
        ([np.ones((2, 3)), np.ones((1, 3))], [np.ones(2), np.ones(1)], 1),
        ([np.ones((2, 3))], [np.ones(3)], 0),  # a bias per input
        ([np.ones((2, 3))], [np.ones((2, 1))], 0),
        ([np.ones(3)], [np.ones(1)], 0),
    ],
)
def test_shapes_that_do_not_fit(weights, biases, layer):
    with pytest.raises(InputError, match=rf"layer {layer}: expected a weight of shape \(units, \d\)"):
        plain.forward(np.ones((5, 3)), weights, biases)


def test_a_bias_is_missing():
    with pytest.raises(ValueError):
        plain.forward(np.ones((5, 3)), [np.ones((2, 3))], [])
