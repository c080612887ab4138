"""`chainrule explain`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chainrule.cli import explaining, models, outputs, shared, tables
from chainrule.cli.config import Configured
from chainrule.cli.unseen import Unknown
from chainrule.errors import InputError

if TYPE_CHECKING:
    from chainrule.explanations import Explanation
    from chainrule.models.model import Model
    from chainrule.tables.table import Table

#: Columns of a row that are told by name; the others are summed up.
TOLD = 10
MEANING = (
    "A value is how far a column moves a row's {what} away from the base value, the mean of the background; with it, "
    "the values of all columns add up to the row's {what}. They tell what the model does, not what causes what."
)


@click.command(cls=Configured)
@shared.model_file
@shared.data
@click.option("--background", type=shared.SOURCE, help="Rows to explain against, such as those of training; else DATA.")
@click.option(
    "--background-rows", type=click.IntRange(1), default=100, show_default=True, help="So many are drawn of them."
)
@click.option("--output", "-o", type=click.Path(), help="File of all values: .csv, .csv.gz, .parquet; - prints CSV.")
@click.option("--row", multiple=True, metavar="NUMBER", help="A row to tell of, as errors number it; may be repeated.")
@click.option(
    "--rows", type=explaining.how_many, default="1000", show_default=True, metavar="NUMBER|all",
    help="So many rows are explained, the first.",
)  # fmt: skip
@click.option("--of", metavar="OUTPUT", help="Of several classes, labels or targets, this one.")
@click.option(
    "--method", type=click.Choice(["auto", "exact", "permutation"]), default="auto", show_default=True,
    help="All subsets of at most 12 columns, or orders that are drawn.",
)  # fmt: skip
@click.option(
    "--permutations", type=click.IntRange(2), default=2, show_default=True,
    help="Orders of each pair of rows, each with its reverse.",
)  # fmt: skip
@click.option(
    "--link", type=click.Choice(["identity", "logit"]), default="identity", show_default=True,
    help="What is predicted, or the log-odds of a probability.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all that is drawn.")
@shared.form
@shared.threads
@shared.force
@shared.as_json
@shared.quiet
def explain(
    model: Path,
    data: shared.Source,
    background: str | None,
    background_rows: int,
    output: str | None,
    row: tuple[str, ...],
    rows: int | str,
    of: str | None,
    method: Any,
    permutations: int,
    link: Any,
    seed: int,
    form: shared.Form,
    threads: int | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Why does a model predict what it does?

    Shapley values of the columns of DATA, by MODEL, against rows of a background: how much each column moves
    predictions on average, and with --row, how it moves that of a row.
    """
    if as_json and output == "-":
        raise click.UsageError("--json and --output - both print: name a file.", click.get_current_context())
    place = None if output in (None, "-") else Path(str(output))
    outputs.check_ending("--output", place)
    shared.check_free("--output", place, force)
    from chainrule.explanations.explanation import Sizes

    started = time.perf_counter()
    made = models.load(model)
    _check(made, of, method, link, threads)
    names = models.columns(made)
    file = tables.opened(data, form, once=background is not None and not row)
    asked = explaining.asked_for(file, names, row) if row else None
    others = tables.opened(background, form, once=True) if background is not None else file
    against = _drawn(made, others, names, background_rows, seed, background is None)
    explained = partial(
        made.explain, background=against, method=method, permutations=permutations, background_rows=len(against),
        link=link, random_state=seed, n_threads=threads,
    )  # fmt: skip
    most = sys.maxsize if rows == "all" else int(rows)
    unknown, sizes, first = Unknown(made), Sizes(), explaining.First(tables.parts(file, names), most)
    error = 0.0
    writing: Any = nullcontext() if output is None else outputs.opened(place)
    with writing as sink, tables.naming(file.path), explaining.progress(not quiet) as bar:
        for chunk in first:
            unknown.read(chunk)
            known = sizes.rows + len(chunk) if most <= explaining.CHUNK else None
            found = _one(explained(chunk, progress=bar(sizes.rows, len(chunk), known)), of)
            sizes.add(found)
            error = max(error, float(found.error_std.max()))
            if sink is not None:
                sink.write(explaining.columns_of(found))
        if not sizes.rows:
            raise InputError(str(file.path), "rows to explain", "none", "Check the file.")
        single = None if asked is None else _one(explained(asked), of)
    unknown.tell()
    result = Result(found, single, row, sizes.rows, first.more, sizes.importances(), error)
    about = {"model": model, "data": data, "background": background, "output": output}
    if as_json:
        more = {"unknown_levels": unknown.data(), "seconds": time.perf_counter() - started}
        shared.document("explain", {**about, **result.data(), **more})
    elif output is None or not quiet:
        for line in result.said(str(file.path), str(others.path), output):
            click.echo(line, err=output == "-")


def _check(model: Model, of: str | None, method: str, link: Any, threads: int | None) -> None:
    """Refuse what cannot be asked of a model, before rows are read."""
    from chainrule.errors import unknown_name
    from chainrule.explanations.subsets import MOST
    from chainrule.models.explained import outputs as outputs_of

    try:
        names = outputs_of(model, link, threads)[1]
        if of is not None and of not in names:
            raise unknown_name("--of", of, names)
    except InputError as error:
        raise click.UsageError(str(error), click.get_current_context()) from error
    count = len(models.columns(model))
    if method == "exact" and count > MOST:
        raise click.UsageError(
            f"--method exact is for at most {MOST} columns, and {count} are read. Leave it out: orders of the columns "
            "are drawn, with standard errors.",
            click.get_current_context(),
        )


def _drawn(model: Model, file: Any, names: Sequence[str], size: int, seed: int, own: bool) -> Table:
    """Rows of the background, which the model can read."""
    from chainrule.tables.sampling import sample

    with tables.naming(file.path):
        found = sample(tables.parts(file, names), size, seed)
        if found is None:
            raise InputError(str(file.path), "rows to explain against", "none", "Check the file.")
        model.read(found)
    if own and len(found) == 1 and size > 1:
        raise click.UsageError(
            f"{file.path} has one row, which needs others that it is explained against: --background, such as the rows "
            "of training.",
            click.get_current_context(),
        )
    return found


def _one(found: Explanation, of: str | None) -> Explanation:
    return found if of is None else found.of(of)


@dataclass(frozen=True)
class Result:
    """What was found: of the last chunk an explanation, that of the rows asked for, and what all rows gave.

    Attributes
    ----------
    last : tells base value, outputs, and how values were found
    single, numbers : of the rows asked for, and how they were called
    rows, more : how many rows were explained, and whether there are others
    importances : of columns
    error : the greatest standard error of a value
    """

    last: Explanation
    single: Explanation | None
    numbers: Sequence[str]
    rows: int
    more: bool
    importances: list[Any]
    error: float

    def data(self) -> dict[str, Any]:
        """As the document has it."""
        last = self.last
        each = [last.of(name) for name in last.output_names]
        return {
            "rows": self.rows, "all_rows": not self.more, "background_rows": last.background, "method": last.method,
            "link": last.link, "standard_error_at_most": self.error,
            "outputs": [{"name": one.output_names[0], "base_value": float(one.base_values[0])} for one in each],
            "importances": [
                {"column": name, "mean": mean, "low": low, "high": high} for name, mean, low, high in self.importances
            ],
            "explained": [
                {"row": number, "outputs": [self._row(one, place) for one in self._each()]}
                for place, number in enumerate(self.numbers)
            ],
        }  # fmt: skip

    def _each(self) -> list[Explanation]:
        """Of the rows asked for, an explanation of each output."""
        return [] if self.single is None else [self.single.of(name) for name in self.single.output_names]

    def _row(self, one: Explanation, place: int) -> dict[str, Any]:
        return {
            "name": one.output_names[0], "base_value": float(one.base_values[place]),
            "prediction": float(one.predictions[place]), "values": explaining.effects(one, place),
        }  # fmt: skip

    def said(self, file: str, others: str, output: str | None) -> Iterator[str]:
        """For the user."""
        last = self.last
        what = "log-odds" if last.link == "logit" else "prediction"
        which = f"the first {self.rows:,} rows (--rows all explains every one)" if self.more else f"{self.rows:,} rows"
        drawn = "1 row" if last.background == 1 else f"{last.background:,} rows"
        how = "exact" if last.method == "exact" else f"standard errors of at most {self.error:.2g}"
        yield shared.printable(f"{file}, {which}, explained against {drawn} of {others}; {how}")
        for one in (last.of(name) for name in last.output_names):
            yield shared.printable(f"{one.output_names[0]}: base value {one.base_values[0]:,.6g}")
        yield f"How far each column moves the {what}, on average, and its 95 % interval"
        yield shared.lines(
            (name, f"{mean:,.4g}", f"{low:,.4g} to {high:,.4g}") for name, mean, low, high in self.importances
        )
        for place, number in enumerate(self.numbers):
            for one in self._each():
                yield from _row_said(self._row(one, place), number, what)
        yield MEANING.format(what=what)
        if output not in (None, "-"):
            yield f"{self.rows:,} rows in {output}"


def _row_said(found: dict[str, Any], number: str, what: str) -> Iterator[str]:
    values = found["values"]
    rest = values[TOLD:]
    away = _signed(found["prediction"] - found["base_value"])
    head = f"Row {number}, {found['name']}: {what} {found['prediction']:,.6g}, {away} from the base value"
    yield shared.printable(head)
    names = [(one["column"], _cell(one["cell"]), _signed(one["value"]), _error(one)) for one in values[:TOLD]]
    if rest:
        names.append((f"{len(rest)} others", "", _signed(sum(one["value"] for one in rest)), ""))
    yield shared.lines(names)


def _signed(value: float) -> str:
    return f"{value:+,.4g}"


def _error(one: dict[str, Any]) -> str:
    """The standard error of a value; nothing of one that is exact."""
    return f"± {one['standard_error']:.2g}" if one["standard_error"] else ""


def _cell(value: Any) -> str:
    """As it is written."""
    from chainrule.tables.column import number_text

    if not isinstance(value, float):
        return str(value)
    return "missing" if value != value else number_text(value)
