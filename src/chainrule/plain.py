"""The textbook: a multi-layer perceptron forward and backward, over lists of weights, in NumPy.

Layer l holds weights `W` of shape (units, inputs) and a bias `b` of shape (units,). Rows are examples:

    z_l = a_(l-1) @ W_l.T + b_l        the pre-activation
    a_l = f(z_l)                       the activation; the last layer is linear, a_L = z_L

With dz = dLoss/dz, the chain rule gives the four equations of backpropagation
(Rumelhart, Hinton and Williams 1986), which stand in `backward` as code:

    BP1   dz_L = dLoss/d(output)                 the error at the output
    BP2   dz_l = (dz_(l+1) @ W_(l+1)) * f'(z_l)  the error one layer down
    BP3   db_l = sum of dz_l over the rows       the gradient of a bias
    BP4   dW_l = dz_l.T @ a_(l-1)                the gradient of a weight

Going back costs two products per layer where going forward costs one: about twice a forward pass,
however many weights there are. Every faster path in this package must agree with this page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError

Array = NDArray[np.floating]
Function = Callable[[Array], Array]


def relu(z: Array) -> Array:
    """max(0, z), element by element."""
    a: Array = np.maximum(z, 0)
    return a


def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z)), written with tanh so that no large z overflows."""
    return 0.5 * (1 + np.tanh(0.5 * z))


def identity(z: Array) -> Array:
    """z itself: a linear layer."""
    return z


#: f'(z) written with a = f(z), which is what the forward pass kept.
DERIVATIVES: dict[Function, Function] = {
    np.tanh: lambda a: 1 - a**2,
    sigmoid: lambda a: a * (1 - a),
    relu: lambda a: (a > 0).astype(a.dtype),
    identity: np.ones_like,
}


def forward(
    X: Array,
    weights: Sequence[Array],
    biases: Sequence[Array],
    activation: Function = np.tanh,
) -> tuple[Array, list[Array]]:
    """Run rows through the network.

    Parameters
    ----------
    X : array of shape (rows, features)
    weights : one array of shape (units, inputs) per layer
    biases : one array of shape (units,) per layer
    activation : f of every hidden layer; the last layer is linear

    Returns
    -------
    output : array of shape (rows, units of the last layer)
    activations : [X, a_1, ..., a_(L-1)], the input of every layer, which `backward` needs

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.plain import forward
    >>> X = np.array([[1.0, 2.0]])
    >>> W, b = [np.array([[0.5, -0.5]]), np.array([[2.0]])], [np.zeros(1), np.ones(1)]
    >>> output, activations = forward(X, W, b)
    >>> output.round(4)
    array([[0.0758]])
    """
    _check(X, weights, biases)
    activations = [X]
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        z = activations[-1] @ W.T + b
        activations.append(activation(z))
    return activations[-1] @ weights[-1].T + biases[-1], activations


def backward(
    activations: Sequence[Array],
    weights: Sequence[Array],
    d_output: Array,
    activation: Function = np.tanh,
) -> tuple[list[Array], list[Array]]:
    """Gradient of the loss with respect to every weight and bias, by the chain rule.

    Parameters
    ----------
    activations : the list that `forward` returned
    weights : one array of shape (units, inputs) per layer
    d_output : array of shape (rows, outputs), the derivative of the loss by the output
    activation : the f that `forward` was given: `numpy.tanh`, `relu`, `sigmoid` or `identity` of this
        module, or a function of your own after `DERIVATIVES[f] = ...`

    Returns
    -------
    dW, db : lists of arrays, shaped like `weights` and their biases

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.plain import backward, forward
    >>> X, W, b = np.ones((1, 2)), [np.full((1, 2), 0.1), np.ones((1, 1))], [np.zeros(1), np.zeros(1)]
    >>> output, activations = forward(X, W, b)
    >>> dW, db = backward(activations, W, d_output=output - 1.0)
    >>> [g.shape for g in dW]
    [(1, 2), (1, 1)]
    """
    if activation not in DERIVATIVES:
        raise InputError(
            "plain.backward(activation=)",
            "a function whose derivative is in plain.DERIVATIVES",
            activation,
            "Add it: plain.DERIVATIVES[f] = the derivative as a function of a = f(z).",
        )
    derivative = DERIVATIVES[activation]
    dW: list[Array] = []
    db: list[Array] = []
    dz = d_output  # BP1
    for layer in reversed(range(len(weights))):
        dW.insert(0, dz.T @ activations[layer])  # BP4
        db.insert(0, dz.sum(axis=0))  # BP3
        if layer > 0:
            dz = (dz @ weights[layer]) * derivative(activations[layer])  # BP2
    return dW, db


def _check(X: Array, weights: Sequence[Array], biases: Sequence[Array]) -> None:
    width = X.shape[-1]
    for layer, (W, b) in enumerate(zip(weights, biases, strict=True)):
        if W.ndim != 2 or W.shape[1] != width or b.shape != W.shape[:1]:
            raise InputError(
                f"plain.forward, layer {layer}",
                f"a weight of shape (units, {width}) and a bias of shape (units,)",
                f"{W.shape} and {b.shape}",
                "W of a layer has one row per unit and one column per input of that layer.",
            )
        width = W.shape[0]
