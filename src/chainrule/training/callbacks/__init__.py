"""Callbacks over the records of a fit: your own, progress on a terminal, lines of JSON, TensorBoard."""

from chainrule.training.callbacks.base import Callback, OnEpoch, Outlook
from chainrule.training.callbacks.progress import Progress
from chainrule.training.callbacks.writers import JSONLines, TensorBoard

__all__ = ["Callback", "JSONLines", "OnEpoch", "Outlook", "Progress", "TensorBoard"]
