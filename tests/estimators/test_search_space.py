"""A search space holds what its estimator takes and can use, and every tuner reads it alike."""

import json
import math
import pickle
import subprocess
import sys
import warnings
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, RandomizedSearchCV
from sklearn.neural_network import MLPClassifier as OfScikitLearn
from sklearn.pipeline import make_pipeline

from chainrule import (
    Dense,
    MLPClassifier,
    MLPRegressor,
    SequenceClassifier,
    SequenceRegressor,
    TableClassifier,
    TableRegressor,
    losses,
    optimisers,
    search_space,
)
from chainrule.errors import InputError, InputTypeError
from chainrule.estimators.base import BaseMLP
from chainrule.estimators.search_space import OneOf, Span
from chainrule.estimators.table.base import BaseTable

pytestmark = [
    pytest.mark.usefixtures("numpy_kernels"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

RANDOM = np.random.default_rng(0)
ROWS = 120
X = RANDOM.normal(size=(ROWS, 3))
Y = X[:, 0] + 0.5 * X[:, 1] ** 2

EVERY = (MLPClassifier, MLPRegressor, TableClassifier, TableRegressor, SequenceClassifier, SequenceRegressor)
#: What L-BFGS has no use for.
BY_STEPS = {"learning_rate_init", "learning_rate", "weight_decay", "dropout", "batch_size"}
#: Estimators, and what of the space of their kind they have no use for.
ESTIMATORS = {
    **{kind.__name__: (kind(), set()) for kind in EVERY},
    "by sgd": (MLPRegressor(solver="sgd"), set()),
    "by L-BFGS": (MLPClassifier(solver="lbfgs"), BY_STEPS | {"n_members"}),
    "sequences by L-BFGS": (SequenceRegressor(solver="lbfgs"), BY_STEPS),
    "an optimiser": (MLPClassifier(solver=optimisers.AdamW(0.01)), {"learning_rate_init", "weight_decay"}),
    "the name of one": (SequenceRegressor(solver="lion"), {"learning_rate_init", "weight_decay"}),
    "own layers": (
        MLPRegressor(layers=[Dense(8, "relu")]),
        {"hidden_layer_sizes", "activation", "norm", "residual", "dropout"},
    ),
    "own layers of steps": (
        SequenceClassifier(layers=[Dense(8, "relu")], head_layer_sizes=(4,)),
        {"hidden_layer_sizes"},
    ),
    "a hinge": (MLPClassifier(loss="hinge"), {"label_smoothing"}),
    "a focal loss": (TableClassifier(loss="focal"), {"label_smoothing"}),
    "a loss that is made": (SequenceClassifier(loss=losses.BinaryCrossEntropy()), {"label_smoothing"}),
}
estimators = pytest.mark.parametrize("name", ESTIMATORS)
SPANS = {
    "uniform": Span(-2.0, 6.0),
    "log": Span(1e-4, 1.0, log=True),
    "whole": Span(1, 4, whole=True),
    "whole log": Span(4, 128, log=True, whole=True),
}
spans = pytest.mark.parametrize("span", SPANS.values(), ids=SPANS)


def data(estimator):
    """The same rows as each takes them."""
    name = type(estimator).__name__
    y = np.array(["few", "many"])[(Y > 0).astype(int)] if name.endswith("Classifier") else Y
    if name.startswith("Sequence"):
        return [np.repeat(row[None], 1 + k % 3, axis=0) for k, row in enumerate(X)], y
    return (pd.DataFrame(X, columns=list("abc")) if name.startswith("Table") else X), y


def quick(estimator, **parameters):
    return clone(estimator).set_params(random_state=0, **{"max_iter": 1} | parameters)


def weights(estimator, **parameters):
    """What is learned in two epochs; of tables, by small networks."""
    small = {"n_members": 1, "hidden_layer_sizes": (8,)} if isinstance(estimator, BaseTable) else {}
    fitted = quick(estimator, max_iter=2, **small | parameters).fit(*data(estimator))
    return fitted.parameters_.vector.tolist()


def refused(estimator, parameters):
    """Whether a fit refuses parameters."""
    try:
        quick(estimator, **parameters).fit(*data(estimator))
    except InputError:
        return True
    return False


def drawn(space, seed):
    generator = np.random.RandomState(seed)
    return {name: one.rvs(generator) for name, one in space.items()}


def check(estimator, parameters):
    made = clone(estimator).set_params(**parameters)
    made._check_parameters(made.get_params(deep=False))


# What the spaces hold ------------------------------------------------------------------------------------------------


@estimators
def test_every_draw_is_taken(name):
    estimator, _ = ESTIMATORS[name]
    space = search_space(estimator, ROWS)
    assert len(space) > 3 and set(space) <= set(estimator.get_params())
    for seed in range(30):
        check(estimator, drawn(space, seed))
    for parameter in space:  # each of which would be refused
        with pytest.raises((InputError, InputTypeError), match=parameter):
            check(estimator, {parameter: "none of these"})


@estimators
def test_draws_are_learned_by(name):
    estimator, _ = ESTIMATORS[name]
    for seed in range(3):
        parameters = drawn(search_space(estimator, ROWS), seed)
        fitted = quick(estimator, **parameters).fit(*data(estimator))
        assert fitted.get_params().items() >= parameters.items()
        assert np.isfinite(fitted.history_[-1].loss)


@estimators
def test_every_parameter_makes_a_difference(name):
    estimator, _ = ESTIMATORS[name]
    for parameter, one in search_space(estimator, ROWS).items():
        first, last = one.grid(2)
        assert weights(estimator, **{parameter: first}) != weights(estimator, **{parameter: last}), parameter


@estimators
def test_what_is_left_out_is_refused_or_makes_none(name):
    estimator, expected = ESTIMATORS[name]
    whole = search_space(type(estimator), ROWS)
    left_out = set(whole) - set(search_space(estimator, ROWS))
    assert left_out == expected
    before = weights(estimator) if left_out else []
    for parameter in left_out:
        given = {parameter: whole[parameter].grid(2)[1]}
        if refused(estimator, given):
            with pytest.raises(InputError, match=rf"\({parameter}=\)"):
                weights(estimator, **given)
        else:
            assert weights(estimator, **given) == before, parameter


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_a_class_has_the_space_of_its_defaults(kind):
    for rows in (None, ROWS, 100_000):
        assert search_space(kind, rows) == search_space(kind(), rows)

    class Derived(kind):
        pass

    assert search_space(Derived) == search_space(kind)


def test_every_kind_has_what_it_alone_has():
    spaces = {kind: set(search_space(kind, ROWS)) for kind in EVERY}
    for kind, names in spaces.items():
        assert names >= {"hidden_layer_sizes", "activation", "learning_rate_init", "weight_decay", "dropout"}
        assert ("label_smoothing" in names) == kind.__name__.endswith("Classifier")
        assert (names >= {"numbers", "bins"}) == kind.__name__.startswith("Table")
        assert (names >= {"pool", "head_layer_sizes"}) == kind.__name__.startswith("Sequence")
        assert (names >= {"alpha", "norm", "residual"}) != kind.__name__.startswith("Table")
    assert "momentum" in search_space(MLPClassifier(solver="sgd"))


@pytest.mark.parametrize("parameter", ["weight_decay", "alpha"])
def test_the_low_end_of_a_penalty_is_as_good_as_none(parameter):
    span = search_space(MLPRegressor)[parameter]

    def learned(value):
        model = MLPRegressor(hidden_layer_sizes=(16,), max_iter=60, batch_size=16, learning_rate_init=0.01, tol=0)
        return np.array(model.set_params(random_state=0, **{parameter: value}).fit(X, Y).predict(X))

    none = learned(0.0)
    assert np.abs(learned(span.low) - none).max() < 0.02 * none.std()
    assert np.abs(learned(span.high) - none).max() > 0.5 * none.std()


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_rows_bound_what_is_tried(kind):
    def widest(rows):
        return max(max(sizes) for sizes in search_space(kind, rows)["hidden_layer_sizes"].values)

    for rows in (64, 120, 1000, 3000, 100_000):
        sizes = search_space(kind, rows)["batch_size"].values
        assert min(sizes) >= 8 and max(sizes) <= rows / 4 and sorted(set(sizes)) == list(sizes)
    assert "batch_size" not in search_space(kind, 63)  # one size alone
    assert widest(100) < widest(50_000) == widest(None)
    few, many = search_space(kind, 4999), search_space(kind, 5000)
    assert "n_members" not in many and "n_members" not in search_space(kind)
    assert ("n_members" in few) != kind.__name__.startswith("Sequence")
    assert search_space(kind, 12_000) == search_space(kind)
    if "bins" in few:
        assert search_space(kind, 100)["bins"].high < few["bins"].high < search_space(kind)["bins"].high


def test_batches_are_filled_in_halves_with_rows_held_out():
    """Else a fit warns, which here is an error."""
    model = MLPClassifier(early_stopping=True, max_iter=1)
    for size in search_space(model, ROWS)["batch_size"].values:
        model.set_params(batch_size=size).fit(X[::2], Y[::2] > 0)
    with pytest.warns(UserWarning, match="batch_size=64 is larger"):
        model.set_params(batch_size=64).fit(X[::2], Y[::2] > 0)


NOT_OURS = (OfScikitLearn(), OfScikitLearn, make_pipeline(MLPClassifier()), BaseMLP, "MLPClassifier", int, None)


@pytest.mark.parametrize("estimator", NOT_OURS, ids=range(len(NOT_OURS)))
def test_what_is_no_estimator_of_chainrule_is_refused(estimator):
    with pytest.raises(InputTypeError, match=r"search_space\(estimator=\): expected an estimator of chainrule"):
        search_space(estimator)


@pytest.mark.parametrize("rows", [0, -1, 2.5, "many", True])
def test_rows_are_counted(rows):
    with pytest.raises((InputError, InputTypeError), match=r"search_space\(rows=\)"):
        search_space(MLPClassifier, rows)


# scikit-learn --------------------------------------------------------------------------------------------------------


@estimators
def test_a_random_search_takes_the_dict_as_it_is(name):
    estimator, _ = ESTIMATORS[name]
    space = search_space(estimator, ROWS)
    search = RandomizedSearchCV(quick(estimator), space, n_iter=2, cv=2, random_state=0, error_score="raise")
    search.fit(*data(estimator))
    assert set(search.best_params_) == set(space)
    assert len(search.cv_results_["params"]) == 2 and np.isfinite(search.best_score_)
    again = RandomizedSearchCV(quick(estimator), space, n_iter=2, cv=2, random_state=0).fit(*data(estimator))
    assert again.cv_results_["params"] == search.cv_results_["params"]


def test_halving_goes_by_epochs():
    space = search_space(MLPClassifier, ROWS)
    search = HalvingRandomSearchCV(
        MLPClassifier(random_state=0), space, resource="max_iter", min_resources=1, max_resources=4, factor=2, cv=2,
        n_candidates=4, random_state=0, error_score="raise",
    )  # fmt: skip
    search.fit(X, Y > 0)
    assert search.n_resources_ == [1, 2, 4] and set(search.best_params_) == {*space, "max_iter"}


def test_a_grid_search_takes_grids():
    space = search_space(TableRegressor, ROWS)
    grid = {name: space[name].grid(2) for name in ("learning_rate_init", "hidden_layer_sizes")}
    search = GridSearchCV(quick(TableRegressor(n_members=1)), grid, cv=2, error_score="raise")
    search.fit(*data(TableRegressor()))
    assert len(search.cv_results_["params"]) == 4


# Draws and grids -----------------------------------------------------------------------------------------------------


def quantiles(span, shares=(0.1, 0.25, 0.5, 0.75, 0.9)):
    return np.quantile(span.rvs(0, 4000), shares)


def test_draws_are_uniform():
    assert np.abs(quantiles(Span(-2.0, 6.0)) - [-1.2, 0, 2, 4, 5.2]).max() < 0.3


def test_draws_of_a_log_span_are_uniform_in_the_logarithm():
    assert np.abs(np.log10(quantiles(Span(1e-4, 1.0, log=True))) - [-3.6, -3, -2, -1, -0.4]).max() < 0.15


@pytest.mark.parametrize("log", [False, True])
def test_whole_draws_have_both_ends_in_their_shares(log):
    found, counts = np.unique(Span(2, 5, log=log, whole=True).rvs(0, 4000), return_counts=True)
    assert found.tolist() == [2, 3, 4, 5]
    ends = np.log([1.5, 2.5, 3.5, 4.5, 5.5]) if log else np.arange(5)
    assert np.abs(counts / 4000 - np.diff(ends) / (ends[-1] - ends[0])).max() < 0.03


def test_values_are_equally_likely():
    values = ((64,), (128,), (64, 64), None, "auto")
    found = OneOf(values).rvs(0, 5000).tolist()
    assert all(abs(found.count(value) / 5000 - 0.2) < 0.03 for value in values)


class Ends(np.random.Generator):
    """Draws the least and the greatest that a generator can."""

    def __init__(self, greatest):
        super().__init__(np.random.PCG64(0))
        self.greatest = greatest

    def random(self, size=None):
        return np.full(size or (), 1 - 2.0**-53 if self.greatest else 0.0)


@st.composite
def any_span(draw):
    log, whole = draw(st.booleans()), draw(st.booleans())
    if whole:
        ends = st.integers(1 if log else -(2**53), 2**53)
    else:
        ends = st.floats(1e-300 if log else -1e300, 1e300, allow_subnormal=False)
    low, high = sorted(draw(st.lists(ends, min_size=2, max_size=2, unique=True)))
    return Span(low, high, log, whole)


@given(any_span(), st.integers(0, 100), st.integers(1, 30))
def test_draws_and_grids_lie_within(span, seed, n):
    draws = [span.rvs(seed), *span.rvs(seed, 20).tolist(), span.rvs(Ends(False)), span.rvs(Ends(True))]
    grid = span.grid(n)
    assert all(span.low <= number <= span.high for number in [*draws, *grid])
    assert grid == sorted(set(grid)) and 1 <= len(grid) <= n
    if n > 1:
        assert (grid[0], grid[-1]) == (span.low, span.high)
    assert {type(number) for number in [*draws, *grid]} == {int if span.whole else float}
    rounding = 0 if span.log else 1e-9 * (span.high - span.low)
    assert (draws[-2], draws[-1]) == pytest.approx((span.low, span.high), rel=1e-9, abs=rounding)


def test_grids_are_even():
    assert Span(0.0, 1.0).grid(5) == [0, 0.25, 0.5, 0.75, 1] and Span(0.0, 1.0).grid(1) == [0.5]
    assert Span(1e-4, 1.0, log=True).grid(5) == pytest.approx([1e-4, 1e-3, 1e-2, 0.1, 1])
    assert Span(1e-4, 1.0, log=True).grid(1) == pytest.approx([1e-2])
    assert Span(1, 9, whole=True).grid(3) == [1, 5, 9] and Span(1, 3, whole=True).grid(9) == [1, 2, 3]
    assert Span(4, 64, log=True, whole=True).grid(5) == [4, 8, 16, 32, 64]
    values = OneOf(list("abcde"))
    assert [values.grid(n) for n in (1, 2, 3, 9)] == [["a"], ["a", "e"], ["a", "c", "e"], list("abcde")]


@pytest.mark.parametrize("one", [*SPANS.values(), OneOf((1, 2))], ids=[*SPANS, "one of"])
@pytest.mark.parametrize("n", [0, -1, 2.5, None])
def test_a_grid_has_a_number_of_values(one, n):
    with pytest.raises((InputError, InputTypeError), match=r"grid\(n=\)"):
        one.grid(n)


@pytest.mark.parametrize("one", [*SPANS.values(), OneOf(((64,), "auto", None))], ids=[*SPANS, "one of"])
def test_draws_have_sizes_and_seeds(one):
    """As distributions of SciPy have them."""
    for make in (int, np.random.RandomState, np.random.default_rng):
        assert one.rvs(make(3)) == one.rvs(random_state=make(3))
        assert one.rvs(make(3), 6).shape == (6,) and one.rvs(make(3), size=(2, 3)).shape == (2, 3)
        assert one.rvs(make(3), 50).tolist() == one.rvs(make(3), 50).tolist() != one.rvs(make(4), 50).tolist()
    generator = np.random.RandomState(0)
    assert len({repr(one.rvs(generator)) for _ in range(50)}) > 1  # goes on
    before = np.random.get_state()  # noqa: NPY002
    try:
        np.random.seed(1)  # noqa: NPY002
        first = [one.rvs() for _ in range(9)]
        np.random.seed(1)  # noqa: NPY002
        assert first == [one.rvs() for _ in range(9)]
    finally:
        np.random.set_state(before)  # noqa: NPY002


def test_values_are_drawn_as_they_are():
    sizes = OneOf([(64,), (64, 64)])
    assert {type(sizes.rvs(seed)) for seed in range(20)} == {tuple}
    assert {type(value) for value in OneOf((1, True, None, 0.5, "auto")).rvs(0, 50)} == {
        int,
        bool,
        type(None),
        float,
        str,
    }


# Values --------------------------------------------------------------------------------------------------------------

WRONG_SPANS = [
    ((1, 1), {}), ((2, 1), {}), ((math.nan, 1), {}), ((0, math.inf), {}), ((-math.inf, 0), {}), (("0", 1), {}),
    ((True, 2), {}), ((0, 1), {"log": True}), ((-1, 1), {"log": True}), ((0.5, 2), {"whole": True}),
    ((1, 2.0), {"whole": True}), ((1, 2**54), {"whole": True}), ((0, 1), {"log": "yes"}), ((0, 1), {"whole": 1}),
    ((0, 4), {"log": True, "whole": True}),
]  # fmt: skip


@pytest.mark.parametrize(("ends", "kind"), WRONG_SPANS, ids=range(len(WRONG_SPANS)))
def test_what_is_no_span_is_refused(ends, kind):
    with pytest.raises((InputError, InputTypeError), match=r"^Span\("):
        Span(*ends, **kind)


@pytest.mark.parametrize("values", [(), [], (1, 2, 1), ("a", "a"), "abc", {1, 2}, 3, None], ids=repr)
def test_what_is_no_choice_is_refused(values):
    with pytest.raises((InputError, InputTypeError), match=r"^OneOf\(values=\)"):
        OneOf(values)


def everything():
    return [*SPANS.values(), *(one for kind in EVERY for one in search_space(kind, ROWS).values())]


def test_values_are_values():
    for one in everything():
        same = pickle.loads(pickle.dumps(one))
        assert same == one and hash(same) == hash(one) and same.rvs(0) == one.rvs(0)
    assert Span(1, 2) != Span(1, 3) and Span(1, 2) != Span(1, 2, log=True) != Span(1, 2, log=True, whole=True)
    assert OneOf([1, 2]) == OneOf((1, 2)) != OneOf((2, 1))
    with pytest.raises(AttributeError):
        Span(1, 2).low = 0


def test_a_repr_is_short_and_says_how_it_is_made():
    for one in everything():
        assert len(repr(one)) < 100
        if "..." not in repr(one):
            assert eval(repr(one)) == one
    assert repr(Span(1e-4, 0.1, log=True)) == "Span(0.0001, 0.1, log=True)"
    assert repr(Span(1, 3, whole=True)) == "Span(1, 3, whole=True)"
    assert repr(OneOf(list(range(1000)))) == "OneOf((0, 1, 2, 3, 4, 5, ...))"


# Optuna --------------------------------------------------------------------------------------------------------------


class Trial:
    """Suggests as Optuna's Trial does, or as its FixedTrial where it is given parameters."""

    def __init__(self, seed=0, fixed=None):
        self.generator, self.fixed = np.random.default_rng(seed), fixed
        self.params, self.spaces = {}, {}

    def suggest_float(self, name, low, high, *, step=None, log=False):
        if type(low) is not float or type(high) is not float or low > high or (log and (step or low <= 0)):
            raise ValueError(f"{name}: no distribution of floats")
        ends = np.log([low, high]) if log else [low, high]
        found = float(self.generator.uniform(*ends))
        return self.said(name, (float, low, high, log), float(np.clip(np.exp(found), low, high)) if log else found)

    def suggest_int(self, name, low, high, *, step=1, log=False):
        if type(low) is not int or type(high) is not int or low > high or (log and (step != 1 or low < 1)):
            raise ValueError(f"{name}: no distribution of whole numbers")
        return self.said(name, (int, low, high, log), int(self.generator.integers(low, high, endpoint=True)))

    def suggest_categorical(self, name, choices):
        for choice in choices:
            if choice is not None and not isinstance(choice, (bool, int, float, str)):
                warnings.warn(f"Choices should be None, bool, int, float and str: {choice}", UserWarning, stacklevel=2)
        found = self.said(name, tuple(choices), choices[self.generator.integers(len(choices))])
        return choices[choices.index(found)]  # through the place, as it is stored

    def said(self, name, space, found):
        if self.spaces.setdefault(name, space) != space:
            raise ValueError(f"{name}: another distribution than before")
        return self.params.setdefault(name, found if self.fixed is None else self.fixed[name])


@estimators
def test_a_trial_suggests(name):
    estimator, _ = ESTIMATORS[name]
    space, seen = search_space(estimator, ROWS), {parameter: set() for parameter in search_space(estimator, ROWS)}
    for seed in range(30):
        trial = Trial(seed)
        found = {parameter: one.suggest(trial, parameter) for parameter, one in space.items()}
        check(estimator, found)
        assert found == {parameter: one.suggest(trial, parameter) for parameter, one in space.items()}
        again = Trial(fixed=json.loads(json.dumps(trial.params)))  # as it comes out of a data base
        assert found == {parameter: one.suggest(again, parameter) for parameter, one in space.items()}
        for parameter, value in found.items():
            one = space[parameter]
            assert value in one.values if isinstance(one, OneOf) else one.low <= value <= one.high
            seen[parameter].add(repr(value))
    assert all(len(values) > 1 for values in seen.values())


def test_a_trial_knows_numbers_as_numbers_and_the_rest_by_its_text():
    trial = Trial()
    OneOf((0.0, 0.1)).suggest(trial, "dropout")
    OneOf((None, "batch")).suggest(trial, "norm")
    sizes = OneOf(((64,), (64, 64))).suggest(trial, "sizes")
    assert trial.spaces == {"dropout": (0.0, 0.1), "norm": (None, "batch"), "sizes": ("(64,)", "(64, 64)")}
    assert trial.params["sizes"] == repr(sizes)
    Span(1, 64, log=True).suggest(trial, "ends that are whole")
    Span(np.int64(1), np.int64(64), log=True, whole=True).suggest(trial, "whole")
    assert trial.spaces["ends that are whole"] == (float, 1.0, 64.0, True)
    assert trial.spaces["whole"] == (int, 1, 64, True)


@pytest.mark.parametrize("place", range(4))
def test_values_that_are_equal_are_told_apart(place):
    """1 == True == 1.0, which a list of plain categories takes for the first of them."""
    values = OneOf((1, True, 1.0, "1"))
    value = values.suggest(Trial(fixed={"a": repr(values.values[place])}), "a")
    assert value is values.values[place]


# Ray Tune ------------------------------------------------------------------------------------------------------------


def test_ray_tune_has_the_same_spans():
    tune = ModuleType("ray.tune")
    for kind in ("uniform", "loguniform", "randint", "lograndint", "choice"):
        setattr(tune, kind, lambda *given, kind=kind: (kind, *given))
    assert Span(-2.0, 6.0).tune(tune) == ("uniform", -2.0, 6.0)
    assert Span(1e-4, 1.0, log=True).tune(tune) == ("loguniform", 1e-4, 1.0)
    assert Span(1, 4, whole=True).tune(tune) == ("randint", 1, 5)
    assert Span(4, 128, log=True, whole=True).tune(tune) == ("lograndint", 4, 129)
    assert OneOf(((64,), None)).tune(tune) == ("choice", [(64,), None])


def test_no_tuner_is_imported():
    code = "import sys, chainrule; chainrule.search_space(chainrule.TableClassifier)"
    code += "\nassert not {'optuna', 'ray'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
