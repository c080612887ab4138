"""Plain rows: objects, columns, lists or CSV in; objects or CSV out."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.serving.inference.bodies import cells
from chainrule.serving.inference.bodies.cells import Cells
from chainrule.serving.inference.bodies.json_text import parse
from chainrule.serving.inference.limits import LIMITS, Limits
from chainrule.serving.inference.problems import cell, malformed, unfit
from chainrule.serving.inference.served import Served
from chainrule.serving.inference.shapley import OUTPUTS
from chainrule.serving.inference.signature import USUAL, Asked
from chainrule.tables.csv_file import delimiter_of
from chainrule.tables.frames import check_different

Array = NDArray[Any]

_SHAPES = "a list of rows, each an object, or one object of columns"


def read(value: Any, served: Served, limits: Limits) -> Cells:
    """Rows as JSON has them: a list of objects or of lists, an object of columns, or one row as an object."""
    match value:
        case list() if value and all(isinstance(row, list) for row in value):
            return of_lists(value, None, served, limits)
        case list():
            return of_objects(value, served, limits)
        case dict() if _is_row(value, served):
            if any(isinstance(cell, dict) for cell in value.values()):
                raise unfit(f"body: expected {_SHAPES}; received an object of objects.{_hint(value)}")
            return of_objects([value], served, limits)
        case dict():
            return of_columns(value, served, limits)
    raise unfit(f"body: expected {_SHAPES}; received {_named(value)}.")


def _is_row(value: Mapping[str, Any], served: Served) -> bool:
    """Whether an object is one row: no cell is a list, but for vectors, which do not stand alone."""
    wide = {one.name for one in served.reads if one.field.width}
    lists = {name for name, cell in value.items() if isinstance(cell, list)}
    return bool(value) and lists <= wide and len(lists) < len(value)


def of_objects(rows: Sequence[Any], served: Served, limits: Limits) -> Cells:
    """A row for each object, which has every column that the model reads; others are passed over."""
    cells.check_rows(len(rows), limits)
    for place, row in enumerate(rows):
        if not isinstance(row, dict):
            raise unfit(f"row {place}: expected an object; received {_named(row)}.", row=place)
        cells.check_columns(len(row), limits)
    try:
        columns = {one.name: [row[one.name] for row in rows] for one in served.reads}
    except KeyError as error:
        name = error.args[0]
        place = next(place for place, row in enumerate(rows) if name not in row)
        raise cell(name, place, "every column", "a row without it", "Give null where it is missing.") from None
    return cells.checked(columns, served.reads, limits)


def _hint(columns: Mapping[str, Any]) -> str:
    """What a client of pandas may have meant."""
    if "data" in columns and "columns" in columns:
        return " pandas' orient='split' goes to /invocations, as dataframe_split."
    if any(isinstance(values, dict) for values in columns.values()) or "schema" in columns:
        return " Of pandas, send orient='records', date_format='iso'."
    return " Lists of one object for each row are taken, too."


def of_columns(columns: Mapping[str, Any], served: Served, limits: Limits) -> Cells:
    """A list of cells for each column, all of one length."""
    cells.check_columns(len(columns), limits)
    for name, values in columns.items():
        if not isinstance(values, list):
            said = f"column {name!r}: expected a list, as others are; received {_named(values)}.{_hint(columns)}"
            raise unfit(said, column=name)
    lengths = {name: len(values) for name, values in columns.items()}
    first = next(iter(lengths), "")
    other = next((name for name, length in lengths.items() if length != lengths[first]), None)
    if other is not None:
        said = f"column {other!r}: expected {lengths[first]} cells, as {first!r} has; received {lengths[other]}."
        raise unfit(said + _hint(columns), column=other)
    cells.check_rows(lengths.get(first, 0), limits)
    return cells.checked(columns, served.reads, limits)


def of_lists(rows: Sequence[Any], names: Sequence[Any] | None, served: Served, limits: Limits) -> Cells:
    """A list of cells for each row, in the order of these columns, or of those that the model reads."""
    names = [one.name for one in served.reads] if names is None else names
    cells.check_rows(len(rows), limits)
    cells.check_columns(len(names), limits)
    names = [str(name) for name in names]
    check_different("rows", names)
    for place, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(names):
            received = f"a list of {len(row)}" if isinstance(row, list) else _named(row)
            raise unfit(f"row {place}: expected a list of {len(names)} cells; received {received}.", row=place)
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    return cells.checked(columns, served.reads, limits)


def of_csv(body: bytes, served: Served, limits: Limits) -> Cells:
    """CSV in UTF-8 with names in its first row; rows are called by their lines."""
    try:
        lines = io.StringIO(body.decode("utf-8-sig"), newline="").readlines()
        reader = csv.reader(lines, delimiter=delimiter_of(lines[:64]) if lines else ",", strict=True)
        names = next(reader, [])
        rows, begins, line = [], [], reader.line_num + 1
        for row in reader:
            if row or len(names) == 1:  # of one column, an empty line is a missing cell
                rows.append(row or [""])
                begins.append(line)
            line = reader.line_num + 1
            if len(rows) > limits.rows:
                break
    except UnicodeDecodeError as error:
        raise malformed(f"body: expected CSV in UTF-8; received other bytes at {error.start}.") from None
    except csv.Error as error:
        raise malformed(f"body: expected CSV; received what is none: {error}.") from None
    check_different("rows", names)
    cells.check_columns(len(names), limits)
    if not rows:
        raise unfit("rows: expected at least one, in the lines behind the names; received none. "
                    "curl keeps line ends with --data-binary.")  # fmt: skip
    cells.check_rows(len(rows), limits)
    for row, line in zip(rows, begins, strict=True):
        if len(row) != len(names):
            raise unfit(f"line {line}: expected {len(names)} cells; received {len(row)}.", row=line)
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    return cells.checked(columns, served.reads, limits, begins.__getitem__)


def predict(body: bytes, served: Served, limits: Limits = LIMITS, asked: Asked = USUAL) -> list[dict[str, Any]]:
    """The answer to rows of JSON, an object each, for servers of others.

    Raises
    ------
    Problem, InputError, InputTypeError
        See `problems.problem`, which tells what they mean to a client.

    Examples
    --------
    >>> from chainrule import TableClassifier
    >>> from chainrule.serving.inference.bodies.plain import predict
    >>> from chainrule.serving.inference.served import Served
    >>> rows = {"size": [1.0, 2.0, 3.0, 4.0] * 10}
    >>> model = TableClassifier(preset="fast", random_state=0).fit(rows, ["small", "small", "large", "large"] * 10)
    >>> [row["label"] for row in predict(b'[{"size": 1.0}, {"size": 4}]', Served("sizes", "1", model.model_))]
    ['small', 'large']
    """
    return objects(served.predict(read(parse(body, limits), served, limits), asked), served)


# Answers ---------------------------------------------------------------------------------------------------


def objects(outputs: Mapping[str, Array], served: Served) -> list[dict[str, Any]]:
    """An object for each row: probabilities by class (of labels, a list), explanations by column."""
    columns: dict[str, list[Any]] = {}
    for name, values in outputs.items():
        cells = told(values)
        names = _parts(name, served)
        named = names and name in ("probability", "explanation", "explanation_error")
        columns[name] = [dict(zip(names, row, strict=True)) for row in cells] if named else cells
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def flat(outputs: Mapping[str, Array], served: Served) -> dict[str, Array]:
    """A column for each number of a row, named as `chainrule predict` names them."""
    found: dict[str, Array] = {}
    for name, values in outputs.items():
        if values.ndim == 1:
            found[_column(name, served)] = values
            continue
        parts = _parts(name, served)
        wide = values.reshape(len(values), -1)
        explained = served.shapley.names if served.shapley is not None and name in OUTPUTS else ()
        if len(explained) > 1:
            parts = [f"{part}={one}" for part in parts for one in explained] or explained
        if len(parts) != wide.shape[1]:
            parts = [str(place) for place in range(wide.shape[1])]
        between = "=" if name == "probability" else "_"
        front = served.target if name == "probability" else _column(name, served)
        found |= {f"{front}{between}{part}": wide[:, place] for place, part in enumerate(parts)}
    return found


def _parts(output: str, served: Served) -> Sequence[str]:
    """What the numbers of an output are of: classes, columns, levels of quantiles; nothing where they only count."""
    if output in ("explanation", "explanation_error"):
        return [one.name for one in served.reads]
    return {"probability": served.classes, "prediction": served.levels}.get(output, ())


def _column(output: str, served: Served) -> str:
    """The name of an output as a column."""
    return served.target if output in ("label", "prediction") else f"{served.target}_{output}"


def to_csv(outputs: Mapping[str, Array], served: Served) -> bytes:
    """CSV with names in its first row."""
    columns = flat(outputs, served)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*map(told, columns.values()), strict=True))
    return out.getvalue().encode()


def told(values: Array) -> list[Any]:
    """Values as Python's; times as texts, float32 with no more digits than it has."""
    if values.dtype == np.float32:
        values = values.astype("U32").astype(np.float64)
    return (np.datetime_as_string(values) if values.dtype.kind == "M" else values).tolist()


def _named(value: Any) -> str:
    """What a value of JSON is."""
    match value:
        case None:
            return "null"
        case bool():
            return "a truth value"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return f"a list of {len(value)}"
    return "an object"
