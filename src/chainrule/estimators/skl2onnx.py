"""Our estimators inside pipelines that skl2onnx exports: `register()` tells it how."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import MissingExtraError
from chainrule.estimators.classifier import MLPClassifier
from chainrule.estimators.regressor import MLPRegressor
from chainrule.formats.onnx.graph import OPSET, Graph
from chainrule.models.onnx import outputs

#: Types of outputs that a pipeline may declare; words are left as they are.
TYPES = {"FloatTensorType": np.float32, "DoubleTensorType": np.float64, "Int64TensorType": np.int64}


def register() -> None:
    """Register MLPClassifier and MLPRegressor with skl2onnx; to do so again changes nothing.

    Opset 18 is the lowest that it can be asked for.

    Raises
    ------
    MissingExtraError
        Where skl2onnx is not installed.

    Examples
    --------
    >>> from chainrule.estimators import skl2onnx
    >>> skl2onnx.register()

    From then on `skl2onnx.to_onnx(make_pipeline(StandardScaler(), MLPClassifier()).fit(X, y), X)` works.
    """
    try:
        from skl2onnx import update_registered_converter
        from skl2onnx.common.shape_calculator import (
            calculate_linear_classifier_output_shapes,
            calculate_linear_regressor_output_shapes,
        )
    except ImportError as error:
        raise MissingExtraError("register()", "the package skl2onnx", "none", "pip install skl2onnx") from error
    update_registered_converter(
        MLPClassifier, "ChainruleMLPClassifier", calculate_linear_classifier_output_shapes, _convert,
        options={"zipmap": [True, False, "columns"], "nocl": [True, False], "output_class_labels": [False, True]},
    )  # fmt: skip
    update_registered_converter(
        MLPRegressor, "ChainruleMLPRegressor", calculate_linear_regressor_output_shapes, _convert
    )  # fmt: skip


def _convert(scope: Any, operator: Any, container: Any) -> None:
    """The nodes of one estimator among those of a pipeline, under names that are free there."""
    model, g = operator.raw_operator.model_, Graph()
    x = g.cast(operator.inputs[0].full_name, np.float32)
    outputs(g, model.predictor, model.answer, x, None)
    pairs = list(zip(g.outputs, operator.outputs, strict=False))
    names = {one.name: declared.full_name for one, declared in pairs}

    def free(name: str) -> str:
        if name == operator.inputs[0].full_name or not name:
            return name
        if name not in names:
            names[name] = scope.get_unique_variable_name(name.strip("/"))
        return names[name]

    for constant in g.constants:
        container.initializers.append(_renamed(constant, free(constant.name)))
    helper = g.onnx.helper
    kinds = {one.name: TYPES.get(type(declared.type).__name__) for one, declared in pairs}
    for node in g.nodes:
        if kinds.get(node.output[0]) is not None:  # in the type that the pipeline declares
            node = helper.make_node("Cast", node.input, node.output, to=g.type_of(kinds[node.output[0]]))
        container.add_node(
            node.op_type, [free(name) for name in node.input], [free(name) for name in node.output],
            op_domain=node.domain, op_version=1 if node.domain else OPSET,
            name=scope.get_unique_operator_name(node.op_type),
            **{one.name: helper.get_attribute_value(one) for one in node.attribute},
        )  # fmt: skip


def _renamed(constant: Any, name: str) -> Any:
    constant.name = name
    return constant
