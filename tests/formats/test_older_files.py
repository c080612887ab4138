"""Files that were written by earlier versions load and predict what they did then (data/write.py wrote them)."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

import chainrule
from chainrule.formats import model_file

FILES = sorted((Path(__file__).parent / "data").glob("*.model"))


def given(X):
    """Rows as they were given to fit: an array, sequences, or the columns of a table."""
    if isinstance(X, list):
        return np.array(X, "f4")
    return {name: np.array(values, object if None in values else None) for name, values in X.items()}


@pytest.mark.parametrize("place", FILES, ids=lambda place: place.stem)
def test_a_file_of_an_earlier_version_loads_and_predicts_what_it_did(place):
    expected = json.loads(place.with_suffix(".json").read_text())
    model = chainrule.load(place)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        ask = model.predict_proba if "classifier" in place.stem else model.predict
        found = ask(given(expected["X"]))
    np.testing.assert_allclose(found, expected["answers"], rtol=1e-5, atol=1e-6)
    assert repr(model) == expected["parameters"]
    assert model_file.inspect(place).version == int(place.stem.rpartition("-")[2])


def test_there_is_a_file_of_every_version():
    versions = {model_file.inspect(place).version for place in FILES}
    assert versions == set(range(1, model_file.header.VERSION + 1))
