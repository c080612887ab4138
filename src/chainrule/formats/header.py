"""The header of a model file: every size and place in it is held against the others before anything is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

from chainrule.errors import InputError
from chainrule.formats import strict_json
from chainrule.formats.document import DTYPES, Limits, Listing, Tensor
from chainrule.formats.fields import Fields

FORMAT = "chainrule-model"
VERSION = 5  # of 1, tables had an estimator inside; of 2, no schema; of 3, networks were alike; of 4, no spans

#: In front of the header stands its length, a whole number of so many bytes.
PREFIX = 8

MOST_AXES = 8


def read(file: BinaryIO, size: int, limits: Limits) -> Listing:
    """All but the arrays of a file of `size` bytes.

    Raises
    ------
    ValueError, TypeError
        Where anything is not as it has to be.
    """
    if size > limits.file_bytes:
        raise InputError("size", f"at most {limits.file_bytes} bytes", size, "Trust it? Raise Limits(file_bytes=).")
    length = int.from_bytes(file.read(PREFIX), "little")
    if size < PREFIX or length > size - PREFIX:
        raise ValueError("not as long as its first bytes say: not whole, or no model file")
    if length > limits.header_bytes:
        raise InputError(
            "header", f"at most {limits.header_bytes} bytes", length, "Trust it? Raise Limits(header_bytes=)."
        )
    header = Fields("header", strict_json.parse(file.read(length).decode(), limits))
    about = header.inside("__metadata__")
    version = _version(about)
    text, digest = about.text("model"), about.text("digest")
    about.end()
    model = Fields("model", strict_json.parse(text, limits)).rest()
    tensors = {name: _tensor(Fields(name, form)) for name, form in header.rest().items()}
    _check_places(tensors, size - PREFIX - length)
    return Listing(version, model, tensors, digest, text, PREFIX + length)


def _version(about: Fields) -> int:
    form, version = about.text("format"), about.text("version")
    if form != FORMAT:
        raise InputError("format", repr(FORMAT), repr(form)[:80], "Name a file that an estimator's save() wrote.")
    if not (version.isascii() and version.isdigit() and 1 <= len(version) <= 9 and int(version)):
        raise InputError("version", "a whole number", repr(version)[:80], "The file was changed.")
    if int(version) > VERSION:
        raise InputError(
            "version", f"up to {VERSION}", version, "A later chainrule wrote it: update chainrule to read it."
        )
    return int(version)


def _tensor(fields: Fields) -> Tensor:
    dtype = fields.text("dtype")
    if dtype not in DTYPES:
        raise InputError(
            f"{fields.where}, dtype", f"one of {sorted(DTYPES)}", repr(dtype)[:80], "The file was changed."
        )
    shape = tuple(fields.items("shape", int, "whole numbers"))
    places = fields.items("data_offsets", int, "whole numbers")
    fields.end()
    if len(shape) > MOST_AXES or len(places) != 2 or min((*shape, *places)) < 0:
        said = f"up to {MOST_AXES} sizes and two places, none below 0"
        raise InputError(fields.where, said, f"{shape}, {places}"[:80], "The file was changed.")
    tensor = Tensor(DTYPES[dtype], shape, *places)
    if tensor.stop - tensor.start != tensor.nbytes:
        raise InputError(
            fields.where, f"{tensor.nbytes} bytes for {dtype} of shape {shape}", places, "The file was changed."
        )
    return tensor


def _check_places(tensors: Mapping[str, Tensor], room: int) -> None:
    """One array begins where another ends, and the last ends with the file."""
    reached = 0
    for name, tensor in sorted(tensors.items(), key=lambda pair: (pair[1].start, pair[1].stop)):
        if tensor.start != reached:
            raise InputError(
                name, f"its bytes to begin at {reached}", tensor.start, "Arrays neither overlap nor leave gaps."
            )
        reached = tensor.stop
    if reached != room:
        raise InputError(
            "arrays", f"{reached} bytes", f"{room}", "The file is not whole, or has something after its end."
        )
