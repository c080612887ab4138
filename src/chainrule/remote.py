"""Files and folders by a path, or by a URL of a file system that pyarrow knows, such as s3://bucket/run.

`at` gives the place under either; nothing of pyarrow is loaded for a path. A file is written whole or not at all in
both: see `Place.whole`.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING, Any, Literal, Self

from chainrule import files
from chainrule.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    import mmap

Given = str | os.PathLike[str]

#: What `Place.kind` says is there.
Kind = Literal["file", "folder", "nothing"]

#: File systems, as Arrow calls them, where a file appears when its stream is closed and not before. Azure's (abfs) is
#: none of them: what stands there is emptied when the stream is opened.
APPEARS_WHOLE = ("s3", "gcs")

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
#: A password in one, as s3://key:secret@bucket has it; errors do not tell it.
_SECRET = re.compile(r"(://[^/:@\s]*):[^/@\s]+@")
#: What pathlib makes of one.
_SPOILT = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:[/\\]")

_CHECK = "Check the URL."
_MAY_WRITE = "Check the URL, and that you may write there."


def is_url(place: Given) -> bool:
    """Whether this is a URL, and no path.

    Parameters
    ----------
    place : of a file or a folder

    Raises
    ------
    InputError
        For a URL in a `pathlib.Path`, which drops one of its slashes.

    Examples
    --------
    >>> from chainrule.remote import is_url
    >>> is_url("s3://bucket/run"), is_url("run/s3"), is_url("C:/run")
    (True, False, False)
    """
    if isinstance(place, PurePath) and _SPOILT.match(str(place)):
        raise InputError(str(place), "a URL as a str", repr(place), "Leave out Path(), which drops a slash of it.")
    return isinstance(place, str) and _URL.match(place) is not None


class Place(ABC):
    """Where a file or a folder is, or may come to be; called by `str()` in errors."""

    @property
    @abstractmethod
    def given(self) -> str | Path:
        """What `at` finds it by."""

    @abstractmethod
    def kind(self) -> Kind:
        """What is there."""

    @abstractmethod
    def names(self) -> list[str]:
        """The files of a folder, none where there is no folder."""

    @abstractmethod
    def below(self, name: str) -> Place:
        """What has this name in a folder."""

    @abstractmethod
    def make(self) -> None:
        """Make a folder, where file systems have any."""

    @abstractmethod
    def remove(self) -> None:
        """Remove a file, if it is there."""

    @abstractmethod
    def try_out(self) -> None:
        """Make a folder, write a file to it and remove it again.

        Raises
        ------
        InputError
            Where that cannot be done.
        """

    @abstractmethod
    def whole(self) -> AbstractContextManager[IO[bytes]]:
        """A file to write that is there when the block has ended, whole; after an error what was there before."""

    @abstractmethod
    def write_whole(self, content: bytes) -> None:
        """Write a file that is there whole or not at all."""

    @abstractmethod
    def fetched(self) -> AbstractContextManager[Path]:
        """The path of a file with its content, for as long as the block takes."""


@dataclass(frozen=True)
class OnDisk(Place):
    """What is under a path. What the disk refuses is an `OSError`, but for `try_out`."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def given(self) -> Path:
        return self.path

    def kind(self) -> Kind:
        return "folder" if self.path.is_dir() else "file" if self.path.is_file() else "nothing"

    def names(self) -> list[str]:
        return [path.name for path in self.path.iterdir() if path.is_file()] if self.path.is_dir() else []

    def below(self, name: str) -> OnDisk:
        return OnDisk(self.path / name)

    def make(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)

    def try_out(self) -> None:
        try:
            self.make()
            probe = self.path / files.hidden()
            files.write_whole(probe, b"")
            probe.unlink()
        except OSError as error:
            raise InputError(
                str(self), "a folder that files can be written to", _told(error), "Name another one."
            ) from error  # fmt: skip

    def whole(self) -> AbstractContextManager[IO[bytes]]:
        return files.whole(self.path)

    def write_whole(self, content: bytes) -> None:
        files.write_whole(self.path, content)

    @contextmanager
    def fetched(self) -> Iterator[Path]:
        yield self.path


@dataclass(frozen=True)
class AtURL(Place):
    """What is under a URL, which errors call without its query. Whatever its file system refuses is an `InputError`.

    Attributes
    ----------
    url : without the query
    system : the file system of Arrow
    path : in it
    query : settings of the file system, from the question mark on
    """

    url: str
    system: Any
    path: str
    query: str = ""

    @classmethod
    def of(cls, url: str) -> Self:
        """What is under a URL.

        Raises
        ------
        MissingExtraError
            Where pyarrow is not installed.
        InputError
            Where there is no such file system.
        """
        try:
            from pyarrow import fs
        except ImportError as error:
            raise MissingExtraError(
                _shown(url), "pyarrow, which reaches what is behind a URL", "none", "pip install 'chainrule[files]'"
            ) from error
        plain, question, query = url.partition("?")
        try:
            system, path = fs.FileSystem.from_uri(url)
        except Exception as error:  # of unknown kinds, of systems that are not built in, of those that do not answer
            raise InputError(
                _shown(url), "a URL of a file system that pyarrow reaches, such as s3:// or gs://", _told(error),
                "Check the URL, or give a path; to read from elsewhere, fetch the file first.",
            ) from error  # fmt: skip
        return cls(plain.rstrip("/"), system, path.rstrip("/"), question + query)

    def __str__(self) -> str:
        return _shown(self.url)

    @property
    def given(self) -> str:
        return self.url + self.query

    @property
    def _on_disk(self) -> bool:
        return bool(self.system.type_name == "local")

    @contextmanager
    def _asked(self, expected: str, mend: str) -> Iterator[None]:
        """Errors of the file system, whatever they are, as one that names the URL."""
        try:
            yield
        except Exception as error:
            raise InputError(str(self), expected, _told(error), mend) from error

    def _info(self, what: Any) -> Any:
        with self._asked("an answer of its file system", _CHECK):
            return self.system.get_file_info(what)

    def kind(self) -> Kind:
        from pyarrow import fs

        kinds: dict[Any, Kind] = {fs.FileType.NotFound: "nothing", fs.FileType.File: "file"}
        return kinds.get(self._info(self.path).type, "folder")

    def names(self, recursive: bool = False) -> list[str]:
        from pyarrow import fs

        infos = self._info(fs.FileSelector(self.path, recursive=recursive, allow_not_found=True))
        return [info.path[len(self.path) :].lstrip("/") for info in infos if info.type == fs.FileType.File]

    def below(self, name: str) -> AtURL:
        return AtURL(f"{self.url}/{name}", self.system, f"{self.path}/{name}", self.query)

    def make(self) -> None:
        if self.system.type_name not in APPEARS_WHOLE:
            with self._asked("a folder that can be made", _MAY_WRITE):
                self.system.create_dir(self.path, recursive=True)

    def remove(self) -> None:
        with self._asked("leave to remove it", _MAY_WRITE), suppress(FileNotFoundError):
            self.system.delete_file(self.path)

    def try_out(self) -> None:
        self.make()
        probe = replace(self, path=f"{self.path}/{files.hidden()}")  # called as the folder is
        probe.write_whole(b"")
        probe.remove()

    @contextmanager
    def whole(self) -> Iterator[IO[bytes]]:
        self._refuse_folder()
        if self._on_disk:
            try:
                with files.whole(Path(self.path)) as file:
                    yield file
            except OSError as error:
                if error.filename != self.path:
                    raise  # of what is done meanwhile
                raise InputError(str(self), _WRITABLE, _told(error), _MAY_WRITE) from error
            return
        import mmap  # a browser has none

        with tempfile.TemporaryFile() as file:
            yield file
            file.flush()
            if not os.fstat(file.fileno()).st_size:
                self._put(b"")
                return
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                self._put(content)

    def write_whole(self, content: bytes) -> None:
        self._refuse_folder()
        if self._on_disk:
            with self._asked(_WRITABLE, _MAY_WRITE):
                files.write_whole(Path(self.path), content)
        else:
            self._put(content)

    def _refuse_folder(self) -> None:
        """Beside an object named as a folder, the folder would hardly be found again."""
        if self.kind() == "folder":
            raise InputError(str(self), "the name of a file", "a folder", "Choose another name.")

    def _put(self, content: bytes | mmap.mmap) -> None:
        with self._asked(_WRITABLE, _MAY_WRITE):
            if self.system.type_name in APPEARS_WHOLE:
                with ThreadPoolExecutor(1) as aside:  # Ctrl-C here would close the stream: a part would appear
                    aside.submit(self._stream, self.path, content).result()
                return
            folder, slash, _ = self.path.rpartition("/")
            passing = folder + slash + files.hidden()
            try:
                self._stream(passing, content)
                self._move(passing)
            finally:
                with suppress(Exception):  # it has been moved, or nothing can be written
                    self.system.delete_file(passing)

    def _stream(self, path: str, content: bytes | mmap.mmap) -> None:
        """All at once: a stream that is dropped is closed, too, so that there must be no error between two parts."""
        stream = self.system.open_output_stream(path, compression=None)
        stream.write(content)
        stream.close()

    def _move(self, passing: str) -> None:
        try:
            self.system.move(passing, self.path)
        except NotImplementedError:  # Azure without a hierarchical namespace
            self.system.copy_file(passing, self.path)

    @contextmanager
    def fetched(self) -> Iterator[Path]:
        if self._on_disk:
            yield Path(self.path)
            return
        with tempfile.TemporaryDirectory(prefix="chainrule-") as folder:
            copy = Path(folder) / "copy"
            with (
                self._asked("a file that can be read", _CHECK),
                self.system.open_input_stream(self.path, compression=None) as stream,
                files.whole(copy) as file,
            ):
                shutil.copyfileobj(stream, file, 1 << 22)
            yield copy


_WRITABLE = "a file that can be written"


def _shown(text: str) -> str:
    """A URL, or what is said of it, without a password."""
    return _SECRET.sub(r"\1:***@", text)


def _told(error: Exception) -> str:
    """What an error says, on one line; a file system may say pages."""
    return _shown(" ".join(str(error).split()))[:300]


def at(place: Given) -> Place:
    """The place under a path or a URL.

    Parameters
    ----------
    place : of a file or a folder, which need not be there

    Raises
    ------
    MissingExtraError
        For a URL, where pyarrow is not installed.
    InputError
        For a URL of a file system that pyarrow does not reach.

    Examples
    --------
    >>> import os
    >>> from pathlib import Path
    >>> from chainrule.remote import at
    >>> at(".").kind(), at(Path(os.devnull).absolute().as_uri() + "-none").kind()
    ('folder', 'nothing')
    """
    return AtURL.of(str(place)) if is_url(place) else OnDisk(Path(place))


@contextmanager
def whole(place: Given) -> Iterator[IO[bytes]]:
    """A file to write, by a path or a URL, that is there when the block has ended, whole.

    What stood there before stays until then, and after an error or Ctrl-C. On a disk see `files.whole`. In an object
    store (s3://, gs://) the content is gathered in a temporary file here and then put under its name, where it appears
    when the store has all of it. In another file system it is written under a hidden name, `.chainrule-` and sixteen
    digits, and moved. A process that is killed on the way leaves such a file, or parts of an upload, which nobody sees
    and a bucket's rule for incomplete uploads removes.

    Parameters
    ----------
    place : of the file; the folder of a path must be there

    Raises
    ------
    MissingExtraError
        For a URL, where pyarrow is not installed.
    InputError
        For a folder of this name, and of a URL for whatever its file system refuses.
    OSError
        For a path that cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from chainrule.remote import whole
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.csv"
    ...     with whole(path.as_uri()) as file:
    ...         written = file.write(b"x,y")
    ...     path.read_bytes()
    b'x,y'
    """
    with at(place).whole() as file:
        yield file


def write_whole(place: Given, content: bytes) -> None:
    """Write a file, by a path or a URL, that is there whole or not at all; see `whole`.

    Parameters
    ----------
    place : of the file
    content : all of it

    Raises
    ------
    MissingExtraError, InputError, OSError
        As of `whole`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from chainrule.remote import write_whole
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.csv"
    ...     write_whole(path, b"x,y")
    ...     path.read_bytes()
    b'x,y'
    """
    at(place).write_whole(content)
