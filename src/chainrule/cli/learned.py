"""What `train` and `demo` share: a fit that is followed, how it ended, and what is said of what was learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.cli import exits, shared
from chainrule.cli.describe import STOPPED_BY, training_of

if TYPE_CHECKING:
    from chainrule.cli.listener import Ending
    from chainrule.training.callbacks import Callback
    from chainrule.training.units import Units

#: The error of held-out rows in units of the target: how it is called, and its name in a document.
IN_UNITS = (("validation RMSE", "best_validation_rmse"), ("validation R2", "best_validation_r2"))


def fitted(
    estimator: Any, rows: Any, target: str, quiet: bool = False, live: Callback | None = None, **call: Any
) -> Ending:
    """Fit, and say how it went.

    Parameters
    ----------
    estimator : of tables
    rows, target : what to learn from, and the column of it to predict
    quiet, live : whether nobody follows the training at the terminal, and who does at a page
    call : more that fit takes
    """
    from chainrule.cli.listener import Ending
    from chainrule.training.callbacks import Progress

    ending = Ending()
    estimator.callbacks = [ending, *([] if quiet else [Progress()]), *([live] if live else [])]
    estimator.fit(rows, target, **call)
    estimator.callbacks = estimator.checkpoints = None  # they are of this run, not of the model
    return ending


def code_of(ending: Ending) -> int:
    """The exit code of a fit that has ended so."""
    return {"diverged": exits.DIVERGED, "interrupted": exits.INTERRUPTED}.get(ending.reason, exits.WELL)


def is_there(estimator: Any) -> bool:
    """Whether there is an epoch whose weights can be kept."""
    best = estimator.best_validation_score_
    return len(estimator.history_) > 0 if best is None else best > -float("inf")


def summary(estimator: Any) -> dict[str, Any]:
    """What was made of the columns, the network, and how training went."""
    from chainrule.models.labels import word
    from chainrule.tables.describe import columns_of, left_out_of

    found: dict[str, Any] = {"columns": columns_of(estimator.encoder_), "left_out": left_out_of(estimator.encoder_)}
    if estimator.model_.answer.classifies:
        found["classes"] = [word(label) for label in estimator.classes_]
    history = estimator.history_
    losses = [one.validation_loss for one in history]
    network, trained = estimator.network_, estimator.model_.predictor.trained
    training = training_of(losses, sum(one.seconds for one in history))
    model = estimator.model_
    kinds = [{"networks": said, "members": members, "share": share} for said, members, share in model.kinds()]
    if model.progress.mixed is not None:
        training["loss_together"] = model.progress.mixed
    best = training.get("loss_together", training["best_validation_loss"])
    return {
        **found,
        "network": {"inputs": network.inputs, "outputs": network.outputs, "parameters": trained},
        **({"networks": kinds} if len(kinds) > 1 else {}),
        "training": {**training, **_in_units(model.units, best)},
    }


def _in_units(units: Units | None, loss: float | None) -> dict[str, float | None]:
    """The best loss as an error in units of the target, where it tells that."""
    if units is None or loss is None:
        return {}
    return {"best_validation_rmse": units.rmse(loss), "best_validation_r2": units.r2(loss)}


def _networks(kinds: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """A line of the networks that were chosen, where they differ."""
    return [("networks", f"{one['members']} of {one['networks']}: {one['share']:.0%} of a prediction") for one in kinds]


def _loss(best: float | None) -> str:
    return "none" if best is None else f"{best:.6g}, on {STOPPED_BY}"


def said(content: dict[str, Any]) -> str:
    """The document of a command in lines, without its columns."""
    training = content["training"]
    kinds = [one["kind"] for one in content["columns"]]
    counts = [f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds)]
    left = len(content["left_out"])
    of_first = ", of the networks that count most" if "networks" in content else ""
    without = f", {content['dropped']:,} without a target" if content.get("dropped") else ""
    pairs = [
        ("task", f"{content['task']} of {content['target']!r}, {content['reason']}"),
        ("rows", f"{content['rows']:,} to learn from, {content['held_out']:,} held out{without}"),
        ("columns", ", ".join([*counts, *[f"{left} left out"] * bool(left)])),
        ("epochs", f"{training['epochs']}, best {training['best_epoch']}{of_first}, {content['ended']}"),
        *_networks(content.get("networks", [])),
        ("validation loss", _loss(training.get("loss_together", training["best_validation_loss"]))),
        *[(name, f"{training[key]:.6g}") for name, key in IN_UNITS if training.get(key) is not None],
        ("seconds", round(content["seconds"], 1)),
        *[(name, str(content[key])) for name, key in (("model", "output"), ("report", "report")) if content[key]],
    ]
    return shared.lines(pairs, indent="")


def columns_said(content: dict[str, Any]) -> str:
    """What each column was taken for."""
    from chainrule.tables.describe import told

    return f"Columns\n{shared.lines(told(content['columns'], content['left_out']))}"
