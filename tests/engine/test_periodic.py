"""Periodic layers: waves as NumPy says them, their gradients, behind an embedding, in parts, in float32."""

import numpy as np
import pytest

from chainrule import Dense, Embedding, LayerNorm, Network, Periodic, Pool, Residual, Rows, Trainer
from chainrule.engine.kernels import functions
from chainrule.errors import InputError

RANDOM = np.random.default_rng(0)
X = np.hstack([RANDOM.normal(size=(40, 3)), RANDOM.integers(0, 5, (40, 1))])
Y = RANDOM.normal(size=(40, 1))


def test_forward_is_what_the_docstring_says():
    network = Network([Periodic(2, waves=5, units=3, scale=0.5), Dense(1)], inputs=4)
    parameters = network.init(0, dtype=np.float64)
    F, P, V, b = (parameters[f"0.{name}"] for name in "FPVb")
    b[...] = RANDOM.normal(size=b.shape)
    waves = [np.cos(X[:, [c]] * F[c] + P[c]) @ V[3 * c : 3 * c + 3].T for c in range(2)]
    np.testing.assert_allclose(
        network.forward(parameters, X).activations[0], np.hstack([X, np.hstack(waves) + b]), rtol=1e-12
    )


@pytest.mark.parametrize(
    "layers",
    [
        [Periodic(4, waves=3, units=2), Dense(1)],
        [Periodic(1, waves=1, units=1), Dense(5, "gelu"), Dense(1)],
        [Embedding([5], [2]), Periodic(2, waves=3, units=2), Dense(3, "tanh"), Dense(1)],
        [Embedding([5], [2]), Periodic(5, waves=3, units=2), Dense(3, "tanh"), Dense(1)],
        [Dense(3, "tanh"), Periodic(2, waves=3, units=2), LayerNorm(), Dense(1)],
        [Residual([Periodic(2, waves=3, units=2), Dense(3, "tanh")]), Dense(1)],
        [Periodic(2, waves=3, units=2), Periodic(3, waves=2, units=1), Dense(1)],
    ],
)
def test_gradients(layers):
    network = Network(layers, inputs=4)
    assert network.check_gradients(network.init(0, dtype=np.float64), X, Y, "squared_error") < 1e-6


def test_it_stands_behind_time_as_well():
    network = Network([Periodic(2, waves=3, units=2), Pool("mean"), Dense(1)], inputs=2)
    assert network.widths == [6, 6, 1]


def test_training_finds_a_wave_of_which_a_line_leaves_almost_all():
    x = RANDOM.uniform(-1, 1, (2000, 1)).astype(np.float32)
    rows = Rows(x, np.sin(20 * x))
    trainer = Trainer(Network([Periodic(1, scale=3.0), Dense(1)], inputs=1), "squared_error", seed=0)
    trainer.rate = 1e-2
    losses = [trainer.epoch(rows, 100).loss for _ in range(20)]
    assert losses[-1] < 0.02


def test_parts_of_the_rows_add_up_to_the_whole():
    x, y = RANDOM.normal(size=(512, 3)).astype(np.float32), RANDOM.normal(size=(512, 1)).astype(np.float32)
    network = Network([Periodic(3), Dense(256, "relu"), Dense(256, "relu"), Dense(1)], inputs=3)
    found = []
    for threads in (1, 2):
        trainer = Trainer(network, "squared_error", seed=0, n_threads=threads)
        trainer.epoch(Rows(x, y), 512)
        found.append(trainer.parameters.vector.copy())
    np.testing.assert_allclose(*found, atol=2e-4)


def test_float32_waves_are_those_of_float64():
    x = np.concatenate([RANDOM.uniform(-1e4, 1e4, 20_000), RANDOM.uniform(-4, 4, 20_000)]).astype(np.float32)
    for function in (np.cos, np.sin):
        found = np.array([functions.TWINS[np.float32][function](one) for one in x])
        assert np.abs(found - function(x.astype(np.float64))).max() < 5e-7
    assert np.isnan(functions.TWINS[np.float32][np.cos](np.float32(np.inf)))
    far = (RANDOM.uniform(-1, 1, 5000) * 10.0 ** RANDOM.uniform(5, 38, 5000)).astype(np.float32)
    assert all(abs(functions.TWINS[np.float32][np.sin](one)) <= 1 + 1e-6 for one in far)


@pytest.mark.parametrize(("said", "value"), [("columns", 0), ("waves", 0), ("units", 0), ("scale", 0.0), ("scale", -1)])
def test_refused(said, value):
    with pytest.raises(InputError, match=said):
        Periodic(**{"columns": 1, said: value})


def test_no_more_columns_than_there_are():
    with pytest.raises(InputError, match="at most as many as come in"):
        Network([Periodic(3), Dense(1)], inputs=2).init(0)
