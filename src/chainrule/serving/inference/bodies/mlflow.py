"""What MLflow's scoring servers take at /invocations: rows in four shapes, and parameters.

dataframe_split, dataframe_records, instances and inputs: https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/
"""

from __future__ import annotations

from typing import Any

from chainrule.serving.inference.bodies import plain
from chainrule.serving.inference.bodies.cells import Cells
from chainrule.serving.inference.limits import Limits
from chainrule.serving.inference.problems import malformed, unfit
from chainrule.serving.inference.served import Served

SHAPES = ("dataframe_split", "dataframe_records", "instances", "inputs")


def read(content: Any, served: Served, limits: Limits) -> tuple[Cells, dict[str, Any]]:
    """The rows of a request, and its parameters."""
    if not isinstance(content, dict):
        raise malformed(f"body: expected an object with one of {', '.join(SHAPES)}; received something else.")
    given = [name for name in SHAPES if name in content]
    if len(given) != 1:
        raise malformed(f"body: expected one of {', '.join(SHAPES)}; received {given or 'none of them'}.")
    other = sorted(set(content) - {given[0], "params", "signature_name"})
    if other:
        raise malformed(f"body: expected {given[0]} and params; received also {other[:20]}.")
    parameters = content.get("params", {})
    if not isinstance(parameters, dict):
        raise malformed("params: expected an object; received something else.")
    value = content[given[0]]
    if given[0] == "dataframe_split":
        return _split(value, served, limits), parameters
    if given[0] == "dataframe_records":
        if not isinstance(value, list):
            raise unfit("dataframe_records: expected a list of objects; received something else.")
        return plain.of_objects(value, served, limits), parameters
    if isinstance(value, list) and len(served.reads) == 1 and not any(isinstance(row, (list, dict)) for row in value):
        value = [[row] for row in value]
    return plain.read(value, served, limits), parameters


def _split(value: Any, served: Served, limits: Limits) -> Cells:
    """Names of columns, and rows in their order."""
    if not isinstance(value, dict) or not isinstance(value.get("data"), list):
        raise unfit("dataframe_split: expected an object with columns and data; received something else.")
    names = value.get("columns")
    if names is not None and not isinstance(names, list):
        raise unfit("dataframe_split, columns: expected a list of names; received something else.")
    return plain.of_lists(value["data"], names, served, limits)
