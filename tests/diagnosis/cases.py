"""What is known of a network that learns, but for what is changed: cases for the tests of rules."""

from dataclasses import replace

import numpy as np

from chainrule import Dense, MLPClassifier, Network, TableClassifier, losses
from chainrule.diagnosis.columns import ColumnSeen, Naming
from chainrule.diagnosis.observed import Observed, Scores
from chainrule.diagnosis.probes import EDGES, QUANTITIES, Probed, Probes
from chainrule.diagnosis.survey import Survey
from chainrule.tables.unseen import Portion
from chainrule.training.records import Record


def probes(layers=4, count=6, activation="relu", names="0123456789", **quantities):
    """Probes of a network that learns, but for what is given: a number for all, or an array (probes, layers)."""
    healthy = {
        "z_rms": 1.0, "a_rms": 0.7, "dz_rms": 0.1, "dW_rms": 0.01, "W_rms": np.sqrt(2 / 16),
        "update": -2.7, "dead": 0.0, "saturated": 0.0, "rank": 0.3,
    }  # fmt: skip
    columns = [np.broadcast_to({**healthy, **quantities}[name], (count, layers)) for name in QUANTITIES]
    named = tuple(Probed(names[k], 16, activation if k < layers - 1 else "identity", "") for k in range(layers))
    shares = np.zeros((1, layers, len(EDGES) + 1), np.float32)
    seen = Survey(500, 16, 500, largest=1.0, median=1.0, leak=3, leak_correlation=0.4, shares=(0.5, 0.5))
    values = np.stack(columns, axis=-1).astype(np.float32)
    return Probes(named, np.arange(count), values, np.array([0]), shares, shares, seen)


def observed(curve=(0.6, 0.4, 0.3, 0.25, 0.2, 0.18, 0.16, 0.15, 0.14, 0.13), **changes):
    """What is known of a network that learns, but for what is changed."""
    layers = [*[Dense(16, "relu")] * 3, Dense(1)]
    whole = {
        "network": Network(layers, 16), "loss": losses.get("binary_cross_entropy"),
        "parameters": MLPClassifier((16, 16, 16)).get_params(deep=False), "rate": 1e-3, "fitted": True,
        "history": [Record(k, loss, 1e-3, 0.1) for k, loss in enumerate(curve, start=1)], "probes": probes(),
        "constant_loss": np.log(2), "training": Scores(0.13, 0.95, 0.5, 500, (0.95, 0.95), 0.02),
        "held_out": Scores(0.2, 0.93, 0.5, 200, (0.93, 0.93), 0.03), "initial_loss": 0.8, "one_batch": 0.01,
        "plain": Scores(0.2, 0.93, 0.5, 100),
    }  # fmt: skip
    return Observed(**{**whole, **changes})


def seen(**changes):
    return replace(probes(), survey=replace(probes().survey, **changes))


def table(*columns, rows=1000, **changes):
    """The same of a raw table with these columns, in all rows alike."""
    parameters = TableClassifier(columns={"other": "category"}).get_params(deep=False)
    return observed(parameters=parameters, rows=rows, table=columns, others=columns, **changes)


def cells(share, *shown):
    """This share of the cells of a column, some of which are shown."""
    return Portion(round(share * 10_000), 10_000, shown)


def numbered(rows=1000, **changes):
    """Whole numbers that name rows, but for what is changed."""
    whole = {"different": 1.0, "span": 5000.0, "uneven": 0.02, "told": 0.0, "by_chance": 0.01}
    called_id = changes.pop("called_id", False)
    return ColumnSeen("ref", "number", naming=Naming(rows, **{**whole, **changes}), called_id=called_id)


def mixed(share):
    why = "70 different numbers, 9 other cells missing"
    return ColumnSeen("age", "number", why, mixed=True, unread=cells(share, *["over 90"] * bool(share)))


def towns(**changes):
    return ColumnSeen("town", "category", levels=4, **changes)


def dated(share):
    return ColumnSeen("day", "date", beyond=cells(share, "2026-01-31"))


def falling(by):
    """dz that falls by so many powers of ten a layer on its way back."""
    return 10.0 ** (-by * np.arange(4)[::-1] - 1)


STUCK = [0.69] * 10
