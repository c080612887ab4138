"""Compiled kernels on disk: what one process compiled in seconds, another loads in milliseconds.

Numba's own cache raises where no folder can be written to, where the disk is full, where a file is broken. This one
goes on to the next folder, at last to none, and says so in the line that announces the compiling.

A file holds machine code, which is executed. It is read only if nobody could write it but this user, the owner of the
package and root, and only if it is whole and was made by the same sources, Python and Numba for the same processor.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import os
import pickle
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import numba
from numba.core.caching import NullCache
from numba.core.ccallback import CFunc
from numba.core.compiler import CompileResult
from numba.core.runtime.nrt import rtsys
from numba.core.serialize import dumps
from numba.core.sigutils import normalize_signature
from numba.misc.appdirs import AppDirs

import chainrule.network
from chainrule.engine import interrupts
from chainrule.files import put

_log = logging.getLogger("chainrule")
_settings: Any = numba.config

#: Bytes that a folder must have room for: the kernels of a network take half of it.
ROOM = 1 << 20
MEND = "Set NUMBA_CACHE_DIR to a folder of yours that takes files."
_DIGEST = hashlib.sha256().digest_size


def njit(signature: str | None = None, *, cache: bool = False, **options: Any) -> Callable[..., Any]:
    """`numba.njit`, with this cache in place of Numba's."""

    def compiled(function: Callable[..., Any]) -> Any:
        dispatcher = numba.njit(**options)(function)
        if cache:
            dispatcher._cache = Kept(function)
        dispatcher.compile = interrupts.held_back(dispatcher.compile)
        if signature is not None:
            dispatcher.compile(signature)
            dispatcher.disable_compile()
        return dispatcher

    return compiled


def cfunc(signature: Any, *, cache: bool = False) -> Callable[..., Any]:
    """`numba.cfunc`, with this cache in place of Numba's."""

    def compiled(function: Callable[..., Any]) -> Any:
        callback: Any = CFunc(function, normalize_signature(signature), locals={}, options={})
        if cache:
            callback._cache = Kept(function)
        else:
            announce()
        interrupts.held_back(callback.compile)()
        return callback

    return compiled


class Kept(NullCache):
    """The file of one function, as Numba's compiler asks for it: machine code by signature and processor."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._label = f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}"

    def load_overload(self, signature: Any, context: Any) -> Any:
        """The compiled function from the first folder that has it, or None where it is to be compiled."""
        rtsys.initialize(context)  # the symbols that machine code may name; all else of Numba waits for a compiler
        name, key = self._name(signature, context.codegen())
        for place in places():
            found = _content(place.folder / name, key)
            if found is not None:
                with suppress(Exception):  # of a Numba that was patched under the same version
                    return CompileResult._rebuild(context, *pickle.loads(found))
            if not refusal(place):
                break
        announce()
        return None

    def save_overload(self, signature: Any, result: Any) -> None:
        """Put a function that was compiled into the first folder that takes files."""
        place = chosen()
        if place is None or result.library.has_dynamic_globals:
            return
        name, key = self._name(signature, result.codegen)
        try:
            content = dumps(result._reduce())
            _write(place.folder / name, _digest(key, content) + content)
        except OSError as error:  # the disk is full by now, or the folder gone
            _say(f"chainrule cannot keep all its compiled kernels in {place.folder}: {error.strerror}. {MEND}")

    def _name(self, signature: Any, codegen: Any) -> tuple[str, bytes]:
        """Name of the file, and all that its machine code depends on."""
        made_by = sources(), numba.__version__, sys.version, codegen.magic_tuple()
        key = repr((self._label, str(signature), *made_by)).encode()
        return f"{self._label}.{hashlib.sha256(key).hexdigest()[:16]}.kernel", key


class Place(NamedTuple):
    """A folder where kernels may be kept. Beside a private one, anybody may make another."""

    folder: Path
    private: bool = False


def places() -> Iterator[Place]:
    """NUMBA_CACHE_DIR, the package, the user's cache, as with Numba; and at last a temporary folder of this user's."""
    if not sources():
        return  # what is kept could not be told from what other sources made
    if _settings.CACHE_DIR:
        yield Place(Path(_settings.CACHE_DIR).absolute() / "chainrule")
    yield Place(Path(__file__).parent / "__pycache__")
    cache_of_user = Path(AppDirs("numba", False).user_cache_dir)
    if cache_of_user.is_absolute():  # not "~/.cache": nobody's home
        yield Place(cache_of_user / "chainrule")
    try:
        yield Place(Path(tempfile.gettempdir(), f"chainrule-{_user() or 0}"), private=True)
    except FileNotFoundError:  # no temporary folder takes files
        return


def chosen() -> Place | None:
    """The first folder that takes files; None where none does."""
    return next((place for place in places() if not refusal(place)), None)


@functools.cache
def refusal(place: Place) -> str:
    """Why nothing is kept in this folder; nothing where it is good."""
    folder, private = place
    try:
        there = next(one for one in folder.parents if one.exists())
        for one in dict.fromkeys((there, folder.parent, folder)):
            one.mkdir(0o700 if private else 0o777, parents=True, exist_ok=True)
            status = one.stat()
            # in a sticky folder, nobody takes away what is another's
            if _exposed(status, 0 if status.st_mode & stat.S_ISVTX else stat.S_IWOTH, _trusted()):
                return f"{one}: another user owns it or may write to it"
        if private and (folder.is_symlink() or _exposed(status, 0o077, {_user()})):
            return f"{folder}: not this user's alone"
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(ROOM))
    except OSError as error:
        return f"{folder}: {error.strerror}"
    return ""


@functools.cache
def announce() -> None:
    """Say once per process why the first fit takes some seconds, and where no later one need wait for it."""
    place = chosen()
    refused = "; ".join(map(refusal, takewhile(lambda one: one != place, places())))
    line = "chainrule compiles its kernels for this machine: a few seconds"
    if place is None:
        _say(f"{line} in every process, as they cannot be kept on disk ({refused}). {MEND}")
    elif place.private or (refused and _settings.CACHE_DIR):
        _say(f"{line}, then kept in {place.folder} ({refused}). {MEND}")
    else:
        _say(f"{line}, then kept on disk.")


@functools.cache
def sources() -> str:
    """A short hash of every file that a kernel is made of; nothing where they cannot be read."""
    folders = Path(__file__).parent.parent, Path(chainrule.network.__path__[0])
    files = [file for folder in folders for file in sorted(folder.rglob("*.py"))]
    digest = hashlib.sha256()
    try:
        for file in files:
            digest.update(file.read_bytes())
    except OSError:
        return ""
    return digest.hexdigest()[:12] if files else ""


@functools.cache
def _say(line: str) -> None:
    _log.warning(line)


def _user() -> int | None:
    """Who runs this process; None where files have no owners that could be asked for."""
    return os.geteuid() if hasattr(os, "geteuid") else None


def _trusted() -> set[int | None]:
    """Whose files this process runs anyway: its user's, the package's owner's, root's."""
    return {_user(), os.stat(__file__).st_uid, 0}


def _exposed(status: os.stat_result, others: int, owners: set[int | None]) -> bool:
    """Whether somebody else owns it, or may write to it by these bits of its mode."""
    return _user() is not None and (status.st_uid not in owners or bool(status.st_mode & others))


def _content(file: Path, key: bytes) -> bytes | None:
    """What is kept in a file under this key, if it is whole and nobody else can have written it."""
    try:
        with open(file, "rb", opener=_without_waiting) as opened:
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode) or _exposed(status, stat.S_IWGRP | stat.S_IWOTH, _trusted()):
                return None
            digest, content = opened.read(_DIGEST), opened.read()
    except OSError:
        return None
    return content if digest == _digest(key, content) else None


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a pipe of that name would have us wait for its writer."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _write(file: Path, content: bytes) -> None:
    """Write a file whole or not at all, for all to read and for none but its owner to write."""
    handle, passing = tempfile.mkstemp(dir=file.parent)
    try:
        with open(handle, "wb") as opened:
            opened.write(content)
        os.chmod(passing, 0o644)
        put(passing, file)
    finally:
        Path(passing).unlink(missing_ok=True)


def _digest(key: bytes, content: bytes) -> bytes:
    return hashlib.sha256(key + content).digest()
