"""What Windows and macOS lack or do otherwise, taken away here or put in its place."""

import asyncio
import ctypes
import errno
import multiprocessing
import os
import pathlib
import signal
import socket
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import numpy as np
import pytest

from chainrule import MLPRegressor, files, memory, remote
from chainrule.engine import processors
from chainrule.engine.kernels.numba_set import on_disk, waiting

WINDOWS = SimpleNamespace(platform="win32")

#: What only some systems have, as a process begins that has none of it.
BARE = """
import logging, os, signal, sys, tempfile, warnings
for name in ("fork", "forkpty", "register_at_fork", "sched_getaffinity", "sysconf", "geteuid", "O_NONBLOCK"):
    if hasattr(os, name):
        delattr(os, name)
del signal.SIGHUP
sys.modules |= dict.fromkeys(("resource", "fcntl", "pwd"))
warnings.filterwarnings("error", category=EncodingWarning, module="chainrule")  # files are read alike everywhere
"""


def bare(code, tmp_path, **more):
    """What a process of that system prints."""
    kept = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "NUMBA_CACHE_DIR": str(tmp_path), **more}
    words = [sys.executable, "-X", "warn_default_encoding", "-c"]
    done = subprocess.run(
        [*words, BARE + textwrap.dedent(code)], env=kept, cwd=tmp_path, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_system_without_forks_affinity_owners_and_limits_fits_saves_and_reports(tmp_path):
    told = bare(
        """
        import numpy as np
        from chainrule import MLPRegressor, cluster, load
        from chainrule.engine.processors import available
        from chainrule.memory import UNTOLD, memory_free
        X = np.random.default_rng(0).normal(size=(300, 4))
        model = MLPRegressor(hidden_layer_sizes=(8,), max_iter=3, random_state=0, n_threads=2)
        with warnings.catch_warnings(action="ignore"):
            model.fit(X, X[:, 0])
        model.save("m.model")
        print((load("m.model").predict(X) == model.predict(X)).all(), memory_free() <= UNTOLD, available() > 0)
        """,
        tmp_path,
    )
    assert told.split() == ["True"] * 3


def test_the_command_runs_there_with_words_that_its_console_cannot_write(tmp_path):
    lines = ["größe,y", *(f"{k % 7},{'ja' if k % 2 else 'nein'}" for k in range(80))]
    (tmp_path / "t.csv").write_text("\n".join(lines), encoding="utf-8")
    told = bare(
        """
        from chainrule.cli.main import run
        assert run("train t.csv --target y --preset fast --max-iter 2 -q -o m.model".split()) == 0
        sys.argv = ["chainrule", "inspect", "m.model"]
        from chainrule.__main__ import main
        try:
            main()
        except SystemExit as end:
            assert end.code == 0, end.code
        """,
        tmp_path,
        PYTHONIOENCODING="ascii",
        CHAINRULE_KERNELS="numpy",
    )
    assert "gr" in told and "Network: " in told, told


def test_processors_without_masks(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(processors, "quota", lambda: float("inf"))
    for count, told in ((6, 6), (None, 1)):
        monkeypatch.setattr(os, "cpu_count", lambda count=count: count)
        assert processors.available() == told


@pytest.fixture
def unlimited(monkeypatch, tmp_path):
    """A machine that tells of its memory only what a test says."""
    monkeypatch.setattr(memory, "_of_process", lambda: iter(()))
    monkeypatch.setattr(memory, "_texts", lambda place: iter(()))


@pytest.mark.usefixtures("unlimited")
def test_half_of_the_memory_counts_as_free_where_only_its_size_is_told(monkeypatch):
    pages = {"SC_PHYS_PAGES": 1 << 22, "SC_PAGE_SIZE": 1 << 14}  # 64 GiB, as macOS tells them

    def sysconf(name):
        if name not in pages:
            raise ValueError("unrecognized configuration name")
        return pages[name]

    monkeypatch.setattr(os, "sysconf", sysconf, raising=False)
    assert (memory.memory_free(), memory.memory_there()) == (1 << 35, 1 << 36)
    pages.clear()
    assert memory.memory_free() == memory.memory_there() == memory.UNTOLD


@pytest.mark.usefixtures("unlimited")
def test_windows_tells_its_memory(monkeypatch):
    def status(found):
        made = found._obj
        assert (made.length, ctypes.sizeof(made)) == (64, 64)  # of MEMORYSTATUSEX
        made.physical, made.free = 1 << 36, 1 << 34
        return 1

    monkeypatch.setattr(memory, "sys", WINDOWS)
    monkeypatch.setattr(ctypes, "WinDLL", lambda name: SimpleNamespace(GlobalMemoryStatusEx=status), raising=False)
    assert (memory.memory_free(), memory.memory_there()) == (1 << 34, 1 << 36)


class Busy:
    """`os.replace` of a file that somebody has open for so many calls."""

    def __init__(self, calls):
        self.left, self.replace = calls, os.replace

    def __call__(self, passing, end):
        if self.left > 0:
            self.left -= 1
            raise PermissionError(errno.EACCES, "Access is denied", str(passing), 5, str(end))
        self.replace(passing, end)


@pytest.mark.parametrize(("calls", "system", "written"), [(3, WINDOWS, True), (99, WINDOWS, False), (1, sys, False)])
def test_windows_is_asked_again_for_a_file_that_is_open(tmp_path, monkeypatch, calls, system, written):
    place = tmp_path / "a.model"
    place.write_bytes(b"before")
    monkeypatch.setattr(os, "replace", Busy(calls))
    monkeypatch.setattr(files, "PAUSES", [0.0] * 5)
    monkeypatch.setattr(files, "sys", SimpleNamespace(platform="linux") if system is sys else system)
    if written:
        files.write_whole(place, b"after")
    else:
        with pytest.raises(PermissionError, match=r"a\.model"):
            files.write_whole(place, b"after")
    assert place.read_bytes() == (b"after" if written else b"before")
    assert os.listdir(tmp_path) == ["a.model"]


def test_a_drive_is_no_url():
    assert not remote.is_url(r"C:\data\a.csv")
    assert not remote.is_url(pathlib.PureWindowsPath("C:/data/a.csv"))


def test_kernels_are_kept_where_files_have_no_owners(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "geteuid", raising=False)
    folder = tmp_path / "kept"
    folder.mkdir(mode=0o777)
    assert on_disk.refusal.__wrapped__(on_disk.Place(folder)) == ""
    on_disk._write(folder / "a.kernel", on_disk._digest(b"key", b"content") + b"content")
    (folder / "a.kernel").chmod(0o666)
    assert on_disk._content(folder / "a.kernel", b"key") == b"content"


def test_threads_wait_by_the_locks_of_windows(monkeypatch):
    names = [
        "AcquireSRWLockExclusive",
        "ReleaseSRWLockExclusive",
        "SleepConditionVariableSRW",
        "WakeAllConditionVariable",
    ]
    kind = ctypes.CFUNCTYPE(None)
    made = {name: kind(lambda: None) for name in names}
    monkeypatch.setattr(waiting, "sys", WINDOWS)
    monkeypatch.setattr(ctypes, "WinDLL", lambda name: SimpleNamespace(**made), raising=False)
    found = waiting.addresses.__wrapped__()
    assert found == tuple(ctypes.cast(made[name], ctypes.c_void_p).value for name in names)
    words = np.zeros(16, np.int64)
    waiting.prepare(words[:8], words[8:])
    assert not words.any()  # locks of zeros are ready


def test_a_model_predicts_in_a_process_that_is_spawned():
    """As all are on Windows and macOS: nothing is inherited, the model comes as a pickle."""
    X = np.random.default_rng(0).normal(size=(60, 3))
    model = MLPRegressor(hidden_layer_sizes=(4,), solver="lbfgs", max_iter=3, tol=1e9, random_state=0).fit(X, X[:, 0])
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        np.testing.assert_array_equal(pool.apply(model.predict, (X,)), model.predict(X))


def test_nobody_reads_on_windows(monkeypatch):
    main = pytest.importorskip("chainrule.cli.main")
    gone = OSError(errno.EINVAL, "Invalid argument")
    assert not main._unread(gone)
    monkeypatch.setattr(main, "sys", WINDOWS)
    assert main._unread(gone) and main._unread(BrokenPipeError())
    assert not main._unread(OSError(errno.EINVAL, "Invalid argument", "a.csv"))
    assert not main._unread(OSError(errno.ENOSPC, "No space left on device"))


# Servers ---------------------------------------------------------------------------------------------------


def test_a_port_is_its_servers_own_where_reuse_would_share_it(monkeypatch):
    from chainrule.serving import sockets

    def said(sock):
        options = (socket.SO_REUSEADDR, socket.SO_KEEPALIVE)
        with sock:
            return [bool(sock.getsockopt(socket.SOL_SOCKET, option)) for option in options]

    monkeypatch.delattr(socket, "SO_EXCLUSIVEADDRUSE", raising=False)
    assert said(sockets.opened()) == [True, False]
    monkeypatch.setattr(
        socket, "SO_EXCLUSIVEADDRUSE", socket.SO_KEEPALIVE, raising=False
    )  # an option that is here, too
    assert said(sockets.opened()) == [False, True]


def test_a_limit_of_files_that_cannot_be_raised_stays(monkeypatch):
    resource = pytest.importorskip("resource")
    from chainrule.serving.inference import listening

    asked = []

    def refused(kind, limits):
        asked.append(limits)
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda kind: (256, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refused)
    listening.many_files()
    assert asked == [(65_536, resource.RLIM_INFINITY)]


def test_a_signal_comes_to_a_loop_that_hears_none(monkeypatch):
    server = pytest.importorskip("chainrule.serving.inference.server")
    before = signal.getsignal(signal.SIGINT)

    async def heard():
        loop, came = asyncio.get_running_loop(), asyncio.Event()

        def add(number, act):
            raise NotImplementedError

        monkeypatch.setattr(loop, "add_signal_handler", add)
        server._hear(loop, signal.SIGINT, came.set)
        signal.raise_signal(signal.SIGINT)
        await asyncio.wait_for(came.wait(), 60)

    try:
        asyncio.run(heard())
    finally:
        signal.signal(signal.SIGINT, before)


def test_workers_end_in_their_time_where_no_signal_lets_them(tmp_path):
    """A request that is under way is answered, as its process ends by the pipe of its parent, not by a signal."""
    pytest.importorskip("prometheus_client")
    told = bare(
        """
        import threading, time, urllib.request
        from types import SimpleNamespace
        import numpy as np
        from chainrule import MLPRegressor
        from chainrule.serving.inference import repository, workers
        from chainrule.serving.inference.limits import Limits
        from chainrule.serving.inference.settings import Settings

        def main():
            X = np.random.default_rng(0).normal(size=(60, 3))
            with warnings.catch_warnings(action="ignore"):
                MLPRegressor(hidden_layer_sizes=(4,), max_iter=2, random_state=0).fit(X, X[:, 0]).save("m.model")
            workers.sys = SimpleNamespace(platform="win32")
            def refuse(pid, number):
                raise AssertionError("a signal was sent")
            workers.os = SimpleNamespace(kill=refuse, environ=os.environ)
            codes, new = [], workers._Workers._new
            class Told(workers._Worker):
                def close(self):
                    codes.append(self.process.exitcode)
                    super().close()
            workers._Worker = Told
            places = repository.places(("m.model",))
            settings = Settings(places, "127.0.0.1", 0, 2, (), None, Limits(), 0.0, 20.0, False)
            def ready(said):
                print(said.split()[0], flush=True)
                signal.raise_signal(signal.SIGTERM)
            workers.serve(settings, ready)
            print(codes)

        if __name__ == "__main__":
            main()
        """,
        tmp_path,
        CHAINRULE_KERNELS="numpy",
    )
    assert told.splitlines() == ["serving", "[0, 0]"]
