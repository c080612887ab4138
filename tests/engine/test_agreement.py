"""Outputs, losses and gradients in float64 against the textbook and against JAX's automatic differentiation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chainrule import GLU, Activation, BatchNorm, Dense, LayerNorm, Network, Residual, RMSNorm, plain
from chainrule.engine.parameters import Parameters
from chainrule.network.activations import ACTIVATIONS
from chainrule.network.losses import LOSSES

jax.config.update("jax_enable_x64", True)
CLOSE = {"rtol": 1e-10, "atol": 1e-10}
PLAIN = {"tanh": np.tanh, "sigmoid": plain.sigmoid, "relu": plain.relu, "identity": plain.identity}

#: JAX's own functions, whose derivatives JAX finds by itself.
F = {
    "identity": lambda z: z,
    "relu": jax.nn.relu,
    "leaky_relu": jax.nn.leaky_relu,
    "elu": jax.nn.elu,
    "selu": jax.nn.selu,
    "gelu": lambda z: jax.nn.gelu(z, approximate=False),
    "gelu_tanh": lambda z: jax.nn.gelu(z, approximate=True),
    "silu": jax.nn.silu,
    "mish": jax.nn.mish,
    "softplus": jax.nn.softplus,
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
}

LOSS = {
    "squared_error": lambda z, y: 0.5 * jnp.sum((z - y) ** 2, axis=1),
    "cross_entropy": lambda z, y: -jax.nn.log_softmax(z)[jnp.arange(len(y)), y],
    "binary_cross_entropy": lambda z, y: -jnp.sum(y * jax.nn.log_sigmoid(z) + (1 - y) * jax.nn.log_sigmoid(-z), axis=1),
    "poisson": lambda z, y: jnp.sum(jnp.exp(z) - y * z + jax.scipy.special.xlogy(y, y) - y, axis=1),
    "absolute_error": lambda z, y: jnp.sum(jnp.abs(z - y), axis=1),
    "huber": lambda z, y: jnp.sum(jnp.where(abs(z - y) < 1, (z - y) ** 2 / 2, abs(z - y) - 0.5), axis=1),
    "log_cosh": lambda z, y: jnp.sum(jnp.log(jnp.cosh(z - y)), axis=1),
    "quantile": lambda z, y: jnp.sum(jnp.maximum(0.5 * (y - z), 0.5 * (z - y)), axis=1),
    "gaussian": lambda z, y: (
        -jnp.sum(jax.scipy.stats.norm.logpdf(y, z[:, :3], jnp.sqrt(jnp.exp(z[:, 3:]) + 1e-6)), axis=1)
    ),
    "gamma": lambda z, y: jnp.sum(z - jnp.log(y) + y / jnp.exp(z) - 1, axis=1),
    "tweedie": lambda z, y: jnp.sum(2 * jnp.exp(z) ** 0.5 + 2 * y * jnp.exp(z) ** -0.5 - 4 * jnp.sqrt(y), axis=1),
    "binary_focal": lambda z, y: jnp.sum(
        -((1 - jax.nn.sigmoid((2 * y - 1) * z)) ** 2) * jax.nn.log_sigmoid((2 * y - 1) * z), axis=1
    ),
    "hinge": lambda z, y: jnp.sum(jax.nn.relu(1 - (2 * y - 1) * z), axis=1),
    "squared_hinge": lambda z, y: jnp.sum(jax.nn.relu(1 - (2 * y - 1) * z) ** 2, axis=1),
    "soft_cross_entropy": lambda z, y: -jnp.sum(y * jax.nn.log_softmax(z), axis=1),
    "focal": lambda z, y: (1 - jax.nn.softmax(z)[jnp.arange(len(y)), y]) ** 2 * LOSS["cross_entropy"](z, y),
    "multiclass_hinge": lambda z, y: jax.nn.relu(
        1 + jnp.max(jnp.where(jax.nn.one_hot(y, 3) == 1, -jnp.inf, z), axis=1) - z[jnp.arange(len(y)), y]
    ),
}


def forward(layers, p, x, train, prefix=""):
    """The layers as the literature defines them, over a dict of parameters."""
    for place, layer in enumerate(layers):
        at = f"{prefix}{place}."
        match layer:
            case Dense():
                x = F[layer.activation](x @ p[f"{at}W"].T + p.get(f"{at}b", 0.0))
            case Activation():
                x = F[layer.name](x)
            case BatchNorm():
                mean, variance = (x.mean(0), x.var(0)) if train else (p[f"{at}mean"], p[f"{at}variance"])
                x = p[f"{at}gain"] * (x - mean) / jnp.sqrt(variance + layer.eps) + p[f"{at}offset"]
            case LayerNorm():
                mean, variance = x.mean(1, keepdims=True), x.var(1, keepdims=True)
                x = p[f"{at}gain"] * (x - mean) / jnp.sqrt(variance + layer.eps) + p[f"{at}offset"]
            case RMSNorm():
                x = p[f"{at}gain"] * x / jnp.sqrt((x * x).mean(1, keepdims=True) + layer.eps)
            case GLU():
                gates, values = jnp.split(x @ p[f"{at}W"].T + p.get(f"{at}b", 0.0), 2, axis=1)
                x = F[layer.activation](gates) * values
            case Residual():
                skip = x @ p[f"{at}projection.W"].T if f"{at}projection.W" in p else x
                x = skip + forward(layer.layers, p, x, train, at)
    return x


def as_dict(parameters):
    return {name: jnp.asarray(array) for name, array in parameters.items()}


@pytest.fixture
def agree(shaken, targets, value_and_gradient, kernels):
    """A function that compares a network with JAX: outputs in both modes, loss, and every gradient."""

    def check(layers, loss="squared_error", weights=None):
        network, generator = Network(layers, 4), np.random.default_rng(3)
        parameters, X = shaken(network), generator.normal(size=(7, 4))
        y, w = targets(loss, 7, network.outputs), np.ones(7) if weights is None else np.asarray(weights)

        def objective(p):
            return jnp.sum(w * LOSS[loss](forward(layers, p, X, train=True), y)) / jnp.sum(w)

        expected, slopes = jax.value_and_grad(objective)(as_dict(parameters))
        value, gradient = value_and_gradient(network, parameters.copy(), X, y, w, loss)
        np.testing.assert_allclose(value, expected, **CLOSE)
        for name, array in Parameters(network.layout, gradient).items():
            np.testing.assert_allclose(array, slopes[name], err_msg=name, **CLOSE)

        output = forward(layers, as_dict(parameters), X, train=False)
        plan = network.plan(parameters, 7, mode="predict")
        run = plan.run(7)
        run.arrays["x"][...] = X
        run()
        np.testing.assert_allclose(run.arrays[plan.program.output.name], output, **CLOSE)

    return check


@pytest.mark.parametrize("f", ACTIVATIONS)
@pytest.mark.one_in(3)
def test_activations_agree_with_jax(f, agree):
    agree([Dense(5, f), Dense(6, f), Dense(2)])


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("weights", [None, [0, 1, 2, 0.5, 3, 0, 10]], ids=["", "weights"])
@pytest.mark.one_in(3)
def test_losses_agree_with_jax(loss, weights, agree):
    agree([Dense(5, "tanh"), Dense(LOSSES[loss].outputs(3))], loss, weights)


STACKS = {
    "batch norm": [Dense(5), BatchNorm(), Activation("tanh"), Dense(2)],
    "batch norm first and last": [BatchNorm(eps=0.1), Dense(5, "tanh"), Dense(2), BatchNorm()],
    "layer norm": [Dense(5), LayerNorm(), Activation("gelu"), Dense(2)],
    "layer norm first and last": [LayerNorm(eps=0.1), Dense(5, "tanh"), Dense(2), LayerNorm()],
    "rms norm": [Dense(5), RMSNorm(), Activation("gelu"), Dense(2)],
    "rms norm first and last": [RMSNorm(eps=0.1), Dense(5, "tanh"), Dense(2), RMSNorm()],
    "gates": [GLU(5), GLU(4, "silu", bias=False), GLU(3, "gelu"), Dense(2)],
    "gates in a block, and last": [Dense(4), Residual([RMSNorm(), GLU(6, "silu"), Dense(4)]), GLU(2, "relu")],
    "no bias": [Dense(5, "tanh", bias=False), Dense(4, bias=False), BatchNorm(), Dense(2, bias=False)],
    "residual": [Dense(5, "gelu"), Residual([LayerNorm(), Dense(6, "tanh"), Dense(5)]), Dense(2)],
    "projection": [Residual([Dense(6, "tanh"), Dense(5)]), BatchNorm(), Dense(2)],
    "nested": [Dense(5), Residual([Dense(5, "tanh"), Residual([BatchNorm(), Dense(3)]), Dense(5)]), Dense(2)],
    "residual last": [Dense(5, "tanh"), Residual([Dense(5, "tanh")])],
    "deep": [Dense(6, "tanh")] * 8 + [Dense(2)],
}


@pytest.mark.parametrize("name", STACKS)
@pytest.mark.one_in(3)
def test_stacks_agree_with_jax(name, agree):
    agree(STACKS[name])


@pytest.mark.parametrize("depth", [1, 2, 5])
@pytest.mark.parametrize("f", PLAIN)
def test_agrees_with_the_textbook(f, depth, shaken, value_and_gradient, kernels):
    network = Network([*[Dense(6, f)] * (depth - 1), Dense(3)], 4)
    parameters, generator = shaken(network), np.random.default_rng(5)
    X, y = generator.normal(size=(8, 4)), generator.normal(size=(8, 3))
    weights = [parameters[f"{layer}.W"] for layer in range(depth)]
    biases = [parameters[f"{layer}.b"] for layer in range(depth)]

    output, activations = plain.forward(X, weights, biases, PLAIN[f])
    dW, db = plain.backward(activations, weights, (output - y) / len(X), PLAIN[f])
    value, gradient = value_and_gradient(network, parameters, X, y, np.ones(8), "squared_error")
    np.testing.assert_allclose(value, 0.5 * np.mean(np.sum((output - y) ** 2, axis=1)), **CLOSE)
    found = Parameters(network.layout, gradient)

    passed = network.forward(parameters, X)
    looked_at = network.backward(parameters, passed, (output - y) / len(X)).gradients
    np.testing.assert_allclose(passed.output, output, **CLOSE)
    for layer in range(depth):
        np.testing.assert_allclose(found[f"{layer}.W"], dW[layer], **CLOSE)
        np.testing.assert_allclose(found[f"{layer}.b"], db[layer], **CLOSE)
        np.testing.assert_allclose(looked_at[f"{layer}.W"], dW[layer], **CLOSE)
        np.testing.assert_allclose(looked_at[f"{layer}.b"], db[layer], **CLOSE)
        if layer:
            np.testing.assert_allclose(passed.activations[layer - 1], activations[layer], **CLOSE)
