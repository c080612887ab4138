"""Checkpoints: written whole or not at all, the last few kept, and nothing read that is not as it was written."""

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from tests.places import FOLDERS, break_writing, opened

from chainrule.errors import CheckpointError, InputError, InputTypeError, MissingExtraError
from chainrule.remote import at
from chainrule.training.checkpoints import Checkpoints, State, found_in, read

STATE = State(
    {"parameters": np.linspace(0, 1, 50), "steps": np.array(7), "moment": np.arange(6, dtype=np.float32).reshape(2, 3)},
    {"epoch": 3, "loss": 0.1 + 0.2, "big": 2**100, "score": None, "nan": float("inf")},
)
#: More than an object store takes in one part.
LARGE = State({"parameters": np.arange(2_000_000.0)}, {})


@pytest.fixture(params=FOLDERS)
def folder(request, tmp_path):
    with opened(request.param, tmp_path / "run") as found:
        yield found


def test_what_is_written_is_read_bit_for_bit(folder):
    place = Checkpoints(folder.given).write(3, STATE)
    assert place == folder.below("epoch-000003.checkpoint")
    for found in (read(place), read(folder.given)):
        assert found.data == STATE.data
        assert found.arrays.keys() == STATE.arrays.keys()
        for name, array in STATE.arrays.items():
            assert (found.arrays[name].dtype, found.arrays[name].shape) == (array.dtype, array.shape)
            np.testing.assert_array_equal(found.arrays[name], array)


def test_a_path_may_be_a_text(tmp_path):
    place = Checkpoints(str(tmp_path / "new folder")).write(3, STATE)
    assert place == tmp_path / "new folder" / "epoch-000003.checkpoint" and read(str(place)).data == STATE.data


def test_the_last_few_are_kept_and_the_newest_is_read(folder):
    writes = Checkpoints(folder.given, keep=2)
    for epoch in (8, 9, 10, 11):
        writes.write(epoch, State(STATE.arrays, {"epoch": epoch}))
    assert list(folder.content) == ["epoch-000010.checkpoint", "epoch-000011.checkpoint"]
    assert read(folder.given).data == {"epoch": 11}


def test_what_is_no_checkpoint_is_not_counted_and_stays(folder):
    names = ["epoch-000002 (copy).checkpoint", "epoch-000002.checkpoint.old", "epoch-best.checkpoint", "notes.txt"]
    folder.content.update(dict.fromkeys(names, b"mine"))
    writes = Checkpoints(folder.given, keep=1)
    writes.begin()
    for epoch in (1, 2):
        writes.write(epoch, STATE)
    assert sorted(folder.content) == sorted([*names, "epoch-000002.checkpoint"])


def test_every_few_epochs():
    assert [epoch for epoch in range(1, 10) if Checkpoints("x", every=3).due(epoch)] == [3, 6, 9]


def test_every_few_rounds_of_each_epoch():
    writes = Checkpoints("x", every=3, rounds=4)
    assert [(e, r) for e in (1, 2, 3) for r in range(1, 10) if writes.due_in(e, r)] == [
        (e, r) for e in (1, 2, 3) for r in (4, 8)
    ]
    assert not any(Checkpoints("x").due_in(1, round) for round in range(1, 100))


def test_rounds_of_an_epoch_come_before_its_end_and_after_the_one_before(folder):
    """By their names, as folders list them; and where numbers have more digits than names have room for."""
    few = {
        (2, 50): "epoch-000002-000050.checkpoint",
        (2, None): "epoch-000002.checkpoint",
        (3, 50): "epoch-000003-000050.checkpoint",
        (3, 100): "epoch-000003-000100.checkpoint",
        (3, None): "epoch-000003.checkpoint",
    }
    assert sorted(few.values()) == list(few.values())
    many = {
        (4, 999_950): "epoch-000004-999950.checkpoint",
        (4, 1_000_000): "epoch-000004-1000000.checkpoint",
        (999_999, None): "epoch-999999.checkpoint",
        (1_000_000, None): "epoch-1000000.checkpoint",
    }
    writes = Checkpoints(folder.given, keep=9)
    for (epoch, rounds), name in (few | many).items():
        assert writes.write(epoch, State({}, {"epoch": epoch, "rounds": rounds}), rounds) == folder.below(name)
        assert read(folder.given).data == {"epoch": epoch, "rounds": rounds}
    found = [str(place).rpartition("/")[2] for place in found_in(at(folder.given))]
    assert found == list((few | many).values())


def test_files_of_rounds_and_of_epochs_are_kept_alike(folder):
    writes = Checkpoints(folder.given, keep=3, rounds=50)
    for epoch in (1, 2):
        for rounds in (50, 100, None):
            writes.write(epoch, STATE, rounds)
    assert sorted(folder.content) == [
        "epoch-000002-000050.checkpoint",
        "epoch-000002-000100.checkpoint",
        "epoch-000002.checkpoint",
    ]
    writes.write(3, STATE, 50)
    assert sorted(folder.content)[-1] == "epoch-000003-000050.checkpoint" and len(folder.content) == 3


def test_a_failed_write_leaves_nothing_and_harms_nothing(folder, monkeypatch):
    writes = Checkpoints(folder.given)
    writes.write(1, STATE)
    before = dict(folder.content)
    met = break_writing(folder, monkeypatch)
    kind = OSError if isinstance(folder.given, Path) else InputError
    for epoch in (1, 2):
        with pytest.raises(kind, match="No space|ACCESS_DENIED"):
            writes.write(epoch, LARGE)
    monkeypatch.undo()
    assert len(met) == 2
    assert dict(folder.content) == before
    assert read(folder.given).data == STATE.data
    writes.write(2, LARGE)
    assert list(read(folder.given).arrays) == ["parameters"]


KILLED = """
import os, signal, sys
import numpy as np
from chainrule import files
from chainrule.training.checkpoints import Checkpoints, State
writes = Checkpoints(sys.argv[1])
writes.write(1, State({}, {"epoch": 1}))
if sys.argv[1].startswith("s3:"):
    print("written", flush=True)
else:
    files.os.fsync = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
writes.write(2, State({"parameters": np.arange(2_000_000.0)}, {"epoch": 2}))
"""


@pytest.mark.skipif(os.name == "nt", reason="a process cannot send itself SIGKILL")
@pytest.mark.parametrize("kind", ["path", "file URL", "object store"])
def test_killed_while_it_writes(kind, tmp_path):
    """Behind all bytes of the second file on a disk, behind its first part in an object store."""
    with opened(kind, tmp_path / "run") as folder:
        child = subprocess.Popen([sys.executable, "-c", KILLED, str(folder.given)], stdout=subprocess.PIPE)
        if folder.store is not None:
            assert child.stdout.readline() == b"written\n"
            folder.store.meets["part 2"] = child.kill
        child.communicate(timeout=300)
        assert child.returncode == -signal.SIGKILL
        assert [name for name in folder.content if not name.startswith(".")] == ["epoch-000001.checkpoint"]
        assert read(folder.given).data == {"epoch": 1}
        Checkpoints(folder.given).write(2, STATE)
        assert read(folder.given).data == STATE.data


def cut(content):
    return content[: len(content) // 2]


def flipped(content):
    return content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]


def retold(content):
    return content.replace(b'\\"epoch\\": 3', b'\\"epoch\\": 4')


DAMAGE = {
    "cut in half": cut,
    "empty": lambda content: b"",
    "a number changed": flipped,
    "the data changed": retold,
    "no header": lambda content: content[8:],
    "text": lambda content: b"epoch 3",
    "a header beyond the file": lambda content: (2**60).to_bytes(8, "little") + content[8:],
    "more behind it": lambda content: content + b"more",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_refused(damage, folder):
    place = Checkpoints(folder.given).write(3, STATE)
    content = folder.content["epoch-000003.checkpoint"]
    harmed = DAMAGE[damage](content)
    assert harmed != content
    folder.content["epoch-000003.checkpoint"] = harmed
    with pytest.raises(CheckpointError, match=r"run/epoch-000003.checkpoint: expected .*; received .*older file"):
        read(place)


def test_another_safetensors_file_is_refused(folder):
    from safetensors.numpy import save

    folder.content["other"] = save({"a": np.zeros(3)}, {"format": "pt"})
    with pytest.raises(CheckpointError, match="run/other: .*form pt"):
        read(folder.below("other"))


def test_nothing_there(folder):
    with pytest.raises(InputError, match="run, which is not there"):
        read(folder.given)
    folder.content["notes.txt"] = b"mine"
    with pytest.raises(InputError, match="run, which has none"):
        read(folder.given)
    with pytest.raises(InputError, match="run/nowhere, which is not there"):
        read(folder.below("nowhere"))


# Folders and URLs --------------------------------------------------------------------------------------------


def test_a_run_begins_in_a_folder_without_checkpoints(folder):
    writes = Checkpoints(folder.given)
    writes.begin()
    assert list(folder.content) == []
    writes.write(1, STATE)
    before = dict(folder.content)
    with pytest.raises(InputError, match=r"Checkpoints\(folder=\): .*run, which has 1.*resume_from"):
        writes.begin()
    assert dict(folder.content) == before


def test_a_folder_that_cannot_be_written_is_refused_before_the_first_epoch(folder, monkeypatch):
    """Whose place a file has; in the store, to which one must not write."""
    if folder.store is not None:
        folder.store.meets["begin"] = lambda: True
    else:
        place = folder.given if isinstance(folder.given, Path) else Path(at(folder.given).path)
        place.write_bytes(b"mine")
    with pytest.raises(InputError, match=r"run: expected .*; received .*\. (Name|Check)"):
        Checkpoints(folder.given).begin()
    if folder.store is None:
        kind, told = (
            (OSError, "exists") if isinstance(folder.given, Path) else (InputError, "run: expected a folder that")
        )
        with pytest.raises(kind, match=told):
            Checkpoints(folder.given).write(1, STATE)
        assert place.read_bytes() == b"mine"


@pytest.mark.parametrize("call", ["begin", "write", "read"])
@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nosuch://bucket/run", "nosuch://bucket/run: expected a URL of a file system that pyarrow reaches"),
        ("gs://anonymous@bucket/run?endpoint_override=localhost:{port}&scheme=http&retry_limit_seconds=1",
         "gs://anonymous@bucket/run.*: expected .*; received .*[Cc]onnect.* Check the URL"),
    ],
    ids=["an unknown kind", "no answer"],
)  # fmt: skip
def test_urls_that_lead_nowhere(call, url, message):
    import socket

    with socket.socket() as closed:  # bound, so that nobody else has it, and not listening
        closed.bind(("127.0.0.1", 0))
        url = url.format(port=closed.getsockname()[1])
        calls = {"begin": Checkpoints(url).begin, "write": partial(Checkpoints(url).write, 1, STATE)}
        with pytest.raises(InputError, match=message):
            calls.get(call, partial(read, url))()


def test_a_bucket_that_is_not_there(tmp_path):
    with opened("object store", tmp_path / "run") as folder:
        url = folder.store.url("none/run")
        with pytest.raises(InputError, match=r"s3://key:\*\*\*@none/run: expected a file .*NO_SUCH_BUCKET"):
            Checkpoints(url).begin()
        with pytest.raises(InputError, match=r"none/run/epoch-000001.checkpoint: expected a file .*NO_SUCH_BUCKET"):
            Checkpoints(url).write(1, STATE)
        with pytest.raises(InputError, match="none/run, which is not there"):
            read(url)


@pytest.mark.parametrize("step", ["list", "read", "delete"])
def test_what_a_store_refuses_is_told_without_the_password(step, tmp_path):
    with opened("object store", tmp_path / "run") as folder:
        writes = Checkpoints(folder.given, keep=1)
        writes.write(1, STATE)
        folder.store.meets[step] = lambda: True
        call = partial(read, folder.given) if step == "read" else partial(writes.write, 2, STATE)
        with pytest.raises(InputError, match=r"key:\*\*\*@bucket/run.*ACCESS_DENIED") as caught:
            call()
        assert "secret" not in str(caught.value)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_fit_goes_on_from_a_url(tmp_path):
    from chainrule import MLPRegressor

    X = np.random.default_rng(0).normal(size=(64, 3))
    given = {"hidden_layer_sizes": (4,), "random_state": 0, "tol": 0, "n_iter_no_change": np.inf}
    with opened("object store", tmp_path / "run") as folder:
        given["checkpoints"] = Checkpoints(folder.given)
        first = MLPRegressor(**given, max_iter=3).fit(X, X[:, 0])
        again = MLPRegressor(**given, max_iter=6).fit(X, X[:, 0], resume_from=folder.given)
        assert list(folder.content) == [f"epoch-00000{epoch}.checkpoint" for epoch in (4, 5, 6)]
    whole = MLPRegressor(**given | {"checkpoints": None}, max_iter=6).fit(X, X[:, 0])
    np.testing.assert_array_equal(again.parameters_.vector, whole.parameters_.vector)
    assert not np.array_equal(first.parameters_.vector, whole.parameters_.vector)


@pytest.mark.parametrize("call", ["begin", "write", "read"])
def test_a_url_wants_pyarrow(call, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    url = (tmp_path / "run").as_uri()
    calls = {"begin": Checkpoints(url).begin, "write": partial(Checkpoints(url).write, 1, STATE)}
    with pytest.raises(MissingExtraError, match=r"run: expected pyarrow.*pip install 'chainrule\[files\]'"):
        calls.get(call, partial(read, url))()


def test_a_path_does_not(tmp_path):
    code = (
        "import sys; from chainrule.training.checkpoints import Checkpoints, State, read; "
        f"writes = Checkpoints({str(tmp_path / 'run')!r}); writes.begin(); writes.write(1, State({{}}, {{}})); "
        "read(writes.folder); print('pyarrow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


@pytest.mark.parametrize("url", ["s3://bucket/run", "file:///run"])
def test_a_url_in_a_path_is_refused(url):
    """Which would be a folder called "s3:" here."""
    for call in (Checkpoints, read):
        with pytest.raises(InputError, match=r":/.*: expected a URL as a str; received .*Path\("):
            call(Path(url))


@pytest.mark.parametrize(
    "bad", [{"every": 0}, {"keep": 0}, {"every": 1.5}, {"folder": 3}, {"rounds": 0}, {"rounds": 2.5}], ids=json.dumps
)
def test_bad_settings(bad):
    with pytest.raises((InputError, InputTypeError), match="Checkpoints"):
        Checkpoints(**{"folder": "x"} | bad)
