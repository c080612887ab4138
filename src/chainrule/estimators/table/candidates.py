"""The networks that a fit of a table tries: a preset each, and how the columns are encoded for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from chainrule.estimators.table import pilot, presets
from chainrule.estimators.table.clock import Clock
from chainrule.estimators.table.pilot import Suited
from chainrule.estimators.table.presets import Preset
from chainrule.tables.encoder import Encoder

#: Parameters that say what all networks are: where one is given, they differ by their seeds alone.
OF_NETWORKS = ("numbers", "bins", "hidden_layer_sizes", "n_members")


class Candidate(NamedTuple):
    """Networks that are trained side by side.

    Attributes
    ----------
    preset : of them
    encoder : of the columns, for them
    """

    preset: Preset
    encoder: Encoder


def differ(estimator: Any) -> bool:
    """Whether an estimator's networks may differ by more than their seeds."""
    return estimator.preset != "fast" and all(getattr(estimator, name) is None for name in OF_NETWORKS)


def candidates(
    estimator: Any,
    preset: Preset,
    said: Mapping[str, Any],
    suited: Sequence[Suited],
    rows: int,
    clock: Clock,
    alike: bool = False,
) -> list[Candidate]:
    """What is tried, in the order in which it is trained: what is expected of the first is most.

    Parameters
    ----------
    estimator : whose parameters say whether networks may differ
    preset : of all of them
    said : what the estimator's parameters say in its place, of every kind of networks
    suited : the encoders that pilots found best, the best first
    rows : to train on and to hold out
    clock : of the fit; where time is short the last are left out, and have fewer members
    alike : whether all networks are to be, as no rows would choose among them
    """
    found = [Candidate(preset, suited[0].encoder)]
    if differ(estimator) and not alike and rows >= presets.ENOUGH:
        made = [one.encoder for one in suited]
        kinds = presets.variants(preset, made, rows < presets.LARGE)
        found = [Candidate(replace(kind, **said), encoder) for kind, encoder in kinds]
    if estimator.n_members is not None or estimator.preset == "fast":
        return found
    told = {id(one.encoder): one.per_row / sum(pilot.LAYERS) for one in suited}  # for each unit
    per_row = [told[id(one.encoder)] * sum(one.preset.hidden_layer_sizes) for one in found]
    afforded = clock.affordable([one.preset for one in found], per_row, rows)
    return [one._replace(preset=mine) for one, mine in zip(found, afforded, strict=False)]
