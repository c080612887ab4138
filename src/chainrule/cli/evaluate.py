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
from chainrule.errors import InputError

if TYPE_CHECKING:
    from chainrule.models.model import Model
    from chainrule.tables.table import Column, Table


@click.command(cls=Configured)
@shared.model_file
@shared.data
@click.option("--target", help="The column of DATA that has the truth; the model knows its name from training.")
@shared.drop_missing_target
@shared.delimiter
@shared.threads
@shared.as_json
def evaluate(
    model: Path,
    data: Path,
    target: str | None,
    drop_missing_target: bool,
    delimiter: str | None,
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
    found = _classes if made.answer.classifies else _numbers
    rows = Scored(made, data, delimiter, name, drop_missing_target)
    content = found(rows, threads)
    if as_json:
        about = {"model": model, "data": data, "target": name}
        shared.document("evaluate", {**about, **content, "seconds": time.perf_counter() - started})
        return
    without = f", {content['dropped']:,} without {name!r} left out" if content["dropped"] else ""
    click.echo(f"{data}, {content['rows']:,} rows{without}")
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
    """Rows to score a model on: a file, and the column that has the truth."""

    model: Model
    data: Path
    delimiter: str | None
    target: str
    drop_missing: bool
    dropped: int = 0

    @property
    def where(self) -> str:
        """How errors call the truth."""
        return f"{self.data}, column {self.target!r}"

    def parts(self) -> Iterator[Table]:
        """The rows by parts, without those that have no truth, if that is meant, which are counted."""
        from chainrule.cli.present import with_target

        for part in tables.parts(self.data, self.delimiter, models.columns(self.model), [self.target]):
            kept = with_target(part, self.target) if self.drop_missing else part
            self.dropped += len(part) - len(kept)
            if len(kept):
                yield kept


def _classes(rows: Scored, threads: int | None) -> dict[str, Any]:
    import numpy as np

    from chainrule.diagnosis import scores

    model, answer = rows.model, cast(Any, rows.model.answer)
    labels = [models.word(label) for label in answer.every]
    codes, raws = [], []
    with tables.naming(rows.data):
        for part in rows.parts():
            codes.append(_codes(part[rows.target], labels, rows.where))
            raws.append(model.raw(model.read(part), threads))
    all_codes, raw = np.concatenate(_some(codes, rows.data)), np.concatenate(raws)
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
    from chainrule.models.truth import Truth

    model, answer = rows.model, cast(Any, rows.model.answer)
    true, predicted = [], []
    with tables.naming(rows.data):
        for part in rows.parts():
            _check_known(part[rows.target], rows.where)
            true.append(numbers(Truth(part[rows.target], rows.where)))
            predicted.append(answer.point_in_units(model.raw(model.read(part), threads)))
    y, found = np.concatenate(_some(true, rows.data)), np.concatenate(predicted)
    return {"rows": len(y), "dropped": rows.dropped, "task": "regression", "scores": scores.of_numbers(y, found)}


def _codes(column: Column, labels: list[str], where: str) -> Any:
    """Which of the model's classes each row is of."""
    import numpy as np

    _check_known(column, where)
    words = column.as_words()
    known = {label: code for code, label in enumerate(labels)}
    codes = np.array([known.get(level, -1) for level in words.levels], np.int64)[words.values]
    if (codes < 0).any():
        row = int((codes < 0).argmax())
        raise InputError(
            f"{where}, row {column.first + row}", f"a class of the model: {', '.join(labels)}"[:300],
            repr(words.levels[words.values[row]]), "Mend the value, or leave such rows out.",
        )  # fmt: skip
    return codes


#: What to do about rows without the truth.
MISSING = "Leave rows without one out, as --drop-missing-target does."


def _check_known(column: Column, where: str) -> None:
    if column.missing.any():
        row = column.first + int(column.missing.argmax())
        raise InputError(f"{where}, row {row}", "a value in every row", "none", MISSING)


def _some(parts: list[Any], data: Path) -> list[Any]:
    if not parts:
        raise InputError(str(data), "rows to score", "none", "Check the file.")
    return parts
