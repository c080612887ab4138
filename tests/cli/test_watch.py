"""`chainrule train --watch`."""

import json
import os
import re
import signal
import urllib.request

import pytest

pytestmark = pytest.mark.usefixtures("numpy_kernels")

QUICK = ("--preset", "fast", "--hidden-layer-sizes", "8")


@pytest.fixture
def data(models):
    return models.folder / "train.csv"


def address(process):
    """Where the page is, as the command tells it."""
    for line in process.stderr:
        if found := re.search(r"http://localhost:\d+/", line):
            return found[0]
    raise AssertionError("no address")


def test_it_follows_a_training_to_its_report(shell, data):
    command = ("train", data, "--target", "kind", "--watch", "-o", "a.model", "--max-iter", 400, *QUICK)
    with shell.begin(*command, "--n-iter-no-change", 400) as process:
        where = address(process)
        page = urllib.request.urlopen(where, timeout=shell.long).read().decode()
        stream = urllib.request.urlopen(f"{where}events", timeout=shell.long).read().decode()
        _, err = process.communicate(timeout=shell.long)
    assert process.returncode == 0, err
    assert "Training on train.csv" in page
    blocks = [block for block in stream.split("\n\n") if block.startswith("event: ")]  # others keep a slow stream alive
    events = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    kinds = [one["event"] for one in events]
    assert kinds[:-1] == ["state"] * (len(kinds) - 1)
    assert len(kinds) > 1
    assert kinds[-1] == "end"
    done = [json.loads(one["data"])["done"] for one in events[:-1]]
    assert done == sorted(done)
    last = json.loads(events[-1]["data"])
    assert last["said"] == "Training has ended: all epochs trained."
    assert "TableClassifier of <bdi>kind</bdi>" in last["report"]
    assert shell.names() == ["a.model"]


@pytest.mark.skipif(os.name == "nt", reason="a process cannot send another SIGINT alone")
def test_interrupted_it_ends_well(shell, data):
    command = ("train", data, "--target", "kind", "--watch", "--max-iter", 10**6, "--n-iter-no-change", 10**6, *QUICK)
    with shell.begin(*command) as process:
        stream = urllib.request.urlopen(f"{address(process)}events", timeout=shell.long)
        for raw in stream:
            if raw.startswith(b"data") and json.loads(raw[6:])["done"] > 1:
                break
        process.send_signal(signal.SIGINT)
        rest = stream.read().decode()
        _, err = process.communicate(timeout=shell.long)
    assert process.returncode == 130, err
    assert "Training has ended: interrupted." in rest
    assert "Traceback" not in err


def test_what_cannot_be_served(shell, inside, data):
    import socket

    command = ("train", data, "--target", "kind", "--watch", *QUICK)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = inside(*command, "--watch-port", taken.getsockname()[1])
    assert done.code == 2
    assert "--watch-port" in done.err
    assert "Choose another, or 0." in done.err


def test_an_error_before_training_ends_the_page(shell, inside, data):
    done = inside("train", data, "--target", "none", "--watch", *QUICK)
    assert done.code == 2
    assert "http://localhost:" in done.err
    where = re.search(r"http://localhost:\d+/", done.err)[0]
    with pytest.raises(OSError):
        urllib.request.urlopen(where, timeout=shell.long)


def test_watch_settings_are_configuration(inside, data):
    done = inside("train", data, "--target", "kind", "--watch", "--watch-port", 8000, "--print-config")
    assert "watch = true\nwatch-port = 8000" in done.out
