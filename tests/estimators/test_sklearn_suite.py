"""scikit-learn's own tests of its MLP, run with our classes in place of theirs.

The file is executed as a fresh module while our classes stand under scikit-learn's names, because its parametrised
tests take the classes at import.
"""

import ast
import importlib.util
from pathlib import Path
from unittest.mock import patch

import pytest
import sklearn.neural_network

from chainrule import MLPClassifier, MLPRegressor

# Short fits that do not converge, and batches that are clipped, are part of these tests.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

#: They look at private state: gradient arrays, `_optimizer`, `_no_improvement_count`.
EXEMPT = {
    "test_fit",
    "test_gradient",
    "test_learning_rate_warmstart",
    "test_adaptive_learning_rate",
    "test_n_iter_no_change",
    "test_n_iter_no_change_inf",
}
SOURCE = Path(sklearn.neural_network.__file__).parent / "tests" / "test_mlp.py"


def load_suite():
    spec = importlib.util.spec_from_file_location("sklearn_mlp_suite_on_chainrule", SOURCE)
    suite = importlib.util.module_from_spec(spec)
    ours = {"MLPClassifier": MLPClassifier, "MLPRegressor": MLPRegressor}
    with patch.multiple(sklearn.neural_network, **ours):
        spec.loader.exec_module(suite)
    return suite


SUITE = load_suite()
TAKEN = {name: test for name, test in vars(SUITE).items() if name.startswith("test_") and name not in EXEMPT}
globals().update(TAKEN)


@pytest.fixture
def global_random_seed():
    """scikit-learn's fixture; its default is 42."""
    return 42


def test_nothing_of_the_suite_is_lost():
    functions = [node for node in ast.parse(SOURCE.read_text()).body if isinstance(node, ast.FunctionDef)]
    theirs = {function.name for function in functions if function.name.startswith("test_")}
    assert theirs >= EXEMPT
    assert set(TAKEN) == theirs - EXEMPT
    assert SUITE.MLPClassifier is MLPClassifier
    assert SUITE.MLPRegressor is MLPRegressor
