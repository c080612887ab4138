"""Kernels in boxes that take no files: every fit goes on, and one line says why the next must compile again."""

import os
import stat

import pytest

pytestmark = pytest.mark.slow

USER, OTHER, THIRD = 54321, 54322, 54323  # nobody has them
READ_ONLY = """
for place in / /tmp /var /var/tmp /home /root /usr; do
    if mountpoint -q $place; then mount -o remount,bind,ro $place; fi
done
"""
TINY = "mount -t tmpfs -o size=64k,mode=1777 none {room}/small\n"
ROOMY = "mount -t tmpfs -o size=16m,mode=1777 none {room}/small\n"


def the_one_line(ended):
    (line,) = ended.lines
    assert "compiles its kernels" in line
    assert line.endswith("Set NUMBA_CACHE_DIR to a folder of yours that takes files.")
    return line


def test_a_read_only_root(box):
    line = the_one_line(box(READ_ONLY))
    assert "in every process" in line and "Read-only file system" in line


def test_a_read_only_root_with_a_temporary_folder_of_its_own(box, room):
    line = the_one_line(box(ROOMY + READ_ONLY, TMPDIR=f"{room}/small"))
    assert f"then kept in {room}/small/chainrule-0 " in line


def test_a_user_without_a_name_and_without_a_home(box, room):
    line = the_one_line(box(uid=USER, home=False, TMPDIR=f"{room}/tmp"))
    kept = room / f"tmp/chainrule-{USER}"
    status = kept.stat()
    assert f"then kept in {kept} " in line and any(kept.glob("*.kernel"))
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (USER, 0o700)
    assert not (room / "~").exists()
    assert box(uid=USER, home=False, TMPDIR=f"{room}/tmp").lines == []


def test_a_full_disk(box, room):
    line = the_one_line(box(TINY, USER, NUMBA_CACHE_DIR=f"{room}/small/cache", TMPDIR=f"{room}/small"))
    assert "in every process" in line and "No space left on device" in line


def test_folders_of_another_user(box, room):
    """Kernels of another user are not run, even where everybody may read and write them."""
    for place in (room / "cache", room / f"tmp/chainrule-{THIRD}"):
        place.mkdir()
        os.chown(place, OTHER, OTHER)
    settings = dict(NUMBA_CACHE_DIR=f"{room}/cache", TMPDIR=f"{room}/tmp")
    (line,) = box(uid=OTHER, **settings).lines
    assert line.endswith("then kept on disk.")
    assert any((room / "cache/chainrule").glob("*.kernel"))
    for one in (room / "cache", *(room / "cache").rglob("*")):
        one.chmod(0o777)
    line = the_one_line(box(uid=THIRD, **settings))
    assert "in every process" in line
    for place in ("cache", f"tmp/chainrule-{THIRD}"):
        assert f"{room}/{place}: another user owns it or may write to it" in line
