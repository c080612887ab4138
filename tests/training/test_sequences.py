"""Sequences of different lengths in training: padding reaches nothing, and sums and maxima of sets are learned."""

import pickle

import numpy as np
import pytest

from chainrule import (
    GLU,
    Activation,
    AlphaDropout,
    BatchNorm,
    Checkpoints,
    Dense,
    Dropout,
    Evaluator,
    GaussianNoise,
    LayerNorm,
    Mixup,
    Network,
    Pool,
    Residual,
    RMSNorm,
    Rows,
    SequenceClassifier,
    SequenceRegressor,
    Sequences,
    Stopping,
    Trainer,
    Validation,
    pack,
    train,
)
from chainrule.engine.predictor import Predictor
from chainrule.errors import InputError, InputTypeError
from chainrule.network import losses
from chainrule.training.optimisers import Adam

LENGTHS = np.array([3, 1, 5, 4, 2, 5, 1, 3])
#: A stack for every kind of layer, ended by one output per step; a pool stands behind it where sequences are pooled.
STACKS = {
    "dense": [Dense(4, "tanh")],
    "activation": [Dense(4), Activation("gelu")],
    "layer norm": [Dense(4), LayerNorm()],
    "rms norm, gate": [Dense(4), RMSNorm(), GLU(4, "tanh")],
    "batch norm": [Dense(4), BatchNorm()],
    "dropout": [Dense(4, "tanh"), Dropout(0.4)],
    "alpha dropout": [Dense(4, "selu"), AlphaDropout(0.2)],
    "gaussian noise": [GaussianNoise(0.1), Dense(4)],
    "residual": [Dense(4), Residual([LayerNorm(), Dense(4, "relu")])],
}
ENDS = {"per step": [], **{how: [Pool(how)] for how in ("mean", "max", "sum")}}
every_stack = pytest.mark.parametrize("name", STACKS)
every_end = pytest.mark.parametrize("end", ENDS)


def network_of(name, end):
    return Network([*STACKS[name], *ENDS[end], Dense(2)], 3)


def padded(time=5, padding=0.0, dtype=np.float32):
    """X (8, time, 3), y per step and y per sequence, and `padding` behind the ends."""
    generator = np.random.default_rng(0)
    real = np.arange(time) < LENGTHS[:, None]
    X, y = (np.full((8, time, width), padding, dtype) for width in (3, 2))
    X[real] = generator.normal(size=(real.sum(), 3))
    y[real] = generator.normal(size=(real.sum(), 2))
    return X, y, generator.normal(size=(8, 2)).astype(dtype)


def data_of(end, form, weight=None, dtype=np.float32):
    X, y, pooled = padded(*{"garbage": (5, 1e3), "nan": (5, np.nan), "longer": (9, 7.0)}.get(form, ()), dtype=dtype)
    stepwise = end == "per step"
    y = y if stepwise else pooled
    if form != "list":
        return Sequences(X, y, LENGTHS, weight, stepwise=stepwise)
    y = [one[:n] for one, n in zip(y, LENGTHS, strict=True)] if stepwise else y
    return Sequences([one[:n] for one, n in zip(X, LENGTHS, strict=True)], y, weight=weight, stepwise=stepwise)


def trained(network, data, epochs=3, batch_size=3, **options):
    trainer = Trainer(network, "squared_error", Adam(0.01), seed=0, **options)
    records = [trainer.epoch(data, batch_size).loss for _ in range(epochs)]
    return trainer, records


@every_end
@every_stack
@pytest.mark.one_in(4)
def test_training_never_sees_the_padding(name, end, kernels):
    network = network_of(name, end)
    expected, losses_ = trained(network, data_of(end, "list"))
    assert np.isfinite(losses_).all()
    for form in ("zeros", "garbage", "nan", "longer"):
        found, records = trained(network, data_of(end, form))
        np.testing.assert_array_equal(found.parameters.vector, expected.parameters.vector)
        assert records == losses_


@every_end
@pytest.mark.parametrize("name", [name for name in STACKS if not any(w in name for w in ("batch", "drop", "noise"))])
def test_a_batch_has_the_loss_and_the_gradient_of_its_sequences_one_by_one(name, end, kernels):
    network, weight = network_of(name, end), np.linspace(0.5, 2, 8)
    data = data_of(end, "garbage", weight, np.float64)
    parameters = network.init(0, np.float64)

    def gradient(data):
        plan = network.plan(parameters, **data.capacity(len(data)), loss="squared_error")
        (everything,) = data.batches(len(data), None)
        run = data.run(plan, everything)
        weight = data.gather(everything, run.arrays)
        run()
        return weight, weight * plan.gradients.vector, run.arrays["total"].copy()

    alone = [gradient(data.part(np.array([s]))) for s in range(8)]
    for found, each in zip(gradient(data), zip(*alone, strict=True), strict=True):
        np.testing.assert_allclose(found, np.sum(each, axis=0), rtol=1e-9, atol=1e-12)


@every_end
def test_a_weight_of_two_is_a_sequence_twice_and_of_zero_leaves_it_out(end, kernels):
    network = network_of("dense", end)
    data = data_of(end, "list", np.array([2, 1, 0, 1, 1, 1, 1, 1], np.float32))
    evaluator = Evaluator(network, network.init(0), losses.get("squared_error"))
    again = data_of(end, "list").part(np.array([0, 0, 1, 3, 4, 5, 6, 7]))
    assert evaluator(data) == pytest.approx(evaluator(again), rel=1e-6)


@every_end
@every_stack
def test_predictions_are_those_of_a_sequence_alone(name, end, shaken, kernels):
    network = network_of(name, end)
    predict = Predictor(network, shaken(network), losses.get("squared_error"))
    X = padded(padding=np.nan, dtype=np.float64)[0]
    found = predict(pack(X, LENGTHS))
    alone = np.concatenate([predict(pack(one[None, :n])) for one, n in zip(X, LENGTHS, strict=True)])
    np.testing.assert_allclose(found, alone, rtol=1e-12, atol=1e-14)
    chosen = np.array([5, 0])
    expected = np.concatenate([predict(pack(X[s : s + 1, : LENGTHS[s]])) for s in chosen])
    np.testing.assert_allclose(predict(pack(X, LENGTHS), chosen=chosen), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("layers", [[LayerNorm()], [BatchNorm()], [Activation("tanh")], [Pool("mean")], [Pool("max")]])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_without_a_matrix_product_the_last_bit_is_that_of_the_sequence_alone(layers, dtype, shaken, kernels):
    network = Network(layers, 3)
    predict = Predictor(network, shaken(network, dtype=dtype), losses.get("squared_error"))
    X = padded(dtype=dtype)[0]
    alone = [predict(pack(one[None, :n])) for one, n in zip(X, LENGTHS, strict=True)]
    np.testing.assert_array_equal(predict(pack(X, LENGTHS)), np.concatenate(alone))


@pytest.mark.parametrize("norm", [LayerNorm(), BatchNorm()], ids=["layer", "batch"])
def test_the_neighbours_in_a_batch_do_not_change_a_bit(norm, shaken, kernels):
    network = Network([Dense(16), norm, Activation("tanh"), Pool("mean"), Dense(2)], 3)
    predict = Predictor(network, shaken(network, dtype=np.float32), losses.get("squared_error"))
    X = padded()[0]
    others = np.random.default_rng(1).normal(size=X.shape).astype(np.float32)
    others[2] = X[2]
    np.testing.assert_array_equal(predict(pack(X, LENGTHS))[2], predict(pack(others, LENGTHS))[2])


def test_long_data_goes_by_chunks_and_a_sequence_may_be_longer_than_one(kernels):
    network = Network([Dense(4, "tanh"), Pool("sum"), Dense(2)], 3)
    generator = np.random.default_rng(0)
    sets = [generator.normal(size=(n, 3)).astype(np.float32) for n in (3000, 1, 6000, 2500, 10)]
    predict = Predictor(network, network.init(0), losses.get("squared_error"))
    expected = np.concatenate([predict(pack([one])) for one in sets])
    np.testing.assert_allclose(predict(pack(sets)), expected, rtol=1e-4, atol=1e-4)
    data = Sequences(sets, expected)
    assert Evaluator(network, predict.parameters, predict.loss)(data) < 1e-6


@every_end
def test_gradients_are_right(end, shaken, kernels):
    network, (X, y, pooled) = network_of("residual", end), padded(padding=np.nan)
    target = y if end == "per step" else pooled
    assert network.check_gradients(shaken(network), X, target, "squared_error", lengths=LENGTHS) < 1e-6


def test_a_team_learns_the_same(kernels):
    network = network_of("layer norm", "mean")
    one, two = (trained(network, data_of("mean", "list"), n_threads=n)[0] for n in (1, 2))
    np.testing.assert_allclose(one.parameters.vector, two.parameters.vector, rtol=1e-5, atol=1e-6)


def test_stopping_watches_held_out_sequences(kernels):
    network, data = network_of("dense", "mean"), data_of("mean", "list")
    training, held_out = data.part(np.arange(5)), data.part(np.arange(5, 8))
    trainer = Trainer(network, "squared_error", Adam(0.05), seed=0)
    watch = Validation(Evaluator(network, trainer.model, trainer.loss), held_out)
    stopping = Stopping(patience=3, tol=0)
    history = list(train(trainer, training, 2, 300, stopping, watch))
    stopping.restore(trainer.model.vector)
    assert stopping.exhausted
    assert -watch().score == pytest.approx(min(record.validation_loss for record in history), rel=1e-6)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_fit_goes_on_from_a_checkpoint_to_the_same_bits(early_stopping, tmp_path, kernels):
    generator = np.random.default_rng(0)
    sets = [generator.normal(size=(n, 2)) for n in generator.integers(1, 6, 40)]
    y = [s.sum() for s in sets]
    options = dict(
        hidden_layer_sizes=(8,), dropout=0.2, batch_size=7, random_state=0, tol=0, n_iter_no_change=np.inf,
        early_stopping=early_stopping,
    )  # fmt: skip

    def fit(epochs, resume_from=None, **more):
        with pytest.warns(UserWarning, match="Maximum iterations"):
            return SequenceRegressor(max_iter=epochs, **options, **more).fit(sets, y, resume_from=resume_from)

    fit(3, checkpoints=Checkpoints(tmp_path))
    np.testing.assert_array_equal(fit(6, tmp_path).parameters_.vector, fit(6).parameters_.vector)
    other = SequenceRegressor(max_iter=6, **options)
    with pytest.raises(InputError, match="checksum"):
        other.fit([s + 1 for s in sets], y, resume_from=tmp_path)


@pytest.mark.parametrize(("asked", "limit"), [("sum", 0.05), ("max", 0.05)])
def test_sum_and_max_of_sets_are_learned(asked, limit):
    generator = np.random.default_rng(0)

    def draw(count, low, high):
        sets = [generator.uniform(-1, 1, (n, 1)).astype(np.float32) for n in generator.integers(low, high, count)]
        return sets, np.array([getattr(np, asked)(s) for s in sets], np.float32)

    model = SequenceRegressor(
        hidden_layer_sizes=(32,), pool=asked, learning_rate_init=0.01, batch_size=64, max_iter=60, tol=0,
        early_stopping=True, random_state=0, n_iter_no_change=60, validation_fraction=0.1,
    )  # fmt: skip
    with pytest.warns(UserWarning, match="Maximum iterations"):
        model.fit(*draw(2000, 1, 13))
    for low, high, most in ((1, 13, limit), (30, 31, 4 * limit)):
        sets, y = draw(300, low, high)
        assert np.sqrt(np.mean((model.predict(sets) - y) ** 2)) < most


def test_a_classifier_takes_lists_arrays_and_lengths_and_survives_a_pickle(numpy_kernels):
    X, _, _ = padded(padding=np.nan)
    y = np.array(list("abcabcab"))
    model = SequenceClassifier((8,), head_layer_sizes=(4,), norm="layer", solver="lbfgs", max_iter=20, random_state=0)
    with pytest.warns(UserWarning, match="lbfgs failed"):
        model.fit(X, y, LENGTHS)
    listed = [one[:n] for one, n in zip(X, LENGTHS, strict=True)]
    p = model.predict_proba(X, LENGTHS)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(listed), p)
    assert model.score(X, y, LENGTHS) == np.mean(model.predict(listed) == y)


@pytest.mark.parametrize(
    ("X", "y", "options", "message"),
    [
        ([np.ones((0, 2)), np.ones((1, 2))], [0, 1], {}, "place 0"),
        ([np.ones((2, 2)), np.ones((1, 3))], [0, 1], {}, "place 1"),
        ([], [], {}, "at least one sequence"),
        (np.ones((2, 3)), [0, 1], {}, "batch, time, features"),
        (np.ones((2, 3, 2)), [0, 1], {"lengths": [3, 4]}, "between 1 and 3"),
        (np.ones((2, 3, 2)), [0, 1], {"lengths": [3, 0]}, "between 1 and 3"),
        (np.ones((2, 3, 2)), [0, 1, 1], {}, "do not go together"),
        ([np.full((2, 2), np.nan), np.ones((1, 2))], [0, 1], {}, "finite numbers"),
        ([np.ones((2, 2)), np.ones((1, 2))], [0, 1], {"lengths": [2, 1]}, "knows its lengths"),
        ([np.ones((2, 2)), np.ones((1, 2))], [0, 1], {"sample_weight": [1, 2, 3]}, "one number per row"),
    ],
)
def test_what_cannot_be_fitted_is_refused(X, y, options, message, numpy_kernels):
    with pytest.raises(InputError, match=message):
        SequenceClassifier().fit(X, y, **options)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_hidden_layers_stand_before_the_pool_and_head_layers_behind_it(numpy_kernels):
    model = SequenceRegressor(hidden_layer_sizes=(5, 4), head_layer_sizes=(7,), max_iter=1)
    layers = model.fit([np.ones((2, 3)), np.zeros((1, 3))], [0.0, 1.0]).network_.layers
    assert [getattr(layer, "units", "pool") for layer in layers] == [5, 4, "pool", 7, 1]


def test_other_refusals(numpy_kernels):
    X, y, pooled = padded()
    model = SequenceRegressor(solver="lbfgs", random_state=0, tol=0.1).fit(X, pooled, LENGTHS)
    with pytest.raises(InputError, match="3 features"):
        model.predict(X[..., :2], LENGTHS)
    with pytest.raises(InputError, match="one of 'max', 'mean', 'sum'"):
        SequenceRegressor(pool="median").fit(X, pooled, LENGTHS)
    with pytest.raises(InputError, match="cannot be mixed"):
        SequenceRegressor(mixup=0.2).fit(X, pooled, LENGTHS)
    with pytest.raises(InputError, match="stepwise"):
        Sequences(X, y[:3], LENGTHS)
    with pytest.raises(InputError, match="per sequence"):
        Sequences(X, pooled, LENGTHS, np.ones(3))
    with pytest.raises(InputError, match="between 1 and 2"):
        Sequences(X, y[:, :2], LENGTHS, stepwise=True)
    pools, steps = (network_of("dense", end) for end in ("mean", "per step"))
    for network, data in (
        (pools, Sequences(X, y, LENGTHS, stepwise=True)),
        (steps, Sequences(X, pooled, LENGTHS)),
        (pools, Rows(X[:, 0], pooled)),
    ):
        with pytest.raises(InputError, match="Pool"):
            Trainer(network, "squared_error", seed=0).epoch(data, 4)
    checked = Sequences(X, pooled, LENGTHS)
    Trainer(pools, "squared_error", seed=0).epoch(checked, 4)
    with pytest.raises(InputError, match="indices from 0 to"):  # what passed as a whole is looked at again in part
        Trainer(pools, "squared_error", seed=0).epoch(checked.part(np.array([0, 99])), 4)
    with pytest.raises((InputError, InputTypeError), match="cannot be mixed"):
        trained(pools, Sequences(X, pooled, LENGTHS), mixup=Mixup(0.2))


@pytest.mark.parametrize("steps", [(3, 2), (2, 2), (2, 3, 1)], ids=str)
def test_every_sequence_has_targets_for_its_own_steps(steps):
    """(3, 2) are as many as there are steps in all, but not of the right sequences."""
    X = [np.zeros((2, 1), np.float32), np.zeros((3, 1), np.float32)]
    assert len(Sequences(X, [np.zeros((n, 1), np.float32) for n in (2, 3)], stepwise=True).y) == 5
    with pytest.raises(InputError, match="Sequences"):
        Sequences(X, [np.zeros((n, 1), np.float32) for n in steps], stepwise=True)
