"""All six estimators can the same: one contract, and a table of it in the docs."""

import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import GroupShuffleSplit, TimeSeriesSplit

import chainrule
from chainrule import (
    Checkpoints,
    MLPClassifier,
    MLPRegressor,
    Model,
    SequenceClassifier,
    SequenceRegressor,
    TableClassifier,
    TableRegressor,
    callbacks,
    diagnose,
    find_learning_rate,
    losses,
)
from chainrule.errors import InputError

EVERY = (MLPClassifier, MLPRegressor, SequenceClassifier, SequenceRegressor, TableClassifier, TableRegressor)
every = pytest.mark.parametrize("Estimator", EVERY, ids=lambda kind: kind.__name__)
RANDOM = np.random.default_rng(0)
ROWS = 120
X = RANDOM.normal(size=(ROWS, 3)).astype(np.float32)
Y = (X[:, 0] + 0.5 * X[:, 1]).astype(np.float32)
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:The temperature ended:UserWarning"),  # of networks that have learned little
]


def classifies(Estimator):
    return Estimator.__name__.endswith("Classifier")


def rows(Estimator, some=slice(None)):
    """The same numbers as each takes them: an array, sequences, a table with words."""
    if Estimator.__name__.startswith("Sequence"):
        return [np.repeat(row[None], 1 + k % 3, axis=0) for k, row in enumerate(X[some])]
    if Estimator.__name__.startswith("Table"):
        words = np.array(["low", "high"])[(X[some][:, 2] > 0).astype(int)]
        return {"a": X[some][:, 0], "b": X[some][:, 1], "word": words}
    return X[some]


def y_of(Estimator, some=slice(None)):
    return np.array(["few", "many"])[(Y[some] > 0).astype(int)] if classifies(Estimator) else Y[some]


def made(Estimator, **given):
    """A small one; those of tables always hold rows out, the others where it is said."""
    plain = {"hidden_layer_sizes": (6,), "max_iter": 4, "random_state": 0}
    if Estimator.__name__.startswith("Table"):
        plain |= {"n_members": 1, "batch_size": 16, "bins": 8, "preset": "fast"}
        given.pop("early_stopping", None)
    return Estimator(**plain | given)


def fitted(Estimator, **given):
    return made(Estimator, **given).fit(rows(Estimator), y_of(Estimator))


def weights(model):
    return model.parameters_.vector.tolist()


def calibrates(Estimator, tmp_path):
    model = fitted(Estimator, calibration=True, early_stopping=True, validation_fraction=0.3)
    again = fitted(Estimator).calibrate(rows(Estimator), y_of(Estimator))
    for one in (model, again):
        if classifies(Estimator):
            assert one.temperature_ != 1
        else:
            low, high = one.predict_interval(rows(Estimator), 0.8)
            assert low.shape == (ROWS,) and (low <= high).all()
            assert 0.5 < ((low <= Y) & (high >= Y)).mean() <= 1


def scores_as_asked(Estimator, tmp_path):
    scoring = "neg_log_loss" if classifies(Estimator) else "neg_mean_absolute_error"
    model = fitted(Estimator, scoring=scoring, score_training=True, early_stopping=True)
    assert all(record.score < 0 and record.training_score < 0 for record in model.history_)


def splits_by_groups_and_by_time(Estimator, tmp_path):
    groups = np.arange(ROWS) // 30
    model = made(Estimator, validation_split=GroupShuffleSplit(1, test_size=0.25, random_state=0))
    assert model.fit(rows(Estimator), y_of(Estimator), groups=groups).outlook_.held_out == 30
    model = made(Estimator, validation_split=TimeSeriesSplit(3)).fit(rows(Estimator), y_of(Estimator))
    assert (model.outlook_.rows, model.outlook_.held_out) == (90, 30)


def resumes_bit_for_bit(Estimator, tmp_path):
    place = tmp_path / "run"
    whole = fitted(Estimator, early_stopping=True)
    half = made(Estimator, early_stopping=True, max_iter=4, checkpoints=Checkpoints(place, keep=9))
    half.fit(rows(Estimator), y_of(Estimator))
    (second,) = place.glob("*2.checkpoint")
    went_on = made(Estimator, early_stopping=True).fit(rows(Estimator), y_of(Estimator), resume_from=second)
    assert weights(went_on) == weights(whole) and len(went_on.history_) == 4


def goes_on(Estimator, tmp_path):
    model = made(Estimator)
    first = {"classes": ["few", "many"]} if classifies(Estimator) else {}
    for part in (slice(0, 40), slice(40, 80), slice(80, 120)):
        model.partial_fit(rows(Estimator, part), y_of(Estimator, part), **first)
        first = {}
    assert len(model.history_) == 3
    warm = fitted(Estimator, warm_start=True)
    before = weights(warm)
    warm.fit(rows(Estimator), y_of(Estimator))
    assert len(warm.history_) == 8 and weights(warm) != before


def learns_by_other_losses(Estimator, tmp_path):
    if classifies(Estimator):
        assert fitted(Estimator, loss="focal").model_.loss.name == "binary_focal"
        return
    assert fitted(Estimator, loss="huber").model_.loss.name == "huber"
    own = losses.custom("own", lambda z, y: ((z - y) ** 2, 2 * (z - y)))
    assert np.isfinite(fitted(Estimator, loss=own).predict(rows(Estimator))).all()
    assert fitted(Estimator, loss=losses.Quantile((0.1, 0.9))).predict(rows(Estimator)).shape == (ROWS, 2)
    assert (fitted(Estimator, loss="gaussian").predict(rows(Estimator), return_std=True)[1] > 0).all()


def answers_several_at_once(Estimator, tmp_path):
    y = np.c_[Y > 0, X[:, 1] > 0].astype(int) if classifies(Estimator) else np.c_[Y, X[:, 1]]
    model = made(Estimator).fit(rows(Estimator), y)
    assert model.predict(rows(Estimator)).shape == (ROWS, 2)


def samples(Estimator, tmp_path):
    model = fitted(Estimator, dropout=0.3)
    ask = model.predict_proba if classifies(Estimator) else model.predict
    mean, deviation = ask(rows(Estimator), samples=9, return_std=True)
    assert mean.shape == deviation.shape and (deviation > 0).any()
    members = fitted(Estimator, n_members=3)
    ask = members.predict_proba if classifies(Estimator) else members.predict
    assert (ask(rows(Estimator), return_std=True)[1] > 0).all()


def gives_a_function(Estimator, tmp_path):
    model, some = fitted(Estimator), rows(Estimator, slice(0, 2))
    expected = model.predict_proba(some)[:, 1:] if classifies(Estimator) else model.predict(some)[:, None]
    np.testing.assert_array_equal(model.predict_function(2)(some), expected)


def is_explained(Estimator, tmp_path):
    model, some = fitted(Estimator), rows(Estimator, slice(0, 5))
    found = model.explain(some, rows(Estimator))
    expected = model.predict_proba(some)[:, 1] if classifies(Estimator) else model.predict(some)
    np.testing.assert_allclose(found.predictions, expected, atol=1e-6 * np.abs(expected).max())
    assert model.partial_dependence(rows(Estimator), found.feature_names[0]).mean.min() > -np.inf


def tells_callbacks(Estimator, tmp_path):
    seen = []

    class Told(callbacks.Callback):
        def begin(self, outlook):
            seen.append(outlook.name)

        def epoch(self, record):
            seen.append(record.epoch)
            return record.epoch == 2

    fitted(Estimator, callbacks=[Told()])
    assert seen == [Estimator.__name__, 1, 2]


def is_saved_and_pickled(Estimator, tmp_path):
    model = fitted(Estimator)
    expected = model.predict(rows(Estimator)).tolist()
    model.save(tmp_path / "m")
    assert chainrule.load(tmp_path / "m").predict(rows(Estimator)).tolist() == expected
    assert pickle.loads(pickle.dumps(model)).predict(rows(Estimator)).tolist() == expected
    alone = Model.load(tmp_path / "m")
    assert alone.predict(rows(Estimator)).tolist() == expected and alone.kind == Estimator.__name__
    alone.save(tmp_path / "again")
    assert chainrule.load(tmp_path / "again").predict(rows(Estimator)).tolist() == expected


def is_exported(Estimator, tmp_path):
    pytest.importorskip("onnx")
    model = fitted(Estimator)
    assert chainrule.to_onnx(model).SerializeToString() == model.model_.to_onnx().SerializeToString()


def is_diagnosed_and_reported(Estimator, tmp_path):
    model = fitted(Estimator)
    assert isinstance(str(diagnose(model, rows(Estimator), y_of(Estimator))), str)
    chainrule.report(model, tmp_path / "report.html", rows(Estimator), y_of(Estimator))
    assert Estimator.__name__ in (tmp_path / "report.html").read_text()


def has_its_rate_found(Estimator, tmp_path):
    assert find_learning_rate(made(Estimator), rows(Estimator), y_of(Estimator), steps=20, batch_size=16).suggestion > 0


#: What every estimator can, as the docs tell it -> how it is seen.
CAN = {
    "calibration: temperatures, intervals": calibrates,
    "`scoring`, `score_training`": scores_as_asked,
    "splits by groups and by time": splits_by_groups_and_by_time,
    "checkpoints, resumed bit for bit": resumes_bit_for_bit,
    "`partial_fit`, `warm_start`": goes_on,
    "every loss, and your own": learns_by_other_losses,
    "several labels, several targets": answers_several_at_once,
    "`samples=`, `return_std=`": samples,
    "`predict_function`": gives_a_function,
    "`explain`, `partial_dependence`": is_explained,
    "callbacks": tells_callbacks,
    "`save`, `load`, pickles": is_saved_and_pickled,
    "ONNX": is_exported,
    "`diagnose`, `report`": is_diagnosed_and_reported,
    "`find_learning_rate`": has_its_rate_found,
}
#: What one of them cannot, and how it says so.
CANNOT = {
    ("`predict_function`", "SequenceClassifier"): AttributeError,
    ("`predict_function`", "SequenceRegressor"): AttributeError,
    ("`explain`, `partial_dependence`", "SequenceClassifier"): InputError,
    ("`explain`, `partial_dependence`", "SequenceRegressor"): InputError,
}


@every
@pytest.mark.parametrize("what", CAN)
@pytest.mark.one_in(3)
def test_all_can_the_same(what, Estimator, tmp_path):
    refusal = CANNOT.get((what, Estimator.__name__))
    if refusal is None:
        CAN[what](Estimator, tmp_path)
    else:
        with pytest.raises(refusal):
            CAN[what](Estimator, tmp_path)


@every
def test_a_bad_y_of_rows_to_validate_on_is_called_y_val(Estimator):
    bad = ["other"] * ROWS if classifies(Estimator) else np.full(ROWS, np.nan)
    with pytest.raises(InputError, match=r"\by_val\b"):
        made(Estimator).fit(rows(Estimator), y_of(Estimator), X_val=rows(Estimator), y_val=bad)


@pytest.mark.parametrize("call", ["partial_fit", "warm_start", "validation_split"])
def test_what_a_streamed_file_cannot_is_refused_in_one_form(call, tmp_path):
    place = tmp_path / "t.csv"
    lines = [f"{a},{b},{y}" for a, b, y in zip(X[:, 0], X[:, 1], Y, strict=True)]
    place.write_text("\n".join(["a,b,y", *lines]) + "\n")
    given = {"warm_start": {"warm_start": True}, "validation_split": {"validation_split": TimeSeriesSplit(3)}}
    model = made(TableRegressor, memory=1 << 10, **given.get(call, {}))
    fit = model.partial_fit if call == "partial_fit" else model.fit
    with pytest.raises(InputError, match=rf"TableRegressor\({call}\): expected rows in memory; received .*t\.csv"):
        fit(place, "y")


@every
def test_another_number_of_values_than_of_rows_is_refused_in_score(Estimator):
    X, y = rows(Estimator), y_of(Estimator)
    model = made(Estimator).fit(X, y)
    assert model.score(X, y) <= 1
    with pytest.raises(InputError, match=rf"^{Estimator.__name__}: y: expected a value per row, {ROWS}; received 5\."):
        model.score(X, y[:5])


@every
def test_groups_that_nothing_keeps_together_are_refused(Estimator):
    X, y, groups = rows(Estimator), y_of(Estimator), np.arange(ROWS) // 4
    pair = [(np.arange(90), np.arange(90, ROWS))]
    for given in ({}, {"early_stopping": True}, {"validation_split": pair}):
        with pytest.raises(InputError, match=r"fit\(groups=\): expected a validation_split that keeps groups together"):
            made(Estimator, **given).fit(X, y, groups=groups)
    splits = made(Estimator, validation_split=GroupShuffleSplit(1))
    with pytest.raises(InputError, match=r"fit\(groups=\): expected .*no X_val; received X_val"):
        splits.fit(X, y, X_val=X, y_val=y, groups=groups)
    for bad in (groups[:5], groups[:, None], np.stack([groups, groups], axis=1)):
        with pytest.raises(InputError, match=r"fit\(groups=\): expected a group per row, shape .*; received shape"):
            splits.fit(X, y, groups=bad)
    splits.fit(X, y, groups=list(groups))


@every
@pytest.mark.parametrize("asked", [{"scoring": "loss"}, {"score_training": True}], ids=str)
def test_scores_of_rows_that_are_not_held_out_are_refused(asked, Estimator):
    X, y = rows(Estimator), y_of(Estimator)
    first = {"classes": ["few", "many"]} if classifies(Estimator) else {}
    (parameter,) = asked
    with pytest.raises(InputError, match=rf"\({parameter}=\): expected held-out rows to score"):
        made(Estimator, **asked).partial_fit(X, y, **first)
    if not Estimator.__name__.startswith("Table"):  # which hold rows out
        with pytest.raises(InputError, match=rf"\({parameter}=\): expected held-out rows to score"):
            made(Estimator, **asked).fit(X, y)
    assert made(Estimator, **asked).partial_fit(X, y, X_val=X, y_val=y, **first).history_[-1].score is not None


@pytest.mark.skipif(not hasattr(MLPClassifier, "set_callbacks"), reason="scikit-learn before 1.9 has no callbacks")
@every
@pytest.mark.parametrize("call", ["fit", "partial_fit"])
def test_what_a_callback_of_scikit_learn_sets_up_it_tears_down(call, Estimator):
    heard = []

    class Heard:
        def setup(self, estimator, context):
            heard.append("setup")

        def teardown(self, estimator, context):
            heard.append("teardown")

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context):
            pass

    first = {"classes": ["few", "many"]} if classifies(Estimator) and call == "partial_fit" else {}
    getattr(made(Estimator).set_callbacks(Heard()), call)(rows(Estimator), y_of(Estimator), **first)
    assert heard == (["setup", "teardown"] if call == "fit" else [])  # a partial_fit is no task of that protocol


TABLE = Path(__file__).parents[2] / "docs" / "estimators.md"


def test_the_docs_say_who_can_what():
    """The table between the marks is what this writes."""
    names = [kind.__name__ for kind in EVERY]
    lines = ["| | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for what in CAN:
        lines.append(f"| {what} | " + " | ".join("no" if (what, name) in CANNOT else "yes" for name in names) + " |")
    found = re.search(r"<!-- who can what -->\n(.*?)\n<!-- end -->", TABLE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None and found[1] == "\n".join(lines), "\n".join(lines)
