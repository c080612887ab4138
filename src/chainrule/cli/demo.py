"""`chainrule demo`."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chainrule.cli import browser, exits, learned, shared
from chainrule.cli.config import Configured
from chainrule.cli.first_words import OWN

if TYPE_CHECKING:
    from chainrule.datasets import Table

NAME, TARGET, REPORT, MODEL = "UCI Adult", "income", "report.html", "adult.model"


@click.command(cls=Configured)
@click.option(
    "--output", "-o", type=shared.PATH, metavar="FOLDER", help=f"Write {MODEL} and {REPORT} there; made if it is new."
)
@click.option("--open/--no-open", "opens", default=True, help="Open the report in a browser, if there is one to see.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all that is drawn.")
@shared.threads
@shared.force
@shared.as_json
def demo(output: Path | None, opens: bool, seed: int, threads: int | None, force: bool, as_json: bool) -> int:
    """Train on UCI Adult, and open its report.

    The package carries it: does a person earn more than 50,000 dollars? Without --output the report is a temporary
    file, and no model is written.
    """
    started = time.perf_counter()
    _check(output, force)
    from chainrule import datasets
    from chainrule.estimators.table.classifier import TableClassifier

    adult = datasets.load_adult()
    train, test = ({name: column[rows] for name, column in adult.columns.items()} for rows in (adult.train, adult.test))
    true = adult.target[adult.test]
    shared.tell(f"{NAME}: {len(adult.target[adult.train]):,} rows to train on, {len(true):,} to test")
    estimator = TableClassifier(preset="fast", random_state=seed, n_threads=threads)
    ending = learned.fitted(estimator, {**train, TARGET: adult.target[adult.train]}, TARGET)
    code = learned.code_of(ending)
    if code != exits.WELL and not learned.is_there(estimator):
        shared.tell("Nothing was written: no epoch left a model behind.")
        return code
    found, usual = _scores(estimator, test, true)
    folder = _folder(output)
    report = _written(estimator, test, true, folder, force)
    model = folder / MODEL if output is not None else None
    if model is not None:
        estimator.save(model, overwrite=force)
    about: dict[str, Any] = {"task": "classification", "reason": _reason(adult), "data": NAME, "target": TARGET}
    about |= {"rows": ending.outlook.rows, "held_out": ending.outlook.held_out, "preset": "fast", "seed": seed}
    about |= {"test_rows": len(true), "scores": found, "most_frequent": usual, "ended": ending.reason}
    about |= {"seconds": time.perf_counter() - started, "output": model, "report": report}
    content = {**about, **learned.summary(estimator)}
    if as_json:
        shared.document("demo", content)
        return code
    click.echo(learned.said(content))
    click.echo(f"Scores of the {len(true):,} test rows, which training did not see")
    click.echo(shared.lines([*found.items(), ("always the most frequent class", f"{usual:.6g} accuracy")]))
    if output is None:
        shared.tell("The report is a temporary file, and no model was written: --output FOLDER keeps both.")
    click.echo("\n".join(["Next, a table of your own", *(f"    {way}" for way in OWN)]))
    if opens and browser.somebody_looks() and not browser.opened(report):
        shared.tell(f"No browser could be opened: {report} is the page to open.")
    return code


def _check(output: Path | None, force: bool) -> None:
    """Refuse a folder that cannot be written to, or that holds what would be replaced, before the work is done."""
    if output is None:
        return
    if output.is_dir():
        for name in (REPORT, MODEL):
            shared.check_free("--output", output / name, force)
    else:
        shared.check_free("--output", output, force=False)


def _folder(output: Path | None) -> Path:
    """Where the report goes."""
    if output is None:
        return Path(tempfile.mkdtemp(prefix="chainrule-demo-"))
    output.mkdir(exist_ok=True)
    return output


def _written(estimator: Any, test: dict[str, Any], true: Any, folder: Path, force: bool) -> Path:
    from chainrule.plots.report import report

    return report(estimator, folder / REPORT, test, true, overwrite=force)


def _reason(adult: Table) -> str:
    """What the task rests on, as `train` finds it."""
    from chainrule.models import task
    from chainrule.tables.column import words
    from chainrule.tables.evidence import Evidence

    seen = Evidence(())
    seen.add(words(adult.target.tolist()))
    return task.found(seen, NAME, TARGET)[1]


def _scores(estimator: Any, test: dict[str, Any], true: Any) -> tuple[dict[str, float], float]:
    """Scores of the test rows, and the accuracy of who says the most frequent class of each."""
    import numpy as np

    from chainrule.diagnosis import scores

    codes, shares = np.searchsorted(estimator.classes_, true), estimator.predict_proba(test)
    found = scores.of_classes(codes, shares.argmax(axis=1), shares)
    return found, float(np.bincount(codes).max() / len(codes))
