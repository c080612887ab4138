"""`chainrule predict`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from chainrule.cli import models, outputs, shared, tables
from chainrule.cli.config import Configured
from chainrule.cli.engine import Engine
from chainrule.cli.engine import engine as engine_options
from chainrule.cli.unseen import Unknown
from chainrule.errors import InputError


@click.command(cls=Configured)
@shared.model_file
@shared.data
@click.option(
    "--output",
    "-o",
    type=click.Path(),
    help="File, .csv, .csv.gz or .parquet; else CSV to standard output. With --engine a folder or its URL.",
)
@click.option("--proba", is_flag=True, help="A column of probabilities for each class.")
@click.option("--keep", multiple=True, metavar="COLUMN", help="A column of DATA to put in front; may be repeated.")
@shared.form
@engine_options
@shared.threads
@shared.force
@shared.as_json
@shared.quiet
def predict(
    model: Path,
    data: shared.Source,
    output: str | None,
    proba: bool,
    keep: tuple[str, ...],
    form: shared.Form,
    engine: Engine,
    threads: int | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Predict the rows of a table.

    There is a prediction by MODEL for each row of DATA, in their order. Rows are read, predicted and written by parts,
    so that a table of any size goes through. With --engine, machines of a cluster do so, each its places of DATA, and
    write a Parquet file for each.
    """
    if as_json and output is None:
        raise click.UsageError("--json tells of a file: name it with --output.", click.get_current_context())
    if engine.name is None:
        place = None if output is None else Path(output)
        outputs.check_ending("--output", place)
        shared.check_free("--output", place, force)
    elif output is None:
        raise click.UsageError("--engine writes to a folder: name it with --output.", click.get_current_context())
    from chainrule.models.as_table import predictions
    from chainrule.models.writing import Prediction, write
    from chainrule.tables.out import as_arrow

    started = time.perf_counter()
    made = models.load(model)
    if proba and not made.answer.gives_probabilities:
        does = f"decides by {made.loss.name}" if made.answer.classifies else "predicts numbers, not classes"
        raise click.UsageError(f"--proba: {model} {does}.", click.get_current_context())
    if engine.name is not None:
        assert output is not None
        work = Prediction(made, tables.opened(data, form), output, proba, keep, threads or 1)
        work.check(force)  # before machines are waited for
        with engine.used(threads):
            written = write(work, force)
        cells = [{"column": name, "cells": count} for name, count in written.seen.unknown.items()]
        _said(model, data, output, written.rows, cells, started, as_json, quiet)
        return
    unknown = Unknown(made)
    rows, file = 0, tables.opened(data, form, once=True)
    with outputs.opened(place) as sink, tables.naming(file.path):
        for part in tables.parts(file, models.columns(made), keep):
            kept = ((name, as_arrow(part[name], f"--keep {name}")) for name in keep)
            found = [*kept, *predictions(made, unknown.read(part), proba, threads)]
            outputs.check_names(file.path, [name for name, _ in found])
            sink.write(dict(found))
            rows += len(part)
        if not rows:
            raise InputError(str(file.path), "rows to predict", "none", "Check the file.")
    unknown.tell()
    _said(model, data, output, rows, unknown.data(), started, as_json, quiet)


def _said(
    model: Path,
    data: shared.Source,
    output: str | None,
    rows: int,
    unknown: list[dict[str, Any]],
    started: float,
    as_json: bool,
    quiet: bool,
) -> None:
    """Tell what was written."""
    if as_json:
        about = {"model": model, "data": data, "output": output, "rows": rows, "unknown_levels": unknown}
        shared.document("predict", {**about, "seconds": time.perf_counter() - started})
    elif output is not None and not quiet:
        shared.tell(f"{rows:,} rows predicted, in {output}")
