"""Compact columns expanded: the blocks, the two kernel sets, and rows taken as of a sparse matrix."""

import pickle

import numpy as np
import pytest

from chainrule import Dense, Network, Predictor, Rows, Trainer, losses
from chainrule.engine.blocks import BLOCKS as KINDS
from chainrule.engine.blocks import ROUNDS, UNBOUNDED, Clip, Code, Curve, Levels, Missing, Smooth, Waved
from chainrule.engine.expansion import Coded, Expansion
from chainrule.engine.fill import fill
from chainrule.engine.kernels import Kernel, load
from chainrule.errors import InputError, InputTypeError

BLOCKS = {
    "clip": Clip(0, (0.0, 1.0), (0.5, 2.0), (-1.0, 0.0), (1.0, UNBOUNDED)),
    "smooth": Smooth(0, 0.5, 2.0, 3.0),
    "waved": Waved(0, 0.5, 2.0, 3.0),
    "missing": Missing(0),
    "levels": Levels(1, 3),
    "code": Code(1),
    "curve": Curve(0, (-2.0, 0.5, 6.0), (1.0, -1.0, 3.0)),
    "periodic": Curve(0, (0.0, 1.0, 3.0), (0.5, -1.0, 0.5), 3.0),
}
VALUES = np.array([[0.2, 0], [5, 2], [np.nan, -1], [-7, 3], [1e30, np.nan]], np.float32)
FILLS = [0.25, -1.0]


def by_hand(block, column, fill):
    x = np.where(np.isnan(column), fill, column).astype(np.float64)[:, None]
    match block:
        case Clip():
            return np.clip((x - block.origin) * np.array(block.slope), block.low, block.high)
        case Smooth():
            t = (x - block.origin) * block.slope
            return block.cap * np.sin(np.arctan(t / block.cap))
        case Missing():
            return np.isnan(column)[:, None]
        case Levels():
            return x == np.arange(block.count)
        case Code():
            return x
        case Curve():
            turns = (x - block.knots[0]) / (block.period or 1.0)
            turned = np.where(abs(turns) < ROUNDS, turns % 1 * block.period + block.knots[0], block.knots[0])
            turned = turned if block.period else x
            return np.interp(turned, block.knots, block.heights)


def test_every_kind_of_block_is_here():
    assert {type(block) for block in BLOCKS.values()} == set(KINDS)


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_is_its_formula(name):
    block = BLOCKS[name]
    found = Coded(VALUES, Expansion([block], FILLS)).toarray()
    expected = by_hand(block, VALUES[:, block.source], FILLS[block.source])
    assert found.shape == (5, block.width)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_both_kernel_sets_expand_alike():
    expansion = Expansion(list(BLOCKS.values()), FILLS)
    results = []
    for which in ("numba", "numpy"):
        out = np.full((5, expansion.width), 9, np.float32)
        load(Kernel("expand"), out.dtype, which)(out, VALUES, expansion._program, expansion.fills, expansion._constants)
        results.append(out)
    np.testing.assert_allclose(*results, rtol=1e-6, atol=1e-6)


def test_rows_are_taken_as_of_a_matrix():
    coded = Coded(VALUES, Expansion(list(BLOCKS.values()), FILLS))
    whole = coded.toarray()
    assert (coded.shape, coded.dtype, coded.ndim) == (whole.shape, whole.dtype, 2)
    for rows in (slice(1, 4), np.array([3, 0, 3])):
        out = np.empty((len(whole[rows]), whole.shape[1]), np.float32)
        fill(out, coded, rows)
        np.testing.assert_array_equal(out, whole[rows])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(coded)).toarray(), whole)
    assert coded[:0].toarray().shape == (0, whole.shape[1])


def test_training_on_coded_rows_is_training_on_what_they_stand_for():
    random = np.random.default_rng(0)
    values = np.stack([random.normal(size=64), random.integers(-1, 4, 64)], axis=1).astype(np.float32)
    coded = Coded(values, Expansion([BLOCKS["smooth"], BLOCKS["missing"], BLOCKS["levels"]], FILLS))
    y = random.integers(0, 2, 64)
    network = Network([Dense(8, "tanh"), Dense(2)], coded.shape[1])
    models = []
    for X in (coded, coded.toarray()):
        trainer = Trainer(network, "cross_entropy", seed=0)
        for _ in range(3):
            trainer.epoch(Rows(X, y), 16)
        models.append(trainer.model.vector)
        predict = Predictor(network, trainer.model, losses.get("cross_entropy"))
        np.testing.assert_array_equal(predict(X), predict(coded.toarray()))
    np.testing.assert_array_equal(*models)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Clip(-1, (0.0,), (1.0,), (0.0,), (1.0,)),
        lambda: Clip(0, (0.0,), (1.0, 2.0), (0.0,), (1.0,)),
        lambda: Clip(0, (), (), (), ()),
        lambda: Clip(0, (float("nan"),), (1.0,), (0.0,), (1.0,)),
        lambda: Smooth(0, 0.0, 1.0, float("inf")),
        lambda: Curve(0, (0.0, 1.0, 1.0), (0.0, 1.0, 2.0)),
        lambda: Curve(0, (1.0, 0.0), (0.0, 1.0)),
        lambda: Levels(0, 0),
        lambda: Code("a"),
    ],
)
def test_blocks_that_cannot_be_are_refused(make):
    with pytest.raises((InputError, InputTypeError)):
        make()
