"""Fits and predictions while workers, nodes and drivers are killed by SIGKILL: the same bits, and each row once."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest
from tests.clusters.rows import DIVISION, ROWS, SETTINGS, of_path, vector

import chainrule
from chainrule import Checkpoints, TableClassifier
from chainrule.clusters import on_ray
from chainrule.errors import ClusterError

pytestmark = pytest.mark.cluster


def test_a_fit_by_rounds_outlives_workers_and_a_node_and_takes_a_new_one(emulated, disturb, path, frame, undisturbed):
    """A worker is killed, then a node, then a node is added, then another worker is killed."""
    done = disturb(
        during_2=lambda: emulated.kill_worker("locally"),
        during_4=emulated.kill_node,
        after_6=emulated.add,
        during_8=lambda: emulated.kill_worker("locally"),
    )
    with chainrule.cluster("ray", address=emulated.address, **DIVISION):
        model = of_path(path, callbacks=[done.callback()])
    assert done.all_done()
    np.testing.assert_array_equal(vector(model), vector(undisturbed))
    assert [r.validation_loss for r in model.history_] == [r.validation_loss for r in undisturbed.history_]
    assert model.score(frame.drop(columns="class"), frame["class"]) > 0.8


DRIVER = """
import sys
import chainrule
from chainrule import Checkpoints
from tests.clusters.rows import DIVISION, of_path

if __name__ == "__main__":
    address, path, folder = sys.argv[1:]
    with chainrule.cluster("ray", address=address, **DIVISION):
        of_path(path, checkpoints=Checkpoints(folder, rounds=2, keep=100))
"""


def test_after_the_driver_was_killed_another_goes_on(emulated, path, undisturbed, tmp_path):
    script, folder = tmp_path / "driver.py", tmp_path / "run"
    script.write_text(DRIVER)
    where = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *filter(None, sys.path)])}
    driver = subprocess.Popen([sys.executable, script, emulated.address, path, folder], env=where)
    until = time.monotonic() + 120
    while len(list(folder.glob("epoch-000003-*"))) == 0:  # it is within the third epoch
        assert driver.poll() is None
        assert time.monotonic() < until
        time.sleep(0.01)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    newest = max(file.name for file in folder.glob("epoch-*"))
    assert newest < "epoch-000012"
    with chainrule.cluster("ray", address=emulated.address, **DIVISION):
        model = of_path(path, resume_from=folder)
    np.testing.assert_array_equal(vector(model), vector(undisturbed))


def test_networks_apart_have_the_bits_of_home_after_a_worker_was_killed(emulated, disturb, frame):
    rows, y = frame.drop(columns="class"), frame["class"]
    settings = {**SETTINGS, "n_members": 8, "max_iter": 8}
    home = TableClassifier(**settings).fit(rows, y)
    done = disturb(during_2=lambda: emulated.kill_worker("epoch"), during_4=emulated.kill_node)
    with chainrule.cluster("ray", address=emulated.address):
        away = TableClassifier(**settings, callbacks=[done.callback()]).fit(rows, y)
    assert done.all_done()
    np.testing.assert_array_equal(vector(home), vector(away))
    assert [r.loss for r in home.history_] == [r.loss for r in away.history_]


def test_each_row_is_predicted_once_whoever_is_killed_meanwhile(emulated, path, frame, undisturbed, tmp_path):
    out = tmp_path / "out"

    def kill():
        while len(list(out.glob("part-*"))) < 2:
            time.sleep(0.005)
        emulated.kill_node()

    thread = threading.Thread(target=kill)
    with chainrule.cluster("ray", address=emulated.address):
        thread.start()
        written = undisturbed.predict(path, to=out, proba=True, keep=["x0"])
        thread.join()
    found = pd.concat([pd.read_parquet(file) for file in sorted(out.glob("part-*"))])
    assert (written.rows, written.files) == (ROWS, 14)
    np.testing.assert_array_equal(found["x0"], frame["x0"])
    assert found["class"].tolist() == undisturbed.predict(path).tolist()


def test_checkpoints_stay_where_a_task_fails(emulated, disturb, path, tmp_path, monkeypatch):
    """A worker is killed whose tasks are not to be done again."""
    monkeypatch.setattr(on_ray, "RETRIES", 0)
    done = disturb(during_3=lambda: emulated.kill_worker("locally"))
    with chainrule.cluster("ray", address=emulated.address, **DIVISION), pytest.raises(ClusterError) as caught:
        of_path(path, 200, callbacks=[done.callback()], checkpoints=Checkpoints(tmp_path / "run"))
    assert done.all_done()
    assert "What checkpoints were written is kept" in str(caught.value)
    assert (tmp_path / "run" / "epoch-000002.checkpoint").exists()
