"""`chainrule evaluate`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from chainrule.cli import models, shared, tables
from chainrule.cli.config import Configured
from chainrule.cli.unseen import Unknown
from chainrule.errors import InputError, listed

if TYPE_CHECKING:
    from chainrule.models.model import Model
    from chainrule.models.truth import Truth
    from chainrule.tables.files import TableFile
    from chainrule.tables.table import Table


@click.command(cls=Configured)
@shared.model_file
@shared.data
@click.option("--target", help="The column of DATA that has the truth; the model knows its name from training.")
@shared.drop_missing_target
@shared.form
@shared.threads
@shared.as_json
def evaluate(
    model: Path,
    data: shared.Source,
    target: str | None,
    drop_missing_target: bool,
    form: shared.Form,
    threads: int | None,
    as_json: bool,
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
    if name not in file.names:
        raise InputError(
            f"{file.path}, target", f"a column {name!r}, the truth to score by", f"none among {listed(file.names)}",
            "Add it, or name the one that has the truth: --target. Without truth, predict.",
        )  # fmt: skip
    found = _classes if made.answer.classifies else _numbers
    rows = Scored(made, file, name, Unknown(made), drop_missing_target)
    content = {**found(rows, threads), "unknown_levels": rows.unknown.data()}
    rows.unknown.tell()
    if as_json:
        about = {"model": model, "data": data, "target": name}
        shared.document("evaluate", {**about, **content, "seconds": time.perf_counter() - started})
        return
    without = f", {content['dropped']:,} without {name!r} left out" if content["dropped"] else ""
    click.echo(f"{file.path}, {content['rows']:,} rows{without}")
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


@dataclass
class Scored:
    """Rows to score a model on: a file, the column that has the truth, and what of the rows the model does not know."""

    model: Model
    file: TableFile
    target: str
    unknown: Unknown
    drop_missing: bool
    dropped: int = 0

    def parts(self) -> Iterator[tuple[Truth, Table]]:
        """What is true and the rows, by parts; those without truth are left out, if that is meant, and counted."""
        from chainrule.tables.reading import present

        given = cast(Any, self.model.input)
        for part in tables.parts(self.file, models.columns(self.model), [self.target]):
            column = part[self.target]
            if self.drop_missing:
                kept = present(column, given.encoder.schema.nothing.of(self.target))
                self.dropped += len(part) - len(kept)
                part, column = part.take(kept), column.take(kept)
            if len(part):
                yield given.read_target(column, self.target, str(self.file.path)), part


def _classes(rows: Scored, threads: int | None) -> dict[str, Any]:
    import numpy as np

    from chainrule.diagnosis import scores
    from chainrule.models.labels import word

    model, answer = rows.model, cast(Any, rows.model.answer)
    labels = [word(label) for label in answer.every]
    codes, raws = [], []
    with tables.naming(rows.file.path):
        for truth, part in rows.parts():
            codes.append(_codes(truth, labels))
            raws.append(model.raw(rows.unknown.read(part), threads))
    all_codes, raw = np.concatenate(_some(codes, rows.file)), np.concatenate(raws)
    predicted = np.searchsorted(answer.every, answer.said(raw))
    shares = answer.probabilities(raw) if answer.gives_probabilities else None
    each = zip(labels, scores.by_class(all_codes, predicted, len(labels)), strict=True)
    return {
        "rows": len(all_codes),
        "dropped": rows.dropped,
        "task": "classification",
        "scores": scores.of_classes(all_codes, predicted, shares),
        "classes": [{"class": label, **found} for label, found in each],
    }


def _numbers(rows: Scored, threads: int | None) -> dict[str, Any]:
    import numpy as np

    from chainrule.diagnosis import scores
    from chainrule.models.as_numbers import numbers

    model, answer = rows.model, cast(Any, rows.model.answer)
    true, predicted = [], []
    with tables.naming(rows.file.path):
        for truth, part in rows.parts():
            true.append(numbers(truth))
            predicted.append(answer.point_in_units(model.raw(rows.unknown.read(part), threads)))
    y, found = np.concatenate(_some(true, rows.file)), np.concatenate(predicted)
    return {"rows": len(y), "dropped": rows.dropped, "task": "regression", "scores": scores.of_numbers(y, found)}


def _codes(truth: Truth, labels: list[str]) -> Any:
    """Which of the model's classes each row is of."""
    import numpy as np

    from chainrule.models.labels import word

    different, place = np.unique(truth.values, return_inverse=True)
    words = [word(value) for value in different]
    known = {label: code for code, label in enumerate(labels)}
    codes = np.array([known.get(one, -1) for one in words], np.int64)[place]
    if (codes < 0).any():
        row = int((codes < 0).argmax())
        raise truth.refused(
            (row,), f"a class of the model: {', '.join(labels)}"[:300], repr(words[place[row]]),
            "Mend the value, or leave such rows out.",
        )  # fmt: skip
    return codes


def _some(parts: list[Any], file: TableFile) -> list[Any]:
    if not parts:
        raise InputError(str(file.path), "rows to score", "none", "Check the file.")
    return parts
