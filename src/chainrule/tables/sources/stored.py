"""Where the bytes of a file are: on a disk, behind a URL, or in a pipe."""

from __future__ import annotations

import io
import os
import sys
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path, PurePosixPath
from threading import RLock
from typing import IO, Any, NamedTuple

from chainrule.errors import InputError

#: Endings of compressed files, with their name in Arrow.
COMPRESSED = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
#: What compressed files begin with.
_PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bz2"}
#: What files begin with that cannot be read from their beginning on.
_NO_TEXT = {b"PAR1": "Parquet", b"ARROW1": "Arrow", b"\xff\xff\xff\xff": "Arrow"}
#: Bytes of a pipe that are kept, to find the lines of cells that are refused.
_BEGIN = 1 << 26


class Stamp(NamedTuple):
    """By which a file that was written to is known.

    Attributes
    ----------
    name : of the file
    size, written : bytes, and nanoseconds at which it was written to, or None where nobody knows
    """

    name: str
    size: int
    written: int | None

    @property
    def said(self) -> str:
        """In words."""
        when = "" if self.written is None else f" of {datetime.fromtimestamp(self.written / 1e9):%Y-%m-%d %H:%M:%S.%f}"
        return f"{self.size:,} bytes{when}"


class Stored(ABC):
    """A file, called by `str()` in errors."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Its last part."""

    @abstractmethod
    def size(self) -> int:
        """How many bytes it has."""

    def stamp(self) -> Stamp | None:
        """By which one knows whether it was written to; None of what can be read only once."""
        return None

    @abstractmethod
    def source(self, mapped: bool = False) -> Any:
        """An Arrow file to read from at any place; mapped into memory, where it can be."""

    def stream(self) -> Any:
        """An Arrow file to read from its beginning on."""
        return self.source()

    def again(self) -> Any:
        """The same, of what was read before."""
        return self.stream()

    @property
    def endings(self) -> list[str]:
        return [ending.lower() for ending in PurePosixPath(self.name).suffixes]

    @property
    def packing(self) -> str | None:
        """How it is compressed, by its ending."""
        return COMPRESSED.get(self.endings[-1]) if self.endings else None

    @property
    def ending(self) -> str:
        """By which its form is known: the last, or that before a compression's."""
        return next(iter([e for e in self.endings if e not in COMPRESSED][-1:]), "")


@dataclass(frozen=True)
class Local(Stored):
    """A file on a disk."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def name(self) -> str:
        return self.path.name

    def size(self) -> int:
        return self.path.stat().st_size

    def stamp(self) -> Stamp:
        try:
            about = self.path.stat()
        except OSError:
            return Stamp(str(self), 0, None)  # of one that is gone
        return Stamp(str(self), about.st_size, about.st_mtime_ns)

    def source(self, mapped: bool = False) -> Any:
        import pyarrow as pa

        return (pa.memory_map if mapped else pa.OSFile)(str(self.path))


@dataclass(frozen=True)
class Remote(Stored):
    """A file of a file system of Arrow.

    Attributes
    ----------
    url : how errors call it
    system : the file system
    path : in it
    """

    url: str
    system: Any
    path: str

    def __str__(self) -> str:
        return self.url

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @cached_property
    def _size(self) -> int:
        return int(self.system.get_file_info(self.path).size)

    def size(self) -> int:
        return self._size

    def stamp(self) -> Stamp:
        about = self.system.get_file_info(self.path)
        return Stamp(str(self), int(about.size or 0), about.mtime_ns)

    def source(self, mapped: bool = False) -> Any:
        return self.system.open_input_file(self.path)

    def stream(self) -> Any:
        return self.system.open_input_stream(self.path, compression=None)


class Pipe(Stored):
    """What can be read only once: standard input, a named pipe.

    Parameters
    ----------
    called : how errors call it
    opened : gives the pipe, when it is first read
    kept : whether all of it is kept in memory, so that it can be read again; else only its beginning
    """

    def __init__(self, called: str, opened: Callable[[], IO[bytes]], kept: bool) -> None:
        self.called = called
        self._opened = opened
        self._kept = kept
        self._bytes = bytearray()
        self._done = 0
        self._lock = RLock()

    def __str__(self) -> str:
        return self.called

    @property
    def name(self) -> str:
        return self.called

    @cached_property
    def _raw(self) -> IO[bytes]:
        found = self._opened()
        if found is not getattr(sys.stdin, "buffer", None):
            weakref.finalize(self, found.close)
        return found

    @cached_property
    def packing(self) -> str | None:
        """How it is compressed, by what it begins with."""
        begin = self.read(0, 6)
        for mark, form in _NO_TEXT.items():
            if begin.startswith(mark):
                raise InputError(
                    str(self), "CSV, also compressed, in a pipe", form, "Write it to a file, and give its path."
                )  # fmt: skip
        return next((packing for mark, packing in _PACKED.items() if begin.startswith(mark)), None)

    def size(self) -> int:
        with self._lock:
            while self._kept and self._more(1 << 24):
                pass
        return self._done

    def source(self, mapped: bool = False) -> Any:
        import pyarrow as pa

        return pa.PythonFile(_Reader(self, follows=True), "r")

    def again(self) -> Any:
        import pyarrow as pa

        return pa.PythonFile(_Reader(self, follows=self._kept), "r")

    def read(self, place: int, size: int, follows: bool = True) -> bytes:
        """So many bytes from a place on; fewer at the end, or where `follows` is False, at the end of what is kept."""
        with self._lock:
            found = bytes(self._bytes[place : place + size])
            place, size = place + len(found), size - len(found)
            if not size or not follows:
                return found
            if place != self._done:
                raise InputError(str(self), "one pass over a pipe", "another", "Write it to a file, and give its path.")
            return found + self._more(size)

    def _more(self, size: int) -> bytes:
        found = self._raw.read(size)
        if self._kept or len(self._bytes) == self._done < _BEGIN:
            self._bytes += found
        self._done += len(found)
        return found


class _Reader(io.RawIOBase):
    """A pipe from its beginning on."""

    def __init__(self, pipe: Pipe, follows: bool) -> None:
        self._pipe, self._follows, self._place = pipe, follows, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            return self.readall()
        found = self._pipe.read(self._place, size, self._follows)
        self._place += len(found)
        return found


def standard_input(kept: bool) -> Pipe:
    """Whatever is piped into this process."""

    def opened() -> IO[bytes]:
        if sys.stdin is None:
            raise InputError("standard input", "an open one", "a closed one", "Pipe a table into it.")
        return sys.stdin.buffer

    return Pipe("standard input", opened, kept)


def at_path(path: Path, kept: bool) -> Stored:
    """What is at a path, which is there and is no folder."""
    flows = not path.is_file() or os.path.dirname(path) in ("/dev", "/dev/fd", "/proc/self/fd")
    return Pipe(str(path), lambda: open(path, "rb"), kept) if flows else Local(path)
