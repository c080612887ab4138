"""Files in the safetensors form, written whole or not at all, with a digest of what is in them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


def packed(arrays: Arrays, about: Mapping[str, str]) -> bytes:
    """Arrays by name and texts about them, as the bytes of a file."""
    from safetensors.numpy import save

    return save({name: np.asarray(array, order="C") for name, array in arrays.items()}, dict(about))


def digest(arrays: Arrays, text: str) -> str:
    """SHA-256 of a text and of the arrays, their names, types and shapes."""
    found = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        found.update(f"{name} {array.dtype} {array.shape}".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def write_whole(place: Path, content: bytes) -> None:
    """Write under another name of the same folder, and give the file its own name when the disk has all of it.

    A process that dies on the way leaves what stood there before; at worst a hidden file lies beside it.
    """
    passing = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        with open(passing, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(passing, place)
    finally:
        passing.unlink(missing_ok=True)
