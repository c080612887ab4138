"""A fitted table estimator as a document, and back: its columns' encodings beside the estimator inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from chainrule.errors import InputError
from chainrule.estimators import chosen, documents, labels
from chainrule.estimators.one_value import at_rest
from chainrule.formats.document import Document
from chainrule.formats.fields import Fields
from chainrule.tables.encoder import Encoder
from chainrule.tables.serial import ENCODINGS
from chainrule.tables.targets import TargetScale

if TYPE_CHECKING:
    from chainrule.estimators.table.base import BaseTable

Estimator = TypeVar("Estimator", bound="BaseTable")


def of(estimator: BaseTable) -> Document:
    """All but data and buffers.

    Raises
    ------
    InputError
        For a parameter that is code and belongs to the network.
    """
    where, learned = f"{type(estimator).__name__}.save()", vars(estimator)  # which is at rest
    inside = documents.of(at_rest(estimator.model_))
    model: dict[str, Any] = {
        **chosen.to_data(estimator),
        "encoder": ENCODINGS.out(where, estimator.encoder_),
        "target_name": estimator.target_name_,
        "columns": int(estimator.n_features_in_),
        "inside": inside.model,
    }
    if "feature_names_in_" in learned:
        model["features"] = estimator.feature_names_in_.tolist()
    if "classes_" in learned:
        model["classes"] = labels.to_data(learned["classes_"])
    if "target_" in learned:
        model["target"] = ENCODINGS.out(where, learned["target_"])
    return Document(model, inside.arrays)


def estimator(kind: type[Estimator], document: Document) -> Estimator:
    """The estimator that gave a document.

    Raises
    ------
    InputError, InputTypeError
        Where anything in it does not fit the rest, or is unknown.
    """
    content = Fields("content", document.model)
    made = kind(**chosen.from_data(kind, content))
    made.encoder_ = _encodings(Encoder, content, "encoder")
    made.target_name_ = content.take("target_name")
    if made.target_name_ is not None and not isinstance(made.target_name_, str):
        raise InputError("content, target_name", "a name or nothing", repr(made.target_name_), _MEND)
    made.n_features_in_ = content.whole("columns", least=1)
    if "features" in content:
        made.feature_names_in_ = np.array(content.items("features", str, "names"), object)
        if len(made.feature_names_in_) != made.n_features_in_:
            raise InputError("content, features", f"{made.n_features_in_} names", len(made.feature_names_in_), _MEND)
    made.model_ = documents.estimator(kind._inside, Document(content.take("inside"), document.arrays))
    width, inputs = made.encoder_.expansion.width, made.model_.network_.inputs
    if width != inputs:
        raise InputError("content, encoder", f"encodings of {inputs} inputs", width, _MEND)
    if "classes" in content:
        made.classes_ = labels.from_data(content.inside("classes"))
    if "target" in content:
        made.target_ = _encodings(TargetScale, content, "target")
    content.end()
    made._check_learned()
    made._put_in_place(made)
    return made


_MEND = "The file was changed."


def _encodings(kind: type[Any], content: Fields, name: str) -> Any:
    found = ENCODINGS.back(f"content, {name}", content.take(name))
    if not isinstance(found, kind):
        raise InputError(f"content, {name}", f"an {kind.__name__}", type(found).__name__, _MEND)
    return found
