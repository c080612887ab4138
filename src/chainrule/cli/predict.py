"""`chainrule predict`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chainrule.cli import models, outputs, shared, tables
from chainrule.cli.config import Configured
from chainrule.errors import InputError

if TYPE_CHECKING:
    from chainrule.models.model import Model
    from chainrule.tables.table import Table


@click.command(cls=Configured)
@shared.model_file
@shared.data
@click.option("--output", "-o", type=shared.PATH, help="File, .csv, .csv.gz or .parquet; else CSV to standard output.")
@click.option("--proba", is_flag=True, help="A column of probabilities for each class.")
@click.option("--keep", multiple=True, metavar="COLUMN", help="A column of DATA to put in front; may be repeated.")
@shared.delimiter
@shared.threads
@shared.force
@shared.as_json
@shared.quiet
def predict(
    model: Path,
    data: Path,
    output: Path | None,
    proba: bool,
    keep: tuple[str, ...],
    delimiter: str | None,
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
    if proba and not made.answer.classifies:
        raise click.UsageError(f"--proba: {model} predicts numbers, not classes.", click.get_current_context())
    rows = 0
    with outputs.opened(output) as sink, tables.naming(data):
        for part in tables.parts(data, delimiter, [*models.columns(made), *keep]):
            kept = ((name, outputs.from_column(part[name])) for name in keep)
            found = [*kept, *predictions(made, part, proba, threads)]
            outputs.check_names(data, [name for name, _ in found])
            sink.write(dict(found))
            rows += len(part)
        if not rows:
            raise InputError(str(data), "rows to predict", "none", "Check the file.")
    if as_json:
        seconds = time.perf_counter() - started
        shared.document("predict", {"model": model, "data": data, "output": output, "rows": rows, "seconds": seconds})
    elif output is not None and not quiet:
        shared.tell(f"{rows:,} rows predicted, in {output}")


def predictions(model: Model, part: Table, proba: bool, threads: int | None) -> Iterator[tuple[str, Any]]:
    """Columns of Arrow by name: what is predicted, under the target's name, and probabilities."""
    import pyarrow as pa

    name = models.target(model) or "prediction"
    if not model.answer.classifies:
        yield name, pa.array(model.predict(part, threads))
        return
    shares, classes = model.predict_proba(part, threads), model.answer.every  # type: ignore[attr-defined]
    codes = pa.array(shares.argmax(axis=1).astype("int32"))
    yield name, pa.DictionaryArray.from_arrays(codes, pa.array(classes))
    if proba:
        for label, share in zip(classes, shares.T, strict=True):
            yield f"{name}={models.word(label)}", pa.array(share)
