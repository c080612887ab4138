"""Passes written out against the engine and against finite differences, of every kind of layer."""

import json

import numpy as np
import pytest

from chainrule import plain
from chainrule.network.activations import ACTIVATIONS
from chainrule.playground import Session, Settings
from chainrule.playground.panels import backward_panel, forward_panel, steps_of, surface_panel
from chainrule.playground.run import Run
from chainrule.playground.settings import NORM_NAMES, Hidden
from chainrule.playground.task import Task
from chainrule.playground.written import backward


def run(epochs=3, **settings):
    found = Settings(rows=60, **settings)
    made = Run(found, Task.drawn(found))
    for _ in range(epochs):
        made.epoch()
    return made


CASES = [
    *({"hidden": (Hidden(5, name), Hidden(3, name))} for name in ACTIVATIONS),
    *({"hidden": (Hidden(4, "tanh", norm=norm), Hidden(4, "gelu", norm=norm, skip=True))} for norm in NORM_NAMES),
    {"hidden": (Hidden(4, skip=True), Hidden(4, dropout=0.3, skip=True), Hidden(4, skip=True))},
    {"data": "sine", "hidden": (Hidden(6), Hidden(6, "relu", norm="batch"))},
    {"data": "clusters", "hidden": ()},
]


@pytest.fixture(params=CASES, ids=str)
def trained(request):
    return run(**request.param)


def engine_gradient(made, row):
    """The engine's gradients of the loss of one row, in float64, as in prediction."""
    parameters = type(made.parameters)(made.parameters.layout, made.parameters.vector.astype(np.float64))
    x = made.task.read(made.task.X[row : row + 1]).astype(np.float64)
    passed = made.network.forward(parameters, x)
    z, y = passed.output[0], made.task.y[row].ravel()[0]
    if made.task.classes:
        p = np.exp(z - z.max())
        d = p / p.sum() - np.eye(len(z))[int(y)]
    else:
        d = z - y
    return passed, made.network.backward(parameters, passed, d[None]).gradients


def test_forward_is_that_of_the_engine(trained):
    passed, _ = engine_gradient(trained, 7)
    panel = forward_panel(trained, 7)
    np.testing.assert_allclose(panel["steps"][-1]["values"], passed.output[0], rtol=1e-9, atol=1e-12)
    json.dumps(panel)


def test_every_gradient_is_that_of_the_engine(trained):
    _, gradients = engine_gradient(trained, 7)
    steps, x = steps_of(trained, 7)
    z, y = steps[-1].values, trained.task.y[7].ravel()[0]
    d = np.exp(z - z.max()) / np.exp(z - z.max()).sum() - np.eye(len(z))[int(y)] if trained.task.classes else z - y
    backward(steps, d)
    for step in steps:
        if step.kind == "product":
            a = x if step.given[0] < 0 else steps[step.given[0]].values
            expected = gradients[f"{step.name}.W"]
            np.testing.assert_allclose(np.outer(step.d, a), expected, rtol=1e-7, atol=1e-10)


def test_a_weight_by_the_chain_rule_is_as_its_finite_difference(trained):
    for product in range(len(trained.settings.hidden) + 1):
        found = backward_panel(trained, 7, product, 0, 0)
        assert found["gradient"] == pytest.approx(found["dz"] * found["a"])
        assert found["difference"] == pytest.approx(found["gradient"], rel=1e-4, abs=1e-7)
        last = found["chain"][-1]
        if last["kind"] == "sum":
            terms = [one["d"] if one.get("skip") else one["dz"] * one["w"] for one in last["terms"]]
            assert sum(terms) == pytest.approx(last["value"], rel=1e-9, abs=1e-12)
        json.dumps(found)


def test_forward_is_that_of_the_textbook():
    made = run(hidden=(Hidden(5), Hidden(4)))
    weights, biases = ([made.parameters[f"{k}.{one}"].astype(float) for k in range(3)] for one in "Wb")
    x = made.task.read(made.task.X[:1]).astype(float)
    output, activations = plain.forward(x, weights, biases, np.tanh)
    panel = forward_panel(made, 0)
    np.testing.assert_allclose(panel["steps"][-1]["values"], output[0], rtol=1e-12)
    np.testing.assert_allclose(panel["steps"][1]["values"], activations[1][0], rtol=1e-12)


def test_the_slice_of_the_loss_goes_through_where_the_weights_are():
    made = run(hidden=(Hidden(5, norm="layer"),))
    found = surface_panel(made)
    middle = len(found["losses"]) // 2
    assert found["losses"][middle][middle] == pytest.approx(made.seen[-1][0], rel=1e-4)
    before = made.parameters.vector.copy()
    surface_panel(made)
    np.testing.assert_array_equal(made.parameters.vector, before)


def test_a_run_is_the_engines_training():
    from chainrule import Dense, Network, Rows, Trainer, optimisers

    made = run(epochs=4, hidden=(Hidden(8),), rate=0.02)
    network = Network([Dense(8, "tanh"), Dense(2)], 2)
    trainer = Trainer(network, "cross_entropy", optimisers.Adam(learning_rate=0.02), seed=0, n_threads=1)
    for _ in range(4):
        trainer.epoch(Rows(made.task.read(made.task.X), made.task.y), 32)
    np.testing.assert_array_equal(made.parameters.vector, trainer.parameters.vector)


def test_steps_are_of_one_batch_each():
    made = run(epochs=0)
    made.step()
    made.step()
    assert made.steps == 2
    assert len(made.seen) == 3
    made.epoch()
    assert made.steps == 4


def test_units_and_plane_are_predictions():
    session = Session()
    session.answer({"do": "begin", "settings": {"hidden": [{"units": 3}, {"units": 5, "norm": "batch"}]}})
    state = session.answer({"do": "train", "epochs": 2})["A"]
    assert len(state["plane"]) == 1600
    assert all(0 <= one <= 1 for one in state["plane"])
    assert [len(session.answer({"do": "units", "layer": k})["units"]) for k in (0, 1)] == [3, 5]
