"""`chainrule predict`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chainrule.cli import models, outputs, shared, tables
from chainrule.cli.config import Configured
from chainrule.cli.unseen import Unknown
from chainrule.errors import InputError

if TYPE_CHECKING:
    from chainrule.engine.expansion import Coded
    from chainrule.models.answers import Answer
    from chainrule.models.model import Model


@click.command(cls=Configured)
@shared.model_file
@shared.data
@click.option("--output", "-o", type=shared.PATH, help="File, .csv, .csv.gz or .parquet; else CSV to standard output.")
@click.option("--proba", is_flag=True, help="A column of probabilities for each class.")
@click.option("--keep", multiple=True, metavar="COLUMN", help="A column of DATA to put in front; may be repeated.")
@shared.form
@shared.threads
@shared.force
@shared.as_json
@shared.quiet
def predict(
    model: Path,
    data: shared.Source,
    output: Path | None,
    proba: bool,
    keep: tuple[str, ...],
    form: shared.Form,
    threads: int | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Predict the rows of a table.

    There is a prediction by MODEL for each row of DATA, in their order. Rows are read, predicted and written by parts,
    so that a table of any size goes through.
    """
    if as_json and output is None:
        raise click.UsageError("--json tells of a file: name it with --output.", click.get_current_context())
    outputs.check_ending("--output", output)
    shared.check_free("--output", output, force)
    started = time.perf_counter()
    made = models.load(model)
    if proba and not made.answer.gives_probabilities:
        does = f"decides by {made.loss.name}" if made.answer.classifies else "predicts numbers, not classes"
        raise click.UsageError(f"--proba: {model} {does}.", click.get_current_context())
    unknown = Unknown(made)
    rows, file = 0, tables.opened(data, form, once=True)
    with outputs.opened(output) as sink, tables.naming(file.path):
        for part in tables.parts(file, models.columns(made), keep):
            kept = ((name, outputs.from_column(name, part[name])) for name in keep)
            found = [*kept, *predictions(made, unknown.read(part), proba, threads)]
            outputs.check_names(file.path, [name for name, _ in found])
            sink.write(dict(found))
            rows += len(part)
        if not rows:
            raise InputError(str(file.path), "rows to predict", "none", "Check the file.")
    unknown.tell()
    if as_json:
        about = {"model": model, "data": data, "output": output, "rows": rows, "unknown_levels": unknown.data()}
        shared.document("predict", {**about, "seconds": time.perf_counter() - started})
    elif output is not None and not quiet:
        shared.tell(f"{rows:,} rows predicted, in {output}")


def predictions(model: Model, rows: Coded, proba: bool, threads: int | None) -> Iterator[tuple[str, Any]]:
    """Columns of Arrow by name: what is predicted, under the target's name, and probabilities.

    Of several labels, targets or quantiles there is a column each, with a number behind the name: "price_0.9".
    """
    import pyarrow as pa

    from chainrule.models.answers import Classes
    from chainrule.models.labels import word
    from chainrule.tables import arrow

    name, answer, raw = models.target(model) or "prediction", model.answer, model.raw(rows, threads)
    if isinstance(answer, Classes):
        codes = arrow.array(answer.decide(raw).astype("int32"))
        yield name, pa.DictionaryArray.from_arrays(codes, arrow.array(answer.labels))
    else:
        columns = answer.said(raw).reshape(len(raw), -1).T
        yield from zip(_names(name, answer), map(arrow.array, columns), strict=True)
    if proba:
        shares = answer.probabilities(raw)  # type: ignore[attr-defined]
        for label, share in zip(answer.every, shares.T, strict=True):  # type: ignore[attr-defined]
            yield f"{name}={word(label)}", arrow.array(share)


def _names(name: str, answer: Answer) -> list[str]:
    """The columns of labels or numbers, in their order."""
    several, levels = answer.loss.targets(answer.outputs), getattr(answer.loss, "levels", (None,))
    names = [name] if several == 1 else [f"{name}_{place}" for place in range(several)]
    return names if len(levels) == 1 else [f"{one}_{level:g}" for one in names for level in levels]
