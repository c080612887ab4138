"""Files that are there whole or not at all, and what their digest covers."""

import errno
import os

import numpy as np
import pytest

from chainrule.errors import InputError
from chainrule.files import digest, whole, write_whole

ARRAYS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(2)}


@pytest.mark.parametrize(
    "other",
    [
        {**ARRAYS, "a": ARRAYS["a"].reshape(3, 2)},
        {**ARRAYS, "a": ARRAYS["a"].astype(np.float64)},
        {**ARRAYS, "b": np.array([1.0, np.nextafter(1.0, 2.0)])},
        {"a": ARRAYS["a"], "c": ARRAYS["b"]},
        {"a": ARRAYS["a"]},
    ],
    ids=["shape", "type", "last bit", "name", "missing"],
)
def test_the_digest_tells_all_that_is_in_arrays(other):
    assert digest(other, "text") != digest(ARRAYS, "text")


def test_the_digest_is_of_values_not_of_how_they_lie():
    turned = {"b": ARRAYS["b"], "a": np.asfortranarray(ARRAYS["a"])}
    assert digest(turned, "text") == digest(ARRAYS, "text")
    assert digest(ARRAYS, "other") != digest(ARRAYS, "text")


def test_what_stood_there_stays_until_the_end_and_after_an_error(tmp_path):
    place = tmp_path / "file"
    write_whole(place, b"before")
    with whole(place) as file:
        file.write(b"after")
        assert place.read_bytes() == b"before"
    assert place.read_bytes() == b"after"
    with pytest.raises(TypeError), whole(place) as file:
        file.writelines([b"half", None])
    assert place.read_bytes() == b"after"
    assert os.listdir(tmp_path) == ["file"]


def test_what_a_link_leads_to_is_written(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "end")
    write_whole(tmp_path / "link", b"content")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "end").read_bytes() == b"content"


def test_errors_name_the_file_that_was_asked_for(tmp_path):
    place = tmp_path / "none" / "file"
    with pytest.raises(FileNotFoundError) as caught:
        write_whole(place, b"")
    assert caught.value.filename == str(place)
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(OSError, match="No space") as caught, whole(tmp_path / "file"):
        raise full
    assert caught.value.filename == str(tmp_path / "file")
    with pytest.raises(OSError, match="other") as caught, whole(tmp_path / "file"):
        raise OSError(errno.EPERM, "other", "elsewhere")
    assert caught.value.filename == "elsewhere"


def test_folders_and_devices_are_not_replaced(tmp_path):
    with pytest.raises(InputError, match="a folder"):
        write_whole(tmp_path, b"")
    with pytest.raises(InputError, match="a device or pipe"):
        write_whole(type(tmp_path)(os.devnull), b"")
