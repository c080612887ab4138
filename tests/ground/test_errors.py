"""Errors tell four things, and are what Python's own errors of their kind are."""

import pickle

import pytest

from chainrule import errors
from chainrule.errors import LONGEST_NAME, InputError, unknown_name

KINDS = {
    errors.InputError: ValueError, errors.InputTypeError: TypeError, errors.DivergenceError: ValueError,
    errors.CheckpointError: ValueError, errors.ModelFileError: ValueError, errors.MissingExtraError: ImportError,
    errors.TooLargeError: MemoryError, errors.PlanError: RuntimeError,
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_tells_four_things_and_survives_a_pickle(kind):
    error = kind("where", "this", 3, "Mend it.")
    assert isinstance(error, KINDS[kind])
    assert str(error) == "where: expected this; received 3. Mend it."
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize(
    ("given", "near"), [("rleu", "relu"), ("RELU", "relu"), ("adamw", "AdamW"), ("TAHN", "tanh"), ("tahn", "tanh")]
)
def test_the_nearest_name_is_told_whatever_its_case(given, near):
    error = unknown_name("activation", given, ["relu", "tanh", "AdamW"])
    assert isinstance(error, InputError)
    assert str(error).endswith(f"expected one of 'AdamW', 'relu', 'tanh'; received {given!r}. Did you mean {near!r}?")


@pytest.mark.parametrize("given", ["nothing like it", 3, None, "relu" * LONGEST_NAME], ids=lambda one: str(one)[:20])
def test_what_is_near_to_nothing(given):
    error = unknown_name("activation", given, ["relu", "tanh"])
    assert str(error).endswith(f"received {repr(given)[:LONGEST_NAME]}. Pick a name from this list.")
