"""A look at a training, as plain data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

#: What rows are called by which the best epoch was chosen: others are predicted a little worse.
STOPPED_BY = "the held-out rows that stopped training"


def training_of(losses: Sequence[float | None], seconds: float) -> dict[str, Any]:
    """Epochs, and which was the best on the rows held out."""
    known = {epoch: loss for epoch, loss in enumerate(losses, 1) if loss is not None and math.isfinite(loss)}
    best = min(known, key=known.__getitem__, default=None)
    loss = None if best is None else known[best]
    return {"epochs": len(losses), "best_epoch": best, "best_validation_loss": loss, "fit_seconds": seconds}
