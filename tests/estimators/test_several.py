"""Networks that differ: tried one after the other, chosen by held-out rows, and everything that a model can do."""

import copy
import pickle
import threading
import time

import numpy as np
import onnxruntime
import pytest
from sklearn.base import clone
from sklearn.model_selection import ShuffleSplit

from chainrule import Checkpoints, Model, TableClassifier, TableRegressor, diagnose, load, report, to_onnx
from chainrule.callbacks import Callback
from chainrule.engine.mixture import Mixture
from chainrule.errors import InputError, ModelFileError
from chainrule.estimators.table import clock, fitting, pilot, presets
from chainrule.models import chosen, lanes, resume, rounds, selection, several
from chainrule.models.fit import Fit

RANDOM = np.random.default_rng(0)
ROWS = 1200
X = {
    "a": RANDOM.uniform(-1, 1, ROWS),
    "b": np.where(RANDOM.uniform(size=ROWS) < 0.1, np.nan, RANDOM.normal(size=ROWS)),
    "word": RANDOM.choice(["x", "y", "z"], ROWS),
    "day": np.datetime64("2024-01-01") + RANDOM.integers(0, 700, ROWS).astype("timedelta64[D]"),
}
Y = np.sin(6 * X["a"]) + np.nan_to_num(X["b"]) * (X["word"] == "x") + RANDOM.normal(0, 0.1, ROWS)
NAMES = np.where(Y > 0.5, "high", np.where(Y > -0.5, "middle", "low"))
VARIANTS = presets.variants
FEW = {name: cells[:50] for name, cells in X.items()}


def three(preset, ranked, small):
    """Wide networks of each encoding, and fine waves: but for the narrow ones, what few rows have."""
    kinds = VARIANTS(preset, ranked, True)
    return [one for one in kinds if one[0].activation == "silu" or one[0].hidden_layer_sizes != (64, 64)]


def differing(patch):
    """Three kinds of networks, of two ways to encode numbers, near enough to be tried, and of use enough."""
    patch.setattr(presets, "FEW_BINS", 48)
    patch.setattr(presets, "SCALED", ("periodic",))
    patch.setattr(presets, "NEAR", 1e6)
    patch.setattr(presets, "NEAR_OF_FIRST", 1e6)
    patch.setattr(presets, "variants", three)
    patch.setattr(presets, "FOLDED", 0)
    patch.setattr(selection, "WORTHWHILE", 0.0)


@pytest.fixture(autouse=True)
def differ(monkeypatch):
    differing(monkeypatch)


def regressor(**parameters):
    return TableRegressor(**{"max_iter": 3, "random_state": 0} | parameters)


@pytest.fixture(scope="module")
def fitted():
    with pytest.MonkeyPatch.context() as patch:
        differing(patch)
        kinds = {"numbers": (TableRegressor, Y), "classes": (TableClassifier, NAMES), "two": (TableClassifier, Y > 0)}
        return {name: kind(max_iter=3, random_state=0).fit(X, y) for name, (kind, y) in kinds.items()}


@pytest.fixture(params=["numbers", "classes", "two"])
def model(fitted, request):
    return copy.deepcopy(fitted[request.param])


def proba(model, rows=X):
    return model.predict_proba(rows) if isinstance(model, TableClassifier) else model.predict(rows)


def test_networks_of_several_kinds_are_chosen(model):
    predictor = model.model_.predictor
    assert isinstance(predictor, Mixture)
    shares = [part.share for part in predictor.parts]
    assert shares == sorted(shares, reverse=True)
    assert {part.view for part in predictor.parts} == set(range(len(model.encoder_.expansions)))


def test_networks_that_read_differently_are_chosen_together(fitted):
    encoder = fitted["numbers"].encoder_
    assert {encoder.how, *(view.how for view in encoder.others)} == {"piecewise", "periodic"}


def test_the_same_seed_gives_the_same_bits():
    first, second = (regressor().fit(X, Y).predict(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert (regressor(random_state=1).fit(X, Y).predict(X) != first).any()


def test_it_scores_better_than_each_kind_alone_on_the_rows_that_choose(monkeypatch):
    told = []
    honest = selection.selected

    def watched(groups, score, until):
        shares = honest(groups, score, until)
        told.append((score(shares), [score(one) for one in np.eye(len(shares))]))
        return shares

    monkeypatch.setattr("chainrule.models.chosen.selected", watched)
    model = regressor().fit(X, Y)
    ((mixed, alone),) = told
    assert mixed >= max(alone)
    assert model.model_.progress.mixed == pytest.approx(-mixed, rel=1e-5)


@pytest.mark.parametrize("said", [{"n_members": 2}, {"bins": 8}, {"numbers": "robust"}, {"hidden_layer_sizes": 8}])
def test_where_networks_are_said_they_are_alike(said):
    assert not isinstance(regressor(**said).fit(X, Y).model_.predictor, Mixture)
    assert not isinstance(regressor(preset="fast").fit(X, Y).model_.predictor, Mixture)


def test_where_rows_are_few_narrow_networks_are_tried_as_well(monkeypatch):
    monkeypatch.setattr(presets, "variants", VARIANTS)
    heard = Heard()
    regressor(callbacks=[heard], max_iter=1).fit(X, Y)
    assert heard.tried[-1].startswith("networks 5 of 5")


def test_few_rows_choose_nothing():
    some = {name: cells[: presets.ENOUGH - 1] for name, cells in X.items()}
    assert not isinstance(regressor().fit(some, Y[: presets.ENOUGH - 1]).model_.predictor, Mixture)


def test_files_and_pickles_keep_every_bit(model, tmp_path):
    model.save(tmp_path / "model")
    for again in (load(tmp_path / "model"), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(proba(again), proba(model))
        assert again.model_.progress.mixed == model.model_.progress.mixed
        assert again.encoder_ == model.encoder_
    small_file = TableRegressor(max_iter=3, random_state=0, n_members=1, hidden_layer_sizes=[4], preset="fast")
    small_file.fit(X, Y).save(tmp_path / "small")
    assert (tmp_path / "model").stat().st_size > (tmp_path / "small").stat().st_size


@pytest.mark.parametrize("of", [1, 7, 50])
def test_some_rows_are_predicted_as_among_all(model, of):
    np.testing.assert_allclose(
        proba(model, {name: cells[:of] for name, cells in X.items()}), proba(model)[:of], rtol=1e-5, atol=1e-6
    )


def test_an_onnx_graph_predicts_the_same(model):
    graph = to_onnx(model)
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    fed = {}
    for one in session.get_inputs():
        cells = X[one.name]
        if one.name == "day":
            cells = cells.astype("datetime64[D]").astype(np.float64)
        fed[one.name] = cells.astype(object)[:, None] if one.name == "word" else cells.astype(np.float64)[:, None]
    found = session.run(None, fed)[-1]
    expected = proba(model)
    np.testing.assert_allclose(found.reshape(expected.shape), expected, rtol=2e-3, atol=2e-5)


def test_a_function_of_one_row_gives_the_same_bits(model):
    one = model.model_.bound(1)
    some = {name: cells[:1] for name, cells in X.items()}
    np.testing.assert_array_equal(one(some), model.model_.answer.in_units(model.model_.raw(model.model_.read(some))))


def test_members_say_how_unsure_they_are(fitted):
    mean, deviation = fitted["numbers"].predict(FEW, return_std=True)
    assert (deviation > 0).all()
    np.testing.assert_allclose(mean, fitted["numbers"].predict(FEW), rtol=1e-6)


def test_calibration_knows_shares(fitted):
    for name, y in (("classes", NAMES), ("numbers", Y)):
        model = copy.deepcopy(fitted[name]).calibrate(X, y)
        assert isinstance(model.model_.predictor, Mixture)
        again = (TableClassifier if name == "classes" else TableRegressor)(max_iter=3, random_state=0, calibration=True)
        again.fit(X, y)
        assert isinstance(again.model_.predictor, Mixture)
    low, high = again.predict_interval(X)
    assert np.mean((low <= Y) & (high >= Y)) > 0.8


def test_columns_are_told_by_what_shuffling_them_costs(fitted):
    found = {one.name: one.mean for one in fitted["numbers"].importances(X, Y)}
    assert max(found, key=found.get) in ("a", "b")
    assert set(found) == set(X)


def test_attributions_are_the_networks_by_their_shares(fitted):
    model = fitted["numbers"].model_
    whole = fitted["numbers"].attributions(FEW)
    parts = [part.share for part in model.predictor.parts]
    coded = model.read(FEW)
    alone = []
    for one, expansion in model.apart():
        lone = copy.copy(fitted["numbers"])
        lone._put_in_place(one)
        alone.append(lone.attributions(FEW))
        assert coded.read_by(expansion).shape[1] == one.network.inputs
    equal = [np.ptp(part.shares) == 0 for part in model.predictor.parts]
    if all(equal):
        np.testing.assert_allclose(whole, np.tensordot(parts, alone, 1), rtol=1e-4, atol=1e-5)
    assert whole.shape == (50, 4)


def test_diagnosis_and_report_read_it(model, tmp_path):
    y = {1: Y, 3: NAMES, 2: Y > 0}[1 if isinstance(model, TableRegressor) else len(model.classes_)]
    diagnose(model, X, y)
    text = report(model, tmp_path / "page.html", X=X, y=y).read_text()
    kinds = model.model_.kinds()
    assert all(said in text for said, _, _ in kinds) or len(kinds) == 1


class Heard(Callback):
    def __init__(self, stop=None, broken=None):
        self.tried, self.epochs, self.begun, self.ended, self.plans = [], [], [], [], []
        self.stop, self.broken = stop, broken

    def trying(self, what):
        self.tried.append(what)
        if self.broken == what[:7]:
            raise KeyboardInterrupt

    def begin(self, outlook):
        self.begun.append(outlook)

    def planned(self, epochs):
        self.plans.append(epochs)

    def epoch(self, record):
        self.epochs.append(record.epoch)
        if self.broken == record.epoch:
            raise KeyboardInterrupt
        return record.epoch == self.stop

    def end(self, reason):
        self.ended.append(reason)


def test_callbacks_hear_one_fit_of_all_epochs(fitted):
    heard = Heard()
    model = regressor(callbacks=[heard]).fit(X, Y)
    ((outlook,), (ended,)) = heard.begun, heard.ended
    assert (outlook.epochs, ended) == (9, "all epochs trained")
    of_first, on = [f"networks {place} of 3" for place in (1, 2, 3)], len(heard.tried) - 5
    told = [what.split(":")[0] for what in heard.tried]
    assert told[:5] == ["pilot 1", "pilot 2", *of_first]
    assert on in (2, 3) and set(told[5:]) < {f"{one}, to the end" for one in of_first}
    assert heard.epochs == list(range(1, 4 + 2 * on))
    assert (heard.plans[0], heard.plans[-1]) == (9, heard.epochs[-1])
    assert "best so far" in heard.tried[-1]
    np.testing.assert_array_equal(model.predict(X), fitted["numbers"].predict(X))


@pytest.mark.parametrize("how", ["stop", "broken"])
@pytest.mark.parametrize("epoch", [2, 5])
def test_what_is_broken_off_leaves_the_best_so_far(how, epoch, recwarn):
    heard = Heard(**{how: epoch})
    model = regressor(callbacks=[heard]).fit(X, Y)
    assert heard.epochs[-1] == epoch
    assert heard.ended == ["stopped by a callback" if how == "stop" else "interrupted"]
    assert (len(getattr(model.model_.predictor, "parts", [0])) == 1) <= (epoch == 2) or epoch == 5
    assert np.isfinite(model.predict(X)).all()
    assert any("interrupted" in str(one.message) for one in recwarn) == (how == "broken")


@pytest.fixture
def broken_pilot(monkeypatch):
    """The first pilot is broken off in its third epoch."""
    see, epochs = pilot.Fit._settle_rate, []

    def broken(self, *others):
        epochs.append(self)
        if len(epochs) == 3:
            raise KeyboardInterrupt
        return see(self, *others)

    monkeypatch.setattr(pilot.Fit, "_settle_rate", broken)


@pytest.mark.usefixtures("broken_pilot")
def test_a_pilot_that_is_broken_off_leaves_what_it_has_learned():
    with pytest.warns(UserWarning, match="interrupted"):
        model = regressor().fit(X, Y)
    assert model.score(X, Y) > 0
    assert model.model_.predictor.members == 2


def test_of_pilots_the_best_is_left_not_the_last(monkeypatch):
    flown, honest = [], pilot.fly

    def fly(*others):
        if flown:
            raise pilot.Interrupted(flown[0].fit.spare or bad)
        flown.append(honest(*others))
        return flown[0]

    bad = pilot.Fit.__new__(pilot.Fit)
    bad.learned, bad.training = False, type("Untrained", (), {"stopping": None})()
    monkeypatch.setattr(pilot, "fly", fly)
    with pytest.warns(UserWarning, match="interrupted"):
        model = regressor().fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), flown[0].fit.model().predict(X))


@pytest.mark.parametrize("where", ["_fresh", "ready", "together"])
def test_behind_pilots_the_best_is_left(where, monkeypatch):
    monkeypatch.setattr(fitting, where, lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt()))
    heard = Heard()
    with pytest.warns(UserWarning, match="interrupted"):
        model = regressor(callbacks=[heard]).fit(X, Y)
    assert model.model_.predictor.members == 2 and model.score(X, Y) > 0
    assert heard.ended == ["interrupted"]


def test_between_pilots_the_first_is_left():
    with pytest.warns(UserWarning, match="interrupted"):
        model = regressor(callbacks=[Heard(broken="pilot 2")]).fit(X, Y)
    assert model.score(X, Y) > 0
    with pytest.raises(KeyboardInterrupt):
        regressor(callbacks=[Heard(broken="pilot 1")]).fit(X, Y)


def test_a_pilot_that_has_learned_nothing_raises(monkeypatch):
    monkeypatch.setattr(pilot.Fit, "_look", lambda self: (_ for _ in ()).throw(KeyboardInterrupt()))
    model = regressor()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert not model.__sklearn_is_fitted__()


@pytest.mark.parametrize(("all_go_on", "epochs"), [(False, 7), (True, 9)], ids=["the two best go on", "all go on"])
def test_a_fit_goes_on_from_a_checkpoint_with_the_same_bits(all_go_on, epochs, tmp_path, monkeypatch):
    """One epoch of each of three kinds, then two more of those that go on."""
    monkeypatch.setattr(rounds, "NEAR", 1e6 if all_go_on else 0.0)
    monkeypatch.setattr(rounds, "PAID", -1e6)
    whole = regressor(checkpoints=Checkpoints(tmp_path / "run", keep=12)).fit(X, Y)
    files = sorted((tmp_path / "run").iterdir())
    assert [file.name for file in files] == [f"epoch-{number:06d}.checkpoint" for number in range(1, epochs + 1)]
    for epoch, file in enumerate(files, 1):
        heard = Heard()
        again = regressor(random_state=5, callbacks=[heard]).fit(X, Y, resume_from=file)
        assert heard.epochs == list(range(epoch + 1, epochs + 1))
        np.testing.assert_array_equal(again.predict(X), whole.predict(X))


def kinds_by_epochs(**parameters):
    """How many epochs each kind of networks was trained."""
    seen = {}
    with pytest.MonkeyPatch.context() as patch:
        honest = several.Several._choose

        def watched(self, fits):
            seen.update((self.fits.index(fit), fit.training.progress.epochs) for fit in fits)
            return honest(self, fits)

        patch.setattr(several.Several, "_choose", watched)
        regressor(**parameters).fit(X, Y)
    return [seen[place] for place in sorted(seen)]


@pytest.mark.parametrize(
    ("near", "paid", "parameters", "epochs"),
    [
        (1e6, -1e6, {}, [3, 3, 3]), (0.0, -1e6, {}, [1, 3, 3]), (1e6, 1e6, {}, [1, 3, 3]),
        (0.0, 1e6, {"time_limit": 60}, [3, 3, 3]), (0.0, 1e6, {"scoring": "r2"}, [3, 3, 3]),
        (0.0, 1e6, {"loss": "gaussian"}, [3, 3, 3]), (0.0, 1e6, {"max_iter": 1}, [1, 1, 1]),
    ],
    ids=["all paid", "far", "not paid", "in time", "by a score", "of any sign", "one epoch"],
)  # fmt: skip
def test_kinds_go_on_after_a_cycle_if_they_are_near_and_it_has_paid(near, paid, parameters, epochs, monkeypatch):
    monkeypatch.setattr(rounds, "NEAR", near)
    monkeypatch.setattr(rounds, "PAID", paid)
    assert sorted(kinds_by_epochs(**parameters)) == epochs


def test_what_does_not_go_on_predicts_by_its_best(monkeypatch):
    """Weights that were best in the first cycle are those that held-out rows choose from."""
    monkeypatch.setattr(rounds, "NEAR", 0.0)
    honest, aside, equal = several.chosen, rounds._set_aside, []

    def set_aside(fits):
        fits = [*fits]
        for fit in fits:
            fit.training.stopping.best_vector += 1e-3  # others than the last
        aside(fits)

    def watched(fits, *others):
        for fit in fits:
            equal.append(np.array_equal(fit.training.predictor.parameters.vector, fit.training.stopping.best_vector))
        return honest(fits, *others)

    monkeypatch.setattr(rounds, "_set_aside", set_aside)
    monkeypatch.setattr(several, "chosen", watched)
    regressor(max_iter=9).fit(X, Y)
    assert equal == [True] * 3


class Minds(Callback):
    """Is told of kinds one after the other, as it does not say that their order is all the same."""


class MindsNot(Callback):
    in_any_order = True

    def __init__(self):
        self.epochs, self.threads = [], set()

    def epoch(self, record):
        self.epochs.append(record.epoch)
        self.threads.add(threading.get_ident())
        time.sleep(0.05)  # no lane is through before others begin


@pytest.mark.parametrize("n_threads", [2, 4])
def test_kinds_side_by_side_have_the_bits_of_one_after_the_other(n_threads, tmp_path):
    heard, model = MindsNot(), regressor(n_threads=n_threads)
    found = clone(model).set_params(callbacks=[heard]).fit(X, Y)
    assert len(heard.threads) > 1
    assert heard.epochs == list(range(1, len(heard.epochs) + 1))
    kept = Checkpoints(tmp_path / "run", keep=99)
    others = [clone(model), clone(model).set_params(callbacks=[Minds()]), clone(model).set_params(checkpoints=kept)]
    for other in others:
        np.testing.assert_array_equal(other.fit(X, Y).predict(X), found.predict(X))
    again = model.fit(X, Y, resume_from=sorted((tmp_path / "run").iterdir())[4])
    np.testing.assert_array_equal(again.predict(X), found.predict(X))
    assert found.model_.predictor.members > 1


def own_score(estimator, X, y):
    return -float(np.abs(estimator.predict(X) - y).mean())


@pytest.mark.parametrize("parameters", [
    {"callbacks": [Minds(), MindsNot()]}, {"scoring": own_score}, {"time_limit": 60}, {"n_threads": 1},
    {"checkpoints": True},
], ids=lambda parameters: next(iter(parameters)))  # fmt: skip
def test_kinds_are_trained_one_after_the_other_where_it_matters(parameters, monkeypatch, tmp_path):
    monkeypatch.setattr(several, "side_by_side", lambda *_: pytest.fail("side by side"))
    if "checkpoints" in parameters:
        parameters = {"checkpoints": Checkpoints(tmp_path / "run")}
    regressor(**{"n_threads": 2} | parameters).fit(X, Y)
    model = regressor(n_threads=2, warm_start=True, callbacks=[Minds()]).fit(X, Y)
    model.partial_fit(X, Y)


class Impatient(threading.Thread):
    """Ctrl-C comes while it is waited for, three times."""

    times, waits = 0, threading.Event()

    def join(self, timeout=None):
        Impatient.waits.set()
        Impatient.times += 1
        if Impatient.times <= 3:
            raise KeyboardInterrupt
        super().join(timeout)


class Late(threading.Thread):
    """Ctrl-C comes while it is started."""

    def start(self):
        super().start()
        raise KeyboardInterrupt


def test_ctrl_c_while_lanes_are_started_ends_them(monkeypatch):
    monkeypatch.setattr(lanes, "Thread", Late)
    before = threading.active_count()
    with pytest.warns(UserWarning, match="interrupted"):
        regressor(n_threads=2, max_iter=60, callbacks=[MindsNot()]).fit(X, Y)
    assert threading.active_count() == before


def test_after_a_callback_has_stopped_it_hears_no_more():
    class Stops(MindsNot):
        in_any_order = True

        def epoch(self, record):
            super().epoch(record)
            return record.epoch == 4

    heard = Stops()
    regressor(n_threads=2, max_iter=30, callbacks=[heard]).fit(X, Y)
    assert heard.epochs == [1, 2, 3, 4]
    assert len(heard.threads) > 1


def test_a_subclass_has_to_say_itself_that_it_minds_no_order():
    class Own(MindsNot):
        pass

    heard = Own()
    regressor(n_threads=2, callbacks=[heard]).fit(X, Y)
    assert heard.threads == {threading.get_ident()}


@pytest.mark.parametrize("where", ["in the first thread", "in another", "while it waits"])
def test_ctrl_c_ends_all_that_is_side_by_side(where, monkeypatch):
    """Whoever is broken off: others end with the steps under way, none begins, and the best so far predicts."""
    first, waits = threading.get_ident(), where == "while it waits"
    heard = {True: 0, False: 0}  # by whether it is the first thread

    class Breaks(Callback):
        in_any_order = True

        def epoch(self, record):
            here = threading.get_ident() == first
            heard[here] += 1
            if record.epoch > 3 and not waits and here == (where == "in the first thread"):
                raise KeyboardInterrupt
            time.sleep(0.0 if waits else 0.05)

    if waits:
        see = Fit._settle_rate

        def slow(self, *others):
            if threading.get_ident() != first and heard[False] == 3:
                Impatient.waits.wait(60)
            return see(self, *others)

        monkeypatch.setattr(Fit, "_settle_rate", slow)
        monkeypatch.setattr(Impatient, "times", 0)
        monkeypatch.setattr(Impatient, "waits", threading.Event())
        monkeypatch.setattr(lanes, "Thread", Impatient)
    before = threading.active_count()
    with pytest.warns(UserWarning, match="interrupted"):
        model = regressor(n_threads=2, max_iter=150, callbacks=[Breaks()]).fit(X, Y)
    assert heard[False] < 50  # of a cycle
    assert waits or sum(heard.values()) < 50
    assert threading.active_count() == before
    assert model.score(X, Y) > 0


def test_what_a_kind_raises_beside_others_is_raised(monkeypatch):
    honest, first = Fit.run, threading.get_ident()

    def run(self, epochs=None):
        if threading.get_ident() != first:
            raise MemoryError("no more")
        return honest(self, epochs)

    monkeypatch.setattr(Fit, "run", run)
    with pytest.raises(MemoryError, match="no more"):
        regressor(n_threads=2, callbacks=[MindsNot()]).fit(X, Y)


def test_a_checkpoint_of_other_networks_is_refused(tmp_path):
    regressor(checkpoints=Checkpoints(tmp_path / "run")).fit(X, Y)
    with pytest.raises(InputError, match="as in the checkpoint"):
        regressor(n_members=2).fit(X, Y, resume_from=tmp_path / "run")


def test_partial_fit_goes_on_with_all_networks_and_their_shares(fitted):
    model = copy.deepcopy(fitted["numbers"])
    before = model.model_.predictor
    for _ in range(3):
        model.partial_fit(FEW, Y[:50])
    now = model.model_.predictor
    assert [part.shares for part in now.parts] == [part.shares for part in before.parts]
    for one, other in zip(now.parts, before.parts, strict=True):
        assert (one.predictor.parameters.vector != other.predictor.parameters.vector).any()
    assert model.model_.continuation.parts[1].trainer.update.steps == 3
    assert len(model.history_) == len(fitted["numbers"].history_) + 3


def test_every_kind_of_networks_can_be_trained_further(monkeypatch):
    """Each kind that there is, alone: fine and coarse waves, one wide layer of few bins, narrow and wide ones."""
    monkeypatch.setattr(presets, "FEW_BINS", 16)
    for place in range(7):
        monkeypatch.setattr(presets, "variants", lambda *a, place=place: [VARIANTS(*a)[place]])
        model = regressor(max_iter=1).fit(X, Y)
        before = model.network_
        model.partial_fit(FEW, Y[:50])
        model.set_params(warm_start=True).fit(X, Y)
        assert model.network_ == before


def test_a_warm_start_chooses_anew(fitted):
    model = regressor(warm_start=True).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), fitted["numbers"].predict(X))
    first = model.model_.progress.mixed
    model.fit(X, Y)
    assert model.model_.progress.mixed < first


@pytest.mark.parametrize(
    ("said", "match"), [({"n_members": 99}, "as many members"), ({"hidden_layer_sizes": 8}, "layers as before")]
)
def test_what_would_need_other_networks_is_refused(fitted, said, match):
    model = copy.deepcopy(fitted["numbers"]).set_params(**said)
    with pytest.raises(InputError, match=match):
        model.partial_fit(FEW, Y[:50])


def test_the_score_that_is_asked_for_chooses(monkeypatch):
    asked = []

    def scorer(estimator, X, y):
        asked.append(estimator.predict(X).shape)
        return estimator.score(X, y)

    model = TableClassifier(max_iter=2, random_state=0, scoring=scorer).fit(X, NAMES)
    assert len(asked) > 2 * 8 + 3 * 2
    assert model.score(X, NAMES) > 0.3


def test_rows_to_validate_on_choose(fitted):
    model = regressor().fit(X, Y, X_val=FEW, y_val=Y[:50])
    assert model.outlook_.held_out == 50


def test_weights_count_in_the_choice():
    weight = np.where(X["word"] == "x", 1.0, 1e-6)
    model = regressor().fit(X, Y, sample_weight=weight)
    assert np.isfinite(model.predict(X)).all()


def test_rows_of_a_file_that_is_held_coded_choose_as_well(tmp_path, fitted):
    import pandas

    pandas.DataFrame({**X, "y": Y}).to_parquet(tmp_path / "rows.parquet")
    size = (tmp_path / "rows.parquet").stat().st_size
    for memory in (10 * size, 200_000, 50_000):
        model = regressor(memory=memory).fit(tmp_path / "rows.parquet", "y")
        assert isinstance(model.model_.predictor, Mixture), memory
        assert np.isfinite(model.predict(X)).all()


def test_with_little_time_the_last_are_left_out(monkeypatch):
    monkeypatch.setattr(clock, "OF_EPOCHS", 1e9)
    model = regressor(time_limit=1000).fit(X, Y)
    assert model.model_.predictor.members == 1


def test_what_differs_diverges_alone(monkeypatch):
    """Networks whose training leaves the finite numbers are not chosen."""

    def wild(preset, ranked, small):
        (first, one), *others = VARIANTS(preset, ranked, False)
        return [(first, one), *((presets.replace(second, learning_rate_init=1e30), other) for second, other in others)]

    monkeypatch.setattr(presets, "variants", wild)
    model = regressor().fit(X, Y)
    assert np.isfinite(model.predict(X)).all()


# Folds ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_folds_hold_out_each_row_once_and_choose_their_own(kind, monkeypatch):
    seen = []
    honest = fitting.ready

    def watched(estimator, starts, *others):
        seen.extend(starts)
        return honest(estimator, starts, *others)

    monkeypatch.setattr(fitting, "ready", watched)
    Kind, y = (TableRegressor, Y) if kind == "numbers" else (TableClassifier, NAMES)
    model = Kind(max_iter=2, random_state=0, n_folds=3).fit(X, y)
    assert [start.fold for start in seen] == [0] * 3 + [1] * 3 + [2] * 3
    held = [start.parts.validation for start in seen[::3]]
    assert sum(len(one) for one in held) == ROWS
    assert len({row.tobytes() for one in held for row in one.X.values}) == ROWS
    assert all(len(start.parts.training) + len(start.parts.validation) == ROWS for start in seen)
    predictor = model.model_.predictor
    assert predictor.members >= 3
    assert len({(part.view, part.predictor.network) for part in predictor.parts}) == len(predictor.parts)
    assert sum(predictor.shares) == pytest.approx(1)
    assert "fold 3" in seen[-1].name


def test_folds_of_networks_that_are_alike_are_one_ensemble(monkeypatch):
    monkeypatch.setattr(selection, "WORTHWHILE", 10.0)
    model = regressor(n_folds=3, n_members=2, max_iter=2).fit(X, Y)
    assert not isinstance(model.model_.predictor, Mixture)
    assert model.model_.predictor.members == 6


def test_folds_keep_files_bits_and_the_seed(tmp_path):
    first, second = (regressor(n_folds=2, max_iter=2).fit(X, Y) for _ in range(2))
    np.testing.assert_array_equal(first.predict(X), second.predict(X))
    first.save(tmp_path / "model")
    np.testing.assert_array_equal(load(tmp_path / "model").predict(X), first.predict(X))


def test_a_fit_by_folds_goes_on_from_a_checkpoint(tmp_path):
    whole = regressor(n_folds=2, max_iter=2, checkpoints=Checkpoints(tmp_path / "run", keep=99)).fit(X, Y)
    files = sorted((tmp_path / "run").iterdir())
    for file in files:
        again = regressor(n_folds=2, max_iter=2).fit(X, Y, resume_from=file)
        np.testing.assert_array_equal(again.predict(X), whole.predict(X))


def test_a_fit_by_folds_goes_on_where_the_first_fold_left_kinds_out(tmp_path, monkeypatch):
    monkeypatch.setattr(several, "of_one_fold", only_the_second)
    whole = regressor(n_folds=3, max_iter=2, checkpoints=Checkpoints(tmp_path / "run", keep=99)).fit(X, Y)
    files = sorted((tmp_path / "run").iterdir())
    assert len(files) < 3 * 3 * 2
    for file in files:
        again = regressor(n_folds=3, max_iter=2).fit(X, Y, resume_from=file)
        np.testing.assert_array_equal(again.predict(X), whole.predict(X))


def only_the_second(fits, until):
    """Shares by which one kind of three was chosen in the first fold."""
    members = [fit.training.predictor.members for fit in fits]
    return {fit: np.full(count, (fit is fits[1]) / count) for fit, count in zip(fits, members, strict=True)}


def test_a_checkpoint_of_kinds_of_which_the_first_diverged_is_gone_on_from(monkeypatch, tmp_path):
    def wild(preset, ranked, small):
        (first, one), *others = VARIANTS(preset, ranked, False)
        return [(presets.replace(first, learning_rate_init=1e30), one), *others]

    monkeypatch.setattr(presets, "variants", wild)
    whole = regressor(checkpoints=Checkpoints(tmp_path / "run", keep=99)).fit(X, Y)
    again = regressor().fit(X, Y, resume_from=sorted((tmp_path / "run").iterdir())[-2])
    np.testing.assert_array_equal(again.predict(X), whole.predict(X))


def test_a_checkpoint_of_nothing_but_divergence_is_refused():
    with pytest.raises(InputError, match="all have diverged"):
        resume.split_of(resume.stages({1: resume.NO_STATE}, {}))


def test_in_folds_and_in_time_each_fit_is_planned_to_its_end(monkeypatch):
    """One round of each, and what time fits have is that of those that are left out, too."""
    monkeypatch.setattr(several, "of_one_fold", only_the_second)
    parts, honest, planned = [], several.Several._part_of_time, several.rounds

    def part(self, fit):
        now, end = time.perf_counter(), honest(self, fit)
        parts.append((end - now) / (self.until - now))
        return end

    def in_time(fits, in_time):
        assert in_time
        return planned(fits, in_time)

    monkeypatch.setattr(several.Several, "_part_of_time", part)
    monkeypatch.setattr(several, "rounds", in_time)
    regressor(n_folds=3, time_limit=1000).fit(X, Y)
    assert len(parts) == 5
    assert parts[-2:] == pytest.approx([0.5, 1.0], abs=0.01)


@pytest.mark.parametrize("parameters", [{"n_folds": 2}, {}], ids=["folds", "one"])
def test_a_slow_score_is_asked_once_for_the_first_fold(parameters, monkeypatch):
    asked, honest = [], chosen._of_fold

    def watched(fits, until):
        asked.append(fits)
        return honest(fits, until)

    monkeypatch.setattr(chosen, "_of_fold", watched)
    regressor(**parameters).fit(X, Y)
    assert len(asked) == parameters.get("n_folds", 1)


def test_folds_are_spoken_of_where_there_are_some():
    heard = Heard()
    regressor(preset="best", validation_fraction=0.1, max_iter=1, callbacks=[heard]).fit(X, Y)
    assert not any("fold" in what for what in heard.tried)
    regressor(n_folds=2, callbacks=[heard]).fit(X, Y)
    of_second = [what.split("; ") for what in heard.tried if "fold 2" in what.split(";")[0]]
    assert len(of_second[0]) == 1 and all("fold 2" in leads for _, leads in of_second[1:])  # others hold out other rows


@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_folds_calibrate_by_predictions_of_rows_that_were_not_seen(kind, monkeypatch):
    told = []
    honest = chosen.Told.__init__

    def watched(self, prediction, *others):
        told.append(len(prediction))
        honest(self, prediction, *others)

    monkeypatch.setattr(chosen.Told, "__init__", watched)
    Kind, y = (TableRegressor, Y) if kind == "numbers" else (TableClassifier, NAMES)
    model = Kind(max_iter=3, random_state=0, n_folds=3, calibration=True).fit(X, y)
    assert ROWS in told
    if kind == "numbers":
        low, high = model.predict_interval(X, 0.8)
        assert np.mean((low <= Y) & (high >= Y)) > 0.75
    else:
        assert model.model_.predictor.temperature != 1


def test_what_is_broken_off_in_a_fold_leaves_those_before():
    with pytest.warns(UserWarning, match="interrupted"):
        model = regressor(n_folds=3, max_iter=2, callbacks=[Heard(broken=9)]).fit(X, Y)
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("said", [{"validation_split": ShuffleSplit(1, random_state=0)}, {"warm_start": True}])
def test_folds_are_refused_beside_what_holds_out_rows(said, tmp_path):
    with pytest.raises(InputError, match=f"1 beside {next(iter(said))}"):
        regressor(n_folds=2, **said).fit(X, Y)
    regressor(preset="best", max_iter=1, **said).fit(X, Y)


def test_folds_are_refused_beside_given_rows_and_of_streams(tmp_path):
    import pandas

    with pytest.raises(InputError, match="1 beside X_val"):
        regressor(n_folds=2).fit(X, Y, X_val=FEW, y_val=Y[:50])
    pandas.DataFrame({**X, "y": Y}).to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(InputError, match="1 beside a file"):
        regressor(n_folds=2, memory=1000).fit(tmp_path / "rows.parquet", "y")
    with pytest.raises(InputError, match="at most 10"):
        regressor(n_folds=11).fit({name: cells[:20] for name, cells in X.items()}, Y[:20])


def test_a_class_of_one_row_is_trained_on_in_every_fold(monkeypatch):
    y, seen = np.where(np.arange(ROWS) == 7, "rare", NAMES), []
    honest = fitting.ready

    def watched(estimator, starts, answer, *others):
        seen.extend(set(answer.back(start.parts.training.counted()[0])) for start in starts)
        return honest(estimator, starts, answer, *others)

    monkeypatch.setattr(fitting, "ready", watched)
    TableClassifier(max_iter=1, random_state=0, n_folds=3, n_members=1).fit(X, y)
    assert seen == [set(y)] * 3


def test_best_has_folds_where_nothing_else_says_what_is_held_out(begun_folds):
    TableRegressor(preset="best", max_iter=1, random_state=0).fit(X, Y)
    assert max(begun_folds) == 4
    begun_folds.clear()
    some = {name: cells[:500] for name, cells in X.items()}
    TableRegressor(preset="best", max_iter=1, random_state=0).fit(some, Y[:500])
    TableRegressor(preset="best", max_iter=1, random_state=0, time_limit=1000).fit(some, Y[:500])
    assert max(begun_folds) == 0


@pytest.mark.parametrize(
    ("parameters", "folds"),
    [
        ({}, 5), ({"preset": "best"}, 10), ({"n_folds": 2}, 2), ({"n_folds": 1}, 1), ({"preset": "fast"}, 1),
        ({"n_members": 1}, 1), ({"bins": 8}, 1), ({"numbers": "robust"}, 1), ({"hidden_layer_sizes": 8}, 1),
        ({"validation_fraction": 0.3}, 1), ({"time_limit": 1000}, 1), ({"warm_start": True}, 1),
    ],
)  # fmt: skip
def test_the_default_has_folds_where_rows_are_few_and_nothing_is_said(parameters, folds, begun_folds, monkeypatch):
    monkeypatch.setattr(presets, "FOLDED", ROWS + 1)
    regressor(**{"max_iter": 1} | parameters).fit(X, Y)
    assert max(begun_folds) == folds - 1
    begun_folds.clear()
    monkeypatch.setattr(presets, "FOLDED", ROWS)
    regressor(max_iter=1, preset=parameters.get("preset", "default")).fit(X, Y)
    assert max(begun_folds) == (4 if "best" in parameters.values() else 0)


def test_the_first_fold_says_which_kinds_others_train(monkeypatch):
    ran, honest = [], several.Several._choose

    def watched(self, fits):
        ran.append([(self.folds[self.fits.index(fit)], self.fits.index(fit) % 3) for fit in fits])
        return honest(self, fits)

    monkeypatch.setattr(several.Several, "_choose", watched)
    monkeypatch.setattr(several, "of_one_fold", only_the_second)
    model = regressor(n_folds=3).fit(X, Y)
    assert ran == [[(0, 0), (0, 1), (0, 2), (1, 1), (2, 1)]]
    assert model.model_.predictor.shares.sum() == pytest.approx(1)
    assert len(model.model_.kinds()) == 1


@pytest.fixture
def begun_folds(monkeypatch):
    """The folds of the networks that fits begin with."""
    found, honest = [], fitting.ready

    def watched(estimator, starts, *others):
        found.extend(start.fold for start in starts)
        return honest(estimator, starts, *others)

    monkeypatch.setattr(fitting, "ready", watched)
    return found


# What a reviewer found ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["numbers", "classes"])
def test_passes_where_nothing_draws_are_the_prediction(fitted, name):
    model = fitted[name]
    asked = model.predict_proba if name == "classes" else model.predict
    np.testing.assert_allclose(asked(X, return_std=True, samples=3)[0], asked(X), rtol=1e-4, atol=1e-6)


def test_what_is_said_is_said_of_every_kind(monkeypatch):
    seen = []
    honest = fitting.ready
    monkeypatch.setattr(
        fitting, "ready", lambda estimator, starts, *a: seen.extend(starts) or honest(estimator, starts, *a)
    )
    said = {"activation": "tanh", "weight_decay": 0.0, "learning_rate_init": 1e-3, "dropout": 0.1, "batch_size": 64}
    model = regressor(**said, max_iter=1).fit(X, Y)
    for start in seen:
        assert (start.recipe.optimiser.learning_rate, start.recipe.optimiser.weight_decay) == (1e-3, 0.0)
        assert "tanh" in repr(start.training.predictor.network.layers)
        assert "Dropout(rate=0.1)" in repr(start.training.predictor.network.layers)
    model.set_params(warm_start=True).fit(X, Y)


def test_what_was_chosen_is_told_of_the_networks_that_count_most(fitted):
    told = fitted["numbers"]._chosen()
    layers = repr(fitted["numbers"].network_.layers)
    assert repr(told["activation"]) in layers
    assert f"Dense(units={told['hidden_layer_sizes'][0]}," in layers
    assert "weight_decay" not in told


@pytest.mark.parametrize("kind", ["some rows", "what it predicts with", "rows in another order"])
def test_a_scorer_may_ask_what_it_likes(kind):
    def scorer(estimator, A, b):
        if kind == "some rows":
            return -np.abs(estimator.predict(A[:50]) - b[:50]).mean()
        if kind == "what it predicts with":
            return estimator.score(A, b) - 1e-9 * estimator.model_.predictor.trained
        return -np.mean([(estimator.predict(A[i : i + 1])[0] - b[i]) ** 2 for i in range(20)[::-1]])

    assert regressor(scoring=scorer, max_iter=1, n_iter_no_change=1).fit(X, Y).score(X, Y) < 1


def test_an_interruption_before_any_epoch_leaves_the_best_pilot(monkeypatch):
    def broken(*others):
        raise KeyboardInterrupt
        yield

    class Breaks(Callback):
        def begin(self, outlook):
            monkeypatch.setattr("chainrule.models.fit.train", broken)

    with pytest.warns(UserWarning, match="The best weights so far are kept"):
        model = regressor(calibration=True, callbacks=[Breaks()]).fit(X, Y)
    assert model.score(X, Y) > 0.2
    assert model.model_.predictor.members == 2


@pytest.mark.parametrize("at", ["selection", "between"])
def test_an_interruption_while_members_are_chosen_leaves_the_best_kind(monkeypatch, at):
    heard = Heard(broken="network" if at == "between" else None)
    if at == "selection":
        monkeypatch.setattr("chainrule.models.chosen.selected", lambda *a: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.warns(UserWarning, match="interrupted"):
        model = regressor(callbacks=[heard], calibration=at == "selection").fit(X, Y)
    assert heard.ended == ["interrupted"]
    assert not isinstance(model.model_.predictor, Mixture)


def test_a_callback_that_raises_is_told_how_it_ended():
    class Raises(Heard):
        def epoch(self, record):
            if record.epoch == 5:
                raise RuntimeError("no more")

    heard = Raises()
    with pytest.raises(RuntimeError) as told:
        regressor(callbacks=[heard]).fit(X, Y)
    assert heard.ended == ["broken off"]
    assert len(told.value.__notes__) == 1
    assert "after epoch 5" in told.value.__notes__[0]


def test_a_callback_that_raises_at_a_pilot_is_heard_where_scores_are_asked_for():
    class Raises(Callback):
        def trying(self, what):
            if what.startswith("pilot 2"):
                raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        regressor(scoring="r2", callbacks=[Raises()]).fit(X, Y)


@pytest.mark.usefixtures("broken_pilot")
def test_a_pilot_that_is_broken_off_is_told_to_callbacks():
    heard = Heard()
    with pytest.warns(UserWarning, match="interrupted"):
        regressor(callbacks=[heard]).fit(X, Y)
    assert len(heard.begun) == 1
    assert heard.ended == ["interrupted"]


def test_further_training_is_one_epoch_to_callbacks_and_forgets_the_loss_before(fitted):
    heard = Heard()
    model = copy.deepcopy(fitted["numbers"]).set_params(callbacks=[heard])
    model.partial_fit(FEW, Y[:50])
    assert len(heard.epochs) == 1
    assert model.model_.progress.mixed is None
    again = regressor(warm_start=True, callbacks=[heard]).fit(X, Y)
    again.fit(X, Y)
    assert "numbers" in heard.tried[-1].split(";")[0]


def test_a_checkpoint_of_several_is_no_checkpoint_of_another_estimator(tmp_path):
    from chainrule import MLPRegressor

    regressor(checkpoints=Checkpoints(tmp_path / "run")).fit(X, Y)
    with pytest.raises(InputError, match="as in the checkpoint"):
        MLPRegressor().fit(X["a"][:, None], Y, resume_from=tmp_path / "run")


def test_what_diverges_leaves_checkpoints_of_the_others(monkeypatch, tmp_path):
    def wild(preset, ranked, small):
        first, (second, other), *others = VARIANTS(preset, ranked, False)
        return [first, (presets.replace(second, learning_rate_init=1e30), other), *others]

    monkeypatch.setattr(presets, "variants", wild)
    whole = regressor(checkpoints=Checkpoints(tmp_path / "run", keep=99)).fit(X, Y)
    files = sorted((tmp_path / "run").iterdir())
    again = regressor().fit(X, Y, resume_from=files[-2])
    np.testing.assert_array_equal(again.predict(X), whole.predict(X))


def changed(model, tmp_path, change):
    """The error of a file whose content was changed so."""
    from chainrule.models import document
    from chainrule.models.saving import write

    honest = document.to_data

    def bad(written):
        data, arrays = honest(written)
        change(data)
        return data, arrays

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document, "to_data", bad)
        write(tmp_path / "bad", model.model_, {"parameters": {}, "left_out": []}, overwrite=True)
    with pytest.raises(ModelFileError) as told:
        Model.load(tmp_path / "bad")
    return str(told.value)


def views(count):
    return [{"type": "View", "encodings": []}] * count


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data["encoder"].update(others=data["encoder"]["others"] + views(50_000)),
        lambda data: data["encoder"].update(others=data["encoder"]["others"] + views(1)),
        lambda data: data["encoder"]["others"][0].update(encodings=data["encoder"]["others"][0]["encodings"] * 2),
        lambda data: data.pop("mixture"),
        lambda data: data.update(mixture=[]),
        lambda data: data["mixture"][0].update(view=9),
        lambda data: data["mixture"][0].update(shares=[0.9, 0.9]),
        lambda data: data["mixture"][1].update(shares=[0.0]),
    ],
)
def test_a_changed_file_of_a_mixture_is_refused_at_once(fitted, tmp_path, change):
    began = time.perf_counter()
    changed(fitted["numbers"], tmp_path, change)
    assert time.perf_counter() - began < 20
