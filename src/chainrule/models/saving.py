"""Models in files: the model itself, what an estimator was asked for beside it, and who wrote it when."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

import numpy as np

from chainrule import __version__
from chainrule.errors import InputError, InputTypeError, ModelFileError, unknown_name
from chainrule.formats import model_file
from chainrule.formats.document import LIMITS, Document, Limits
from chainrule.formats.fields import Fields
from chainrule.models import document
from chainrule.models.document import KINDS, Written

Made = TypeVar("Made")

#: What code that is given untrusted values raises where it has no check of its own for them.
STRANGE = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError)


class Content(NamedTuple):
    """What a file holds: the name of the estimator, what it was asked for, and the attributes of its model."""

    kind: str
    asked: Fields
    model: dict[str, Any]


def write(path: str | os.PathLike[str], model: Written, asked: Mapping[str, Any], overwrite: bool = False) -> None:
    """Write a model, and what an estimator was asked for, to a file that `read` reads.

    Raises
    ------
    InputError, InputTypeError
        The name is taken, the folder is missing, or the network has code in it.
    """
    data, arrays = document.to_data(model)
    versions = {"chainrule": __version__, "numpy": np.__version__, "python": platform.python_version()}
    written = {"date": datetime.now(UTC).isoformat(timespec="seconds"), **versions}
    envelope = {"estimator": model.kind, "written": written, "content": {**asked, **data}}
    model_file.write(path, Document(envelope, arrays), overwrite)


def read(path: str | os.PathLike[str], make: Callable[[Content], Made], limits: Limits = LIMITS) -> Made:
    """What `make` makes of the content of a file.

    Raises
    ------
    ModelFileError
        The file is not there, not whole, no model file, changed since it was written, larger than the limits, of a
        later version, or holds what no model can be. Nothing in a file is run.
    """
    whole = model_file.read(path, limits)
    try:
        envelope = Fields("model", whole.model)
        name = envelope.text("estimator")
        if name not in KINDS:
            raise unknown_name("model, estimator", name, KINDS)
        written = envelope.inside("written")
        for what in ("date", "chainrule", "numpy", "python"):
            written.text(what)
        written.end()
        content = envelope.inside("content")
        envelope.end()
        content.where = "content"
        asked = Fields("content", {part: content.take(part) for part in ("parameters", "left_out")})
        if "chosen" in content:
            content.inside("chosen")  # it follows from the rest
        return make(Content(name, asked, document.from_data(name, content, whole.arrays)))
    except (InputError, InputTypeError) as error:
        raise model_file.refusal(path, error) from error
    except STRANGE as error:
        raise ModelFileError(
            f"{path}, content", "a model that an estimator's save() wrote", f"{error!r}"[:200], "Save it anew."
        ) from error
