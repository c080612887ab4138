"""Checkpoints: written whole or not at all, the last few kept, and nothing read that is not as it was written."""

import json
import os

import numpy as np
import pytest

from chainrule.errors import CheckpointError, InputError, InputTypeError
from chainrule.training import checkpoints
from chainrule.training.checkpoints import Checkpoints, State, read

STATE = State(
    {"parameters": np.linspace(0, 1, 50), "steps": np.array(7), "moment": np.arange(6, dtype=np.float32).reshape(2, 3)},
    {"epoch": 3, "loss": 0.1 + 0.2, "big": 2**100, "score": None, "nan": float("inf")},
)


def test_what_is_written_is_read_bit_for_bit(tmp_path):
    place = Checkpoints(tmp_path / "new folder").write(3, STATE)
    found = read(place)
    assert found.data == STATE.data
    assert found.arrays.keys() == STATE.arrays.keys()
    for name, array in STATE.arrays.items():
        assert (found.arrays[name].dtype, found.arrays[name].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(found.arrays[name], array)


def test_the_last_few_are_kept_and_the_newest_is_read(tmp_path):
    folder = Checkpoints(tmp_path, keep=2)
    for epoch in (8, 9, 10, 11):
        folder.write(epoch, State(STATE.arrays, {"epoch": epoch}))
    assert sorted(os.listdir(tmp_path)) == ["epoch-000010.checkpoint", "epoch-000011.checkpoint"]
    assert read(tmp_path).data == {"epoch": 11}


def test_every_few_epochs():
    assert [epoch for epoch in range(1, 10) if Checkpoints("x", every=3).due(epoch)] == [3, 6, 9]


def test_a_failed_write_leaves_nothing_and_harms_nothing(tmp_path, monkeypatch):
    place = Checkpoints(tmp_path).write(1, STATE)
    before = place.read_bytes()

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(checkpoints.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        Checkpoints(tmp_path).write(1, State({}, {}))
    assert os.listdir(tmp_path) == [place.name]
    assert place.read_bytes() == before


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
def test_a_damaged_file_is_refused(damage, tmp_path):
    place = Checkpoints(tmp_path).write(3, STATE)
    content = place.read_bytes()
    harmed = DAMAGE[damage](content)
    assert harmed != content
    place.write_bytes(harmed)
    with pytest.raises(CheckpointError, match=r"epoch-000003.checkpoint: expected .*; received .*older file"):
        read(place)


def test_another_safetensors_file_is_refused(tmp_path):
    from safetensors.numpy import save_file

    save_file({"a": np.zeros(3)}, tmp_path / "other", {"format": "pt"})
    with pytest.raises(CheckpointError, match="form pt"):
        read(tmp_path / "other")


def test_nothing_there(tmp_path):
    with pytest.raises(InputError, match="which is not there"):
        read(tmp_path / "nowhere")
    with pytest.raises(InputError, match="which has none"):
        read(tmp_path)


@pytest.mark.parametrize("bad", [{"every": 0}, {"keep": 0}, {"every": 1.5}, {"folder": 3}], ids=json.dumps)
def test_bad_settings(bad):
    with pytest.raises((InputError, InputTypeError), match="Checkpoints"):
        Checkpoints(**{"folder": "x"} | bad)
