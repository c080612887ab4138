"""What is told of training after each epoch, and may stop it."""

from chainrule.training.callbacks import (
    Callback,
    JSONLines,
    OnEpoch,
    Outlook,
    Progress,
    TensorBoard,
)

__all__ = [
    "Callback",
    "JSONLines",
    "OnEpoch",
    "Outlook",
    "Progress",
    "TensorBoard",
]
