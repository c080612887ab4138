"""The recorder measures what an inspecting pass gives, training keeps its bits, and steps are chosen by arithmetic."""

import numpy as np
import pytest

from chainrule import (
    GLU,
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    LayerNorm,
    MLPClassifier,
    MLPRegressor,
    Network,
    Pool,
    Residual,
    RMSNorm,
    Rows,
    SequenceClassifier,
    Sequences,
    TableClassifier,
    Trainer,
    optimisers,
)
from chainrule.diagnosis import measures
from chainrule.diagnosis.probes import EDGES, QUANTITIES
from chainrule.diagnosis.recorder import KEPT, PER_EPOCH, Recorder
from chainrule.network import activations
from chainrule.network.layers import PRODUCTS
from chainrule.network.layers.norms import NORMS
from chainrule.training.streams import streams

NETWORKS = {
    "relu": [Dense(16, "relu"), Dense(12, "relu"), Dense(3)],
    "sigmoid": [Dense(16, "sigmoid"), Dense(12, "sigmoid"), Dense(3)],
    "gelu": [Dense(16, "gelu"), Dense(12, "gelu"), Dense(3)],
    "without bias": [Dense(16, "tanh", bias=False), Dense(3, bias=False)],
    "batch norm": [Dense(16), BatchNorm(), Activation("relu"), Dense(3)],
    "rms norm": [Dense(16), RMSNorm(), Activation("tanh"), GLU(8), Dense(3)],
    "layer norm": [Dense(16), LayerNorm(), Activation("tanh"), Dense(3)],
    "residual": [Dense(16, "relu"), Residual([Dense(16, "relu"), Dense(16)]), Residual([Dense(8, "tanh")]), Dense(3)],
    "linear": [Dense(16), Dense(3)],
    "gates": [GLU(16), GLU(12, "relu", bias=False), Dense(3)],
    "gates around which a skip goes": [Dense(16, "tanh"), Residual([GLU(16, "silu"), Dense(16)]), Dense(3)],
    "norm first": [BatchNorm(), Dense(16, "relu"), LayerNorm(), Dense(3)],
}
DRAWN = {
    "dropout": [Dense(16, "relu"), Dropout(0.5), Dense(12, "sigmoid"), Dropout(0.2), Dense(3)],
    "dropout alone": [Dropout(0.1), Dense(16), Dropout(0.5), Activation("relu"), Dense(3)],
}


def data(rows=96, seed=0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(rows, 5)).astype(np.float32)
    return Rows(X, np.digitize(X[:, 0], [-0.4, 0.4]))


def trained(layers, observed, trainer=Trainer, epochs=3, batch=32, **settings):
    made = trainer(Network(layers, 5), "cross_entropy", optimisers.Adam(0.01), seed=0, **settings)
    if observed:
        made.observer = Recorder(made.network, share=1e9)
    for _ in range(epochs):
        made.epoch(data(), batch)
    return made


def inspected(network, parameters, rows):
    """The passes of the network that keep every value, and the places of its products by name."""
    pass_ = network.forward(parameters, rows.X, train=True)
    p = np.exp(pass_.output - pass_.output.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    back = network.backward(parameters, pass_, (p - np.eye(3)[rows.y]) / len(p))
    return pass_, back, {str(place): place for place, layer in enumerate(network.layers) if isinstance(layer, PRODUCTS)}


@pytest.mark.parametrize("kernels", ["numba", "numpy"])
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.one_in(4)
def test_what_is_measured_is_what_an_inspecting_pass_gives(name, kernels, monkeypatch):
    monkeypatch.setenv("CHAINRULE_KERNELS", kernels)
    network, rows = Network(NETWORKS[name], 5), data(64)
    trainer = Trainer(network, "cross_entropy", optimisers.SGD(0.5, momentum=0.0), seed=0, shuffle=False)
    before = trainer.parameters.copy()
    trainer.observer = recorder = Recorder(network)
    trainer.epoch(rows, 64)
    probes = recorder.probes()
    pass_, back, places = inspected(network, before, rows)
    seen = {layer.name: i for i, layer in enumerate(probes.layers)}
    assert set(places) <= set(seen) and set(seen) == {n[:-2] for n in network.layout.weights if "projection" not in n}
    dW = {n: g for n, g in back.gradients.items() if n.endswith(".W")}
    for layer, i in seen.items():
        got = dict(zip(QUANTITIES, probes.values[0, i], strict=True))
        assert got["W_rms"] == pytest.approx(measures.rms(before[f"{layer}.W"]), rel=1e-5)
        assert got["dW_rms"] == pytest.approx(measures.rms(dW[f"{layer}.W"]), rel=1e-3)
        step = 0.5 * measures.rms(dW[f"{layer}.W"]) / got["W_rms"]
        assert got["update"] == pytest.approx(np.log10(step), abs=1e-3)
        if layer not in places:
            continue
        place = places[layer]
        assert got["dz_rms"] == pytest.approx(64 * measures.rms(back.deltas[place]), rel=1e-3)
        end = place
        while end + 1 < len(network.layers) and isinstance(network.layers[end + 1], (BatchNorm, RMSNorm, Activation)):
            end += 1
        if name in ("layer norm", "norm first"):
            continue  # the test below has them
        assert got["a_rms"] == pytest.approx(measures.rms(pass_.activations[end]), rel=1e-3)
        z = pass_.activations[end - 1] if end > place + 1 else pass_.pre_activations[place]
        assert got["z_rms"] == pytest.approx(measures.rms(z), rel=1e-3)
        f = activations.get(probes.layers[i].activation)
        if f.name in ("sigmoid", "tanh"):
            assert got["saturated"] == pytest.approx(measures.saturated(f, z[:, : probes.layers[i].units]), abs=1e-6)
        else:
            assert np.isnan(got["saturated"])


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_of_a_normalised_layer_z_is_what_the_function_sees(norm):
    network, rows = Network([Dense(16), NORMS[norm](), Activation("tanh"), Dense(3)], 5), data(64)
    trainer = Trainer(network, "cross_entropy", seed=0, shuffle=False)
    trainer.parameters["1.offset"][...] = np.linspace(-2, 2, 16)
    pass_ = network.forward(trainer.parameters, rows.X, train=True)
    trainer.observer = recorder = Recorder(network)
    trainer.epoch(rows, 64)
    probes = recorder.probes()
    assert probes.layers[0].norm == norm
    assert probes.of("z_rms")[0, 0] == pytest.approx(measures.rms(pass_.activations[1]), rel=1e-4)
    assert probes.of("a_rms")[0, 0] == pytest.approx(measures.rms(pass_.activations[2]), rel=1e-4)


@pytest.mark.parametrize("kernels", ["numba", "numpy"])
@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("name", [*NETWORKS, *DRAWN])
@pytest.mark.one_in(4)
def test_training_has_the_same_bits_with_a_recorder(name, n_threads, kernels, monkeypatch):
    monkeypatch.setenv("CHAINRULE_KERNELS", kernels)
    layers = {**NETWORKS, **DRAWN}[name]
    alone, observed = (trained(layers, one, n_threads=n_threads) for one in (False, True))
    assert (alone.parameters.vector == observed.parameters.vector).all()
    assert len(observed.observer.probes()) >= 3


@pytest.mark.parametrize("n_members", [2, 3])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_an_ensemble_has_the_same_bits_and_its_first_member_is_measured(n_members, n_threads):
    layers = DRAWN["dropout"]
    settings = {"trainer": Trainer, "n_members": n_members, "n_threads": n_threads}
    alone, observed = (trained(layers, one, **settings) for one in (False, True))
    assert (alone.parameters.vector == observed.parameters.vector).all()
    one = Trainer(Network(layers, 5), "cross_entropy", optimisers.Adam(0.01), seed=streams(0).member(0), n_threads=1)
    one.observer = Recorder(one.network, share=1e9)
    one.shuffle = False
    observed = Trainer(
        Network(layers, 5), "cross_entropy", optimisers.Adam(0.01), seed=0, n_members=n_members, n_threads=n_threads
    )
    observed.observer, observed.shuffle = Recorder(observed.network, share=1e9), False
    for trainer in (one, observed):
        trainer.epoch(data(), 32)
    np.testing.assert_allclose(observed.observer.probes().values, one.observer.probes().values, rtol=1e-4)


def test_sequences_are_measured():
    random = np.random.default_rng(0)
    sets = [random.normal(size=(n, 2)).astype(np.float32) for n in random.integers(1, 9, 60)]
    network = Network([Dense(8, "relu"), Pool("sum"), Dense(4, "relu"), Dense(2)], inputs=2)
    trainer = Trainer(network, "cross_entropy", seed=0)
    trainer.observer = recorder = Recorder(network)
    trainer.epoch(Sequences(sets, random.integers(0, 2, 60)), 16)
    probes = recorder.probes()
    assert [layer.name for layer in probes.layers] == ["0", "2", "3"]
    assert np.isfinite(probes.of("dz_rms")).all()
    assert (probes.of("dz_rms") > 0).all()


def test_units_that_never_fire_are_dead_and_others_are_not():
    network = Network([Dense(10, "relu"), Dense(3)], inputs=5)
    trainer = Trainer(network, "cross_entropy", seed=0)
    trainer.parameters["0.W"][:4] = 0
    trainer.parameters["0.b"][:4] = -1
    trainer.observer = recorder = Recorder(network, share=1e9)
    trainer.epoch(data(), 32)
    dead = recorder.probes().of("dead")
    assert np.isnan(dead[0]).all()  # 32 rows are too few to tell
    assert dead[-1, 0] == pytest.approx(0.4)
    assert np.isnan(dead[-1, -1])  # of an output no unit is dead


def test_few_rows_are_added_to_earlier_ones_until_they_tell():
    network = Network([Dense(10, "relu"), Dense(3)], inputs=5)
    trainer = Trainer(network, "cross_entropy", seed=0)
    trainer.parameters["0.W"][:4], trainer.parameters["0.b"][:4] = 0, -1
    trainer.observer = recorder = Recorder(network, share=1e9)
    for _ in range(30):
        trainer.epoch(data(40), 40)
    dead = recorder.probes().of("dead")[:, 0]
    assert len(dead) >= 4
    assert np.isnan(dead[0])
    np.testing.assert_allclose(dead[1:], 0.4, rtol=1e-6)


def test_gradients_too_small_for_float32_squares_are_still_told_apart():
    trainer = trained([*[Dense(16, "sigmoid")] * 30, Dense(3)], True, epochs=1)
    flow = trainer.observer.probes().flow()[0]
    assert flow[0] < -19  # whose square float32 cannot hold
    assert np.isfinite(flow).all()


def test_rank_and_spread_and_histogram_of_known_arrays():
    random = np.random.default_rng(0)
    assert measures.effective_rank(np.outer(random.normal(size=50), random.normal(size=20))) == pytest.approx(1 / 20)
    q, _ = np.linalg.qr(random.normal(size=(64, 8)) - 0.0)
    whitened = (q - q.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(q.T))).T
    assert measures.effective_rank(whitened) == pytest.approx(1.0, abs=1e-6)
    assert measures.effective_rank(np.ones((10, 4))) == 0
    shares = measures.histogram(np.array([[0.0, 1e-9, 0.011], [-0.011, 3.0, 1e3]]))
    assert shares[0] == pytest.approx(2 / 6)
    assert shares[np.searchsorted(EDGES, np.log10(0.011), side="right")] == pytest.approx(2 / 6)
    assert shares[-1] == pytest.approx(1 / 6)
    assert shares.sum() == pytest.approx(1)


def test_steps_are_chosen_by_arithmetic_alone():
    def chosen(rows, batch, epochs):
        recorder = Recorder(Network([Dense(64, "relu"), Dense(2)], inputs=20))
        recorder.see = lambda *given: None
        steps = -(-rows // batch)
        found = []
        for epoch in range(1, epochs + 1):
            recorder.begin(epoch, steps, batch)
            for step in range(steps):
                if recorder.due(step):
                    found.append((epoch, step))
                    recorder._next = recorder._at + min(recorder._every, max(8, 5 * recorder._at))
        return found

    found = chosen(50_000, 128, 10)
    assert found == chosen(50_000, 128, 10)
    assert found[0] == (1, 0)
    assert max(sum(e == epoch for e, _ in found) for epoch in range(2, 11)) <= PER_EPOCH
    assert len(chosen(100, 100, 200)) < 12  # an epoch of one step is not probed each time


def test_of_many_epochs_some_are_kept():
    recorder = Recorder(Network([Dense(2)], inputs=1), share=1e9)
    for epoch in range(1, 3 * KEPT):
        recorder.begin(epoch, 1, 8)
        recorder._open.append(np.zeros((1, len(QUANTITIES))))
    probes = recorder.probes()
    assert KEPT / 2 <= len(probes) <= KEPT
    assert probes.epochs[0] == 1  # the first stays
    assert (np.diff(probes.epochs) > 0).all()


@pytest.mark.parametrize(
    "estimator",
    [
        MLPClassifier((8, 8), max_iter=4, random_state=0),
        MLPClassifier((8,), max_iter=4, random_state=0, n_members=3),
        MLPRegressor(hidden_layer_sizes=(8,), max_iter=4, random_state=0),
        TableClassifier(preset="fast", max_iter=2, random_state=0),
    ],
    ids=["classifier", "members", "regressor", "table"],
)
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_estimators_keep_what_was_measured_and_files_have_it(estimator, tmp_path):
    from chainrule import load

    rows = data()
    estimator.fit(rows.X, rows.y)
    probes = estimator.probes_
    assert len(probes) >= 1
    assert probes.survey.rows >= 70
    estimator.save(tmp_path / "a.model")
    again = load(tmp_path / "a.model").probes_
    assert again.layers == probes.layers
    assert again.survey == probes.survey
    for name in ("epochs", "values", "drawn", "weights", "gradients"):
        np.testing.assert_array_equal(getattr(again, name), getattr(probes, name))


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
def test_without_probes_nothing_is_measured():
    rows = data()
    assert MLPClassifier((8,), max_iter=2, probes=False).fit(rows.X, rows.y).probes_ is None
    assert MLPClassifier((8,), solver="lbfgs", max_iter=200, l2=0.1).fit(rows.X, rows.y).probes_ is None


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_measuring_goes_on_where_training_does():
    """Here an epoch is a step, and the second of those that are measured comes eight after the first."""
    rows, calls = data(), MLPClassifier((8,), random_state=0)
    for _ in range(12):
        calls.partial_fit(rows.X, rows.y, classes=[0, 1, 2])
    warm = MLPClassifier((8,), max_iter=6, random_state=0, warm_start=True).fit(rows.X, rows.y)
    assert warm.probes_.epochs.tolist() == [0]
    for model in (calls, warm.fit(rows.X, rows.y)):
        assert model.probes_.epochs.tolist() == [0, 9]


def test_sequence_estimators_are_measured_without_a_survey():
    random = np.random.default_rng(0)
    sets = [random.normal(size=(n, 2)) for n in random.integers(1, 9, 60)]
    model = SequenceClassifier((8,), max_iter=30, tol=0.5, random_state=0).fit(sets, random.integers(0, 2, 60))
    assert model.probes_.survey is None
    assert len(model.probes_) >= 1
