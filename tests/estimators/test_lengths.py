"""Padding counts nowhere: every method takes lengths, and who was fitted with them refuses an array without."""

import inspect

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import cross_val_score

import chainrule
from chainrule import SequenceClassifier, SequenceRegressor, compare, diagnose, find_learning_rate, pack, report
from chainrule.errors import InputError

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:The temperature ended:UserWarning"),  # of networks that have learned nothing
]

RANDOM = np.random.default_rng(0)
LENGTHS = RANDOM.integers(1, 5, 40)
PADDED = RANDOM.normal(size=(40, 5, 2)) * 9
LISTED = [steps[:length] for steps, length in zip(PADDED, LENGTHS, strict=True)]
Y = (PADDED[:, 0, 0] > 0).astype(int)
BOTH = pytest.mark.parametrize("Estimator", [SequenceClassifier, SequenceRegressor])


@pytest.fixture(autouse=True)
def _numpy_kernels(numpy_kernels):
    """Nothing here is compiled."""


def made(Estimator, **given):
    return Estimator(**{"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0} | given)


def fitted(Estimator, **given):
    return made(Estimator, **given).fit(PADDED, Y, lengths=LENGTHS)


@BOTH
def test_every_method_that_takes_sequences_takes_their_lengths(Estimator):
    for name, method in inspect.getmembers(Estimator, callable):
        if name.startswith("_") or name.endswith("_request"):  # scikit-learn's
            continue
        if name in ("explain", "partial_dependence"):  # which sequences are refused by, whatever their lengths
            continue
        takes = inspect.signature(method).parameters
        assert ("X" in takes) == ("lengths" in takes), name
        assert ("X_val" in takes) == ("lengths_val" in takes), name


#: What takes sequences, of a fitted estimator: X, and its lengths by name where it takes them.
METHODS = {
    "predict": lambda model, X, **told: model.predict(X, **told),
    "predict_proba": lambda model, X, **told: model.predict_proba(X, **told),
    "predict_log_proba": lambda model, X, **told: model.predict_log_proba(X, **told),
    "decision_function": lambda model, X, **told: model.decision_function(X, **told),
    "predict_interval": lambda model, X, **told: model.predict_interval(X, 0.8, **told),
    "score": lambda model, X, **told: model.score(X, Y, **told),
    "calibrate": lambda model, X, **told: model.calibrate(X, Y, **told),
    "partial_fit": lambda model, X, **told: model.partial_fit(X, Y, **told),
}


@BOTH
@pytest.mark.parametrize("name", METHODS)
def test_padding_is_told_of_or_refused(name, Estimator):
    if not hasattr(Estimator, name):
        return
    model = fitted(Estimator, **{"loss": "hinge"} if name == "decision_function" else {})
    if name == "predict_interval":
        model.calibrate(LISTED, Y)
    with pytest.raises(InputError, match=r"X: expected the lengths of its sequences.*chainrule\.pack\(X, lengths\)"):
        METHODS[name](model, PADDED)
    if name not in ("calibrate", "partial_fit"):
        of_list = METHODS[name](model, LISTED)
        assert_array_equal(METHODS[name](model, PADDED, lengths=LENGTHS), of_list)
        assert_array_equal(METHODS[name](model, pack(PADDED, LENGTHS)), of_list)
    METHODS[name](model, PADDED, lengths=LENGTHS)


def of_saved(model, X, tmp_path):
    model.save(tmp_path / "m")
    chainrule.Model.load(tmp_path / "m").predict(X)


DOORS = {
    "diagnose": lambda model, X, tmp_path: diagnose(model, X, Y),
    "report": lambda model, X, tmp_path: report(model, tmp_path / "r.html", X, Y),
    "compare": lambda model, X, tmp_path: compare(model, model, X, Y, pack(PADDED, LENGTHS), Y),
    "find_learning_rate": lambda model, X, tmp_path: find_learning_rate(model, X, Y, steps=20),
    "Model.predict": lambda model, X, tmp_path: model.model_.predict(X),
    "a saved model": of_saved,
}


@pytest.mark.parametrize("door", DOORS)
def test_other_doors_take_what_is_packed_and_refuse_the_array_alone(door, tmp_path):
    model = fitted(SequenceClassifier)
    with pytest.raises(InputError, match=r"X: expected the lengths of its sequences"):
        DOORS[door](model, PADDED, tmp_path)
    (tmp_path / "again").mkdir()
    DOORS[door](model, pack(PADDED, LENGTHS), tmp_path / "again")


@BOTH
def test_sequences_to_validate_on_have_lengths_too(Estimator):
    model = made(Estimator)
    with pytest.raises(InputError, match=r"X_val: expected the lengths of its sequences"):
        model.fit(PADDED, Y, lengths=LENGTHS, X_val=PADDED, y_val=Y)
    with pytest.raises(InputError, match=r"fit\(lengths_val=\): expected None without X_val"):
        model.fit(LISTED, Y, lengths_val=LENGTHS)
    model.fit(PADDED, Y, lengths=LENGTHS, X_val=PADDED, y_val=Y, lengths_val=LENGTHS)
    of_list = made(Estimator).fit(LISTED, Y, X_val=LISTED, y_val=Y)
    assert [record.validation_loss for record in model.history_] == [one.validation_loss for one in of_list.history_]


@BOTH
def test_arrays_whose_steps_all_count_need_none(Estimator):
    model = made(Estimator).fit(PADDED, Y)
    assert len(model.predict(PADDED)) == len(Y)
    assert not fitted(Estimator).fit(PADDED, Y).padded_  # anew
    assert len(made(Estimator).fit(LISTED, Y).predict(PADDED)) == len(Y)


@BOTH
@pytest.mark.parametrize("call", ["fit", "predict", "model"])
def test_what_no_sequence_can_be_is_told_by_sequence_and_step(call, Estimator):
    holed, model = [steps.copy() for steps in LISTED], made(Estimator).fit(LISTED, Y)
    long = int(np.flatnonzero(LENGTHS > 2)[1])
    holed[long][2, 1] = np.nan
    calls = {"fit": lambda X: made(Estimator).fit(X, Y), "predict": model.predict, "model": model.model_.predict}
    with pytest.raises(InputError, match=rf"NaN in 1 places, the first at sequence {long}, step 2, feature 1\."):
        calls[call](holed)
    for odd in ([steps + 1j for steps in LISTED], PADDED + 1j):
        with pytest.raises(InputError, match="X: expected real numbers; received complex ones"):
            calls[call](odd)


def test_packed_sequences_go_through_scikit_learn():
    assert np.isfinite(cross_val_score(made(SequenceClassifier), pack(PADDED, LENGTHS), Y, cv=2)).all()
