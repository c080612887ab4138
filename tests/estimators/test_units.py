"""The error of held-out rows in units of the target, as it is told while a network trains."""

import numpy as np
import pytest

import chainrule
from chainrule import (
    MLPClassifier,
    MLPRegressor,
    SequenceRegressor,
    TableClassifier,
    TableRegressor,
    losses,
    report,
)
from chainrule.callbacks import Callback

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(400, 3))
Y = 1000 * (X[:, 0] + np.sin(2 * X[:, 1]) + 0.3 * RANDOM.normal(size=400)) + 7000
ROWS, OTHERS = slice(0, 300), slice(300, 400)


class Heard(Callback):
    """Keeps what it is told."""

    def begin(self, outlook):
        self.outlook, self.records = outlook, []

    def epoch(self, record):
        self.records.append(record)

    @property
    def told(self):
        """Of the epoch that did best on the held-out rows."""
        return self.outlook.told(min(self.records, key=lambda one: one.validation_loss))


def heard(model, X=X, y=Y, **more):
    """What is told of a fit that is validated on the last rows, and the fitted model."""
    listener = Heard()
    model.set_params(callbacks=[listener], max_iter=8, random_state=0)
    model.fit(X[ROWS], y[ROWS], X_val=X[OTHERS], y_val=y[OTHERS], **more)
    return listener, model


@pytest.mark.parametrize(
    "model",
    [
        TableRegressor(preset="fast"),
        MLPRegressor(hidden_layer_sizes=(16,), learning_rate_init=0.1, scoring="loss"),
        SequenceRegressor(hidden_layer_sizes=(16,), learning_rate_init=0.1, scoring="loss"),
    ],
    ids=["table", "rows", "sequences"],
)
def test_the_error_is_that_of_the_predictions(model):
    rows = X[:, None, :] if isinstance(model, SequenceRegressor) else X
    listener, model = heard(model, rows)
    predicted, true = model.predict(rows[OTHERS]), Y[OTHERS]
    assert set(listener.told) == {"RMSE", "R2"}
    assert listener.told["RMSE"] == pytest.approx(np.sqrt(np.mean((predicted - true) ** 2)), rel=1e-3)
    assert listener.told["R2"] == pytest.approx(model.score(rows[OTHERS], true), abs=1e-3)


def test_weights_of_held_out_rows_count():
    weight = np.where(np.arange(400) % 2, 3.0, 0.5)
    listener, model = heard(TableRegressor(preset="fast"), sample_weight=weight[ROWS], sample_weight_val=weight[OTHERS])
    assert listener.told["R2"] == pytest.approx(model.score(X[OTHERS], Y[OTHERS], weight[OTHERS]), abs=1e-3)


@pytest.mark.parametrize(
    ("model", "y", "told"),
    [
        (MLPRegressor(hidden_layer_sizes=(8,)), Y, {"RMSE", "R2"}),  # scored by R2
        (MLPRegressor(hidden_layer_sizes=(8,), loss="absolute_error"), Y, {"R2"}),
        (MLPClassifier((8,)), Y > 7000, {"accuracy"}),
        (MLPClassifier((8,), scoring="roc_auc"), Y > 7000, {"score"}),
        (TableClassifier(preset="fast"), Y > 7000, set()),  # watched by their loss
        (TableRegressor(preset="fast", loss="huber"), Y, set()),
        (TableRegressor(preset="fast", log_target=True), np.exp(Y / 1000), set()),
        (TableRegressor(preset="fast"), np.column_stack([Y, -Y]), set()),
        (TableRegressor(preset="fast", loss=losses.Quantile((0.1, 0.5))), Y, set()),
    ],
    ids=["R2", "absolute", "accuracy", "a scorer", "table of classes", "huber", "log", "two", "quantiles"],
)
def test_what_a_loss_does_not_tell_is_not_told(model, y, told):
    listener, model = heard(model, y=y)
    assert set(listener.told) == told
    assert (model.model_.units is not None) == ("RMSE" in told)


def test_a_model_from_a_file_knows_its_units(tmp_path):
    listener, model = heard(TableRegressor(preset="fast"))
    model.set_params(callbacks=None).save(tmp_path / "model")
    loaded = chainrule.load(tmp_path / "model")
    assert loaded.model_.units == model.model_.units == listener.outlook.units
    page = report(loaded, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "RMSE, in units of the target" in page and "RMSE, the same rows" in page
    best = min(one.validation_loss for one in loaded.history_)
    assert f"{listener.outlook.units.rmse(best):.3g}"[:3] in page


def test_a_model_that_was_not_measured_knows_the_error_but_not_its_share():
    _, model = heard(TableRegressor(preset="fast", probes=False))
    assert model.model_.units.constant is None and model.model_.units.r2(0.1) is None
    assert model.model_.units.one == pytest.approx(Y[ROWS].std())


def test_an_estimator_says_it_where_it_is_to_speak(capsys):
    listener, _ = heard(TableRegressor(preset="fast", verbose=True))
    lines = [one for one in capsys.readouterr().out.splitlines() if one.startswith("Validation RMSE")]
    told = [listener.outlook.told(one) for one in listener.records]
    assert lines == [f"Validation RMSE: {one['RMSE']:g}, R2: {one['R2']:g}" for one in told]
    heard(MLPClassifier((8,), verbose=True), y=Y > 7000)
    assert "RMSE" not in capsys.readouterr().out
