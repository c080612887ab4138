"""A cluster of Ray on this machine: nodes of one processor each, which let nobody in without a token."""

import importlib.util
import os
import secrets
import signal
import threading
import time
from pathlib import Path

import pytest
from tests.clusters import rows

from chainrule.tasks import Here
from chainrule.training.divided import Division
from chainrule.training.elsewhere import Cluster, using

REQUIRED = os.environ.get("CHAINRULE_CLUSTER") == "required"
TOKEN = secrets.token_hex(32)
#: Before Ray is imported, which reads them once.
ENVIRONMENT = {
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": TOKEN,
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}
#: Bytes of each node's object store.
STORE = 80 << 20


def pytest_collection_modifyitems(items):
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    missing = importlib.util.find_spec("ray") is None
    if here and missing and REQUIRED:
        raise pytest.UsageError("ray is not installed, and its tests are required")
    for item in here:
        item.add_marker(pytest.mark.cluster)
        if missing:
            item.add_marker(pytest.mark.skip(reason="needs ray: make test-cluster"))


class Emulated:
    """Some nodes on this machine, to be killed and added to."""

    def __init__(self, **head):
        from ray.cluster_utils import Cluster

        self._cluster = Cluster(
            initialize_head=True,
            head_node_args={"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False, **head},
        )
        self.nodes = []
        self.add()

    @property
    def address(self):
        return self._cluster.address

    def add(self):
        self.nodes.append(self._cluster.add_node(num_cpus=1, object_store_memory=STORE))

    def kill_node(self):
        """Of those that were added, the oldest, by SIGKILL."""
        self._cluster.remove_node(self.nodes.pop(0), allow_graceful=False)

    def kill_worker(self, name, seconds=20.0):
        """A process that does a task of this name, by SIGKILL, as soon as there is one."""
        raylets = {one.process.pid for node in self._nodes for one in node.all_processes.get("raylet", ())}
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for place in Path("/proc").iterdir():
                if place.name.isdigit() and _is(place, name, raylets):
                    os.kill(int(place.name), signal.SIGKILL)
                    return
            time.sleep(0.005)
        raise AssertionError(f"nobody has done {name} within {seconds} seconds")

    @property
    def _nodes(self):
        return [self._cluster.head_node, *self.nodes]

    def stop(self):
        self._cluster.shutdown()


def _is(place, name, parents):
    """Whether a process has this title, and one of these parents."""
    try:
        title = (place / "cmdline").read_bytes().partition(b"\0")[0].decode()
        parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError):  # it has ended
        return False
    return title == f"ray::{name}" and parent in parents


@pytest.fixture(scope="module")
def environment():
    before = {name: os.environ.get(name) for name in ENVIRONMENT}
    os.environ.update(ENVIRONMENT)
    yield
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture
def emulated(environment):
    """To be killed: one for each test."""
    made = Emulated()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def connected(environment):
    """The address of one that this process stays connected to: workers stay, too."""
    import ray

    made = Emulated()
    ray.init(made.address, log_to_driver=False, logging_level="ERROR")
    yield made.address
    ray.shutdown()
    made.stop()


@pytest.fixture(scope="session")
def frame():
    return rows.frame()


@pytest.fixture(scope="session")
def path(frame, tmp_path_factory):
    place = tmp_path_factory.mktemp("rows") / "t.parquet"
    frame.to_parquet(place, row_group_size=900)
    return place


@pytest.fixture(scope="session")
def undisturbed(path):
    """What the rounds come to where one process does them all."""
    with using(Cluster(Here(), Division(**rows.DIVISION))):
        return rows.of_path(path)


class Disturb:
    """What is done to a fit: `after_3` when its third epoch is over, `during_4` by a thread in its fourth."""

    def __init__(self, **at):
        self.at, self.done, self._threads = at, [], []

    def callback(self):
        from chainrule.callbacks import Callback

        outer = self

        class Told(Callback):
            def epoch(self, record):
                outer._do(f"after_{record.epoch}")
                if f"during_{record.epoch + 1}" in outer.at:
                    thread = threading.Thread(target=outer._do, args=(f"during_{record.epoch + 1}",))
                    thread.start()
                    outer._threads.append(thread)
                return False

        return Told()

    def _do(self, when):
        if when in self.at:
            self.at[when]()
            self.done.append(when)

    def all_done(self):
        for thread in self._threads:
            thread.join()
        return sorted(self.done) == sorted(self.at)


@pytest.fixture
def disturb():
    return Disturb
