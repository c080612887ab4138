"""No cluster, a wrong token, a full object store: each a clear error."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from tests.clusters.conftest import STORE, Emulated
from tests.clusters.rows import square_sum

import chainrule
from chainrule.errors import ClusterError

pytestmark = pytest.mark.cluster


def test_an_object_store_that_is_full_spills_and_without_a_disk_is_told(environment):
    import ray

    whole = np.zeros(STORE // 4 * 3 // 8)
    for spills in (True, False):  # the disk counts as full from a thousandth on
        full = {"automatic_object_spilling_enabled": False, "local_fs_capacity_threshold": 1e-3}
        made = Emulated(_system_config={} if spills else full)
        try:
            with chainrule.cluster("ray", address=made.address) as used:
                if spills:
                    handles = [used.tasks.put(whole) for _ in range(3)]
                    assert used.tasks.get([used.tasks.submit(square_sum, handles[0])]) == [0.0]
                else:
                    with pytest.raises(ClusterError, match="room for coded rows and for states"):
                        [used.tasks.put(whole) for _ in range(3)]
        finally:
            ray.shutdown()
            made.stop()


def test_an_address_without_a_cluster_is_told(environment):
    with pytest.raises(ClusterError, match="a cluster of Ray at this address"), chainrule.cluster("ray", "127.0.0.1:9"):
        pass
    with pytest.raises(ClusterError, match="ray start --head"), chainrule.cluster("ray", "auto"):
        pass


@pytest.fixture(params=["last", "environment"])
def ended(request, environment, monkeypatch):
    """A machine that has the address of a cluster which was killed."""
    if request.param == "environment":
        monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:9")
        yield request.param
        return
    with tempfile.TemporaryDirectory() as folder:  # a socket's path is short
        monkeypatch.setenv("RAY_TMPDIR", folder)
        (Path(folder) / "ray").mkdir()
        (Path(folder) / "ray" / "ray_current_cluster").write_text("127.0.0.1:9")
        yield request.param


def test_a_cluster_that_was_killed_is_told_at_once(ended):
    with pytest.raises(ClusterError, match=":9: .*refused"), chainrule.cluster("ray", "auto"):
        pass


def test_one_of_this_machine_alone_starts_beside_a_cluster_that_was_killed(ended):
    if ended == "environment":  # which is asked for
        with pytest.raises(ClusterError, match=":9: .*refused"), chainrule.cluster("ray"):
            pass
        return
    with chainrule.cluster("ray") as used:
        assert used.tasks.get([used.tasks.submit(square_sum, used.tasks.put(np.ones(3)))]) == [3.0]


def test_a_wrong_token_is_told(emulated):
    code = "import chainrule, sys\nwith chainrule.cluster('ray', address=sys.argv[1]): pass"
    for wrong in ({"RAY_AUTH_TOKEN": "0" * 64}, {"RAY_AUTH_MODE": "disabled"}):
        found = subprocess.run(
            [sys.executable, "-c", code, emulated.address], env={**os.environ, **wrong}, capture_output=True, text=True
        )
        assert "ClusterError" in found.stderr
        assert "look at the token" in found.stderr
