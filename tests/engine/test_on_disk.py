"""Kernels on disk: a broken, foreign or open file is compiled anew, and no disk makes a fit fail."""

import logging
import os
import stat

import numba
import pytest

from chainrule.engine.kernels.numba_set import on_disk


def double(x):
    return 2 * x


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder that NUMBA_CACHE_DIR names, for a process that has not looked at any."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(on_disk.tempfile, "tempdir", str(tmp_path))
    forget()
    yield tmp_path / "cache/chainrule"
    forget()


def forget():
    for known in (on_disk.refusal, on_disk.announce, on_disk._say):
        known.cache_clear()


def compiled():
    """Whether a process that starts now compiles `double`; what it gives is looked at."""
    made = on_disk.njit("int64(int64)", cache=True)(double)
    assert made(21) == 42
    return not sum(made.stats.cache_hits.values())


def the_file(folder):
    (file,) = folder.iterdir()
    return file


def test_what_is_compiled_is_kept(folder):
    assert compiled()
    assert stat.S_IMODE(the_file(folder).stat().st_mode) == 0o644
    assert not compiled()


SPOILT = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "a bit": lambda content: content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
    "no digest": lambda content: bytes(32) + content[32:],
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_file_is_replaced(how, folder):
    compiled()
    file = the_file(folder)
    whole = file.read_bytes()
    file.write_bytes(SPOILT[how](whole))
    assert compiled()
    assert not compiled()


def test_a_whole_file_that_numba_cannot_read_is_replaced(folder):
    compiled()
    file = the_file(folder)
    _, key = on_disk.Kept(double)._name("(int64,)", numba.core.registry.cpu_target.target_context.codegen())
    content = b"nothing that was pickled"
    file.write_bytes(on_disk._digest(key, content) + content)
    assert on_disk._content(file, key) == content
    assert compiled()
    assert not compiled()


@pytest.mark.parametrize(("of", "name", "value"), [(numba, "__version__", "0.0"), (on_disk.sys, "version", "3.0")])
def test_another_version_has_another_file(of, name, value, folder, monkeypatch):
    compiled()
    monkeypatch.setattr(of, name, value)
    assert compiled()
    assert len(list(folder.iterdir())) == 2


def test_a_file_under_the_name_of_another_is_not_run(folder, monkeypatch):
    compiled()
    content = the_file(folder).read_bytes()
    monkeypatch.setattr(on_disk, "sources", lambda: "others")
    compiled()
    other = next(file for file in folder.iterdir() if file.read_bytes() != content)
    other.write_bytes(content)
    assert compiled()


posix = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have no owners here")


@posix
@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_file_that_others_may_write_is_not_run(mode, folder):
    compiled()
    the_file(folder).chmod(mode)
    assert compiled()
    assert not compiled()


@posix
@pytest.mark.parametrize("kind", ["pipe", "folder", "link to nothing"])
def test_what_is_no_file_is_not_waited_for(kind, folder):
    compiled()
    file = the_file(folder)
    file.unlink()
    make = {"pipe": os.mkfifo, "folder": os.mkdir, "link to nothing": lambda place: os.symlink("nowhere", place)}
    make[kind](file)
    assert compiled()


@posix
def test_a_folder_that_others_may_write_to_is_passed_over(folder, caplog, tmp_path, monkeypatch):
    monkeypatch.setattr(on_disk, "places", lambda: map(on_disk.Place, (folder, tmp_path / "next")))
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    compiled()
    assert list(folder.iterdir()) == []
    assert f"({folder}: another user owns it or may write to it)" in caplog.text
    folder.chmod(0o1777)  # sticky: each to his own
    forget()
    compiled()
    assert the_file(folder)


@posix
@pytest.mark.parametrize("how", ["open", "a link"])
def test_a_temporary_folder_is_this_users_alone(how, tmp_path, monkeypatch):
    forget()
    place = on_disk.Place(tmp_path / "chainrule", private=True)
    if how == "open":
        place.folder.mkdir(0o755)
    else:
        (tmp_path / "elsewhere").mkdir(0o700)
        place.folder.symlink_to(tmp_path / "elsewhere")
    assert on_disk.refusal(place) == f"{place.folder}: not this user's alone"
    forget()


def test_a_disk_that_fills_up_meanwhile(folder, caplog, monkeypatch):
    def full(file, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(on_disk, "_write", full)
    with caplog.at_level(logging.WARNING, "chainrule"):
        assert compiled()
        assert compiled()
    announced, failed = caplog.messages
    assert "compiles its kernels" in announced
    assert failed.startswith(f"chainrule cannot keep all its compiled kernels in {folder}: No space left on device.")


def test_nothing_stays_of_a_file_that_was_not_written(folder, monkeypatch):
    monkeypatch.setattr(on_disk.os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    compiled()
    assert list(folder.iterdir()) == []


def test_without_sources_nothing_is_kept(folder, caplog, monkeypatch):
    """They cannot be read from a zip file; what was compiled from others could then not be told from theirs."""
    monkeypatch.setattr(on_disk, "sources", lambda: "")
    assert compiled()
    assert compiled()
    assert not folder.exists()
    assert "in every process" in caplog.text
