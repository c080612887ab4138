"""Numba kernels against their NumPy twins: the same program, step by step, on the same memory."""

import numpy as np
import pytest

from chainrule import (
    GLU,
    Activation,
    AlphaDropout,
    BatchNorm,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    LayerNorm,
    Network,
    Periodic,
    Pool,
    Residual,
    RMSNorm,
)
from chainrule.engine.kernels import Kernel, load, numba_set, numpy_set
from chainrule.engine.kernels.numba_set import gathering, matrices, optimisers, terms, updates
from chainrule.engine.kernels.numpy_set import draws
from chainrule.engine.lowering import lower
from chainrule.engine.plan import Plan
from chainrule.network.activations import ACTIVATIONS
from chainrule.network.losses import LOSSES
from chainrule.training.averaging import EMA, SWA
from chainrule.training.optimisers import LAMB, SGD, AdaBelief, Adadelta, Adagrad, Adam, Lion, Muon, RMSprop
from chainrule.training.penalty import Penalty
from chainrule.training.step_options import PLAIN, StepOptions
from chainrule.training.update import Update

TOLERANCE = {np.float32: 1e-5, np.float64: 1e-12}
both_dtypes = pytest.mark.parametrize("dtype", TOLERANCE, ids=lambda dtype: dtype.__name__)


def block(norm, f, *rest):
    return [Dense(7), *norm, Activation(f), *rest]


#: name -> layers, mode, loss. Together they meet every kernel but the optimisers'.
PROGRAMS = {
    "plain": (block([], "tanh", Dense(3)), "train", "cross_entropy"),
    "dropout": (block([], "tanh", Dropout(0.3), *block([], "gelu", Dropout(0.3), Dense(3))), "train", "squared_error"),
    "alpha dropout": (
        block([], "selu", AlphaDropout(0.3), *block([LayerNorm()], "gelu", AlphaDropout(0.3), Dense(3))),
        "train",
        "squared_error",
    ),
    "noise": (
        [
            GaussianNoise(0.1),
            *block([], "tanh", GaussianNoise(0.3)),
            *block([BatchNorm()], "gelu", GaussianNoise(0.3)),
            Dense(3),
            GaussianNoise(0.3),
        ],
        "train",
        "squared_error",
    ),
    "sample": (block([BatchNorm()], "gelu", AlphaDropout(0.3), GaussianNoise(0.1), Dense(3)), "sample", "poisson"),
    "batch norm": (block([BatchNorm()], "tanh", Dropout(0.3), Dense(3)), "train", "poisson"),
    "batch norm, z": (block([BatchNorm()], "gelu", Dense(3)), "train", "binary_cross_entropy"),
    "batch norm, frozen": (block([BatchNorm()], "gelu", Dense(3)), "evaluate", None),
    "layer norm": (block([LayerNorm()], "tanh", Dropout(0.3), Dense(3)), "train", "squared_error"),
    "rms norm": (block([RMSNorm()], "tanh", Dropout(0.3), Dense(3)), "train", "squared_error"),
    "rms norm, z": (block([RMSNorm()], "gelu", Dense(3)), "train", "squared_error"),
    "gate, z": ([GLU(7, "gelu"), GLU(4, "sigmoid"), Dense(3)], "train", "squared_error"),
    "layer norm, z": (block([LayerNorm()], "gelu", Dense(3)), "train", "squared_error"),
    "norms": (
        block([BatchNorm()], "tanh", *block([LayerNorm()], "tanh", *block([RMSNorm()], "tanh", Dense(3)))),
        "predict",
        "cross_entropy",
    ),
    "sigmoid link": ([Dense(3)], "predict", "binary_cross_entropy"),
    "exp link": ([Dense(3)], "predict", "poisson"),
    **{loss: ([Dense(4)], "train", loss) for loss in LOSSES},
    "loss alone": (block([BatchNorm()], "tanh", Dropout(0.3), Dense(3)), "loss", "cross_entropy"),
    "periodic": (
        [Residual([Dense(3, "tanh"), Periodic(2, waves=3, units=2), Dense(3)]), Dense(3)],
        "train",
        "squared_error",
    ),
    "residual": ([Residual([Dense(5, "tanh"), Residual([Dense(5)])]), Dense(3)], "train", "squared_error"),
    "pool mean": ([Dense(7, "tanh"), Pool("mean"), Dense(3)], "train", "cross_entropy"),
    "pool sum": ([Dense(7, "tanh"), Pool("sum"), Dense(3)], "train", "cross_entropy"),
    "embedding": ([Embedding([3], [4]), Dense(3)], "train", "squared_error"),
    "embedding of several": ([Embedding([3, 2], [4, 9], columns=[1, 3]), Dense(3)], "train", "squared_error"),
    "pool max": ([Dense(7, "tanh"), Pool("max"), Dense(3)], "train", "cross_entropy"),
} | {f"activation {f}": ([Dense(7, f), Dense(3)], "train", "squared_error") for f in ACTIVATIONS}
ROWS, SEQUENCES, BOUNDARIES = 19, 4, [0, 5, 6, 14, 19]


OF_UPDATES = optimisers, matrices, updates


def kernel_names(program):
    return {step.kernel.name for step in program.instructions}


def test_every_kernel_has_a_twin_and_every_pair_is_met():
    assert set(numba_set._TEMPLATES) == set(numpy_set._TEMPLATES)
    met = set().union(
        *(
            kernel_names(lower(layers, 5, mode, LOSSES.get(loss), temperature=2.0))
            for layers, mode, loss in PROGRAMS.values()
        )
    )
    # Below, in test_mixup, test_expansion, test_terms, test_embedding and test_loading.
    elsewhere = {name for module in (*OF_UPDATES, terms, gathering) for name in module.KERNELS} | {
        "mix",
        "expand",
        "embed_plain_backward",
    }
    assert set(numba_set._TEMPLATES) - met == elsewhere


def bound(which, network, mode, loss, parameters, targets, monkeypatch):
    """The run of one set, its input filled in, and every array that it can write."""
    monkeypatch.setenv("CHAINRULE_KERNELS", which)
    program = lower(network.layers, network.inputs, mode, LOSSES.get(loss), temperature=2.0)
    plan = Plan(program, parameters, ROWS, SEQUENCES)
    plan.seed_noise(7, 3)
    run = plan.run(ROWS, SEQUENCES)
    generator = np.random.default_rng(1)
    run.arrays["x"][...] = generator.normal(size=(ROWS, network.inputs))
    if "y" in run.arrays:
        run.arrays["y"][...] = targets(loss, len(run.arrays["y"]), network.outputs)
        run.arrays["w"][...] = generator.random(len(run.arrays["w"]))
    if "d_output" in [value.name for value in program.given]:
        run.arrays["d_output"][...] = generator.normal(size=run.arrays["d_output"].shape)
    if "boundaries" in run.arrays:
        run.arrays["boundaries"][...] = BOUNDARIES
    gradients = {} if plan.gradients is None else {"gradients": plan.gradients.vector}
    return program, run, {**run.arrays, "parameters": parameters.vector, **gradients}


#: Of float64 not each activation: there the scalar functions are libm's, and test_agreement takes each of them.
CASES = [
    pytest.param(name, dtype, id=f"{name}-{dtype.__name__}")
    for dtype in TOLERANCE
    for name in PROGRAMS
    if dtype is np.float32 or not name.startswith("activation")
]


@pytest.mark.parametrize(("name", "dtype"), CASES)
@pytest.mark.one_in(3)
def test_twins(name, dtype, shaken, targets, monkeypatch):
    layers, mode, loss = PROGRAMS[name]
    network = Network(layers, 5)
    (program, numpy_run, reference), (_, numba_run, found) = (
        bound(which, network, mode, loss, shaken(network, dtype=dtype), targets, monkeypatch)
        for which in ("numpy", "numba")
    )
    for step, one, other in zip(program.instructions, numpy_run.each(), numba_run.each(), strict=True):
        one()
        other()
        for array in reference:
            close = TOLERANCE[dtype] * max(1.0, float(np.abs(reference[array]).max(initial=0)))
            np.testing.assert_allclose(
                found[array], reference[array], TOLERANCE[dtype], close, err_msg=f"{array} behind {step.text}"
            )
            found[array][...] = reference[array]  # so that the next step starts from the same


OPTIMISERS = {
    "sgd": SGD(0.1),
    "momentum": SGD(0.1, momentum=0.9, weight_decay=0.1),
    "nesterov": SGD(0.1, momentum=0.9, nesterov=True),
    "adam": Adam(0.1, weight_decay=0.1),
    "adabelief": AdaBelief(0.1, epsilon=1e-8),
    "rmsprop": RMSprop(0.1, momentum=0.5),
    "adagrad": Adagrad(0.1),
    "adadelta": Adadelta(0.1),
    "lion": Lion(0.1),
    "lamb": LAMB(0.1, weight_decay=0.1),
    "muon": Muon(0.1, weight_decay=0.1),
}
PENALTIES = {
    "": Penalty(),
    "penalty": Penalty(l1=0.3, l2=0.2, alpha=0.1),
    "l2": Penalty(l2=0.2),
}
OPTIONS = {
    "": PLAIN,
    "all, ema": StepOptions(1.0, 0.5, 0.4, {"bias": 2, "0.W": 0.5}, EMA(0.9)),
    "all, swa": StepOptions(1.0, 0.5, 0.4, {"bias": 2, "last": 0}, SWA(2, every=2)),
}
#: every optimiser alone and with each penalty it takes, and one of each form with all that may stand around it
UPDATES = [
    *((name, penalty, "") for name in OPTIMISERS for penalty in ("", "l2" if name in ("lamb", "muon") else "penalty")),
    *((name, "l2", options) for name in ("momentum", "adam", "lamb", "muon") for options in OPTIONS if options),
]


@both_dtypes
@pytest.mark.parametrize(("name", "penalty", "options"), UPDATES)
@pytest.mark.one_in(3)
def test_update_twins(name, penalty, options, dtype, shaken, monkeypatch):
    network = Network([Dense(7), BatchNorm(), Dense(9), LayerNorm(), Dense(3)], 5)
    found = []
    for which in ("numpy", "numba"):
        monkeypatch.setenv("CHAINRULE_KERNELS", which)
        parameters, gradients = shaken(network, dtype=dtype), shaken(network, dtype=dtype).like()
        update = Update(OPTIMISERS[name], PENALTIES[penalty], parameters, OPTIONS[options])
        step = update.bind(parameters, gradients)
        generator = np.random.default_rng(2)
        for _ in range(5):
            gradients.vector[...] = generator.normal(size=gradients.vector.size)
            step(0.05, 8.0)
        found.append({"parameters": parameters.vector, **update.state()})
    assert (found[0]["parameters"] != shaken(network, dtype=dtype).vector).any()
    for array, expected in found[0].items():
        np.testing.assert_allclose(
            found[1][array], expected, rtol=5 * TOLERANCE[dtype], atol=5 * TOLERANCE[dtype], err_msg=array
        )


def drawn_mask(which, dtype, rate, seed, step, site, shape):
    """What dropout makes of ones."""
    noise = np.array([seed, step, site, round(rate * 2**32)], np.uint32)
    z, bias = np.ones(shape, dtype), np.zeros(shape[1], dtype)
    identity = ACTIVATIONS["identity"].value
    load(Kernel("activate_inplace", identity, draw="dropout", label="identity"), np.dtype(dtype), which)(z, bias, noise)
    return z


@both_dtypes
@pytest.mark.parametrize("rate", [0.05, 0.5, 0.9])
def test_masks_are_the_same_bit_for_bit(rate, dtype):
    for seed, step, site, shape in ((0, 0, 0, (301, 100)), (2**32 - 1, 2**32 - 1, 9, (1, 77)), (5, 1, 0, (64, 1))):
        numpy_mask = drawn_mask("numpy", dtype, rate, seed, step, site, shape)
        np.testing.assert_array_equal(drawn_mask("numba", dtype, rate, seed, step, site, shape), numpy_mask)
        kept = dtype(1 / (1 - round(rate * 2**32) / 2**32))
        assert set(np.unique(numpy_mask)) <= {dtype(0), kept}


@pytest.mark.parametrize("rate", [0.05, 0.5, 0.9])
def test_the_share_dropped_is_the_rate_in_rows_columns_and_all(rate):
    mask = drawn_mask("numpy", np.float64, rate, 3, 1, 0, (1000, 1000)) == 0
    spread = (rate * (1 - rate)) ** 0.5
    assert abs(mask.mean() - rate) < 5 * spread / 1000
    for axis in (0, 1):
        assert np.abs(mask.mean(axis) - rate).max() < 5 * spread / 1000**0.5


def test_seeds_steps_and_sites_draw_unrelated_masks():
    first = drawn_mask("numpy", np.float64, 0.5, 3, 1, 0, (400, 400)) == 0
    for other in ((4, 1, 0), (3, 2, 0), (3, 1, 1), (1, 3, 0)):
        agree = np.mean(first == (drawn_mask("numpy", np.float64, 0.5, *other, (400, 400)) == 0))
        assert abs(agree - 0.5) < 5 * 0.5 / 400
    neighbours = np.mean(first[:, 1:] == first[:, :-1]), np.mean(first[1:] == first[:-1])
    np.testing.assert_allclose(neighbours, 0.5, atol=5 * 0.5 / 400)


def test_rate_zero_and_a_rate_that_rounds_to_one_keep_their_word():
    assert (drawn_mask("numpy", np.float64, 0.0, 0, 0, 0, (20, 20)) == 1).all()
    noise = np.array([0, 0, 0, 2**32 - 1], np.uint32)
    assert (draws.dropout_factor(noise, np.empty((20, 20))) == 0).all()
