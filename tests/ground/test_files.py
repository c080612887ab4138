"""Files that are there whole or not at all, by a path or a URL, and what their digest covers."""

import errno
import gzip
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.places import FOLDERS, Moving, break_writing, opened

from chainrule import remote
from chainrule.errors import InputError, MissingExtraError
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


# By a path or a URL ------------------------------------------------------------------------------------------


@pytest.fixture(params=FOLDERS)
def folder(request, tmp_path):
    with opened(request.param, tmp_path / "run") as found:
        remote.at(found.given).make()
        yield found


@pytest.mark.parametrize("content", [b"", b"content", bytes(11 << 20)], ids=["nothing", "little", "parts"])
def test_what_is_written_under_a_path_or_a_url_is_there(folder, content):
    remote.write_whole(folder.below("a"), content)
    with remote.whole(folder.below("b")) as file:
        file.write(content[:3])
        file.write(content[3:])
        assert "b" not in folder.content
    assert dict(folder.content) == {"a": content, "b": content}
    with remote.at(folder.below("b")).fetched() as path:
        assert path.read_bytes() == content


def test_what_was_there_stays_until_the_end_and_after_an_error(folder):
    place = folder.below("file")
    remote.write_whole(place, b"before")
    with remote.whole(place) as file:
        file.write(b"after")
        file.flush()
        assert folder.content["file"] == b"before"
    assert dict(folder.content) == {"file": b"after"}

    def broken_off(error):
        with remote.whole(place) as file:
            file.write(b"half")
            raise error("mine")

    for error in (TypeError, KeyboardInterrupt, OSError):
        with pytest.raises(error, match="mine"):
            broken_off(error)
        assert dict(folder.content) == {"file": b"after"}


def test_a_file_system_that_fails_leaves_what_was_there(folder, monkeypatch):
    place, content = folder.below("file"), bytes(11 << 20)
    remote.write_whole(place, b"before")
    met = break_writing(folder, monkeypatch)
    error = OSError if isinstance(folder.given, Path) else InputError
    with pytest.raises(error, match="run/file.*|No space"):
        remote.write_whole(place, content)
    with pytest.raises(error, match="run/file.*|No space"), remote.whole(place) as file:
        file.write(content)
    monkeypatch.undo()
    assert len(met) == 2
    assert dict(folder.content) == {"file": b"before"}


@pytest.mark.parametrize("step", ["begin", "part 1", "complete"])
def test_a_store_that_refuses_a_step_has_what_was_there(step, tmp_path):
    with opened("object store", tmp_path / "run") as folder:
        remote.write_whole(folder.below("file"), b"before")
        folder.store.meets[step] = lambda: True
        with pytest.raises(InputError, match=r"key:\*\*\*@bucket/run/file: expected a file that can be written"):
            remote.write_whole(folder.below("file"), b"after")
        folder.store.meets.clear()
        assert dict(folder.content) == {"file": b"before"}


INTERRUPTED = """
import signal, sys
from chainrule import remote
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs inherit a deaf ear
print("ready", flush=True)
try:
    remote.write_whole(sys.argv[1], b"after")
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="a process cannot be sent SIGINT alone")
def test_ctrl_c_while_an_upload_begins_does_not_leave_an_empty_object(tmp_path):
    """Which a stream that is opened and dropped would be."""
    import signal
    import time

    with opened("object store", tmp_path / "run") as folder:
        remote.write_whole(folder.below("file"), b"before")
        child = subprocess.Popen([sys.executable, "-c", INTERRUPTED, folder.below("file")], stdout=subprocess.PIPE)

        def interrupt():
            child.send_signal(signal.SIGINT)
            time.sleep(0.2)  # it arrives while the store is waited for

        folder.store.meets["begin"] = interrupt
        told, _ = child.communicate(timeout=300)
        assert told.split() == [b"ready", b"interrupted"] and child.returncode == 0
        assert dict(folder.content) == {"file": b"after"}


@pytest.mark.parametrize("broken", ["move", "open_output_stream"])
def test_a_file_that_cannot_be_moved_leaves_no_hidden_one(broken, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError("not now")

    with opened("moving", tmp_path) as folder:
        remote.write_whole(folder.below("file"), b"before")
        monkeypatch.setattr(Moving, broken, refuse, raising=False)
        with pytest.raises(InputError, match="/file: expected a file that can be written; received not now"):
            remote.write_whole(folder.below("file"), b"after")
        assert dict(folder.content) == {"file": b"before"}


def test_where_nothing_can_be_moved_it_is_copied(tmp_path, monkeypatch):
    """On Azure without a hierarchical namespace."""

    def refuse(*_):
        raise NotImplementedError("move")

    monkeypatch.setattr(Moving, "move", refuse, raising=False)
    with opened("moving", tmp_path) as folder:
        remote.write_whole(folder.below("file"), b"after")
        assert dict(folder.content) == {"file": b"after"}


def test_until_it_is_moved_a_file_has_a_hidden_name(tmp_path, monkeypatch):
    moved = []

    def move(self, passing, end):
        moved.append(os.path.basename(passing))
        assert Path(passing).parent == Path(end).parent and Path(passing).read_bytes() == b"content"
        self._system.move(passing, end)

    monkeypatch.setattr(Moving, "move", move, raising=False)
    with opened("moving", tmp_path) as folder:
        for _ in range(2):
            remote.write_whole(folder.below("file"), b"content")
    assert len(set(moved)) == 2
    assert all(name.startswith(".chainrule-") and len(name) == len(".chainrule-") + 16 for name in moved)


def test_nothing_is_packed_because_of_its_name(folder):
    """Arrow would, by the ending."""
    packed = gzip.compress(b"x,y")
    with remote.whole(folder.below("a.csv.gz")) as file, gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as text:
        text.write(b"x,y")
    remote.write_whole(folder.below("b.csv.gz"), packed)
    assert gzip.decompress(folder.content["a.csv.gz"]) == b"x,y"
    assert folder.content["b.csv.gz"] == packed
    with remote.at(folder.below("b.csv.gz")).fetched() as path:
        assert path.read_bytes() == packed


def test_a_folder_is_no_file_to_write(folder):
    folder.content["file"] = b"content"
    for write in (lambda: remote.write_whole(folder.given, b""), lambda: remote.whole(folder.given).__enter__()):
        with pytest.raises(InputError, match="run: expected the name of a file; received a folder"):
            write()
    assert dict(folder.content) == {"file": b"content"}


def test_places(folder):
    """What is where, before and after."""
    place = remote.at(folder.given)
    folder.content["file"] = b"content"
    assert (place.kind(), place.names()) == ("folder", ["file"])
    file, nothing = place.below("file"), place.below("nothing")
    assert (file.kind(), nothing.kind(), nothing.names()) == ("file", "nothing", [])
    assert str(file) == f"{place}/file" and remote.at(file.given).kind() == "file"
    place.try_out()
    for one in (file, nothing):
        one.remove()
    assert place.names() == [] and list(folder.content) == []


def test_an_object_store_has_no_folders_to_make(tmp_path):
    with opened("object store", tmp_path / "run") as folder:
        remote.at(folder.given).make()
        assert folder.store.objects == {}


def test_names_below_folders_are_asked_for(tmp_path):
    for kind in ("file URL", "object store", "moving"):
        with opened(kind, tmp_path / "run") as folder:
            folder.content["a"] = b""
            remote.at(folder.below("deeper")).make()
            remote.write_whole(folder.below("deeper/b"), b"")
            place = remote.at(folder.given)
            assert (place.names(), sorted(place.names(recursive=True))) == (["a"], ["a", "deeper/b"])


def test_slashes_at_the_end_of_a_url_say_nothing(tmp_path):
    url = f"{tmp_path.as_uri()}/run/"
    remote.at(url).make()
    remote.write_whole(f"{url}file", b"")
    assert str(remote.at(url).below("file")) == f"{tmp_path.as_uri()}/run/file"
    assert remote.at(url).names() == ["file"]


@pytest.mark.parametrize(
    "url", ["s3://key:secret@bucket/r u n", "nosuch://key:secret@bucket", "file://key:secret@elsewhere/run"]
)
def test_a_url_that_cannot_be_used_is_told_without_its_password(url):
    with pytest.raises(InputError, match=r"://key:\*\*\*@.*: expected a URL of a file system") as caught:
        remote.at(url)
    assert "secret" not in str(caught.value)


def test_a_url_without_pyarrow_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for call in (remote.at, remote.whole("s3://bucket/a").__enter__, remote.write_whole):
        given = {remote.at: ("s3://bucket/a",), remote.write_whole: ("s3://bucket/a", b"")}.get(call, ())
        with pytest.raises(MissingExtraError, match=r"s3://bucket/a: .*pip install 'chainrule\[files\]'"):
            call(*given)
    assert not remote.is_url("run") and remote.at("run").kind() == "nothing"
