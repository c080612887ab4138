"""Embeddings: forward and backward against one-hot products, codes that are none, training, sequences, ensembles."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from chainrule import (
    Dense,
    Embedding,
    LayerNorm,
    Mixup,
    MLPRegressor,
    Network,
    Predictor,
    Residual,
    Rows,
    Trainer,
    losses,
    optimisers,
)
from chainrule.engine.kernels import Kernel, load
from chainrule.engine.lowering import lower
from chainrule.engine.plan import Plan
from chainrule.errors import InputError, InputTypeError

RANDOM = np.random.default_rng(0)
CODES = np.stack([RANDOM.integers(0, 5, 40), RANDOM.integers(0, 3, 40)], axis=1)
X = np.hstack([RANDOM.normal(size=(40, 2)), CODES])
Y = RANDOM.normal(size=(40, 1))
ROWS = Rows(X.astype(np.float32), Y.astype(np.float32))
NETWORK = Network([Embedding([5, 3], [2, 4]), Dense(6, "tanh"), Dense(1)], inputs=4)


@pytest.fixture
def parameters():
    return NETWORK.init(0, dtype=np.float64)


def test_forward_is_a_product_with_indicators(parameters):
    a = NETWORK.forward(parameters, X).activations[0]
    hot = [np.eye(n)[CODES[:, k]] for k, n in enumerate((5, 3))]
    expected = [X[:, :2], hot[0] @ parameters["0.E0"], hot[1] @ parameters["0.E1"]]
    np.testing.assert_allclose(a, np.hstack(expected), rtol=1e-14)


@pytest.mark.parametrize(
    "layers",
    [
        [Embedding([5, 3], [2, 4]), Dense(1)],
        [Embedding([3], [4]), Dense(5, "gelu"), Dense(1)],
        [Residual([Embedding([5, 3], [2, 4]), Dense(3, "tanh")]), Dense(1)],
    ],
)
def test_gradients(layers):
    network = Network(layers, inputs=4)
    assert network.check_gradients(network.init(0, dtype=np.float64), X, Y, "squared_error") < 1e-7


def test_gradients_of_tables_are_sums_by_code_and_codes_have_none(parameters):
    look = NETWORK.forward(parameters, X)
    back = NETWORK.backward(parameters, look, look.output - Y)
    da = back.deltas[1] @ parameters["1.W"]
    for code in range(5):
        np.testing.assert_allclose(back.gradients["0.E0"][code], da[CODES[:, 0] == code, 2:4].sum(axis=0), rtol=1e-10)
    assert (back.d_input[:, 2:] == 0).all()
    np.testing.assert_allclose(back.d_input[:, :2], da[:, :2], rtol=1e-10)


def test_codes_that_are_none_are_zeros_and_teach_nothing(parameters):
    strange = X.copy()
    strange[:, 2] = np.tile([-1, 5, 1e30, -1e30], 10)
    look = NETWORK.forward(parameters, strange)
    assert (look.activations[0][:, 2:4] == 0).all()
    assert (NETWORK.backward(parameters, look, look.output - Y).gradients["0.E0"] == 0).all()
    strange[0, 2] = np.nan
    assert np.isnan(NETWORK.forward(parameters, strange).output[0, 0])


@pytest.mark.parametrize("stop", [3, 4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_both_kernel_sets_agree(dtype, stop):
    x = np.r_[X, [[0, 0, -1, 9]]].astype(dtype)
    E, da = RANDOM.normal(size=(5, 2)).astype(dtype), RANDOM.normal(size=(41, 6)).astype(dtype)
    found = []
    for which in ("numba", "numpy"):
        a, dE, dx = np.zeros((41, 6), dtype), np.ones_like(E), np.ones_like(x)
        run = {name: load(Kernel(name), np.dtype(dtype), which) for name in (
            "embed_plain", "embed", "embed_backward", "embed_plain_backward")}  # fmt: skip
        run["embed_plain"](a, x, 2)
        run["embed"](a, x, E, 2, stop, 2)
        run["embed_backward"](da, x, dE, 2, stop, 2)
        run["embed_plain_backward"](dx, da, 2)
        found.append([a, dE, dx])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


SEVERAL = Network([Embedding([5, 7], [2, 4], columns=[1, 3]), Dense(6, "tanh"), Dense(1)], inputs=6)
MANY = np.hstack([X[:, :2], CODES[:, :1], RANDOM.integers(-1, 8, (40, 3))])


def test_several_codes_are_summed_and_divided_by_the_root_of_how_many_there_are():
    parameters = SEVERAL.init(0, dtype=np.float64)
    codes = MANY[:, 3:]
    hot = np.stack([(codes == k).sum(axis=1) for k in range(7)], axis=1)
    share = 1 / np.sqrt(np.maximum(hot.sum(axis=1, keepdims=True), 1))
    look = SEVERAL.forward(parameters, MANY)
    np.testing.assert_allclose(look.activations[0][:, 4:], share * hot @ parameters["0.E1"], atol=1e-15)
    back = SEVERAL.backward(parameters, look, look.output - Y)
    da = (back.deltas[1] @ parameters["1.W"])[:, 4:]
    np.testing.assert_allclose(back.gradients["0.E1"], hot.T @ (share * da), rtol=1e-10, atol=1e-14)
    assert SEVERAL.check_gradients(parameters, MANY, Y, "squared_error") < 1e-7
    assert SEVERAL.widths[0] == 8


def test_one_code_in_several_columns_is_its_vector():
    network = Network([Embedding([5], [3], columns=[4])], inputs=4)
    parameters = network.init(0, dtype=np.float64)
    a = network.forward(parameters, np.array([[-1.0, 2, -1, 9]])).output
    np.testing.assert_array_equal(a[0], parameters["0.E0"][2])
    assert np.abs(parameters["0.E0"]).max() < 0.1  # those begin near 0


def gradients(network, X, inspect):
    """Those of one step of training, by a program that is inspected or not."""
    program = lower(network.layers, network.inputs, "train", losses.get("squared_error"), inspect=inspect)
    plan = Plan(program, network.init(0, dtype=np.float64), len(X))
    run = plan.run(len(X))
    run.arrays["x"][...], run.arrays["y"][...], run.arrays["w"][...] = X, Y[: len(X)], 1.0
    run.whole()
    return program, plan.gradients.vector.copy()


@pytest.mark.parametrize(
    ("layers", "narrow"),
    [
        ([Embedding([5, 7], [2, 4], columns=[1, 3]), Dense(6, "tanh"), Dense(1)], True),
        ([Embedding([5, 7], [2, 4], columns=[1, 3]), Residual([Dense(8, "tanh")]), Dense(1)], False),
        ([Embedding([5, 7], [2, 4], columns=[1, 3]), LayerNorm(), Dense(1)], False),
    ],
)
def test_columns_that_pass_through_have_no_gradient_where_nobody_asks(layers, narrow):
    network = Network(layers, inputs=6)
    _, whole = gradients(network, MANY, inspect=True)
    program, part = gradients(network, MANY, inspect=False)
    np.testing.assert_allclose(part, whole, rtol=1e-12, atol=1e-14)
    assert any("[:, 2:]" in instruction.text for instruction in program.backward) == narrow


@pytest.mark.parametrize("n_threads", [1, 2])
def test_levels_are_learned_alone_and_by_members(n_threads):
    effects = RANDOM.normal(size=200)
    codes = RANDOM.integers(0, 200, 4000)
    x, y = codes[:, None].astype(np.float32), effects[codes][:, None].astype(np.float32)
    network = Network([Embedding([200], [8]), Dense(1)], inputs=1)
    rate = optimisers.Adam(0.02)
    one = Trainer(network, "squared_error", rate, seed=0, n_threads=n_threads)
    several = Trainer(network, "squared_error", rate, n_members=3, seed=0, n_threads=n_threads)
    for _ in range(12):
        last, mean = one.epoch(Rows(x, y), 64), several.epoch(Rows(x, y), 64)
    assert last.loss < 0.01 and mean.loss < 0.01
    predict = Predictor(network, one.model, losses.get("squared_error"))
    np.testing.assert_allclose(predict(np.array([[-1], [200]], np.float32)), one.model["1.b"][0], rtol=1e-6)


def test_the_last_axis_of_sequences_is_what_counts(parameters):
    look = NETWORK.forward(parameters, X.reshape(10, 4, 4))
    np.testing.assert_allclose(look.output.reshape(-1, 1), NETWORK.forward(parameters, X).output, rtol=1e-12)


def test_penalties_pass_embeddings_by():
    assert NETWORK.layout.weights == ("1.W", "2.W")


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: Embedding([], []), InputError),
        (lambda: Embedding([5], [2, 2]), InputError),
        (lambda: Embedding([5], [2], columns=[1, 1]), InputError),
        (lambda: Embedding([5], [2], columns=[0]), InputError),
        (lambda: Network([Embedding([5], [2], columns=[3])], inputs=2).widths, InputError),
        (lambda: Embedding([0], [2]), InputError),
        (lambda: Embedding([True], [2]), InputTypeError),
        (lambda: Network([Dense(4), Embedding([5, 3], [2, 4])], inputs=4), InputError),
        (
            lambda: Trainer(NETWORK, "squared_error", mixup=Mixup(0.2)).epoch(ROWS, 8),
            InputError,
        ),
        (lambda: MLPRegressor(layers=[Embedding([5], [2])], input_noise=0.1).fit(X, Y[:, 0]), InputError),
        (lambda: Embedding(5, 2), InputTypeError),
        (lambda: Network([Embedding([5, 3], [2, 4]), Dense(1)], inputs=1).widths, InputError),
    ],
)
def test_what_cannot_be_is_refused(make, error):
    with pytest.raises(error):
        make()


def test_sparse_rows_hold_codes_too():
    predict = Predictor(NETWORK, NETWORK.init(0), losses.get("squared_error"))
    rows = X.astype(np.float32)
    np.testing.assert_array_equal(predict(csr_matrix(rows)), predict(rows))
