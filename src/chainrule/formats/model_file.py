"""Model files: a document in the safetensors form, {"format", "version", "model", "digest"} and arrays.

Nothing in such a file is run, and nothing is imported by a name that stands in it. The digest finds damage; it is no
signature, so whoever can change a file can make its digest right: every value is checked whatever the digest says.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError, InputTypeError, ModelFileError
from chainrule.files import digest, packed, write_whole
from chainrule.formats import header
from chainrule.formats.document import DTYPES, LIMITS, Document, Limits, Listing, Tensor

Place = str | os.PathLike[str]
_MEND = "Name a file that an estimator's save() wrote, or write it anew."


def write(path: Place, document: Document, overwrite: bool = False) -> None:
    """Write a file that is there whole or not at all.

    Parameters
    ----------
    path : where; its folder is there
    document : Document
    overwrite : whether a file of that name is replaced

    Raises
    ------
    InputError
        For a file that is there, a folder that is not, a folder's own name, or a document that could not be read again.
    """
    place = _place("save(path)", path)
    if not place.parent.is_dir():
        raise InputError("save(path)", "a folder that is there", str(place.parent), "Make it first.")
    if place.is_dir():
        raise InputError("save(path)", "the name of a file", f"{place}, a folder", "Name a file in it.")
    if place.exists() and not overwrite:
        raise InputError("save(path)", "a name that is free", f"{place}, which is there", "Or save(overwrite=True).")
    write_whole(place, content_of(document))


def content_of(document: Document) -> bytes:
    """The bytes of a file.

    Raises
    ------
    InputError
        For what `read` would refuse: arrays that are not finite, or a model too large for the header.
    """
    try:
        text = json.dumps(document.model, allow_nan=False)
        for name, array in document.arrays.items():
            if array.dtype not in DTYPES.values():
                raise ValueError(f"{name} of {array.dtype}, which no model file has")
            _check_finite(name, array)
        about = {"format": header.FORMAT, "version": str(header.VERSION), "model": text}
        content = packed(document.arrays, {**about, "digest": digest(document.arrays, text)})
        header.read(BytesIO(content), len(content), LIMITS)
    except (InputError, InputTypeError):
        raise
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError("save()", "a model that a file can hold", str(error), "Fit it anew, or pickle it.") from error
    return content


def read(path: Place, limits: Limits = LIMITS) -> Document:
    """The document in a file.

    Raises
    ------
    ModelFileError
        Where there is no such file, or it is no model file, not whole, changed since, larger than the limits, or holds
        what no model can be.
    """
    with _opened(path) as (file, size):
        listing = header.read(file, size, limits)
        arrays = {name: _array(file, listing.begin, tensor) for name, tensor in listing.tensors.items()}
        for name, array in arrays.items():
            _check_finite(name, array)
        if listing.digest != digest(arrays, listing.text):
            raise ValueError("changed since it was written: its digest is another")
        return Document(listing.model, arrays)


def inspect(path: Place, limits: Limits = LIMITS) -> Listing:
    """The model and where its arrays stand; the arrays, and so the digest, are not looked at.

    Raises
    ------
    ModelFileError
        As `read`.
    """
    with _opened(path) as (file, size):
        return header.read(file, size, limits)


def array(path: Place, listing: Listing, name: str) -> NDArray[Any] | None:
    """One array of a file that was inspected, or None where it has none of this name.

    Raises
    ------
    ModelFileError
        As `read`.
    """
    if name not in listing.tensors:
        return None
    with _opened(path) as (file, _):
        return _array(file, listing.begin, listing.tensors[name])


def refusal(path: Place, error: InputError | InputTypeError) -> ModelFileError:
    """An error about a value in a file as one about the file, no longer than one reads."""
    where, expected, received, mend = error.args
    return ModelFileError(f"{os.fspath(path)}, {where}", str(expected)[:500], str(received)[:200], mend)


def _place(where: str, path: Place) -> Path:
    try:
        return Path(path)
    except TypeError as error:
        raise InputTypeError(where, "a path", repr(path), "For example 'my.model'.") from error


@contextmanager
def _opened(path: Place) -> Iterator[tuple[BinaryIO, int]]:
    """A file and its size; what goes wrong with it is said in our form."""
    place = _place("load(path)", path)
    if not place.is_file():
        other = "a folder" if place.is_dir() else "a device or pipe, which cannot be read twice"
        received = other if place.exists() else "none: there is no such file"
        raise ModelFileError(str(place), "a model file", received, _MEND)
    try:
        with open(place, "rb") as file:
            yield file, os.fstat(file.fileno()).st_size
    except (InputError, InputTypeError) as error:
        raise refusal(place, error) from error
    except (ValueError, TypeError, RecursionError, OSError) as error:
        raise ModelFileError(str(place), "a whole model file", str(error)[:200], _MEND) from error


def _array(file: BinaryIO, begin: int, tensor: Tensor) -> NDArray[Any]:
    file.seek(begin + tensor.start)
    content = bytearray(tensor.nbytes)
    if file.readinto(content) != tensor.nbytes:  # type: ignore[attr-defined]  # of a BufferedReader
        raise ValueError("shorter than it was a moment ago")
    return np.frombuffer(content, tensor.dtype).reshape(tensor.shape)


def _check_finite(name: str, array: NDArray[Any]) -> None:
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InputError(name, "finite numbers", "NaN or infinity", "Such a model predicts nothing: fit it anew.")
