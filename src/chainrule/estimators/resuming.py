"""A fit's state as a checkpoint, and a fit that goes on from one as if it had never stopped."""

from __future__ import annotations

import re
import zlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import InputError
from chainrule.estimators.session import Session
from chainrule.training.batches import Data
from chainrule.training.checkpoints import State
from chainrule.training.records import Record

if TYPE_CHECKING:
    from chainrule.estimators.base import BaseMLP

#: What may differ between the fit that wrote and the fit that goes on. The seed's streams are in the checkpoint.
FREE = {"max_iter", "n_threads", "verbose", "callbacks", "checkpoints", "warm_start", "random_state"}


def snapshot(estimator: BaseMLP, session: Session, settings: dict[str, str]) -> State:
    """Everything that the next epoch depends on."""
    assert session.trainer is not None
    assert session.stopping is not None
    arrays, trainer = session.trainer.state()
    best, stopping = session.stopping.state()
    history = [asdict(record) for record in estimator.history_]
    data = {"settings": settings, "trainer": trainer, "stopping": stopping, "history": history}
    return State({**arrays, **best}, data)


def restore(session: Session, state: State) -> list[Record]:
    """Put trainer and stopping where the checkpoint has them; the records so far."""
    assert session.trainer is not None
    assert session.stopping is not None
    session.trainer.load(state.arrays, state.data["trainer"])
    session.stopping.load(state.arrays, state.data["stopping"])
    return [Record(**record) for record in state.data["history"]]


def settings(estimator: BaseMLP, session: Session, *parts: Data | None) -> dict[str, str]:
    """What must be the same where a fit goes on: parameters, network, data, as text."""
    parameters = {k: _said(v) for k, v in estimator.get_params(deep=False).items() if k not in FREE}
    network = session.predictor.network
    data = [None if rows is None else _sum_of(rows) for rows in parts]
    return {
        **parameters,
        "network": f"{network.inputs} inputs, {_said(network.layers)}",
        "float type": str(session.predictor.parameters.vector.dtype),
        "training and validation rows": ", ".join("none" if one is None else f"checksum {one:08x}" for one in data),
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
