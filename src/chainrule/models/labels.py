"""Classes as data and back, with their type."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError
from chainrule.formats.fields import Fields

Array = NDArray[Any]

#: What a class may be, by the kind of its array's type.
_KINDS: dict[str, tuple[type, ...]] = {
    "b": (bool,),
    "i": (int,),
    "u": (int,),
    "f": (int, float),
    "U": (str,),
    "O": (str,),
}
_TYPES = {*(f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8)), "f2", "f4", "f8", "b1", "O"}

#: Bytes of an array of texts, each of which takes the room of the longest.
MOST_BYTES = 1 << 26


def to_data(classes: Array) -> dict[str, Any]:
    """Numbers, truth values or texts, ascending, as JSON-ready data.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.models.labels import to_data
    >>> to_data(np.array(["no", "yes"]))
    {'dtype': 'U3', 'values': ['no', 'yes']}
    """
    data = {"dtype": classes.dtype.str.lstrip("<>|="), "values": classes.tolist()}
    from_data(Fields("classes_", data))
    return data


def from_data(fields: Fields) -> Array:
    """The array that `to_data` was given.

    Raises
    ------
    InputError, InputTypeError
    """
    dtype = fields.text("dtype")
    kind, length = dtype[:1], dtype[1:]
    texts = kind == "U" and length.isascii() and length.isdigit() and len(length) < 9
    if not (texts or dtype in _TYPES):
        raise InputError(f"{fields.where}, dtype", "numbers, truth values or texts", repr(dtype)[:80], "Encode them.")
    values = fields.items("values", object)
    fields.end()
    if not values or not all(type(value) in _KINDS[kind] for value in values):
        raise InputError(f"{fields.where}, values", f"values of type {dtype}", f"{values!r}"[:80], "Encode them.")
    if texts and 4 * int(length) * len(values) > MOST_BYTES:
        raise InputError(fields.where, f"texts of up to {MOST_BYTES} bytes", dtype, "Use shorter names.")
    found = np.array(values, dtype)
    if not (found.tolist() == values and bool((found[1:] > found[:-1]).all())):
        raise InputError(
            f"{fields.where}, values", f"values of type {dtype}, ascending", f"{values!r}"[:80], "Sort them."
        )
    return found


def word(label: Any) -> str:
    """A class as it stands in a file: 1 rather than 1.0.

    Examples
    --------
    >>> from chainrule.models.labels import word
    >>> word(1.0), word(1.5), word("a")
    ('1', '1.5', 'a')
    """
    value = label.item() if hasattr(label, "item") else label  # of words in an object array, str
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
