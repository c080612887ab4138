"""Whatever cannot be used is refused in one form, and the estimator can be fitted right after."""

import re

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from chainrule import (
    Dense,
    Dropout,
    GaussianNoise,
    MLPClassifier,
    MLPRegressor,
    Pool,
    Residual,
    Rows,
    averaging,
    losses,
    optimisers,
    schedules,
)
from chainrule.errors import DivergenceError, InputError, InputTypeError
from chainrule.estimators import rules

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ROWS = 12
X = np.random.default_rng(0).normal(size=(ROWS, 3))
Y = np.arange(ROWS) % 2
BOTH = pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
#: where: expected ...; received .... how to mend
FORM = re.compile(r"(?s)\S.*?: expected .+?; received .+?\. \S")


def small(Estimator, **parameters):
    return Estimator(**{"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0} | parameters)


def changed(array, place, value):
    array = np.array(array, float)
    array[place] = value
    return array


def refused(estimator, call, *words, kind=InputError):
    """The call is refused in the one form, with these words; then a good fit works."""
    with pytest.raises(kind) as caught:
        call(estimator)
    assert type(caught.value) in (InputError, InputTypeError, DivergenceError)
    assert FORM.match(str(caught.value)), str(caught.value)
    for word in words:
        assert word in str(caught.value)
    estimator.set_params(**small(type(estimator)).get_params()).fit(X, Y)
    assert np.isfinite(estimator.predict(X)).all()


DATA = {
    "NaN in X": (changed(X, (4, 1), np.nan), Y, ("Input X", "NaN", "row 4, column 1", "SimpleImputer")),
    "infinity in X": (changed(X, (0, 2), -np.inf), Y, ("Input X", "infinity", "row 0, column 2")),
    "NaN in sparse X": (sparse.csr_array(changed(X, (0, 1), np.nan)), Y, ("Input X", "NaN", "entry 1")),
    "NaN in y": (X, changed(Y, 3, np.nan), ("y: expected a value in every row", "NaN", "row 3")),
    "vector as X": (X[:, 0], Y, ("shape (12,)", "Reshape your data")),
    "cube as X": (X[:, :, None], Y, ("shape (12, 3, 1)", "dim 3")),
    "cube as y": (X, np.zeros((ROWS, 2, 2)), ("y",)),
    "no rows": (X[:0], Y[:0], ("shape (0, 3)", "0 sample")),
    "no features": (X[:, :0], Y, ("shape (12, 0)", "0 feature")),
    "lengths that differ": (X, Y[:-1], ("shape (11,)", "inconsistent numbers of samples")),
    "text in X": (np.where(X > 9, "", "red"), Y, ("could not convert string to float",)),
    "objects in X": (np.array([[object()]] * ROWS), Y, ()),
    "no y": (X, None, ("requires y to be passed",)),
}


@BOTH
@pytest.mark.parametrize("case", DATA)
def test_data(Estimator, case):
    bad_X, bad_y, words = DATA[case]
    refused(small(Estimator), lambda e: e.fit(bad_X, bad_y), *words, kind=(InputError, InputTypeError))


def test_targets_of_a_regression():
    refused(small(MLPRegressor), lambda e: e.fit(X, [*Y[:5], *"ab1c234"]), "row 5", "a number", "'a'")
    refused(small(MLPRegressor), lambda e: e.fit(X, np.array(["a", "b"] * 6)), "row 0", "a number", "'a'")
    refused(small(MLPRegressor, loss="poisson"), lambda e: e.fit(X, Y - 1), ">= 0", "-1")
    refused(small(MLPRegressor, dtype="float32"), lambda e: e.fit(X, Y * 1e300), "Input y", "too large", "float32")


def test_targets_of_a_classification():
    refused(small(MLPClassifier), lambda e: e.fit(X, X[:, 0]), "classes", "continuous")
    refused(small(MLPClassifier), lambda e: e.fit(X, np.c_[Y, Y + 1]), "classes", "Several columns")


@BOTH
def test_numbers_too_large_for_float32(Estimator):
    refused(small(Estimator, dtype="float32"), lambda e: e.fit(X * 1e300, Y), "too large", "float32", "StandardScaler")
    model = small(Estimator, dtype="float32").fit(X, Y)
    refused(model, lambda e: e.predict(X * 1e300), "too large", "float32")


WEIGHTS = {
    "negative": (changed(np.ones(ROWS), 2, -1), ">= 0"),
    "a negative number": (-1, ">= 0"),
    "NaN": (changed(np.ones(ROWS), 2, np.nan), "NaN"),
    "too many": (np.ones(ROWS + 1), "shape (13,)"),
    "one each in a column": (np.ones((ROWS, 1)), "shape (12, 1)"),
    "all zero": (np.zeros(ROWS), "zero"),
    "text": (["much"] * ROWS, "could not convert"),
    "too large": (np.full(ROWS, 1e300), "too large"),
}


@BOTH
@pytest.mark.parametrize("case", WEIGHTS)
def test_sample_weight(Estimator, case):
    weight, word = WEIGHTS[case]
    dtype = "float32" if case == "too large" else None
    refused(small(Estimator, dtype=dtype), lambda e: e.fit(X, Y, sample_weight=weight), "sample_weight", word)


@BOTH
def test_sample_weight_that_leaves_no_row_to_validate_on(Estimator):
    one = np.zeros(ROWS)
    one[0] = 1
    refused(small(Estimator, early_stopping=True, validation_fraction=0.4), lambda e: e.fit(X, Y, one), "validation")


#: No parameter takes any of these, but for the exceptions below.
NONSENSE = (object(), "no such value", float("nan"), -1, -0.5, [], {})
GOOD_NONSENSE = {
    "hidden_layer_sizes": ([], {}),
    "verbose": (-1,),
    "activation": ([],),
    "callbacks": ([],),
    "class_weight": ({},),
    "rate_factors": ({},),
}


@BOTH
def test_every_parameter(Estimator):
    parameters = set(small(Estimator).get_params())
    others = set() if Estimator is MLPClassifier else {"class_weight", "label_smoothing"}
    of_sequences = {"pool", "head_layer_sizes"}
    of_tables = {"preset", "columns", "numbers", "bins", "decimal", "memory", "log_target", "n_folds", "monotone"}
    assert parameters == set(rules.RULES) - others - of_sequences - of_tables
    for parameter in parameters:
        for value in NONSENSE:
            if value in GOOD_NONSENSE.get(parameter, ()):
                continue
            estimator = small(Estimator).set_params(**{parameter: value})
            with pytest.raises((InputError, InputTypeError)) as caught:
                estimator.fit(X, Y)
            assert FORM.match(str(caught.value)), str(caught.value)
            assert parameter in str(caught.value)
    assert small(Estimator).fit(X, Y)


def test_a_parameter_of_a_subclass_is_its_own_affair():
    class Named(MLPRegressor):
        def __init__(self, name="", max_iter=2):
            super().__init__(max_iter=max_iter)
            self.name = name

    assert Named("mine").fit(X, Y).predict(X).shape == (ROWS,)


PARAMETERS = {
    "a number twice too large": ({"dropout": 1.0}, "[0, 1)"),
    "a truth value for a number": ({"max_iter": True}, "whole number"),
    "a fraction for a count": ({"max_iter": 1.5}, "whole number"),
    "a near miss": ({"activation": "rleu"}, "Did you mean 'relu'?"),
    "a width of 0": ({"hidden_layer_sizes": (4, 0)}, "must be > 0"),
    "too many activations": ({"activation": ["relu", "tanh"]}, "one per hidden layer"),
    "no layer": ({"layers": []}, "at least one layer"),
    "a pool": ({"layers": [Dense(2), Pool("mean")]}, "layers without a Pool"),
    "half precision": ({"dtype": "float16"}, "float32"),
    "too little to validate on": ({"early_stopping": True, "validation_fraction": 0.01}, "validation"),
    "nothing to validate on": ({"early_stopping": True, "validation_fraction": 0.0}, "validation"),
    "lbfgs with l1": ({"solver": "lbfgs", "l1": 0.1}, "lbfgs"),
    "lbfgs with dropout": ({"solver": "lbfgs", "dropout": 0.1}, "lbfgs"),
    "lbfgs with weight_decay": ({"solver": "lbfgs", "weight_decay": 0.1}, "lbfgs"),
    "a decay beside an optimiser": ({"solver": optimisers.Lion(), "weight_decay": 0.1}, "Give it to the optimiser"),
    "a rate beside an optimiser": (
        {"solver": optimisers.Lion(), "learning_rate_init": 0.1},
        "Lion(learning_rate=0.1, weight_decay=0.0, beta_1=0.9, beta_2=0.99)",
    ),
    "a beta beside an optimiser": ({"solver": optimisers.Lion(), "beta_1": 0.5}, "beta_1=0.5, beta_2=0.99)"),
    "an exponent beside an optimiser": ({"solver": optimisers.Lion(), "power_t": 0.9}, "Lion has none."),
    "a momentum beside an optimiser": ({"solver": optimisers.Lion(), "momentum": 0.5}, "Lion has none."),
    "a rate of sgd beside an optimiser": ({"solver": optimisers.Lion(), "learning_rate": "adaptive"}, "schedules"),
    "a momentum beside an optimiser's name": ({"solver": "nadam", "momentum": 0.5}, "Nadam has none."),
    "a beta beside an optimiser's name": (
        {"solver": "nadam", "beta_1": 0.5},
        "Nadam(learning_rate=0.001, weight_decay=0.0, beta_1=0.5,",
    ),
    "a rate of sgd beside an optimiser's name": ({"solver": "adamw", "learning_rate": "invscaling"}, "schedules"),
    "a rate beside an optimiser's name": ({"solver": "lion", "learning_rate_init": 0.1}, "Give it to the optimiser"),
    "an optimiser that is not made": ({"solver": optimisers.Lion}, "This is a class: give Lion()."),
    "an optimiser that is none": ({"solver": "adamx"}, "Did you mean 'adam"),
    "an optimiser's class": ({"solver": "AdamW"}, "Did you mean 'adamw'?"),
    "a solver in capitals": ({"solver": "LBFGS"}, "Did you mean 'lbfgs'?"),
    "lbfgs with a schedule's name": (
        {"solver": "lbfgs", "learning_rate": "cosine"},
        "expected 'constant' with solver='lbfgs'",
    ),
    "lbfgs with a schedule": ({"solver": "lbfgs", "learning_rate": schedules.Cosine()}, "lbfgs"),
    "a schedule that turns negative": ({"learning_rate": schedules.OfStep(lambda t: 0.5 - t)}, "at step 1"),
    "a schedule that is not made": ({"learning_rate": schedules.Cosine}, "give Cosine()."),
    "a schedule that wants numbers": ({"learning_rate": schedules.StepDecay}, "give StepDecay(...)."),
    "a rate for a schedule": ({"learning_rate": 0.01}, "learning_rate_init=0.01"),
    "an average that is not made": ({"averaging": averaging.EMA}, "give EMA()."),
    "a loss that is not made": ({"loss": losses.Huber}, "give Huber()."),
    "a function for a loss": ({"loss": lambda z, y: (z, y)}, "losses.custom(name, function)"),
    "None in words": ({"norm": "none"}, "one of None, 'batch', 'layer', 'rms'; received 'none'. Did you mean None?"),
    "lbfgs with a Dropout": ({"solver": "lbfgs", "layers": [Residual([Dense(3), Dropout(0.1)])]}, "lbfgs"),
    "lbfgs with noise": ({"solver": "lbfgs", "layers": [GaussianNoise(0.1)]}, "lbfgs"),
}


@BOTH
@pytest.mark.parametrize("case", PARAMETERS)
def test_parameters(Estimator, case):
    parameters, word = PARAMETERS[case]
    refused(small(Estimator, **parameters), lambda e: e.fit(X, Y), word, kind=(InputError, InputTypeError))


BROKEN = [("indptr", 10**6), ("indptr", -1), ("indices", 99), ("indices", -5)]


@BOTH
@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array])
@pytest.mark.parametrize(("where", "value"), BROKEN)
def test_sparse_rows_whose_indices_lead_out_of_them(Estimator, kind, where, value):
    """SciPy follows them unseen: into other rows, or out of the process."""
    bad = kind(X)
    getattr(bad, where)[2] = value
    fitted = small(Estimator).fit(X, Y)
    refused(small(Estimator), lambda e: e.fit(bad, Y), "indices lie in it", kind=InputError)
    refused(fitted, lambda e: e.predict(bad), "indices lie in it", kind=InputError)
    with pytest.raises(InputError, match="indices lie in it"):
        Rows(bad, Y)


@BOTH
def test_predict(Estimator):
    for method in {"predict", "predict_proba"} & set(dir(Estimator)):
        refused(small(Estimator).fit(X, Y), lambda e, m=method: getattr(e, m)(X[:, :2]), "expecting 3 features")
        refused(small(Estimator).fit(X, Y), lambda e, m=method: getattr(e, m)(X[0]), "Reshape your data")
        refused(small(Estimator).fit(X, Y), lambda e, m=method: getattr(e, m)(X * np.nan), "NaN")
    refused(small(Estimator).fit(X, Y), lambda e: e.predict_function(0), "rows", kind=InputError)


@BOTH
@pytest.mark.parametrize("ask", ["predict", "score", "predict_function", "coefs_", "parameters_", "network_"])
def test_unfitted(Estimator, ask):
    estimator = small(Estimator)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        {"predict": lambda e: e.predict(X), "score": lambda e: e.score(X, Y)}.get(ask, lambda e: getattr(e, ask)())(
            estimator
        )
    assert not hasattr(estimator, "coefs_")


def test_partial_fit():
    refused(small(MLPClassifier), lambda e: e.partial_fit(X, Y), "first call")
    refused(
        small(MLPClassifier), lambda e: e.partial_fit(X, Y, classes=[0, 2]), "row 1", "the classes 0, 2", "name all"
    )
    refused(
        small(MLPClassifier),
        lambda e: e.partial_fit(X, Y, classes=[0, 1]).partial_fit(X, Y + 1),
        "row 1",
        "the classes 0, 1",
    )
    refused(
        small(MLPClassifier),
        lambda e: e.partial_fit(X, Y, classes=[0, 1]).partial_fit(X, Y, classes=[1, 2]),
        "first call",
    )
    refused(
        small(MLPClassifier),
        lambda e: e.partial_fit(X, Y, classes=[0, 1]).partial_fit(X, Y, classes=[0, 1, 2]),
        "the classes of the first call, [0 1]",
        "[0 1 2]",
    )
    refused(small(MLPClassifier), lambda e: e.partial_fit(X, np.c_[Y, 1 - Y], classes=[0, 1, 2]), "3 labels")
    refused(small(MLPClassifier), lambda e: e.partial_fit(X, np.c_[Y, 1 - Y], classes=[0, 1]).partial_fit(X, Y), "y")
    for Estimator in (MLPClassifier, MLPRegressor):
        refused(
            small(Estimator, early_stopping=True),
            lambda e: e.partial_fit(X, Y, **({"classes": [0, 1]} if isinstance(e, MLPClassifier) else {})),
            "partial_fit does not support early_stopping=True",
        )
        with pytest.raises(AttributeError) as caught:
            _ = small(Estimator, solver="lbfgs").partial_fit
        assert "solver='lbfgs' has none" in str(caught.value.__cause__)


def test_a_refused_first_call_fixes_nothing():
    model = small(MLPClassifier)
    with pytest.raises(InputError):
        model.partial_fit(X * np.nan, Y, classes=[0, 1])
    assert set(model.partial_fit(X, Y + 1, classes=[1, 2]).predict(X)) <= {1, 2}


@BOTH
def test_going_on_with_what_cannot_go_on(Estimator):
    fitted = [small(Estimator, warm_start=True).fit(X, Y) for _ in range(4)]
    refused(fitted[0], lambda e: e.set_params(hidden_layer_sizes=(5,)).fit(X, Y), "layers as before")
    refused(fitted[1], lambda e: e.fit(X[:, :2], Y), "expecting 3 features")
    if Estimator is MLPRegressor:
        refused(fitted[2], lambda e: e.fit(X, np.c_[Y, Y]), "1 outputs", "2 outputs")
        refused(fitted[3], lambda e: e.set_params(loss="poisson").fit(X, Y), "squared_error", "poisson")
    else:
        refused(fitted[2], lambda e: e.fit(X, Y + 1), "[0 1]", "[1 2]")


@BOTH
@pytest.mark.parametrize("members", [1, 3])
def test_going_on_with_fewer_or_more_members_is_refused(Estimator, members):
    fitted = small(Estimator, warm_start=True, n_members=2).fit(X, Y)
    refused(fitted, lambda e: e.set_params(n_members=members).fit(X, Y), "as many members as before, 2")


def test_a_refused_warm_start_keeps_the_model_and_a_refused_fit_forgets_it():
    for warm_start in (True, False):
        model = small(MLPRegressor, warm_start=warm_start).fit(X, Y)
        before = model.predict(X)
        with pytest.raises(InputError):
            model.fit(X * np.nan, Y)
        if warm_start:
            assert np.array_equal(model.predict(X), before)
        else:
            with pytest.raises(NotFittedError):
                model.predict(X)


DIVERGING = {"solver": "sgd", "learning_rate_init": 1e6, "max_iter": 50}


@pytest.mark.parametrize("alpha", [0.0, 1e-4])
@pytest.mark.parametrize(
    ("Estimator", "dtype"), [(MLPRegressor, "float64"), (MLPRegressor, "float32"), (MLPClassifier, "float32")]
)
def test_divergence_raises_and_leaves_finite_weights(Estimator, dtype, alpha):
    """The one message is ours: NumPy's warnings of overflows, errors here, are not seen."""
    model = small(Estimator, activation="identity", alpha=alpha, dtype=dtype, **DIVERGING)
    with pytest.raises(DivergenceError):
        model.fit(X * 1e4, Y)
    assert np.isfinite(model.predict(X)).all()
    refused(model, lambda e: e.fit(X * 1e4, Y), "learning_rate_init", kind=DivergenceError)


def test_divergence_with_early_stopping_keeps_the_best_weights():
    model = small(MLPRegressor, early_stopping=True, validation_fraction=0.3, activation="identity", **DIVERGING)
    with pytest.warns(ConvergenceWarning, match=r"diverged in epoch \d+; the best weights before are kept"):
        model.fit(X * 1e4, Y)
    assert np.isfinite(model.predict(X)).all()
    assert not np.isfinite(model.loss_)


def test_divergence_in_partial_fit_leaves_a_model_that_goes_on():
    model = small(MLPRegressor, activation="identity", solver="sgd").partial_fit(X, Y)
    with pytest.raises(DivergenceError):
        model.partial_fit(X * 1e200, Y)
    assert np.isfinite(model.partial_fit(X, Y).predict(X)).all()


def test_divergence_of_lbfgs():
    model = small(MLPRegressor, activation="identity", solver="lbfgs")
    refused(model, lambda e: e.fit(X * 1e300, Y), "finite", kind=DivergenceError)


def test_one_class_is_always_predicted():
    for solver in ("adam", "lbfgs"):
        model = small(MLPClassifier, solver=solver).fit(X, ["only"] * ROWS)
        assert list(model.classes_) == ["only"]
        assert set(model.predict(X * 100)) == {"only"}
        assert np.array_equal(model.predict_proba(X), np.ones((ROWS, 1)))


def test_warnings_name_the_callers_line():
    with pytest.warns(UserWarning, match="batch_size=50 is larger") as caught:
        small(MLPRegressor, batch_size=50).fit(X, Y)
    assert {warning.filename for warning in caught} == {__file__}
