"""A fit's state as a checkpoint, and a fit that goes on from one as if it had never stopped."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from chainrule.engine.mixture import AnyPredictor
from chainrule.errors import InputError
from chainrule.models.training import Training
from chainrule.training.batches import Data
from chainrule.training.checkpoints import State
from chainrule.training.records import Record

#: What may differ between the fit that wrote and the fit that goes on. The seed's streams are in the checkpoint.
FREE = {"max_iter", "time_limit", "n_threads", "verbose", "callbacks", "checkpoints", "warm_start", "random_state"}


def snapshot(training: Training, settings: dict[str, str]) -> State:
    """Everything that the next epoch depends on."""
    assert training.trainer is not None
    assert training.stopping is not None
    arrays, trainer = training.trainer.state()
    best, stopping = training.stopping.state()
    history = [asdict(record) for record in training.progress.records]
    data = {"settings": settings, "trainer": trainer, "stopping": stopping, "history": history}
    return State({**arrays, **best}, data)


def restore(training: Training, state: State) -> list[Record]:
    """Put trainer and stopping where the checkpoint has them; the records so far."""
    assert training.trainer is not None
    assert training.stopping is not None
    training.trainer.load(state.arrays, state.data["trainer"])
    training.stopping.load(state.arrays, state.data["stopping"])
    return [Record(**record) for record in state.data["history"]]


def split_of(state: State) -> int:
    """The seed of what holds rows out."""
    return int(first(state)["trainer"]["streams"]["split"])


def first(state: State) -> Mapping[str, Any]:
    """The data of a fit, or of the first of several that has some.

    Raises
    ------
    InputError
        Where all have diverged.
    """
    every: list[Mapping[str, Any]] = state.data.get("stages", [state.data])
    found = next((one for one in every if "trainer" in one), None)
    if found is None:
        raise InputError(
            "fit(resume_from=)", "a checkpoint of networks that are in training", "one where all have diverged",
            "Lower learning_rate_init, and fit without resume_from.",
        )  # fmt: skip
    return found


#: Of a fit that has not begun, or has diverged.
NO_STATE = State({}, {})


def stages(states: Mapping[int, State], settings: dict[str, str]) -> State:
    """The states of several fits, by their places, as one."""
    every = [states.get(place, NO_STATE) for place in range(max(states) + 1)]
    arrays = {f"{place}/{name}": array for place, one in enumerate(every) for name, array in one.arrays.items()}
    return State(arrays, {"settings": settings, "stages": [{**one.data} for one in every]})


def stage(state: State, place: int) -> State | None:
    """The state of one of several fits, None of one that had not begun."""
    every, front = state.data.get("stages", ()), f"{place}/"
    if place >= len(every) or "trainer" not in every[place]:  # or one that diverged, and does so again
        return None
    arrays = {name.removeprefix(front): array for name, array in state.arrays.items() if name.startswith(front)}
    return State(arrays, every[place])


def epochs(state: State) -> int:
    """That several fits have trained."""
    return sum(len(one["history"]) for one in state.data.get("stages", ()) if "history" in one)


def settings(parameters: Mapping[str, Any], predictors: Sequence[AnyPredictor], *parts: Data | None) -> dict[str, str]:
    """What must be the same where a fit goes on: parameters of an estimator, networks, data, as text."""
    networks = [one.network for one in predictors]
    data = [None if rows is None else _sum_of(rows) for rows in parts]
    return {
        **{name: _said(value) for name, value in parameters.items() if name not in FREE},
        "training and validation rows": ", ".join("none" if one is None else f"checksum {one:08x}" for one in data),
        "network": "; ".join(f"{network.inputs} inputs, {_said(network.layers)}" for network in networks),
        "float type": str(predictors[0].parameters.vector.dtype),
    }


def check_same(now: dict[str, str], state: State) -> None:
    """Refuse to go on with what would not be the same fit."""
    then = state.data.get("settings", {})
    for name, value in now.items():
        if then.get(name) != value:
            raise InputError(
                "fit(resume_from=)", f"{name} = {then.get(name)}, as in the checkpoint", value,
                "Fit with what the checkpoint was made with, or anew without resume_from.",
            )  # fmt: skip


def _said(value: Any) -> str:
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def _sum_of(data: Data) -> int:
    """A checksum of X, y, weights and the choice among them."""
    found = 0
    for array in data.contents:
        if array is not None:
            found = zlib.crc32(np.ascontiguousarray(array).data.cast("B"), found)
    return found
