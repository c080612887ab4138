"""Which task a target's column asks for."""

import numpy as np
import pytest

from chainrule.models.task import found
from chainrule.tables.column import words
from chainrule.tables.evidence import Evidence
from chainrule.tables.frames import table


def seen(column):
    evidence = Evidence(())
    evidence.add(column)
    return evidence


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (np.arange(20).repeat(5), "classification"),  # at most 20 different ones ...
        (np.arange(21).repeat(5), "regression"),
        (np.arange(21).repeat(500), "regression"),
        (np.arange(6).repeat(5), "classification"),  # ... each in five rows on average
        (np.arange(6).repeat(5)[:29], "regression"),
        (np.array([0, 1]), "classification"),  # two are always classes
        (np.array([0.5, 1.0] * 50), "regression"),
        (np.array([True, False]), "classification"),
    ],
    ids=["20", "21", "21 often", "5 rows each", "fewer", "two", "halves", "truth"],
)
def test_whole_numbers_are_classes_where_there_are_few(values, task):
    assert found(seen(table({"y": values}, "X")["y"]), "X")[0] == task


def test_words_are_classes():
    assert found(seen(words(["a", "b", "c"])), "X") == ("classification", "3 different words")
