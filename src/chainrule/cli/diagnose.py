"""`chainrule diagnose`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chainrule.cli import exits, models, shared, tables
from chainrule.cli.config import Configured

if TYPE_CHECKING:
    from chainrule.diagnosis.findings import Findings

#: chainrule.diagnosis.findings.LEVELS, without loading it for --help.
LEVELS = ("note", "warning", "error")


@click.command(cls=Configured)
@shared.model_file
@click.option("--data", type=shared.SOURCE, help="Rows that the model was trained on: they tell more.")
@click.option("--validation", type=shared.SOURCE, help="Rows that it was not trained on.")
@click.option("--fail-on", type=click.Choice(LEVELS), help=f"Exit with {exits.FOUND} where a finding is as bad.")
@click.option("--html", type=shared.PATH, help="HTML file to write: the findings among all that is known of the model.")
@shared.force
@shared.as_json
def diagnose(
    model: Path,
    data: str | None,
    validation: str | None,
    fail_on: str | None,
    html: Path | None,
    force: bool,
    as_json: bool,
) -> int:
    """Why has a model learned, or not?

    Findings with their evidence, reasons and remedies. MODEL holds what was measured of every layer while it trained.
    """
    from chainrule.estimators.diagnosis.diagnose import diagnose as look
    from chainrule.estimators.loading import load

    shared.check_free("--html", html, force)
    estimator = load(model)
    kind = type(estimator).__name__
    if (data or validation) and kind not in models.TABLES:
        raise click.BadParameter(
            f"{model} has a {kind}, which takes no tables. In Python, diagnose(model, X, y).",
            param_hint="--data" if data else "--validation",
        )
    if (data or validation) and estimator.target_name_ is None:
        raise click.BadParameter(
            f"{model} was fitted without the name of its target's column. In Python, diagnose(model, X, y).",
            param_hint="--data" if data else "--validation",
        )
    seen, unseen = (tables.opened(given) if given else None for given in (data, validation))
    with tables.naming(seen.path if seen else model, unseen and unseen.path):
        findings = look(estimator, seen, None, unseen, None)
    if html is not None:
        from chainrule.plots.report import report

        rows = unseen or seen
        target = None if rows is None else estimator.target_name_
        report(estimator, html, rows, target, findings, overwrite=force)
    if as_json:
        shared.document("diagnose", {"model": model, "measured": _measured(estimator), "findings": findings.to_data()})
    else:
        click.echo(shared.printable_lines(f"{model}: {_summary(estimator, findings)}\n{findings}"))
    return exits.FOUND if fail_on is not None and findings.at_least(fail_on) else exits.WELL  # type: ignore[arg-type]


def _measured(estimator: Any) -> dict[str, Any]:
    """How much there was to judge by."""
    probes = estimator.probes_
    return {"epochs": len(estimator.history_), "probes": 0 if probes is None else len(probes)}


def _summary(estimator: Any, findings: Findings) -> str:
    counts = [(level, len([one for one in findings if one.level == level])) for level in reversed(LEVELS)]
    said = ", ".join(f"{count} {level}{'s' if count > 1 else ''}" for level, count in counts if count)
    measured = _measured(estimator)
    return f"{said or 'no findings'}; {measured['epochs']} epochs, measured {measured['probes']} times"
