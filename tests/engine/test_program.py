"""Programs and plans: storage is shared without overlap, nothing is missing, and one plan serves every size."""

import itertools

import numpy as np
import pytest

from chainrule import Activation, BatchNorm, Dense, Dropout, LayerNorm, Network, Pool, Residual
from chainrule.engine.lowering import lower
from chainrule.engine.program import InPlace, share_storage, sizes, verify
from chainrule.errors import InputError, PlanError
from chainrule.network.losses import LOSSES

NETWORKS = {
    "dense": [Dense(5, "tanh"), Dense(6, "gelu"), Dense(3)],
    "norms": [Dense(5), BatchNorm(), Activation("relu"), Dropout(0.2), Dense(4), LayerNorm(), Dense(3)],
    "residual": [Dense(5, "gelu"), Residual([Dense(7, "tanh"), Residual([Dense(5)])]), Residual([Dense(3)])],
    "pool": [Dense(5, "tanh"), Pool("max"), Dense(3)],
}
COUNTS = {"rows": 8, "sequences": 2, "boundaries": 3}


@pytest.fixture(params=itertools.product(NETWORKS, ["train", "predict", "inspect"]), ids="-".join)
def program(request):
    name, mode = request.param
    if mode == "inspect":
        return lower(NETWORKS[name], 4, "train", inspect=True)
    return lower(NETWORKS[name], 4, mode, LOSSES["cross_entropy"])


def lives(program):
    """value -> (instruction that makes it, last one that reads it); given values are there from the start."""
    found = {value: [-1, -1] for value in program.given}
    for place, step in enumerate(program.instructions):
        for value in step.writes:
            found[value] = [place, place]
        for value in step.reads:
            found[value][1] = place
    for value in program.kept:
        found[value][1] = len(program.instructions)
    return found


def test_every_value_finds_its_place(program):
    blocks = share_storage(program)
    assert set(blocks) == set(lives(program))
    names = [value.name for value in blocks]
    assert len(set(names)) == len(names)
    room = sizes(blocks, COUNTS)
    for value, block in blocks.items():
        assert np.prod(value.shape(COUNTS)) <= room[block]
    verify(program, blocks)


def test_two_values_that_live_at_once_never_share_memory(program):
    blocks, life = share_storage(program), lives(program)
    for one, other in itertools.combinations(blocks, 2):
        if blocks[one] == blocks[other]:
            assert life[one][1] <= life[other][0] or life[other][1] <= life[one][0], (one.name, other.name)


def test_the_verifier_finds_every_planted_overlap(program):
    """Each pair of values of which one is written before the other was last read, put into one block."""
    blocks, life = share_storage(program), lives(program)
    heirs = {(a.before, a.after) for step in program.instructions for a in step.arguments if isinstance(a, InPlace)}
    planted = 0
    for victim, intruder in itertools.permutations(blocks, 2):
        if life[victim][0] < life[intruder][0] <= life[victim][1] and (victim, intruder) not in heirs:
            planted += 1
            with pytest.raises(PlanError, match="defect of chainrule"):
                verify(program, {**blocks, intruder: blocks[victim]})
    assert planted > 0


def test_the_verifier_finds_what_was_never_written():
    program = lower([Dense(3)], 4, "train", LOSSES["squared_error"])
    blocks = share_storage(program)
    del blocks[next(value for value in blocks if value.name == "0.xW")]
    with pytest.raises((PlanError, KeyError)):
        verify(program, blocks)


@pytest.mark.parametrize("mode", ["train", "predict"])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_listing_shows_every_operation(name, mode, numpy_kernels):
    network = Network(NETWORKS[name], 4)
    plan = network.plan(network.init(0), 8, sequences=2, mode=mode, loss="cross_entropy")
    titles = ["forward", "backward"] if mode == "train" else ["forward"]
    lines = plan.listing().splitlines()
    assert [line for line in lines if not line.startswith(" ")] == titles
    assert len(lines) == len(titles) + len(plan.program.instructions)
    for step in plan.program.instructions:
        (line,) = [line for line in lines if f"{line} ".startswith(f"  {step.text} ")]
        for value in step.writes:
            assert f"{value.name} {'x'.join(map(str, value.shape(plan.capacity)))}" in line


@pytest.mark.parametrize("units", [[7], [7, 5], [3, 9, 4], [8, 2, 16, 5, 1], [6] * 9], ids=str)
def test_prediction_alternates_between_two_buffers(units, numpy_kernels):
    network = Network([Dense(n, "gelu") for n in units], 4)
    plan = network.plan(network.init(0), 10, mode="predict")
    expected = 4 + max(units[::2]) + max(units[1::2], default=0)
    assert plan.nbytes == 10 * expected * 4


def test_the_gradient_of_the_input_is_for_inspections_only():
    layers = [Dense(5, "tanh"), Dense(3)]
    training = lower(layers, 4, "train", LOSSES["squared_error"])
    looking = lower(layers, 4, "train", inspect=True)
    assert training.d_input is None
    assert "dx by 0.W" in {v.name for step in looking.instructions for v in step.writes}
    assert "dx by 0.W" not in {v.name for step in training.instructions for v in step.writes}
    assert looking.d_input.name.startswith("dx by 0.W")
    products = [step for step in training.backward if step.kernel.name == "dot"]
    assert len(products) == 3  # dW and dx of the second layer, dW of the first


@pytest.mark.parametrize("name", ["dense", "norms", "residual"])
def test_a_partial_batch_gives_what_a_plan_of_its_size_gives(name, shaken, kernels):
    network = Network(NETWORKS[name], 4)
    X, y = np.random.default_rng(0).normal(size=(8, 4)), np.arange(8) % 3
    large = network.plan(shaken(network), 8, loss="cross_entropy")
    for rows in (8, 5, 1, 8):
        small = network.plan(shaken(network), rows, loss="cross_entropy")
        large.parameters.vector[...] = shaken(network).vector
        results = []
        for plan in (large, small):
            run = plan.run(rows)
            run.arrays["x"][...], run.arrays["y"][...], run.arrays["w"][...] = X[:rows], y[:rows], 1
            run.arrays["total"][...] = 0
            run()
            results.append((run.arrays["total"].copy(), plan.gradients.vector, plan.parameters.vector))
        for one, other in zip(*results, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_size_is_bound_once(numpy_kernels):
    network = Network([Dense(3)], 4)
    plan = network.plan(network.init(0), 100, loss="squared_error")
    assert plan.run(7) is plan.run(7)
    assert plan.run(7) is not plan.run(8)
    assert np.shares_memory(plan.run(7).arrays["x"], plan.run(8).arrays["x"])


def test_parameters_of_another_network_are_refused(numpy_kernels):
    network = Network([Dense(3)], 4)
    with pytest.raises(InputError, match="15 values"):
        type(network.init(0))(network.layout, np.zeros(16))
