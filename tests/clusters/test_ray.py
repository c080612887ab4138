"""Fits and predictions on a cluster of Ray that nobody disturbs; and what goes wrong, in our words."""

import os
import subprocess
import sys

import numpy as np
import pytest
from tests.clusters.rows import DIVISION, MEMORY, SETTINGS, dies, of_path, raises, square, vector

import chainrule
from chainrule import MLPClassifier, TableRegressor
from chainrule.clusters import on_ray
from chainrule.errors import ClusterError, InputError
from chainrule.tasks import Here
from chainrule.training.divided import Division
from chainrule.training.elsewhere import Cluster, using

pytestmark = pytest.mark.cluster


def test_training_stops_in_the_epoch_of_one_machine(connected, path):
    settings = {"epochs": 40, "n_iter_no_change": 2, "learning_rate_init": 0.05}
    with using(Cluster(Here(), Division(**DIVISION))):
        here = of_path(path, **settings)
    with chainrule.cluster("ray", **DIVISION):
        there = of_path(path, **settings)
    assert len(here.history_) == len(there.history_) < 40
    np.testing.assert_array_equal(vector(here), vector(there))


def test_searches_of_scikit_learn_take_their_fits_there(connected, frame):
    from sklearn.model_selection import GridSearchCV

    rows, y = frame.filter(like="x").to_numpy()[:600], frame["class"][:600]
    search = GridSearchCV(
        MLPClassifier(max_iter=3, learning_rate="cosine", random_state=0), {"alpha": [1e-4, 1.0]}, cv=2
    )
    home = search.fit(rows, y).cv_results_["mean_test_score"]
    with chainrule.cluster("ray"):
        away = search.fit(rows, y).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(home, away)


# What goes wrong -----------------------------------------------------------------------------------------------------


def test_what_goes_wrong_is_told_in_our_words(connected, monkeypatch):
    monkeypatch.setattr(on_ray, "RETRIES", 1)
    with chainrule.cluster("ray") as made:
        tasks = made.tasks
        with pytest.raises(InputError, match="row 7: expected a number; received 'x'"):
            tasks.get([tasks.submit(raises, 0)])
        with pytest.raises(ClusterError, match=r"tasks that end, each within 1 attempts.*checkpoints"):
            tasks.get([tasks.submit(dies)])
        with pytest.raises(InputError, match="row 7: expected a number"):
            list(tasks.each(raises, tasks.put(None), 3))
        # more threads than any machine has would wait for ever
        assert tasks.get([tasks.submit(square, 3, threads=64)]) == [9]


def test_a_connection_to_another_cluster_is_not_taken_for_that_which_is_asked_for(connected):
    with pytest.raises(ClusterError, match="no connection to another"), chainrule.cluster("ray", "10.1.2.3:6379"):
        pass


def test_rows_that_a_task_cannot_read_are_told_as_at_home(connected, frame, tmp_path):
    rows = frame.copy()
    rows.loc[11_000, "class"] = None
    rows.to_parquet(tmp_path / "t.parquet", row_group_size=900)
    with pytest.raises(InputError) as at_home:
        of_path(tmp_path / "t.parquet")
    with chainrule.cluster("ray"), pytest.raises(InputError) as away:
        of_path(tmp_path / "t.parquet")
    assert str(at_home.value) == str(away.value)


def test_the_command_line_takes_its_work_there(connected, path, tmp_path):
    def run(*given):
        return subprocess.run(
            [sys.executable, "-m", "chainrule", *map(str, given), "--engine", "ray", "--address", connected],
            env=os.environ, capture_output=True, text=True, timeout=240,
        )  # fmt: skip

    trained = run(
        "train", path, "--target", "class", "-o", tmp_path / "model", "--memory", MEMORY, "--max-iter", 3,
        "--n-members", 2, "--numbers", "standard", "--threads", 1, "--workers", 4,
        "--checkpoints", tmp_path / "run",
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    assert (tmp_path / "run" / "epoch-000003.checkpoint").exists()
    predicted = run("predict", tmp_path / "model", path, "-o", (tmp_path / "out").as_uri(), "--proba")
    assert predicted.returncode == 0, predicted.stderr
    assert "12,000 rows predicted" in predicted.stderr
    assert len(list((tmp_path / "out").iterdir())) == 14


def test_numbers_are_learned_there_too(connected, frame, tmp_path):
    rows = frame.drop(columns="class").assign(y=frame["x0"] * 3 + frame["x1"])
    rows.to_parquet(tmp_path / "t.parquet", row_group_size=900)
    with chainrule.cluster("ray", workers=3, threads=1):
        made = TableRegressor(memory=MEMORY, max_iter=10, **SETTINGS).fit(tmp_path / "t.parquet", "y")
    assert made.score(rows.drop(columns="y"), rows["y"]) > 0.9
