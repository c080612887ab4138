"""Writers: records as lines of JSON, and as TensorBoard's event files."""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chainrule.errors import MissingExtraError
from chainrule.training.callbacks.base import Callback, Outlook
from chainrule.training.records import Record


class JSONLines(Callback):
    """A line of JSON per event: {"event": "begin" | "epoch" | "end", ...}. Numbers that are not finite become null.

    Parameters
    ----------
    path : a file; lines are added behind those that it has
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path}

    def begin(self, outlook: Outlook) -> None:
        self._file = open(self.path, "a", encoding="utf-8")  # noqa: SIM115  (`end` closes it)
        self._write("begin", asdict(outlook))

    def epoch(self, record: Record) -> None:
        self._write("epoch", asdict(record))

    def end(self, reason: str) -> None:
        self._write("end", {"reason": reason})
        self._file.close()

    def _write(self, event: str, content: dict[str, Any]) -> None:
        sound = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in content.items()}
        self._file.write(json.dumps({"event": event, **sound}) + "\n")
        self._file.flush()


class TensorBoard(Callback):
    """A scalar per number of a record and epoch. Needs `pip install chainrule[tensorboard]`.

    Parameters
    ----------
    folder : of this run; TensorBoard compares the folders beside each other
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    def begin(self, outlook: Outlook) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError as error:
            raise MissingExtraError(
                "TensorBoard", "the package tensorboardX", "an environment without it",
                "pip install 'chainrule[tensorboard]'.",
            ) from error  # fmt: skip
        self._writer: Any = SummaryWriter(str(self.folder))

    def epoch(self, record: Record) -> None:
        for name, value in asdict(record).items():
            if name != "epoch" and value is not None:
                self._writer.add_scalar(name, value, record.epoch)
        self._writer.flush()

    def end(self, reason: str) -> None:
        self._writer.close()

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder}
