"""What the tests of a cluster train on, and tasks that fail. Workers import this: it is light."""

import os
import signal

import numpy as np

from chainrule.errors import InputError

ROWS = 12_000
#: Larger than that: a table is read by parts.
MEMORY = 200_000
SETTINGS = {"n_members": 2, "random_state": 0, "n_threads": 1, "numbers": "standard"}
DIVISION = {"workers": 4, "threads": 1, "steps": 8}


def frame():
    import pandas as pd

    drawn = np.random.default_rng(0)
    found = pd.DataFrame({f"x{k}": drawn.normal(size=ROWS).astype(np.float32) for k in range(6)})
    found["b"] = drawn.choice(["u", "v", "w"], ROWS)
    found["class"] = np.where(found["x0"] * found["x1"] + (found["b"] == "u") > 0.3, "yes", "no")
    return found


def of_path(path, epochs=12, resume_from=None, **settings):
    """A classifier that has read its rows by parts."""
    from chainrule import TableClassifier

    made = TableClassifier(memory=MEMORY, max_iter=epochs, **{**SETTINGS, **settings})
    return made.fit(path, "class", resume_from=resume_from)


def vector(model):
    return model.model_.predictor.parameters.vector


def raises(given, number=0):
    raise InputError("row 7", "a number", "'x'", "Mend it.")


def dies():
    os.kill(os.getpid(), signal.SIGKILL)


def square(number):
    return number**2


def square_sum(array):
    return float((array**2).sum())
