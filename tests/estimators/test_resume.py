"""A fit that goes on from a checkpoint ends with the bits of one that was never interrupted."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import load_iris
from sklearn.preprocessing import scale

from chainrule import Checkpoints, MLPClassifier, MLPRegressor, optimisers, schedules
from chainrule.errors import CheckpointError, InputError

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)
X = scale(X)

SETTINGS = {
    "adam": {},
    "adaptive": {"solver": "sgd", "learning_rate": "adaptive", "n_iter_no_change": 1, "tol": 0.05},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling"},
    "early stopping": {"early_stopping": True, "validation_fraction": 0.3, "learning_rate_init": 0.1},
    "everything drawn": {"dropout": 0.2, "norm": "batch", "l1": 1e-3, "weight_decay": 0.01, "random_state": None},
    "schedule": {"learning_rate": schedules.OneCycle(), "solver": optimisers.Nadam(0.01)},
    "plateau": {"learning_rate": schedules.ReduceOnPlateau(0.5, patience=1, tol=9.0)},
    "weights": {"class_weight": {0: 2.0}},
}


def quick(folder, case, Estimator=MLPClassifier, **parameters):
    settings = {"hidden_layer_sizes": (8, 6), "batch_size": 32, "max_iter": 9, "random_state": 0, "tol": 0}
    settings |= {"n_iter_no_change": np.inf, "checkpoints": Checkpoints(folder, keep=20)}
    return Estimator(**settings | SETTINGS[case] | parameters)


@pytest.mark.parametrize("case", SETTINGS)
def test_from_any_epoch_the_bits_are_those_of_the_whole_fit(case, tmp_path):
    whole = quick(tmp_path / "whole", case).fit(X, Y)
    for epoch in (1, 4, 9):
        again = quick(tmp_path / f"from {epoch}", case).fit(
            X, Y, resume_from=tmp_path / "whole" / f"epoch-{epoch:06d}.checkpoint"
        )
        assert_array_equal(again.parameters_.vector, whole.parameters_.vector)
        for name in ("loss_curve_", "validation_scores_", "n_iter_", "t_", "best_loss_", "best_validation_score_"):
            assert getattr(again, name) == getattr(whole, name)
        assert [r.rate for r in again.history_] == [r.rate for r in whole.history_]


def test_a_fit_that_goes_on_goes_on_writing(tmp_path):
    quick(tmp_path, "adam", max_iter=3).fit(X, Y)
    quick(tmp_path, "adam", max_iter=9).fit(X, Y, resume_from=tmp_path)
    assert sorted(os.listdir(tmp_path))[-1] == "epoch-000009.checkpoint"


CHILD = """if True:
    import os, signal, sys, warnings
    import numpy as np
    from sklearn.datasets import load_iris
    from sklearn.preprocessing import scale
    from chainrule import Checkpoints, MLPClassifier, MLPRegressor
    from chainrule.training import loading
    from chainrule.training.batches import Rows

    warnings.simplefilter("ignore")
    name, folder, last = sys.argv[1], sys.argv[2], int(sys.argv[3])
    X, Y = load_iris(return_X_y=True)
    loading.MOST_STEPS = 1  # a call for each batch
    weigh, batches = Rows.weigh, []

    def counted(self, chosen, arrays):
        batches.append(1)
        if len(batches) == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return weigh(self, chosen, arrays)

    Rows.weigh = counted
    Estimator = {"MLPClassifier": MLPClassifier, "MLPRegressor": MLPRegressor}[name]
    Estimator(
        hidden_layer_sizes=(8, 6), batch_size=32, max_iter=9, random_state=0, dropout=0.2, norm="layer",
        tol=0, n_iter_no_change=np.inf, checkpoints=Checkpoints(folder, keep=20),
    ).fit(scale(X), Y)
"""


@pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
@pytest.mark.one_in(3)
def test_killed_in_the_middle_of_an_epoch(Estimator, tmp_path):
    """Epochs have 5 batches: the process dies in the third batch of the fifth."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    dead = subprocess.run(
        [sys.executable, "-c", CHILD, Estimator.__name__, tmp_path / "killed", "23"], env=environment, timeout=600
    )
    assert dead.returncode == -signal.SIGKILL
    assert sorted(os.listdir(tmp_path / "killed"))[-1] == "epoch-000004.checkpoint"
    parameters = {"dropout": 0.2, "norm": "layer"}
    whole = quick(tmp_path / "whole", "adam", Estimator, **parameters).fit(X, Y)
    again = quick(tmp_path / "killed", "adam", Estimator, **parameters).fit(X, Y, resume_from=tmp_path / "killed")
    assert_array_equal(again.parameters_.vector, whole.parameters_.vector)


OTHERS = {
    "learning_rate_init": {"learning_rate_init": 0.5},
    "network": {"hidden_layer_sizes": (9,)},
    "l2": {"l2": 0.1},
    "float type": {"dtype": "float32"},
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_fit_s_checkpoint_is_refused(name, tmp_path):
    quick(tmp_path, "adam", max_iter=2).fit(X, Y)
    other = quick(tmp_path, "adam", **OTHERS[name])
    with pytest.raises(InputError, match=r"resume_from=\): expected .*as in the checkpoint; received"):
        other.fit(X, Y, resume_from=tmp_path)
    assert other.set_params(checkpoints=None).fit(X, Y).score(X, Y) > 0.3


def test_other_rows_are_refused(tmp_path):
    quick(tmp_path, "adam", max_iter=2).fit(X, Y)
    changed = X.copy()
    changed[7, 1] += 1e-9
    with pytest.raises(InputError, match="training and validation rows = checksum"):
        quick(tmp_path, "adam").fit(changed, Y, resume_from=tmp_path)


def test_a_checkpoint_cut_in_half_is_refused_and_the_one_before_serves(tmp_path):
    whole = quick(tmp_path, "adam").fit(X, Y)
    newest = tmp_path / "epoch-000009.checkpoint"
    newest.write_bytes(newest.read_bytes()[:500])
    model = quick(tmp_path, "adam")
    with pytest.raises(CheckpointError, match="Name an older file"):
        model.fit(X, Y, resume_from=tmp_path)
    model.fit(X, Y, resume_from=tmp_path / "epoch-000008.checkpoint")
    assert_array_equal(model.parameters_.vector, whole.parameters_.vector)


def test_a_folder_of_another_run_is_not_written_into(tmp_path):
    quick(tmp_path, "adam", max_iter=2).fit(X, Y)
    with pytest.raises(InputError, match="which has 2.*resume_from"):
        quick(tmp_path, "adam").fit(X, Y)
    assert len(os.listdir(tmp_path)) == 2


def test_not_with_lbfgs(tmp_path):
    with pytest.raises(InputError, match="solver='lbfgs'"):
        quick(tmp_path, "adam", solver="lbfgs").fit(X, Y)


def test_nothing_is_written_that_was_not_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    quick("unused", "adam", checkpoints=None).fit(X, Y)
    assert os.listdir(tmp_path) == []
