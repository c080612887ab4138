"""Pilots: the encoding of numbers is chosen by rows held out, where nobody has said it."""

import numpy as np
import pytest
from sklearn.model_selection import GroupShuffleSplit

from chainrule import Checkpoints, Stopping, TableClassifier, TableRegressor, load, losses
from chainrule.errors import InputError
from chainrule.estimators.table import fitting, pilot, presets
from chainrule.models.fit import Fit
from chainrule.tables import encoder
from chainrule.tables.encoder import Encoder
from chainrule.training.batches import Rows
from chainrule.training.callbacks.base import Callback
from chainrule.warn import DataWarning

RANDOM = np.random.default_rng(0)
ROWS = 1200
NUMBERS = {name: RANDOM.uniform(-1, 1, ROWS) for name in "abcdefghijklmnop"}
X = {**NUMBERS, "word": RANDOM.choice(["x", "y"], ROWS)}
#: What is smooth across all numbers, and what jumps between steps of one.
SMOOTH, JUMPS = np.sin(sum(NUMBERS.values())), np.sin(40 * np.floor(6 * X["a"]))
GROUPS = np.repeat(np.arange(ROWS // 10), 10)


def regressor(**parameters):
    return TableRegressor(**{"preset": "fast", "max_iter": 2, "n_members": 1, "random_state": 0} | parameters)


@pytest.fixture(autouse=True)
def two(monkeypatch):
    """The 24 bins that 1,200 rows have are few, too: 'robust' is the only other encoding."""
    monkeypatch.setattr(presets, "FEW_BINS", 48)
    monkeypatch.setattr(presets, "SCALED", ("robust",))


@pytest.fixture
def tried(monkeypatch):
    """What pilots are asked for, and what they answer: by how numbers are encoded, or what they find."""
    asked, answers = [], {}

    def fly(estimator, preset, source, answer, parts, seed, clock, by_loss):
        asked.append((source.encoder.how, source.encoder.bins, parts, seed))
        if source.encoder.how in answers:
            return pilot.Told(answers[source.encoder.how], 1e-6)
        return honest(estimator, preset, source, answer, parts, seed, clock, by_loss)

    honest = pilot.fly
    monkeypatch.setattr(pilot, "fly", fly)
    return asked, answers


def test_the_better_encoding_is_taken(monkeypatch):
    monkeypatch.setattr(presets, "CLEARLY", 1.0)
    assert regressor().fit(X, SMOOTH).encoder_.how == "robust"
    assert regressor().fit(X, JUMPS).encoder_.how == "piecewise"


@pytest.mark.parametrize(
    ("loss", "robust", "taken"),
    [
        ("squared_error", -0.902, "robust"), ("squared_error", -0.903, "piecewise"),
        ("absolute_error", -0.949, "robust"), ("absolute_error", -0.951, "piecewise"), ("gaussian", 0.1, "robust"),
    ],
)  # fmt: skip
def test_the_first_is_kept_unless_anothers_error_is_clearly_less(tried, loss, robust, taken):
    asked, answers = tried
    answers |= {"piecewise": -1.0, "robust": robust}
    model = regressor(loss=loss).fit(X, SMOOTH)
    assert [how for how, *_ in asked] == ["piecewise", "robust"]
    assert model.encoder_.how == model._chosen()["numbers"] == taken
    assert ("bins" in model._chosen()) == (taken == "piecewise")
    assert model.model_.input.encoder is model.encoder_


@pytest.mark.parametrize(("robust", "taken"), [(0.502, "robust"), (0.5, "piecewise"), (0.498, "piecewise")])
def test_a_score_that_was_asked_for_judges_alone(tried, robust, taken):
    tried[1].update(piecewise=0.5, robust=robust)
    assert regressor(scoring="r2").fit(X, SMOOTH).encoder_.how == taken


def test_bins_are_tried_from_many_to_few(tried):
    asked, answers = tried
    answers |= {"piecewise": 0.0, "robust": -1.0}
    rows = {"a": RANDOM.normal(size=6000)}
    TableRegressor(max_iter=1, n_members=1, hidden_layer_sizes=[4], random_state=0).fit(rows, rows["a"])
    assert [one[:2] for one in asked] == [("piecewise", 120), ("piecewise", presets.FEW_BINS), ("robust", 120)]


@pytest.mark.parametrize(
    ("parameters", "given", "rows"),
    [
        ({"numbers": "piecewise"}, X, ROWS),
        ({"numbers": "log"}, X, ROWS),
        ({"bins": 16}, X, ROWS),
        ({}, {"word": X["word"]}, ROWS),
        ({"columns": dict.fromkeys(NUMBERS, "standard")}, X, ROWS),
        ({}, X, presets.ENOUGH - 1),
    ],
    ids=["bins said", "log said", "number of bins said", "no number", "each column said", "few rows"],
)
def test_nothing_is_tried_where_nothing_is_to_be_chosen(parameters, given, rows, tried):
    model = regressor(**parameters).fit({name: cells[:rows] for name, cells in given.items()}, SMOOTH[:rows])
    assert not tried[0]
    assert model.encoder_.how == parameters.get("numbers", "piecewise")


def test_from_so_many_rows_on_it_is_tried(tried):
    regressor().fit({name: cells[: presets.ENOUGH] for name, cells in X.items()}, SMOOTH[: presets.ENOUGH])
    assert len(tried[0]) == 2


def test_the_judges_are_the_rows_that_stop_the_fit(tried, monkeypatch):
    kept, given = [], {}
    ready = fitting.ready

    def keep(estimator, starts, *others):
        kept.append(starts[0].parts)
        return ready(estimator, starts, *others)

    monkeypatch.setattr(fitting, "ready", keep)
    split = GroupShuffleSplit(1, test_size=0.2, random_state=3)
    regressor(validation_split=split).fit(X, SMOOTH, groups=GROUPS)
    few = {name: cells[:100] for name, cells in X.items()}
    regressor().fit(X, SMOOTH, X_val=few, y_val=SMOOTH[:100])
    for call in range(2):
        for *_, parts, _ in tried[0][2 * call : 2 * call + 2]:
            given = kept[call]
            np.testing.assert_array_equal(parts.validation.y, given.validation.y)
            np.testing.assert_array_equal(parts.training.y, given.training.y)


def test_the_same_seed_the_same_bits_and_the_same_seed_for_all_that_are_tried(tried):
    one, other = (regressor().fit(X, SMOOTH) for _ in range(2))
    np.testing.assert_array_equal(one.predict(X), other.predict(X))
    seeds = {seed for *_, seed in tried[0]}
    assert len(seeds) == 1


def test_classes_weights_and_a_score_of_the_users_own_are_judged_by(monkeypatch):
    told = []
    honest = pilot.fly
    monkeypatch.setattr(pilot, "fly", lambda *a: told.append(honest(*a)) or told[-1])
    y = np.where(SMOOTH > 0, "yes", "no")
    TableClassifier(
        preset="fast", max_iter=1, random_state=0, scoring="accuracy", class_weight="balanced"
    ).fit(X, y, sample_weight=np.linspace(1, 2, ROWS))  # fmt: skip
    assert len(told) == 2
    assert all(0.8 < one.score <= 1 and one.seconds > 0 for one in told)


def test_rows_of_a_pilot_are_limited(monkeypatch):
    monkeypatch.setattr(pilot, "MOST_ROWS", 64)
    seen = []
    run = Fit.run
    monkeypatch.setattr(Fit, "run", lambda self: seen.append((len(self.rows), len(self.validation))) or run(self))
    regressor().fit(X, SMOOTH)
    assert seen == [(64, 64), (64, 64), (1080, 120)]


def test_interrupted_pilots_interrupt(monkeypatch):
    model = regressor().fit(X, SMOOTH)

    def epoch(self, data, batch_size):
        raise KeyboardInterrupt

    monkeypatch.setattr("chainrule.training.trainer.Trainer.epoch", epoch)
    with pytest.raises(KeyboardInterrupt):
        regressor().fit(X, SMOOTH)
    assert model.predict(X).shape == (ROWS,)


def test_a_pilot_that_diverges_is_not_taken(tried):
    tried[1]["robust"] = -np.inf
    assert regressor().fit(X, SMOOTH).encoder_.how == "piecewise"


def test_partial_fit_tries_nothing(tried):
    model = regressor().partial_fit(X, SMOOTH)
    assert not tried[0]
    assert model.encoder_.how == "piecewise"


def test_streamed_files_are_tried_on_their_sample(tried, tmp_path):
    import pandas as pd

    pd.DataFrame({**X, "y": SMOOTH}).to_csv(tmp_path / "rows.csv", index=False)
    model = regressor(memory=60_000).fit(tmp_path / "rows.csv", "y")
    assert [how for how, *_ in tried[0]] == ["piecewise", "robust"]
    assert model.encoder_.how == "robust"


def test_what_was_chosen_is_in_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "CLEARLY", 1.0)
    model = regressor().fit(X, SMOOTH)
    model.save(tmp_path / "m")
    assert load(tmp_path / "m").encoder_.how == model.encoder_.how == "robust"
    with pytest.raises(InputError, match="Did you mean 'robust'"):
        Encoder(model.encoder_.encodings, (), model.encoder_.schema, 8, "robusd")


@pytest.mark.parametrize(
    ("parameters", "rows", "sooner"),
    [
        ({}, ROWS, True),
        ({"n_iter_no_change": 9}, ROWS, False),
        ({"scoring": "r2"}, ROWS, False),
        ({}, presets.ENOUGH - 1, False),
    ],
    ids=["", "patience said", "another score", "few rows"],
)
def test_a_fit_that_learns_by_heart_ends_sooner_where_nothing_else_is_said(parameters, rows, sooner):
    data = Rows(np.zeros((rows, 1), np.float32), np.zeros((rows, 1), np.float32))
    recipe = presets.recipe(regressor(**parameters), presets.default(rows), data)
    assert recipe.overfit == (presets.OVERFIT if sooner else ())


def test_noise_is_not_learned_to_the_end():
    y = RANDOM.choice(["yes", "no"], ROWS)
    model = TableClassifier(n_members=2, random_state=0, numbers="piecewise").fit(X, y)
    losses = [record.validation_loss for record in model.history_]
    assert len(losses) < 24
    assert losses[-1] > 1.1 * min(losses)


def test_a_splitter_that_draws_is_asked_once(tried):
    class Counted(GroupShuffleSplit):
        asked = 0

        def split(self, X, y=None, groups=None):
            Counted.asked += 1
            return super().split(X, y, groups)

    regressor(validation_split=Counted(1)).fit(X, SMOOTH, groups=GROUPS)
    (*_, one, _), (*_, other, _) = tried[0]
    np.testing.assert_array_equal(one.validation.y, other.validation.y)
    assert Counted.asked == 1


def test_rows_to_validate_on_are_read_once(tried):
    cells = np.array([f"{cell:.3f}" for cell in NUMBERS["a"]], object)
    cells[7] = "broken"
    few = {name: cells[:100] for name, cells in {**X, "a": cells}.items()}
    with pytest.warns(DataWarning) as told:
        regressor().fit({**X, "a": cells}, SMOOTH, X_val=few, y_val=SMOOTH[:100])
    assert len(tried[0]) == 2
    assert len([one for one in told if "X_val" in str(one.message)]) == 1


@pytest.mark.parametrize("seed", [None, 3, np.random.default_rng(0)], ids=["none", "whole", "generator"])
def test_a_warm_start_holds_out_the_rows_that_it_has_not_seen(seed, monkeypatch):
    kept = []
    ready = fitting.ready

    def keep(estimator, starts, *others):
        kept.append(starts[0].parts.validation.y)
        return ready(estimator, starts, *others)

    monkeypatch.setattr(fitting, "ready", keep)
    model = regressor(random_state=seed, warm_start=True, numbers="robust").fit(X, SMOOTH)
    model.fit(X, SMOOTH)
    np.testing.assert_array_equal(*kept)


def overfit_of(monkeypatch, model, method="fit"):
    """What may end a fit sooner, by the stopping of its first epoch."""
    found = []
    see = Stopping.see
    monkeypatch.setattr(Stopping, "see", lambda self, *a: found.append(self.overfit) or see(self, *a))
    getattr(model, method)(X, SMOOTH)
    return found[0]


def test_only_a_loss_that_is_never_below_0_is_so_many_times_the_best(monkeypatch):
    own = losses.custom("half square", lambda z, y: (0.5 * (z - y) ** 2, z - y))
    for loss, expected in (("squared_error", presets.OVERFIT), ("gaussian", ()), (own, ())):
        assert overfit_of(monkeypatch, regressor(loss=loss, numbers="robust", max_iter=1)) == expected


def test_a_partial_fit_whose_rows_are_others_is_not_ended_sooner(monkeypatch):
    assert overfit_of(monkeypatch, regressor(), "partial_fit") == ()


@pytest.mark.parametrize("parameters", [{}, {"n_iter_no_change": 2}], ids=["overfit", "patience"])
def test_a_fit_that_had_ended_goes_no_further_behind_its_last_checkpoint(parameters, tmp_path):
    y = RANDOM.choice(["yes", "no"], ROWS)
    parameters = {"n_members": 1, "max_iter": 40, "random_state": 0, "numbers": "piecewise"} | parameters
    model = TableClassifier(checkpoints=Checkpoints(tmp_path), **parameters).fit(X, y)
    assert len(model.history_) < 40
    resumed = TableClassifier(**parameters).fit(X, y, resume_from=tmp_path)
    assert len(resumed.history_) == len(model.history_)
    np.testing.assert_array_equal(resumed.predict_proba(X), model.predict_proba(X))


CUSTOMERS = RANDOM.permutation(np.repeat(np.arange(150), ROWS * 3 // 150))
OF_CUSTOMERS = np.char.add("c", CUSTOMERS.astype(str))


@pytest.mark.parametrize("told", [True, False], ids=["that tell", "that tell nothing"])
def test_levels_of_few_rows_are_known_where_they_tell(told, monkeypatch):
    monkeypatch.setattr(encoder, "ROWS_OF_MANY", (1, 25))  # each has 24
    asked, honest = [], pilot.fly
    monkeypatch.setattr(pilot, "fly", lambda *a: asked.append(a[2].encoder) or honest(*a))
    numbers = RANDOM.normal(size=len(CUSTOMERS))
    y = numbers + (3 * RANDOM.normal(size=150)[CUSTOMERS] if told else 3 * RANDOM.normal(size=len(CUSTOMERS)))
    model = regressor(numbers="standard").fit({"who": OF_CUSTOMERS, "size": numbers}, y)
    assert [len(one.encodings[0].levels) for one in asked] == [150, 0]
    assert len(model.encoder_.encodings[0].levels) == (150 if told else 0)
    assert model.encoder_.encodings[0].rare == (not told)


DAYS = RANDOM.integers(0, 40, ROWS) * 9.0  # with gaps: what a day adds is no function of time that is smooth
TIMES = np.datetime64("2026-01-01") + (DAYS * 24 + RANDOM.integers(0, 24, ROWS)).astype("timedelta64[h]")


@pytest.mark.parametrize("told", [True, False], ids=["that tell", "that tell nothing"])
def test_days_are_levels_where_they_tell(told, monkeypatch, tmp_path):
    monkeypatch.setattr(encoder, "ROWS_OF_A_DAY", ROWS // 80)
    size = RANDOM.normal(size=ROWS)
    y = size + 3 * (RANDOM.normal(size=361)[DAYS.astype(int)] if told else RANDOM.normal(size=ROWS))
    table, said = {"when": TIMES, "size": size}, []

    class Says(Callback):
        def trying(self, what):
            said.append(what)

    model = regressor(numbers="standard", callbacks=[Says()]).fit(table, y)
    assert said == ["pilot 1: standard numbers", "pilot 2: standard numbers, days as levels"]
    assert (model.encoder_.encodings[0].days is not None) == told
    model.save(tmp_path / "days.npz")
    np.testing.assert_array_equal(load(tmp_path / "days.npz").predict(table), model.predict(table))


@pytest.mark.parametrize("days", [np.arange(ROWS), np.zeros(ROWS)], ids=["a row each", "all rows of one"])
def test_days_that_could_tell_nothing_are_not_tried(days, tried):
    times = np.datetime64("2026-01-01") + (days * 24 + RANDOM.integers(0, 24, ROWS)).astype("timedelta64[h]")
    regressor(numbers="standard").fit({"when": times, "size": RANDOM.normal(size=ROWS)}, SMOOTH)
    assert not tried[0]


def test_levels_are_tried_behind_numbers(tried, monkeypatch):
    monkeypatch.setattr(encoder, "ROWS_OF_MANY", (1, 25))
    asked, answers = tried
    answers |= {"piecewise": 0.0, "robust": 1.0}
    model = regressor().fit({"who": OF_CUSTOMERS, "size": RANDOM.normal(size=len(CUSTOMERS))}, CUSTOMERS)
    assert [how for how, *_ in asked] == ["piecewise", "piecewise", "robust", "robust"]
    assert len(model.encoder_.encodings[0].levels) == 150  # no better is not better


def test_where_all_levels_have_rows_enough_nothing_is_tried(tried, monkeypatch):
    monkeypatch.setattr(encoder, "ROWS_OF_MANY", (1, 24))
    regressor(numbers="standard").fit({"who": OF_CUSTOMERS}, CUSTOMERS)
    assert not tried[0]


def refuses_few_rows(estimator, X, y):
    if len(y) < 100:
        raise ValueError("too few")
    return (estimator.predict(X) == y).mean()


def test_a_scorer_that_refuses_a_pilots_rows_leaves_them_to_the_loss(monkeypatch):
    monkeypatch.setattr(pilot, "MOST_ROWS", 64)
    by_loss, honest = [], pilot.fly
    monkeypatch.setattr(pilot, "fly", lambda *a: by_loss.append(a[-1]) or honest(*a))
    model = TableClassifier(preset="fast", max_iter=8, random_state=0, scoring=refuses_few_rows).fit(X, SMOOTH > 0)
    assert by_loss == [False, True, True]
    assert model.history_[-1].score > 0.8


def test_a_score_that_is_none_is_told_of_where_the_fit_itself_has_it():
    model = regressor(scoring=lambda *_: float("nan"))
    with pytest.raises(InputError, match="the best weights so far are kept"):
        model.fit(X, SMOOTH)
    assert len(model.predict(X)) == ROWS  # they are


@pytest.mark.parametrize("several", [False, True], ids=["classes", "labels"])
def test_pilots_have_a_row_of_each_class(tried, monkeypatch, several):
    monkeypatch.setattr(pilot, "MOST_ROWS", 64)
    y = np.repeat(["many", "few"], [ROWS - 1, 1])
    given = np.stack([y == "many", SMOOTH > 0], axis=1) if several else y
    TableClassifier(preset="fast", max_iter=1, random_state=0).fit(X, given, X_val=X, y_val=given)
    for *_, parts, _ in tried[0]:
        assert all(64 <= len(part) <= 65 for part in parts)
        assert several or all(len(np.unique(part.y)) == 2 for part in parts)


def test_rows_that_weigh_nothing_do_not_count(tried, monkeypatch):
    weight = (np.arange(ROWS) % 4 > 0).astype(float)
    regressor().fit(X, SMOOTH, sample_weight=weight)  # 900 rows of 1,200
    assert not tried[0]
    monkeypatch.setattr(pilot, "MOST_ROWS", 64)
    monkeypatch.setattr(presets, "ENOUGH", 900)
    regressor().fit(X, SMOOTH, sample_weight=weight, X_val=X, y_val=SMOOTH, sample_weight_val=weight)
    for *_, parts, _ in tried[0]:
        assert all(len(part) == 64 and part.weight.all() for part in parts)


def test_all_others_are_held_against_the_first(tried, monkeypatch):
    monkeypatch.setattr(presets, "FEW_BINS", 16)
    scores = iter((-1.0, -0.89, -0.86))  # of squared errors, the second and the third clearly better than the first
    monkeypatch.setattr(pilot, "fly", lambda *_: pilot.Told(next(scores), 1e-6))
    assert regressor().fit(X, SMOOTH).encoder_.how == "robust"
