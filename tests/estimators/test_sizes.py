"""What does not fit in memory is refused before it is taken, with its sizes and in our form; also a MemoryError."""

import re

import numpy as np
import pytest
from scipy import sparse

from chainrule import (
    Dense,
    MLPClassifier,
    MLPRegressor,
    SequenceClassifier,
    TableClassifier,
    TableRegressor,
)
from chainrule.cli import exits
from chainrule.errors import TooLargeError
from chainrule.models import sizes

X = np.random.default_rng(0).normal(size=(30, 3))
Y = np.arange(30) % 2
MANY = 10**10
WIDE = sparse.csr_array(([1.0, 1.0, 1.0], ([0, 1, 2], [0, 5, 2**31 - 2])), shape=(3, 2**31 - 1))
SETS = [X[at : at + 2] for at in range(20)]
#: A column of so many rows takes no memory at all.
LONG = np.broadcast_to(np.float32(1), (10**6, 1))

TOO_LARGE = {
    "sparse columns": (MLPClassifier(), WIDE, [0, 1, 0], "2,147,483,647 columns and layers of 100 and 1 units"),
    "units": (MLPRegressor(hidden_layer_sizes=(10**9 * 9,)), X, Y, "layers of 9,000,000,000 and 1 units"),
    "units beyond 64 bits": (MLPClassifier((10**30,)), X, Y, "3 columns and layers of 1,000,000,000,000,0"),
    "layers": (MLPClassifier(layers=[Dense(MANY), Dense(3)]), X, Y, "layers of 10,000,000,000 and 3 and 1 units"),
    "members": (MLPClassifier((4,), n_members=MANY), X, Y, "in each of 10,000,000,000 members"),
    "a batch": (MLPRegressor(hidden_layer_sizes=(10**7,), batch_size=10**6), LONG, LONG[:, 0], "of 1,000,000 rows"),
    "all rows at once": (
        MLPRegressor(hidden_layer_sizes=(10**7,), solver="lbfgs"), LONG, LONG[:, 0], "of 1,000,000 rows",
    ),
    "sequences": (SequenceClassifier((MANY,)), SETS, np.arange(20) % 2, "layers of 10,000,000,000 and 1 units"),
    "a table": (TableClassifier(hidden_layer_sizes=(MANY,)), X, Y, "layers of 10,000,000,000 and 1 units"),
    "members of a table": (TableRegressor(n_members=MANY), X, X[:, 0], "in each of 10,000,000,000 members"),
}  # fmt: skip


@pytest.mark.parametrize("what", TOO_LARGE)
def test_what_does_not_fit_is_refused_with_its_sizes(what):
    model, rows, y, sizes = TOO_LARGE[what]
    with pytest.raises(TooLargeError) as caught:
        model.fit(rows, y)
    said = str(caught.value)
    assert said.startswith(f"{type(model).__name__}.fit: expected a network and batches that fit in ")
    assert sizes in said and re.search(r"which take [\d,]+\.\d GiB or more\. Give fewer columns", said)
    assert isinstance(caught.value, MemoryError) and exits.judged(caught.value) == (exits.DATA, said)


def test_the_first_partial_fit_is_refused_too():
    with pytest.raises(TooLargeError, match=r"MLPClassifier\.fit: .*layers of 10,000,000,000"):
        MLPClassifier((MANY,)).partial_fit(X, Y, classes=[0, 1])


@pytest.mark.parametrize("rows", [10**13, 10**30])
def test_a_function_of_too_many_rows(rows, numpy_kernels):
    model = MLPClassifier((4,), solver="lbfgs", max_iter=2, random_state=0)
    with pytest.warns(match="lbfgs failed"):
        model.fit(X, Y)
    with pytest.raises((TooLargeError, ValueError), match=r"MLPClassifier\.predict_function\(rows=\): expected "):
        model.predict_function(rows)


def test_memory_that_the_machine_refuses_is_told_in_our_form(monkeypatch):
    def refused(*arguments, **settings):
        raise MemoryError("Unable to allocate 8.00 GiB for an array with shape (2147483648,)")

    monkeypatch.setattr("chainrule.models.training.initial", refused)
    with pytest.raises(TooLargeError, match=r"MLPClassifier\.fit: expected what fits in memory; received Unable to al"):
        MLPClassifier((4,)).fit(X, Y)
    with pytest.raises(TooLargeError, match=r"TableClassifier\.fit: expected what fits in memory; received Unable"):
        TableClassifier().fit(X, Y)


@pytest.mark.parametrize("members", [1, 3])
def test_what_fits_is_not_refused(members, monkeypatch):
    """What is reckoned is needed at least: three copies of the weights, and the activations of one batch."""
    model = MLPRegressor(hidden_layer_sizes=(4,), batch_size=30, max_iter=20, tol=1.0, n_members=members)
    weights, activations = members * (3 * 4 + 4 + 4 + 1), members * 30 * (4 + 1)
    monkeypatch.setattr(sizes, "SMALL", 0)
    monkeypatch.setattr(sizes, "memory_there", lambda: 8 * (3 * weights + activations))
    model.fit(X, X[:, 0])
    monkeypatch.setattr(sizes, "memory_there", lambda: 8 * (3 * weights + activations) - 1)
    with pytest.raises(TooLargeError):
        model.fit(X, X[:, 0])


def test_a_small_network_does_not_ask_what_is_free(monkeypatch):
    monkeypatch.setattr(sizes, "memory_there", lambda: 0)
    MLPRegressor(hidden_layer_sizes=(4,), max_iter=20, tol=1.0).fit(X, X[:, 0])
