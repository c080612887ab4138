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
    path : a file; lines are added after those that it has

    Raises
    ------
    OSError
        When a fit begins, where the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from chainrule import MLPRegressor
    >>> from chainrule.callbacks import JSONLines
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "run.jsonl")
    ...     model = MLPRegressor(hidden_layer_sizes=(8,), callbacks=[JSONLines(path)], tol=0.1)
    ...     _ = model.fit([[-1.0], [0.0], [1.0]], [-1.0, 0.0, 1.0])
    ...     lines = path.read_text().splitlines()
    >>> len(lines) == model.n_iter_ + 2, lines[0][:45]
    (True, '{"event": "begin", "name": "MLPRegressor", "e')
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

    Raises
    ------
    MissingExtraError
        When a fit begins, where TensorBoard's writer is not installed.

    Examples
    --------
    >>> from chainrule import MLPClassifier
    >>> from chainrule.callbacks import TensorBoard
    >>> model = MLPClassifier(callbacks=[TensorBoard("runs/first")])
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
