"""`chainrule train`."""

from __future__ import annotations

import time
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chainrule.cli import exits, learned, shared, tables
from chainrule.cli.config import Configured
from chainrule.cli.engine import Engine
from chainrule.cli.engine import engine as engine_options
from chainrule.cli.options import chosen, training_options
from chainrule.cli.watch import followed, hand_over
from chainrule.errors import listed
from chainrule.models import task

if TYPE_CHECKING:
    from chainrule.tables.files import TableFile


def column_kind(value: str) -> tuple[str, str]:
    """COLUMN=KIND, as a pair."""
    from chainrule.tables.learn import SAID

    column, equals, kind = value.rpartition("=")
    if not equals or kind not in SAID:
        raise click.BadParameter(f"{value!r} is not COLUMN=KIND with one of {', '.join(SAID)}.")
    return column, kind


def missing_word(value: str) -> tuple[str, str]:
    """WORD, or COLUMN=WORD, as a pair of the column or "" and the word."""
    column, _, word = value.rpartition("=")
    return column, word


def direction(value: str) -> tuple[str, int]:
    """COLUMN=1 or COLUMN=-1, as a pair."""
    column, _, sign = value.rpartition("=")
    if not column or sign not in ("1", "-1"):
        raise click.BadParameter(f"{value!r} is no direction such as age=1 or debt=-1.")
    return column, int(sign)


@click.command(cls=Configured)
@shared.data
@click.option("--target", required=True, help="The column to predict.")
@click.option("--output", "-o", type=shared.PATH, help="Model file to write; without it nothing is written.")
@click.option("--preset", type=click.Choice(["fast", "default", "best"]), default="default", show_default=True)
@click.option("--task", "asked", type=click.Choice(task.TASKS), help="What the target's column decides if left out.")
@click.option(
    "--columns",
    type=column_kind,
    metavar="COLUMN=KIND",
    multiple=True,
    help="Kind of a column; may be repeated: --columns age=category.",
)
@click.option(
    "--missing",
    type=missing_word,
    metavar="[COLUMN=]WORD",
    multiple=True,
    help="A word that stands for a missing value, or those of a column in place of the usual ones; may be repeated.",
)
@click.option(
    "--monotone",
    type=direction,
    metavar="COLUMN=1|-1",
    multiple=True,
    help="A column of numbers as which rises predictions never fall, 1, or never rise, -1; may be repeated.",
)
@click.option("--decimal", type=click.Choice([".", ","]), help="Before the decimals of numbers; found if left out.")
@shared.drop_missing_target
@click.option("--validation", type=shared.SOURCE, help="Rows to stop by, in place of a share of DATA; given like it.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all that is drawn.")
@engine_options
@click.option("--checkpoints", metavar="FOLDER", help="Write checkpoints to this folder, or its URL, epoch by epoch.")
@click.option(
    "--rounds", type=click.IntRange(1), help="Write one after so many rounds of an epoch, too, where there are rounds."
)
@click.option("--resume", is_flag=True, help="Go on from the newest of --checkpoints.")
@shared.threads
@click.option("--report", "report_to", type=shared.PATH, help="HTML file to write: what was learned, and how it went.")
@click.option("--watch", is_flag=True, help="Serve a page on this machine that follows the training.")
@click.option(
    "--watch-port", type=click.IntRange(0, 65535), default=0, help="Of that page; one that is free if left out."
)
@training_options
@shared.form
@shared.force
@shared.as_json
@shared.quiet
def train(
    data: shared.Source,
    target: str,
    output: Path | None,
    preset: str,
    asked: task.Task | None,
    columns: tuple[tuple[str, str], ...],
    missing: tuple[tuple[str, str], ...],
    monotone: tuple[tuple[str, int], ...],
    decimal: str | None,
    drop_missing_target: bool,
    validation: str | None,
    seed: int,
    engine: Engine,
    checkpoints: str | None,
    rounds: int | None,
    resume: bool,
    threads: int | None,
    report_to: Path | None,
    watch: bool,
    watch_port: int,
    form: shared.Form,
    force: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> int:
    """Learn from a table, and write a model file.

    DATA is CSV, also compressed, Parquet or Arrow; several of them, a folder of them, a pattern in quotes, or - for CSV
    from standard input. The kinds of its columns are found.
    Ctrl-C ends the training; the best model so far is written.
    """
    shared.check_free("--output", output, force)
    shared.check_free("--report", report_to, force)
    page = followed(watch, watch_port, f"Training on {_title(data)}")
    live = click.get_current_context().with_resource(page)
    started = time.perf_counter()
    file = _open(data, form, target, columns)
    said, words = dict(columns), _missing(missing)
    chosen_task, why, unclear = _task(file, target, asked, said.get(target) == "category", words)
    if unclear:
        said[target] = "category"
    file, dropped = _kept(file, target, words, drop_missing_target)
    if not quiet:
        shared.tell(f"{chosen_task} of {target!r}: {why}")
        if dropped:
            shared.tell(f"rows without {target!r}, which are left out: {dropped:,}")
    estimator = _estimator(
        chosen_task,
        preset=preset,
        columns=said or None,
        missing=words,
        monotone=dict(monotone) or None,
        decimal=decimal,
        random_state=seed,
        n_threads=threads,
        checkpoints=_checkpoints(checkpoints, rounds, resume),
        **chosen(chosen_task, given),
    )
    held_out = None
    if validation is not None:
        held_out, _ = _kept(_open(validation, form, target), target, words, drop_missing_target)
    with tables.naming(file.path, held_out and held_out.path), engine.used(threads):
        resumed = checkpoints if resume else None
        ending = learned.fitted(estimator, file, target, quiet, live, X_val=held_out, resume_from=resumed)
    code = learned.code_of(ending)
    kept = code == exits.WELL or learned.is_there(estimator)
    written = output if kept else None
    if written is not None:
        estimator.save(written, overwrite=force)
    if live is not None and kept:
        hand_over(live, estimator)
    if report_to is not None and kept:
        _report(estimator, report_to, held_out, force)
    about: dict[str, Any] = {"task": chosen_task, "reason": why, "data": data, "target": target}
    about |= {"rows": ending.outlook.rows, "held_out": ending.outlook.held_out, "dropped": dropped}
    about |= {"preset": preset, "seed": seed}
    about |= {"seconds": time.perf_counter() - started, "output": written, "ended": ending.reason}
    about |= {"report": report_to if kept else None}
    content = {**about, **learned.summary(estimator)}
    if as_json:
        shared.document("train", content)
    elif not quiet:
        click.echo(f"{learned.said(content)}\n{learned.columns_said(content)}")
        if output is None:
            shared.tell("No model was written: --output names one.")
    if output is not None and written is None:
        shared.tell(f"{output} was not written: no epoch left a model behind.")
    return code


def _title(data: shared.Source) -> str:
    """What stands on the page: the last part of a path."""
    from chainrule.tables.files import called

    return called(data).rstrip("/").rpartition("/")[2]


def _open(data: shared.Source, form: shared.Form, target: str, columns: tuple[tuple[str, str], ...] = ()) -> TableFile:
    """The table; options that name none of its columns are refused before rows are read."""
    file = tables.opened(data, form)
    for option, name in (("--target", target), *(("--columns", name) for name, _ in columns)):
        if name not in file.names:
            near = get_close_matches(name, file.names, n=1)
            mend = f"Did you mean {near[0]!r}?" if near else f"It has {listed(file.names)}."
            raise click.BadParameter(f"{file.path} has no column {name!r}. {mend}", param_hint=option)
    return file


def _task(
    file: TableFile, target: str, asked: task.Task | None, classes: bool, missing: Any
) -> tuple[task.Task, str, bool]:
    """The task, what it rests on, and whether the target is to be said to hold classes, as it looks like numbers."""
    if asked is None and classes:
        return "classification", "as said", True
    seen = task.look(file, target, _nothing(missing, target))
    if asked is None:
        return *task.found(seen, str(file.path), target), False
    unclear = asked == "classification" and (classes or task.names_classes(seen, str(file.path), target))
    return asked, "as said", unclear


def _nothing(missing: Any, target: str) -> frozenset[str]:
    """Words of the target's column that stand for a missing value."""
    from chainrule.tables.schema import Nothing

    return Nothing.said("--missing", missing).of(target)


def _kept(file: TableFile, target: str, missing: Any, drop_missing_target: bool) -> tuple[TableFile, int]:
    """The rows to use, and how many are left out of them."""
    if not drop_missing_target:
        return file, 0
    from chainrule.cli.present import WithTarget

    kept = WithTarget(file.path, file, target, _nothing(missing, target))
    return kept, kept.count()


def _missing(said: tuple[tuple[str, str], ...]) -> Any:
    """Words as the estimator takes them: of all columns beside the usual ones, of one in their place."""
    from chainrule.tables.written.missing import WORDS

    words = tuple(word for column, word in said if not column)
    by_column: dict[str | None, list[str]] = {}
    for column, word in said:
        if column:
            by_column.setdefault(column, []).extend([word] * bool(word))
    if not by_column:
        return list(words) or None
    return {None: [*WORDS, *words], **by_column}


def _estimator(chosen_task: task.Task, **parameters: Any) -> Any:
    from chainrule.estimators.table.classifier import TableClassifier
    from chainrule.estimators.table.regressor import TableRegressor

    return (TableClassifier if chosen_task == "classification" else TableRegressor)(**parameters)


def _report(estimator: Any, path: Path, held_out: TableFile | None, force: bool) -> None:
    """The report, with scores of the rows that were given to validate on."""
    from chainrule.plots.report import report

    target = None if held_out is None else estimator.target_name_
    report(estimator, path, held_out, target, overwrite=force)


def _checkpoints(folder: str | None, rounds: int | None, resume: bool) -> Any:
    """Where checkpoints are written."""
    if folder is None:
        if resume or rounds is not None:
            option = "--resume goes on from" if resume else "--rounds is of"
            raise click.UsageError(f"{option} --checkpoints: name it.", click.get_current_context())
        return None
    from chainrule.training.checkpoints import Checkpoints

    return Checkpoints(folder, rounds=rounds)
