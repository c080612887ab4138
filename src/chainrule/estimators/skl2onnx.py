"""Our estimators inside pipelines that skl2onnx exports: `register()` tells it how."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import MissingExtraError
from chainrule.estimators.classifier import MLPClassifier
from chainrule.estimators.onnx import outputs
from chainrule.estimators.regressor import MLPRegressor
from chainrule.formats.onnx.graph import OPSET, Graph


def register() -> None:
    """Register MLPClassifier and MLPRegressor with skl2onnx; to do so again changes nothing.

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
    model, g = operator.raw_operator, Graph()
    x = g.cast(operator.inputs[0].full_name, np.float32)
    outputs(g, model, x, None, model)
    names = dict(zip([one.name for one in g.outputs], [one.full_name for one in operator.outputs], strict=False))

    def free(name: str) -> str:
        if name == operator.inputs[0].full_name or not name:
            return name
        if name not in names:
            names[name] = scope.get_unique_variable_name(name.strip("/"))
        return names[name]

    for constant in g.constants:
        container.initializers.append(_renamed(constant, free(constant.name)))
    helper = g.onnx.helper
    for node in g.nodes:
        container.add_node(
            node.op_type, [free(name) for name in node.input], [free(name) for name in node.output],
            op_domain=node.domain, op_version=1 if node.domain else OPSET,
            name=scope.get_unique_operator_name(node.op_type),
            **{one.name: helper.get_attribute_value(one) for one in node.attribute},
        )  # fmt: skip


def _renamed(constant: Any, name: str) -> Any:
    constant.name = name
    return constant
