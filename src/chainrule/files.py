"""Files in the safetensors form, written whole or not at all, with a digest of what is in them."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from chainrule.errors import InputError

if TYPE_CHECKING:  # the command line writes files, and answers --help without NumPy
    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[Any]]

Given = str | os.PathLike[str]


#: What writing to an open file raises, without the file's name.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
#: Seconds after each of which Windows is asked again for the name of a file that somebody has open.
PAUSES = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32)


def packed(arrays: Arrays, about: Mapping[str, str]) -> bytes:
    """Arrays by name and texts about them, as the bytes of a file."""
    import numpy as np
    from safetensors.numpy import save

    return save({name: np.asarray(array, order="C") for name, array in arrays.items()}, dict(about))


def digest(arrays: Arrays, text: str) -> str:
    """SHA-256 of a text and of the arrays, their names, types and shapes."""
    import numpy as np

    found = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        found.update(f"{name} {array.dtype} {array.shape}".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def hidden() -> str:
    """A name that nobody else has, of a file that is on its way."""
    return f".chainrule-{secrets.token_hex(8)}"


def _kind(place: Path) -> str:
    return "folder" if place.is_dir() else "device or pipe"


def put(passing: Given, end: Given) -> None:
    """Give a file its name, and so replace what had it.

    Windows refuses that while another process has the file of this name open, as who looks for viruses does for a
    moment: it is asked again for less than a second. Elsewhere whoever reads goes on with what was there.
    """
    for pause in PAUSES if sys.platform == "win32" else ():
        with suppress(PermissionError):
            os.replace(passing, end)
            return
        time.sleep(pause)
    os.replace(passing, end)


@contextmanager
def whole(place: Path) -> Iterator[IO[bytes]]:
    """A file to write that gets its name when the disk has all of it; what stood there before stays until then.

    It is written in the same folder, under a name that nobody else has: whoever else writes to `place` at that time,
    in another thread or process, does the same, and the last to end is what remains. After an error or Ctrl-C nothing
    is left of it; a process that is killed on the way leaves a hidden file, `.chainrule-` and sixteen digits. A link
    stays a link: what it leads to is written.

    Raises
    ------
    InputError
        For a folder, a device or a pipe of this name, which would be replaced.
    OSError
        Where it cannot be written, with the name of `place`.
    """
    end = Path(os.path.realpath(place))
    if end.exists() and not end.is_file():
        raise InputError(str(place), "the name of a file", f"a {_kind(end)}", "Choose another name.")
    passing = end.with_name(hidden())
    try:
        with open(passing, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        put(passing, end)
    except OSError as error:
        if error.filename == str(passing) or (error.filename is None and error.errno in NO_ROOM):
            raise OSError(error.errno, error.strerror, str(place)) from error  # of the same kind
        raise
    finally:
        with suppress(OSError):  # where nothing can be written, nothing is there
            passing.unlink(missing_ok=True)


def write_whole(place: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all; see `whole`."""
    with whole(place) as file:
        file.write(content)
