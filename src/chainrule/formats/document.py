"""What a model file holds, and how much of it may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import Checked, at_least

#: The types of numbers that a file may hold, little-endian, by their names in the safetensors form.
DTYPES = {
    name: np.dtype(text)
    for name, text in (("F64", "<f8"), ("F32", "<f4"), ("I64", "<i8"), ("I32", "<i4"), ("U8", "<u1"))
}


class Document(NamedTuple):
    """A model as plain data that JSON can hold, and arrays by name."""

    model: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]


class Tensor(NamedTuple):
    """Where an array stands after the header, in bytes, and of what form it is."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    start: int
    stop: int

    @property
    def nbytes(self) -> int:
        """Bytes that the form asks for."""
        return prod(self.shape) * self.dtype.itemsize


class Listing(NamedTuple):
    """A file without its arrays: version of the form, the model, where each array stands, digest, bytes of the header.

    Attributes
    ----------
    version : int, of the form
    model : dict
    tensors : dict from name to Tensor
    digest : str, what SHA-256 of the model's text and of the arrays has to be
    text : str, the model as it stands in the file
    begin : int, bytes in front of the first array
    """

    version: int
    model: Mapping[str, Any]
    tensors: Mapping[str, Tensor]
    digest: str
    text: str
    begin: int


@dataclass(frozen=True)
class Limits(Checked):
    """What a file may ask for. All of it is checked before any array is made.

    Parameters
    ----------
    file_bytes : size of the file; reading takes little more memory than this and the header
    header_bytes : size of the header, in which all but the arrays stands
    values : numbers, texts, lists and objects in the header
    depth : lists and objects inside one another
    """

    file_bytes: int = 1 << 32
    header_bytes: int = 1 << 25
    values: int = 4_000_000
    depth: int = 64

    bounds = dict.fromkeys(("file_bytes", "header_bytes", "values", "depth"), at_least(1, "Leave it out."))


LIMITS = Limits()
