"""Files come whole: whoever writes to one name at once, and whatever breaks a writer off, what is there is one file."""

import ast
import errno
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

import chainrule
from chainrule import files
from chainrule.cli import outputs
from chainrule.errors import InputError, ModelFileError
from chainrule.formats import model_file
from chainrule.formats.document import Document
from chainrule.training import checkpoints

ROOT = Path(chainrule.__file__).parent

SIZE = 10_000


def table(place, n):
    with outputs.opened(place) as sink:
        sink.write({"n": pa.array([n] * SIZE)})


#: How a number is written many times over, under which ending, and how all of them are read.
WRITERS = {
    "bytes": ("", lambda place, n: files.write_whole(place, bytes([n] * SIZE)), lambda place: place.read_bytes()),
    "model": (
        "",
        lambda place, n: model_file.write(place, Document({}, {"a": np.full(SIZE, float(n))}), overwrite=True),
        lambda place: model_file.read(place).arrays["a"],
    ),
    "checkpoint": (
        "",
        lambda place, n: checkpoints.write(place, checkpoints.State({"a": np.full(SIZE, n)}, {})),
        lambda place: checkpoints.read(place).arrays["a"],
    ),
    "table": (".csv", table, lambda place: csv.read_csv(place)["n"].to_pylist()),
    "packed table": (".csv.gz", table, lambda place: csv.read_csv(place)["n"].to_pylist()),
    "parquet": (".parquet", table, lambda place: parquet.read_table(place)["n"].to_pylist()),
}


@pytest.fixture(params=WRITERS)
def kind(request, tmp_path):
    """A place in an empty folder, and functions that write a number to it, and read it whole."""
    ending, write, read = WRITERS[request.param]
    place = tmp_path / f"m{ending}"

    def number():
        found = list(read(place))
        assert len(found) == SIZE
        (n,) = set(found)
        return n

    return place, lambda n: write(place, n), number


def test_many_threads_that_write_to_one_name(kind):
    place, write, number = kind

    def write_and_look(k):
        write(k % 4)
        return number()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(write_and_look, range(80))) <= {0, 1, 2, 3}
    assert list(place.parent.iterdir()) == [place]


@pytest.mark.parametrize("broken", ["open", "os.fsync", "os.replace"])
def test_an_error_of_the_disk_names_the_file_that_was_asked_for(tmp_path, monkeypatch, broken):
    """Not the hidden one that it passes through, of which nobody has heard."""

    def full(place, *_):
        raise OSError(errno.ENOSPC, "No space left on device", *([] if broken == "os.fsync" else [str(place)]))

    monkeypatch.setattr(f"chainrule.files.{broken}", full, raising=False)
    with pytest.raises(OSError, match="No space left") as caught:
        files.write_whole(tmp_path / "m", b"content")
    assert caught.value.filename == str(tmp_path / "m")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name here")
def test_what_is_no_file_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("pipe")
    for name, said in (("pipe", "pipe"), ("link", "pipe"), ("folder", "a folder")):
        with pytest.raises(InputError, match=said):
            files.write_whole(tmp_path / name, b"content")
        with pytest.raises(ModelFileError, match=said):
            model_file.read(tmp_path / name)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path):
    (tmp_path / "folder").mkdir()
    for name in ("old", "new"):
        (tmp_path / name).symlink_to(Path("folder", name))
    (tmp_path / "folder" / "old").write_bytes(b"before")
    for name in ("old", "new"):
        files.write_whole(tmp_path / name, b"content")
        assert (tmp_path / name).is_symlink() and (tmp_path / "folder" / name).read_bytes() == b"content"


def test_where_no_folder_is_the_file_asked_for_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError) as caught:
        files.write_whole(tmp_path / "file" / "m", b"content")
    assert caught.value.filename == str(tmp_path / "file" / "m")


def test_errors_of_what_is_done_meanwhile_are_left_alone(tmp_path):
    with pytest.raises(OSError, match="Is a directory") as caught, files.whole(tmp_path / "m"):
        raise IsADirectoryError(errno.EISDIR, "Is a directory")
    assert caught.value.filename is None and not list(tmp_path.iterdir())


PROCESS = """
import sys
import numpy as np
from pathlib import Path
from chainrule.formats import model_file
from chainrule.formats.document import Document
for n in range(40):
    model_file.write(Path(sys.argv[1]), Document({"n": n}, {"a": np.full(30_000, float(n))}), overwrite=True)
"""


def test_several_processes_that_write_to_one_name(tmp_path):
    place = tmp_path / "m"
    writers = [subprocess.Popen([sys.executable, "-c", PROCESS, str(place)]) for _ in range(3)]
    while any(one.poll() is None for one in writers):
        if place.exists():
            document = model_file.read(place)
            assert (document.arrays["a"] == document.model["n"]).all()
    assert [one.returncode for one in writers] == [0, 0, 0]
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()], ids=["an error", "Ctrl-C"])
@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
def test_a_writer_that_is_broken_off_leaves_what_was_there(kind, step, error, monkeypatch):
    place, write, number = kind
    write(1)

    def broken(*args):
        raise error

    monkeypatch.setattr(*((files, "open", broken) if step == "open" else (files.os, step, broken)), raising=False)
    with pytest.raises(type(error)):
        write(2)
    monkeypatch.undo()
    assert list(place.parent.iterdir()) == [place]
    assert number() == 1


def test_an_error_between_two_parts_leaves_nothing(tmp_path):
    def half():
        with files.whole(tmp_path / "m") as file:
            file.write(b"half of it")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert list(tmp_path.iterdir()) == []


def test_a_name_as_long_as_names_may_be_and_the_rights_of_any_new_file(tmp_path):
    place, plain = tmp_path / ("n" * 255), tmp_path / "plain"
    files.write_whole(place, b"content")
    plain.write_bytes(b"content")
    assert place.stat().st_mode == plain.stat().st_mode


#: Calls that write a file, and where they may stand: the one writer, a record that grows by lines, compiled kernels.
HOMES = {"files.py", "training/callbacks/writers.py", "engine/kernels/numba_set/on_disk.py"}


def writes(node):
    """Whether a node of a source is a call that writes to a file by itself."""
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name in ("write_text", "write_bytes", "mkstemp", "NamedTemporaryFile", "renames"):
        return True
    if name in ("replace", "rename", "link"):
        return getattr(getattr(node.func, "value", None), "id", "") == "os"
    modes = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return name == "open" and any(set(mode) & set("wax") and set(mode) <= set("rwaxbt+") for mode in modes)


def test_every_writer_of_the_package_is_the_one_that_writes_whole():
    found = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if any(map(writes, ast.walk(ast.parse(path.read_text()))))
    }
    assert found <= HOMES
    assert "files.py" in found
