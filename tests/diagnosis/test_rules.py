"""Every rule is whole, every remedy can be taken, and the judge puts them in order."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from tests.diagnosis.cases import STUCK, cells, dated, falling, mixed, numbered, observed, probes, seen, table, towns

from chainrule import (
    GLU,
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    LayerNorm,
    MLPClassifier,
    MLPRegressor,
    Residual,
    RMSNorm,
    TableClassifier,
    TableRegressor,
    diagnose,
    optimisers,
)
from chainrule.diagnosis import cures
from chainrule.diagnosis.findings import LEVELS, Evidence, Finding, Findings
from chainrule.diagnosis.judge import judge
from chainrule.diagnosis.observed import Scores
from chainrule.diagnosis.remedies import Remedy, rewritten
from chainrule.diagnosis.rules import RULES
from chainrule.diagnosis.rules.base import confidence
from chainrule.diagnosis.survey import survey
from chainrule.engine.network import Network
from chainrule.errors import InputError, InputTypeError
from chainrule.network import losses
from chainrule.training import schedules

STEPS = np.linspace(1.4, 1.3, 10)
#: For each rule something that it must find in what is otherwise well.
ILL = {
    "unscaled-inputs": observed(probes=seen(largest=400.0)),
    "constant-columns": observed(probes=seen(constant=(2,), n_constant=1)),
    "duplicate-columns": observed(probes=seen(duplicate=(2,), n_duplicate=1)),
    "label-leak": observed(probes=seen(leak_correlation=0.999)),
    "shuffled-labels": observed(probes=seen(leak_correlation=0.05), held_out=Scores(1.0, 0.5, 0.5, 200)),
    "initial-loss": observed(initial_loss=30.0, curve=STUCK),
    "unfit-initialisation": observed(probes=probes(W_rms=0.01)),
    "linear-stack": observed(network=Network([Dense(16), Dense(16, "relu"), Dense(1)], 16)),
    "dropout-before-batch-norm": observed(
        network=Network([Dense(16), Dropout(0.5), BatchNorm(), Activation("relu"), Dense(1)], 16),
        probes=probes(layers=2, names="04"),
    ),
    "unfit-link": observed(
        network=Network([Dense(16, "relu"), Dense(1, "sigmoid"), Dense(1)], 16),
        parameters=MLPClassifier(layers=[Dense(16, "relu"), Dense(1, "sigmoid")]).get_params(deep=False),
    ),
    "one-batch": observed(one_batch=0.99),
    "not-finite": observed(curve=[0.6, 2.0, np.nan]),
    "vanishing-gradients": observed(probes=probes(dz_rms=falling(1.5)), curve=STUCK),
    "exploding-gradients": observed(probes=probes(dz_rms=falling(-1.5))),
    "dead-relu": observed(probes=probes(dead=0.95), training=Scores(0.6, 0.6, 0.5, 500)),
    "saturation": observed(probes=probes(activation="tanh", saturated=0.9)),
    "rate-too-high": observed(probes=probes(update=0.2)),
    "rate-too-low": observed(probes=probes(update=-5.0), curve=STEPS, training=Scores(0.65, 0.6, 0.5, 500)),
    "oscillation": observed(probes=probes(update=-1.1), curve=[0.6, 0.5, 0.7, 0.4, 0.6, 0.3, 0.5, 0.3, 0.5, 0.3]),
    "plateau": observed(curve=STUCK, training=Scores(0.69, 0.5, 0.5, 500), plain=None, held_out=None),
    "overfitting": observed(training=Scores(0.0, 1.0, 0.5, 500), held_out=Scores(2.0, 0.7, 0.5, 200)),
    "like-a-constant": observed(
        curve=STUCK,
        training=None,
        plain=None,
        held_out=Scores(0.69, 0.51, 0.5, 500, constant=np.log(2), agreement=0.05, by_chance=0.045),
    ),
    "underfitting": observed(training=Scores(0.5, 0.7, 0.5, 500), held_out=None),
    "batch-norm-mismatch": observed(batch_losses=(0.1, 0.4)),
    "class-imbalance": observed(
        probes=seen(shares=(0.99, 0.01)), held_out=Scores(0.05, 0.99, 0.99, 500, (1.0, 0.1), 0.01)
    ),
    "miscalibration": observed(held_out=Scores(0.9, 0.93, 0.5, 500, (0.9, 0.9), 0.25, 0.25)),
    "mixed-column": table(mixed(0.02)),
    "id-among-inputs": table(numbered()),
    "dates-beyond-training": table(dated(0.4)),
    "unknown-levels": table(towns(unknown=cells(0.2, "Ulm"))),
}


def test_a_network_that_learns_has_no_findings():
    assert str(judge(observed())) == "Nothing found that keeps this network from learning."


def test_where_nothing_is_known_nothing_is_found():
    little = observed(
        probes=None, history=(), constant_loss=None, training=None, held_out=None, initial_loss=None, one_batch=None,
        plain=None,
    )  # fmt: skip
    assert len(judge(little)) == 0


#: How bad each fault is above, and how its first remedy begins.
FIRST = {
    "unscaled-inputs": ("warning", "Standardise the inputs"),
    "constant-columns": ("note", "Leave these columns out"),
    "duplicate-columns": ("note", "Leave these columns out"),
    "label-leak": ("warning", "Ask whether this column is known before"),
    "shuffled-labels": ("error", "Look at some rows and their labels"),
    "initial-loss": ("note", "Standardise the inputs"),
    "unfit-initialisation": ("warning", "Normalise every layer's pre-activations over the batch"),
    "linear-stack": ("warning", "Use GELU as activation"),
    "dropout-before-batch-norm": ("warning", "Put dropout behind the batch normalisation"),
    "unfit-link": ("warning", "Leave your output layer out"),
    "one-batch": ("error", "Use GELU with He initialisation and layer normalisation"),
    "not-finite": ("error", "Lower the learning rate to a tenth"),
    "vanishing-gradients": ("error", "Use GELU with He initialisation and layer normalisation"),
    "exploding-gradients": ("error", "Let the initialisation follow from the activation"),
    "dead-relu": ("error", "Use leaky ReLU"),
    "saturation": ("warning", "Normalise every layer's pre-activations over the batch"),
    "rate-too-high": ("warning", "Lower the learning rate until a step is about 1/300"),
    "rate-too-low": ("warning", "Raise the learning rate until a step is about 1/300"),
    "oscillation": ("warning", "Lower the learning rate to a tenth"),
    "plateau": ("warning", "Raise the learning rate tenfold"),
    "overfitting": ("warning", "Penalise large weights and drop 30 % of the units"),
    "like-a-constant": ("warning", "Look at some rows and their labels"),
    "underfitting": ("warning", "Use what does better: two layers of 64 ReLU units"),
    "batch-norm-mismatch": ("warning", "Use batch normalisation as it is by default"),
    "class-imbalance": ("warning", "Weigh classes by the inverse of their share"),
    "miscalibration": ("warning", "Hold rows out, and learn a temperature"),
    "mixed-column": ("warning", "Name the words that stand for a missing value"),
    "id-among-inputs": ("warning", "Leave it out: columns={'ref': 'leave out'}."),
    "dates-beyond-training": ("warning", "Train again, with rows of these dates"),
    "unknown-levels": ("warning", "See how these are written"),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_finds_its_fault(rule):
    findings = judge(ILL[rule.name])
    finding = findings[rule.name]
    level, remedy = FIRST[rule.name]
    assert rule.name in findings
    assert finding.level == level and finding.remedies[0].text.startswith(remedy)
    assert 0.5 <= finding.confidence <= 1
    assert finding.evidence
    assert all(isinstance(one.value, (int, float)) for one in finding.evidence)
    assert finding.remedies, "something must be said of what to do"
    known = {layer.name for layer in ILL[rule.name].probes.layers}
    assert set(finding.layers) <= known
    assert rule.title in str(findings)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_is_whole(rule):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    assert rule.name in ILL
    assert 2 <= len(re.findall(r"[.:?](?= |$)", rule.reason)) <= 4
    assert re.search(r"(19|20)\d\d", rule.source) or "2003" in rule.source
    assert set(rule.behind) <= {one.name for one in RULES}
    assert rule.name not in rule.behind
    assert not rule.title.endswith(".")


@pytest.mark.parametrize("name", ILL)
def test_remedies_can_be_applied_or_say_what_to_do(name):
    case = ILL[name]
    kind = TableClassifier if "columns" in case.parameters else MLPClassifier
    estimator = kind(**case.parameters)
    before = estimator.get_params(deep=False)
    for remedy in judge(case)[name].remedies:
        assert remedy.text.rstrip().endswith((".", "}")) or "find_learning_rate" in remedy.text
        if remedy.can_be_applied:
            made = remedy.apply(estimator)
            last = made[-1] if remedy.scale else made
            assert type(last) is kind
            assert last is not estimator
            assert estimator.get_params(deep=False) == before
        else:
            with pytest.raises(InputError, match="a remedy that changes the estimator"):
                remedy.apply(estimator)


def test_what_another_finding_explains_is_a_note():
    stuck = observed(
        probes=probes(dz_rms=falling(1.5)), curve=STUCK, training=Scores(0.69, 0.5, 0.5, 500), held_out=None
    )
    findings = judge(stuck)
    assert findings["vanishing-gradients"].level == "error"
    assert findings["plateau"].level == "note"
    assert "vanishing-gradients" in findings["plateau"].follows
    assert "follows from vanishing-gradients" in str(findings["plateau"])


def test_the_worst_stands_first():
    findings = judge(observed(probes=seen(n_constant=1, constant=(1,)), one_batch=0.99, batch_losses=(0.1, 0.4)))
    assert [LEVELS.index(one.level) for one in findings] == sorted(
        (LEVELS.index(one.level) for one in findings), reverse=True
    )
    assert [one.rule for one in findings.at_least("warning")] == ["one-batch", "batch-norm-mismatch"]
    assert {one.rule for one in findings.at_least("note")} > {one.rule for one in findings.at_least("error")}


def test_findings_are_a_sequence_with_names():
    finding = judge(ILL["one-batch"])["one-batch"]
    findings = Findings((finding, replace(finding, rule="other")))
    assert list(findings) == [finding, findings["other"]]
    assert bool(findings)
    assert not Findings(())
    assert findings.remedies() == finding.remedies
    with pytest.raises(InputError, match="one-batch"):
        findings["one-bach"]
    data = Findings((replace(finding, evidence=(Evidence("x", float("nan"), "y"),)),)).to_data()
    assert data[0]["evidence"][0]["value"] is None


def test_confidence_goes_from_a_half_to_one():
    assert confidence(2, 2, 4) == 0.5
    assert confidence(3, 2, 4) == 0.75
    assert confidence(9, 2, 4) == 1
    assert confidence(-3, -2, -4) == 0.75


@pytest.mark.parametrize("layers", [3, 5, 9])
@pytest.mark.parametrize("by", [-0.4, 0.0, 0.7])
def test_slope_and_reach_are_those_of_the_gradient(layers, by):
    found = probes(layers=layers, dz_rms=10.0 ** (by * np.arange(layers)))
    np.testing.assert_allclose(found.slope(), -by, atol=1e-5)
    np.testing.assert_allclose(found.reach(), -by * (layers - 1), atol=1e-5)


# Remedies -----------------------------------------------------------------------------------------------


def test_a_remedy_rewrites_layers_that_were_given():
    layers = [Dense(8, "sigmoid", init="xavier_normal"), Dense(8), BatchNorm(), Activation("sigmoid"), Dropout(0.2)]
    estimator = MLPClassifier(layers=layers)
    made = Remedy("x", "", (("activation", "relu"), ("init", "auto"), ("clip_norm", 1.0))).apply(estimator)
    assert made.layers == (Dense(8, "relu"), Dense(8), BatchNorm(), Activation("relu"), Dropout(0.2))
    assert made.clip_norm == 1.0
    assert estimator.layers == layers
    normed = rewritten(layers, {"norm": "layer", "dropout": 0.5, "residual": True})
    assert normed[0] == Residual([Dense(8, init="xavier_normal"), LayerNorm(), Activation("sigmoid"), Dropout(0.5)])
    inner = rewritten([Residual([Dense(8, "tanh")])], {"activation": "gelu", "residual": True})
    assert inner == (Residual((Dense(8, "gelu"),)),)


def test_a_rate_goes_to_the_optimiser_that_has_it():
    estimator = MLPClassifier(solver=optimisers.Lion(1e-4))
    assert Remedy("x", "", (("learning_rate_init", 1e-5),)).apply(estimator).solver == optimisers.Lion(1e-5)
    named = MLPClassifier(solver="adamw")
    changes = (("learning_rate_init", 1e-5), ("weight_decay", 0.05))
    assert Remedy("x", "", changes).apply(named).solver == optimisers.AdamW(1e-5, weight_decay=0.05)
    plain = Remedy("x", "", changes).apply(MLPClassifier())
    assert (plain.solver, plain.learning_rate_init, plain.weight_decay) == ("adam", 1e-5, 0.05)


@pytest.mark.parametrize("cure", [cures.revive, cures.move_on])
def test_a_schedule_is_one_by_its_name_too(cure):
    def remedy(rate):
        return cure(
            SimpleNamespace(parameters={"learning_rate": rate, "solver": "adam"}, early_update=0.0, rate=0.01)
        ).name

    assert remedy("cosine") == remedy(schedules.Cosine()) == "constant-rate" != remedy("constant")


def test_scaling_stands_in_front():
    made = Remedy("x", "", scale=True).apply(MLPClassifier((8,)))
    X = np.array([[0.0, 1e6], [1.0, -1e6]] * 20)
    assert made[0].fit_transform(X).std() == pytest.approx(1)
    assert isinstance(Remedy("x", "", scale=True).apply(TableClassifier()), TableClassifier)


def test_rates_follow_from_the_update_that_was_seen():
    too_high = judge(observed(probes=probes(update=0.0)))["rate-too-high"].remedies[0]
    assert dict(too_high.changes)["learning_rate_init"] == pytest.approx(1e-3 * 10**-2.5, rel=0.05)
    low = judge(ILL["rate-too-low"])["rate-too-low"].remedies[0]
    assert dict(low.changes)["learning_rate_init"] == pytest.approx(1e-3 * 10**2.5, rel=0.05)


def test_only_remedies_that_an_estimator_can_take_are_named():
    table = observed(
        parameters=TableClassifier().get_params(deep=False), probes=probes(dz_rms=falling(1.5)), curve=STUCK
    )
    names = [remedy.name for remedy in judge(table)["vanishing-gradients"].remedies]
    assert names == ["relu", "shallower"]
    sgd = observed(
        parameters={**observed().parameters, "solver": "sgd"}, probes=probes(dz_rms=falling(1.5)), curve=STUCK
    )
    assert dict(judge(sgd)["vanishing-gradients"].remedies[0].changes)["solver"] == "adam"


def test_a_remedy_for_another_kind_of_estimator_is_refused():
    with pytest.raises(InputError, match="an estimator with norm"):
        Remedy("x", "", (("norm", "batch"),)).apply(TableClassifier())


def test_times_changes_numbers_and_widths():
    assert dict(cures.LARGER(observed()).changes) == {"hidden_layer_sizes": (64, 64, 64)}
    assert dict(cures.LONGER(observed()).changes) == {"max_iter": 600}


# The survey ---------------------------------------------------------------------------------------------


def test_the_survey_of_known_columns():
    random = np.random.default_rng(0)
    X = random.normal(size=(400, 6)).astype(np.float32)
    X[:, 1] = 7.0
    X[:, 3] = 2 - 3 * X[:, 0]
    X[:, 4] *= 1000
    y = (X[:, 5] > 0.3).astype(int)
    found = survey(X, y[:, None].astype(np.float32), 2, loss=losses.get("binary_cross_entropy"))
    assert (found.rows, found.columns) == (400, 6)
    assert found.constant == (1,)
    assert found.duplicate == (3,)
    assert found.largest == pytest.approx(1000, rel=0.1)
    assert found.median == pytest.approx(1, rel=0.2)
    assert found.shares == pytest.approx((1 - y.mean(), y.mean()))
    assert found.leak == 5
    assert survey(X, y, 2).shares == found.shares
    assert found.constant_loss == pytest.approx(-(y.mean() * np.log(y.mean()) + (1 - y.mean()) * np.log(1 - y.mean())))
    assert survey(X, X[:, 5], 0).leak_correlation == pytest.approx(1)
    numbers = survey(X, random.poisson(2, 400).astype(np.float32), 0)
    assert numbers.counts
    assert numbers.shares == ()
    assert not survey(X, X[:, 0] ** 2, 0).counts


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_a_survey_of_sparse_rows_is_that_of_dense_ones():
    from scipy.sparse import csr_matrix

    random = np.random.default_rng(0)
    X = random.binomial(1, 0.3, size=(90, 4)).astype(np.float32)
    y = random.integers(0, 3, 90)
    sparse, dense = survey(csr_matrix(X), y, 3), survey(X, y, 3)
    assert (sparse.largest, sparse.median) == (1, 1)  # of what is not zero: most of a sparse column is
    assert replace(sparse, largest=dense.largest, median=dense.median) == dense


def test_a_survey_of_columns_that_never_vary_names_no_leak():
    found = survey(np.ones((20, 2)), np.arange(20) % 2, 2)
    assert (found.leak, found.largest, found.n_constant) == (-1, 0.0, 2)


# The public function --------------------------------------------------------------------------------------


def blobs(rows=300, classes=3, seed=0):
    random = np.random.default_rng(seed)
    y = np.arange(rows) % classes
    return (random.normal(size=(rows, 6)) + 3 * np.eye(6)[y]).astype(np.float32), y


@pytest.mark.parametrize("given", [{}, {"X": 1}, {"X": 1, "y": 2}], ids=["nothing", "X alone", "not rows"])
def test_an_unfitted_estimator_needs_rows(given):
    with pytest.raises((InputError, InputTypeError)):
        diagnose(MLPClassifier(), **given)


def test_others_are_refused():
    with pytest.raises(InputTypeError, match="an estimator of chainrule"):
        diagnose(object())
    X, y = blobs()
    model = MLPClassifier((8,), solver="lbfgs", l2=0.1).fit(X, y)
    with pytest.raises(InputError, match="X_val, y_val"):
        diagnose(model, X, y, X)
    with pytest.raises(InputError):
        diagnose(model, X[:, :2], y)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_diagnosis_changes_nothing():
    X, y = blobs()
    for model in (MLPClassifier((8,), max_iter=3, random_state=0), MLPClassifier((8,), norm="batch", max_iter=3)):
        model.fit(X, y)
        before, told = model.predict_proba(X), model.get_params()
        diagnose(model, X, y, X, y)
        np.testing.assert_array_equal(model.predict_proba(X), before)
        assert model.get_params() == told
    fresh = MLPClassifier((8,), random_state=0)
    diagnose(fresh, X, y)
    assert not fresh.__sklearn_is_fitted__()


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize(
    "model",
    [
        MLPClassifier((16,), learning_rate_init=0.02, max_iter=40, n_members=3, random_state=0),
        MLPClassifier((16,), solver="lbfgs", l2=0.1, random_state=0),
        MLPClassifier((16,), learning_rate_init=0.02, max_iter=40, probes=False, random_state=0),
        MLPClassifier((16,), learning_rate_init=0.02, loss="hinge", max_iter=40, random_state=0),
        TableClassifier(preset="fast", random_state=0),
    ],
    ids=["members", "lbfgs", "not measured", "hinge", "table"],
)
def test_every_kind_of_fit_can_be_diagnosed(model):
    X, y = blobs()
    findings = diagnose(model.fit(X, y), X, y, *blobs(seed=1))
    assert findings.at_least("warning") == ()
    assert (findings.probes is None) == (model.probes_ is None)


def apart(rows=700, seed=0):
    """Seven classes, one of which a single column sets apart from all others."""
    random = np.random.default_rng(seed)
    y = np.arange(rows) % 7
    X = random.normal(size=(rows, 8)) + 2 * np.eye(8)[y]
    X[:, 7] = np.where(y == 3, 50, 0) + random.normal(size=rows)
    return X, y


def told(X, y):
    """The target as words, or as a number in other units, beside the columns."""
    return pd.DataFrame(X).add_prefix("x").assign(later=[f"c{one}" for one in y] if y.dtype.kind == "i" else 5 - 2 * y)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_a_column_that_sets_one_class_apart_is_no_leak_and_one_that_tells_all_is():
    X, y = apart()
    for kind, parameters in ((TableClassifier, {"preset": "fast"}), (MLPClassifier, {"hidden_layer_sizes": (8,)})):
        model = kind(**parameters, max_iter=3, random_state=0)
        assert "label-leak" not in diagnose(model.fit(X, y), X, y)
    numbers = X[:, 0] ** 3
    for kind, target in ((TableClassifier, y), (TableRegressor, numbers)):
        found = diagnose(kind(preset="fast", max_iter=3, random_state=0).fit(told(X[:, 1:], target), target))
        assert "'later'" in found["label-leak"].evidence[0].name


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("task", ["classes", "numbers"])
@pytest.mark.parametrize(
    "parameters", [{}, {"early_stopping": True}, None], ids=["twelve epochs", "held out", "a table"]
)
def test_shuffled_labels_are_told_after_twelve_epochs(task, parameters):
    random = np.random.default_rng(1)
    X, y = random.normal(size=(900, 6)), random.integers(0, 3, 900)
    y = y if task == "classes" else random.lognormal(0, 2, 900)  # single rows weigh much
    kinds = (TableClassifier, TableRegressor) if parameters is None else (MLPClassifier, MLPRegressor)
    given = {"preset": "fast"} if parameters is None else {"hidden_layer_sizes": (16,), **parameters}
    model = kinds[task == "numbers"](max_iter=12, random_state=0, **given).fit(X[:600], y[:600])
    assert diagnose(model, X[:600], y[:600])["shuffled-labels"].level == "error"
    assert diagnose(model, X[:600], y[:600], X[600:], y[600:])["shuffled-labels"].level == "error"
    assert diagnose(model, X_val=X[600:], y_val=y[600:])["like-a-constant"].level in ("warning", "note")
    if parameters != {}:
        assert "like-a-constant" in diagnose(model)  # by the rows held out


@pytest.mark.parametrize("seed", range(3))
def test_weak_relations_in_wide_tables_are_no_shuffled_labels(seed):
    random = np.random.default_rng(seed)
    rows = 3000
    frame = pd.DataFrame(
        {
            "code": [f"t{one}" for one in random.integers(0, 300, rows)],
            **{f"n{k}": random.normal(size=rows) for k in range(8)},
        }
    )
    y = 0.35 * frame["n0"].to_numpy() + random.standard_t(3, rows)  # R2 of about .04
    model = TableRegressor(preset="fast", max_iter=8, random_state=0).fit(frame[:2000], y[:2000])
    found = diagnose(model, frame[:2000], y[:2000], frame[2000:], y[2000:])
    assert "shuffled-labels" not in found
    assert found or diagnose(model)  # never "nothing found"


def test_a_rare_class_that_is_not_learned_is_no_shuffled_label():
    random = np.random.default_rng(0)
    X, y = random.normal(size=(900, 5)), np.arange(900) % 100 == 0
    X[y] += 0.5
    model = TableClassifier(preset="fast", max_iter=5, random_state=0).fit(X, y)
    found = diagnose(model, X, y, X, y)
    assert "shuffled-labels" not in found and found


@pytest.mark.parametrize("init", ["zeros", "he_normal"])
def test_units_that_never_move_can_be_diagnosed(init):
    X, y = blobs()
    model = MLPClassifier((8, 8), init=init, learning_rate_init=1e-12, tol=0.1, n_iter_no_change=3, random_state=0)
    findings = diagnose(model.fit(X, y), X, y, *blobs(seed=1))
    assert "one-batch" in findings
    assert ("rate-too-low" in findings) == (init != "zeros")  # to weights of zero there is no ratio
    assert findings.at_least("warning")


def test_a_single_class_can_be_diagnosed():
    X, _ = blobs(60)
    y = np.zeros(60, int)
    model = MLPClassifier((4,), tol=0.1, n_iter_no_change=2, learning_rate_init=0.1, random_state=0).fit(X, y)
    assert diagnose(model, X, y, X, y).at_least("error") == ()


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_labels_and_numbers_and_sequences_can_be_diagnosed():
    from chainrule import SequenceClassifier

    X, y = blobs()
    several = np.column_stack([y == 0, y == 1]).astype(int)
    numbers = np.column_stack([X[:, 0], X[:, 1] ** 2])
    for estimator, target in ((MLPClassifier((16,)), several), (MLPRegressor(hidden_layer_sizes=(16,)), numbers)):
        model = estimator.set_params(max_iter=30, random_state=0).fit(X, target)
        assert "unscaled-inputs" not in diagnose(model, X, target)
        spoiled = X * [1, 1e4, *[1] * (X.shape[1] - 2)]
        assert "unscaled-inputs" in diagnose(model.fit(spoiled, target), spoiled, target)
    random = np.random.default_rng(0)
    sets = [random.normal(size=(n, 2)) for n in random.integers(1, 9, 60)]
    deep = SequenceClassifier((8,) * 12, activation="logistic", max_iter=30, random_state=0)
    assert diagnose(deep.fit(sets, random.integers(0, 2, 60)))["vanishing-gradients"].level == "error"


def test_an_unfitted_estimator_is_looked_at_before_it_trains():
    X, y = blobs()
    assert diagnose(MLPClassifier((32,), learning_rate_init=0.01, random_state=0), X, y).at_least("warning") == ()
    spoiled = X.copy()
    spoiled[:, 0] *= 1e5
    assert "unscaled-inputs" in diagnose(MLPClassifier((32,), random_state=0), spoiled, y)
    assert "linear-stack" in diagnose(MLPClassifier((32, 32), activation="identity", random_state=0), X, y)
    frozen = diagnose(MLPClassifier((32,), learning_rate_init=1e-9, random_state=0), X, y)
    assert frozen["one-batch"].level == "error"
    deep = diagnose(MLPClassifier((32,) * 12, activation="logistic", random_state=0), X, y)
    assert deep["vanishing-gradients"].when == "during"


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_gated_layers_are_judged_as_any_others():
    X, y = blobs()
    deep = MLPClassifier(layers=[GLU(16)] * 12, max_iter=3, random_state=0).fit(X, y)
    assert diagnose(deep)["vanishing-gradients"].level == "error"
    frozen = MLPClassifier(layers=[GLU(32)], learning_rate_init=1e-9, random_state=0)
    assert diagnose(frozen, X, y)["one-batch"].level == "error"


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        ([Dense(16), GLU(16), Dense(1)], {"linear-stack"}),
        ([GLU(16), GLU(16, "identity"), Dense(1)], set()),
        ([Dropout(0.2), GLU(16), BatchNorm(), Dense(1)], {"dropout-before-batch-norm"}),
    ],
)
def test_what_stands_before_a_gated_layer_is_seen(layers, found):
    about = judge(observed(network=Network(layers, 16), probes=None))
    assert {one.rule for one in about} & {"linear-stack", "dropout-before-batch-norm"} == found


def test_gated_layers_take_remedies():
    changes = {"activation": "gelu", "norm": "rms", "dropout": 0.1, "residual": True}
    assert rewritten([GLU(8)], changes) == (Residual([GLU(8, "gelu"), RMSNorm(), Dropout(0.1)]),)


@pytest.mark.filterwarnings("ignore:Training diverged")
def test_a_diverged_fit_can_be_diagnosed():
    X, y = blobs()
    model = MLPRegressor(
        hidden_layer_sizes=(16,), solver="sgd", learning_rate_init=100.0, random_state=0, early_stopping=True
    )
    findings = diagnose(model.fit(X, 10.0 * y))
    assert findings["not-finite"].level == "error"
    assert isinstance(findings["not-finite"], Finding)


def test_a_remedy_mends_and_a_comparison_shows_it():
    from chainrule import compare

    X, y = blobs(600)
    deep = MLPClassifier((16,) * 12, activation="logistic", tol=0.01, n_iter_no_change=5, random_state=0)
    remedy = diagnose(deep.fit(X[:400], y[:400])).remedies()[0]
    found = compare(deep, remedy.apply(deep), X[:400], y[:400], X[400:], y[400:])
    assert found.before.score < 0.5 < 0.75 < found.after.score
    assert "vanishing-gradients" in found.before.findings
    assert "vanishing-gradients" not in found.after.findings
    text = str(found)
    assert f"{found.after.score:.4f}" in text
    assert "vanishing-gradients" in text
    scaled = Remedy("scale", "", scale=True).apply(deep)
    assert compare(deep, scaled, X[:400], y[:400], X[400:], y[400:]).after.model.n_features_in_ == 6
    with pytest.raises(InputTypeError, match="an estimator of chainrule"):
        compare(deep, object(), X, y, X, y)
