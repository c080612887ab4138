"""`chainrule evaluate`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chainrule.cli import models, shared, tables
from chainrule.cli.config import Configured
from chainrule.errors import InputError

if TYPE_CHECKING:
    from chainrule.models.model import Model
    from chainrule.tables.column import Column
    from chainrule.tables.files import TableFile


@click.command(cls=Configured)
@shared.model_file
@shared.data
@click.option("--target", help="The column of DATA that has the truth; the model knows its name from training.")
@shared.form
@shared.threads
@shared.as_json
def evaluate(
    model: Path, data: shared.Source, target: str | None, form: shared.Form, threads: int | None, as_json: bool
) -> None:
    """Score a model on a table that has the truth.

    Rows of DATA that training saw make a MODEL look better than it is.
    """
    started = time.perf_counter()
    made = models.load(model)
    name = target or models.target(made)
    if name is None:
        raise click.UsageError("--target: the model was fitted without names.", click.get_current_context())
    _check_single(made)
    file = tables.opened(data, form, once=True)
    found = _classes if made.answer.classifies else _numbers
    content = found(made, file, name, threads)
    if as_json:
        about = {"model": model, "data": data, "target": name}
        shared.document("evaluate", {**about, **content, "seconds": time.perf_counter() - started})
        return
    click.echo(f"{file.path}, {content['rows']:,} rows")
    click.echo(shared.lines(content["scores"].items()))
    if "classes" in content:
        names = ("class", "rows", "precision", "recall", "f1")
        click.echo(shared.lines([names, *([one[n] for n in names] for one in content["classes"])]))


def _check_single(model: Model) -> None:
    """Refuse a model of several labels or targets: the truth is one column."""
    from chainrule.models.answers import Classes

    answer = model.answer
    several = 1 if isinstance(answer, Classes) else answer.loss.targets(answer.outputs)
    if several > 1:
        raise click.UsageError(
            f"evaluate scores one column, and the model predicts {several} labels or targets. In Python, "
            "chainrule.load(model).score(X, y).",
            click.get_current_context(),
        )


def _classes(model: Model, file: TableFile, target: str, threads: int | None) -> dict[str, Any]:
    import numpy as np

    from chainrule.diagnosis import scores

    answer: Any = model.answer
    labels = [models.word(label) for label in answer.every]
    codes, raws = [], []
    with tables.naming(file.path):
        for part in tables.parts(file, models.columns(model), [target]):
            codes.append(_codes(model, part[target], target, labels, str(file.path)))
            raws.append(model.raw(model.read(part), threads))
    all_codes, raw = np.concatenate(_some(codes, file)), np.concatenate(raws)
    predicted = np.searchsorted(answer.every, answer.said(raw))
    shares = answer.probabilities(raw) if answer.gives_probabilities else None
    each = zip(labels, scores.by_class(all_codes, predicted, len(labels)), strict=True)
    return {
        "rows": len(all_codes),
        "task": "classification",
        "scores": scores.of_classes(all_codes, predicted, shares),
        "classes": [{"class": label, **found} for label, found in each],
    }


def _numbers(model: Model, file: TableFile, target: str, threads: int | None) -> dict[str, Any]:
    import numpy as np

    from chainrule.diagnosis import scores

    answer: Any = model.answer
    true, predicted = [], []
    with tables.naming(file.path):
        for part in tables.parts(file, models.columns(model), [target]):
            true.append(model.input.read_target(part[target], target, str(file.path)))  # type: ignore[attr-defined]
            predicted.append(answer.point_in_units(model.raw(model.read(part), threads)))
    y = np.concatenate(_some(true, file))
    return {"rows": len(y), "task": "regression", "scores": scores.of_numbers(y, np.concatenate(predicted))}


def _codes(model: Model, column: Column, target: str, labels: list[str], where: str) -> Any:
    """Which of the model's classes each row is of."""
    import numpy as np

    values = model.input.read_target(column, target, where)  # type: ignore[attr-defined]
    different, place = np.unique(values, return_inverse=True)
    known = {label: code for code, label in enumerate(labels)}
    codes = np.array([known.get(models.word(value), -1) for value in different], np.int64)[place]
    if (codes < 0).any():
        row = int((codes < 0).argmax())
        raise InputError(
            f"{where}, column {target!r}, row {column.row(row)}", f"a class of the model: {', '.join(labels)}"[:300],
            repr(models.word(values[row])), "Mend the value, or leave such rows out.",
        )  # fmt: skip
    return codes


def _some(parts: list[Any], file: TableFile) -> list[Any]:
    if not parts:
        raise InputError(str(file.path), "rows to score", "none", "Check the file.")
    return parts
