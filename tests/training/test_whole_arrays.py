"""LAMB and Muon against the formulas of their papers, written out in NumPy."""

import numpy as np
import pytest

from chainrule import BatchNorm, Dense, LayerNorm, MLPClassifier, Network, Residual
from chainrule.training.optimisers import LAMB, AdamW, Muon
from chainrule.training.penalty import Penalty
from chainrule.training.schedules import Cosine
from chainrule.training.update import Update

#: a hidden matrix that is tall, one that is wide, and one that is square
LAYERS = [Dense(3, "tanh"), BatchNorm(), Dense(7), LayerNorm(), Dense(4, bias=False), Residual([Dense(4)]), Dense(2)]
HIDDEN = ("2.W", "4.W", "5.0.W")
STEPS = 50


class Quadratic:
    """A bowl over all arrays of a network, of another steepness in every entry."""

    def __init__(self):
        self.network = Network(LAYERS, 5)
        self.start = self.network.init(3, np.float64)
        random = np.random.default_rng(0)
        self.kinds = {p.name: p.kind for p in self.network.layout.parameters if p.trained}
        self.targets = {name: random.normal(size=self.start[name].shape) for name in self.kinds}
        self.slopes = {name: random.uniform(0.5, 3, self.start[name].shape) for name in self.kinds}

    def gradient(self, name, value):
        return self.slopes[name] * (value - self.targets[name])

    def path(self, optimiser, penalty=None):
        """Where the optimiser goes."""
        parameters = self.start.copy()
        gradients = parameters.like()
        step = Update(optimiser, penalty or Penalty(), parameters).bind(parameters, gradients)
        for _ in range(STEPS):
            for name in self.kinds:
                gradients[name][...] = self.gradient(name, parameters[name])
            step(optimiser.learning_rate, 1.0)
        return parameters

    def expected(self, name, rule):
        """Where a rule(t, w, g, state) goes with one array; the state is a dict that starts empty."""
        w, state = self.start[name].copy(), {}
        for t in range(1, STEPS + 1):
            w = rule(t, w, self.gradient(name, w), state)
        return w


@pytest.fixture(scope="module")
def quadratic():
    return Quadratic()


def adam_direction(t, g, state, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    state["m"] = beta_1 * state.get("m", 0) + (1 - beta_1) * g
    state["v"] = beta_2 * state.get("v", 0) + (1 - beta_2) * g**2
    return state["m"] / (1 - beta_1**t) / (np.sqrt(state["v"] / (1 - beta_2**t)) + epsilon)


def lamb(kind, rate, decay):
    """You et al. 2020, algorithm 2; biases and normalisation neither decay nor take the ratio."""

    def rule(t, w, g, state):
        r = adam_direction(t, g, state, epsilon=1e-6)
        if kind != "weight":
            return w - rate * r
        u = r + decay * w
        return w - rate * np.linalg.norm(w) / np.linalg.norm(u) * u

    return rule


def newton_schulz(G):
    """Jordan et al. 2024: the quintic iteration, on the side where the matrix is wide."""
    a, b, c = 3.4445, -4.7750, 2.0315
    X = G / (np.linalg.norm(G) + 1e-7)
    if len(G) > len(G.T):
        X = X.T
    for _ in range(5):
        A = X @ X.T
        X = a * X + (b * A + c * A @ A) @ X
    return X.T if len(G) > len(G.T) else X


def muon(rate, decay, momentum):
    def rule(t, w, g, state):
        state["m"] = momentum * state.get("m", 0) + g
        units, inputs = w.shape
        scale = max(1, units / inputs) ** 0.5
        return w - rate * decay * w - rate * scale * newton_schulz(g + momentum * state["m"])

    return rule


def adamw(rate, decay):
    return lambda t, w, g, state: w - rate * (adam_direction(t, g, state) + decay * w)


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_lamb(decay, quadratic, kernels):
    found = quadratic.path(LAMB(0.05, decay))
    for name, kind in quadratic.kinds.items():
        expected = quadratic.expected(name, lamb(kind, 0.05, decay))
        np.testing.assert_allclose(found[name], expected, rtol=0, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_muon(decay, quadratic, kernels):
    assert quadratic.network.layout.weights[1:-1] == HIDDEN
    found = quadratic.path(Muon(0.02, decay, momentum=0.9, rest=AdamW(0.05, 0.02)))
    for name, kind in quadratic.kinds.items():
        rest = adamw(0.05, 0.02 if kind == "weight" else 0.0)
        rule = muon(0.02, decay, 0.9) if name in HIDDEN else rest
        np.testing.assert_allclose(found[name], quadratic.expected(name, rule), rtol=0, atol=1e-9, err_msg=name)


def test_both_lower_what_they_descend(quadratic, kernels):
    def height(parameters):
        return sum(np.sum(quadratic.gradient(name, parameters[name]) ** 2) for name in quadratic.kinds)

    for optimiser in (LAMB(0.05), Muon(0.05, rest=AdamW(0.05))):
        assert height(quadratic.path(optimiser)) < 0.5 * height(quadratic.start)


def test_a_schedule_moves_the_rate_of_the_rest_alike(quadratic, kernels):
    """Half of both rates by the step's rate, or by the configuration."""
    halves = []
    for optimiser, rate in ((Muon(0.02, rest=AdamW(0.05)), 0.01), (Muon(0.01, rest=AdamW(0.025)), 0.01)):
        parameters = quadratic.start.copy()
        gradients = parameters.copy()
        step = Update(optimiser, Penalty(), parameters).bind(parameters, gradients)
        step(rate, 1.0)
        halves.append(parameters.vector)
    np.testing.assert_allclose(halves[1], halves[0], rtol=1e-14)
    assert (halves[0] != quadratic.start.vector).any()


@pytest.mark.parametrize("optimiser", [LAMB(0.05), Muon(0.02, rest=AdamW(weight_decay=0))], ids=["lamb", "muon"])
def test_no_gradient_no_step_and_nan_in_nan_out(optimiser, quadratic, kernels):
    parameters = quadratic.start.copy()
    gradients = parameters.like()
    step = Update(optimiser, Penalty(), parameters).bind(parameters, gradients)
    parameters["5.0.W"][...] = 0  # no length to take a share of
    before = parameters.vector.copy()
    step(0.05, 1.0)
    np.testing.assert_array_equal(parameters.vector, before)
    gradients["4.W"][1, 2] = np.nan
    step(0.05, 1.0)
    assert np.isnan(parameters["4.W"]).all()
    assert np.isfinite(parameters["2.W"]).all()


@pytest.mark.parametrize("optimiser", [LAMB(0.05, 0.01), Muon(0.05, rest=AdamW(0.02))], ids=["lamb", "muon"])
def test_they_are_solvers(optimiser):
    random = np.random.default_rng(0)
    X = random.normal(size=(200, 6)).astype(np.float32)
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    settings = {"batch_size": 50, "max_iter": 60, "n_iter_no_change": 60, "l2": 1e-4, "random_state": 0}
    model = MLPClassifier((16, 16), solver=optimiser, learning_rate=Cosine(), **settings)
    assert model.fit(X, y).score(X, y) > 0.95
