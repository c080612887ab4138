"""`Progress`: a live line in a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import sys
import time
from dataclasses import replace
from typing import Any, TextIO

from chainrule.training.callbacks.base import Callback, Outlook
from chainrule.training.records import Record

#: Seconds between plain lines, so that a log of many short epochs stays readable.
APART = 1.0


class Progress(Callback):
    """Loss, validation, best epoch and time left, on standard error.

    Of held-out rows, beside their loss: accuracy or R2 where they are scored, and of a target that is learned by its
    squared error the RMSE in units of y, and R2. Of a table it tells what is tried, and what leads.

    In a terminal one line is kept up to date, with Rich where it is installed (`pip install chainrule[progress]`);
    without a terminal, or without Rich, lines follow each other, about one a second.

    Parameters
    ----------
    stream : where to write, standard error unless given

    Examples
    --------
    >>> import io
    >>> from chainrule import MLPRegressor
    >>> from chainrule.callbacks import Progress
    >>> lines = io.StringIO()
    >>> model = MLPRegressor(hidden_layer_sizes=(8,), callbacks=[Progress(lines)], tol=0.1)
    >>> _ = model.fit([[-1.0], [0.0], [1.0]], [-1.0, 0.0, 1.0])
    >>> lines.getvalue().splitlines()[-1][:12]
    'MLPRegressor'
    """

    in_any_order = True

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream

    def __getstate__(self) -> dict[str, Any]:
        return {"stream": None}

    def trying(self, what: str) -> None:
        print(what, file=self.stream or sys.stderr, flush=True)

    def begin(self, outlook: Outlook) -> None:
        self._stream = self.stream or sys.stderr
        self._outlook, self._started, self._shown = outlook, time.perf_counter(), -math.inf
        self._best: tuple[float, int] = (-math.inf, 0)
        self._last = ""
        self._bar = _bar(outlook, self._stream)
        if self._bar is not None:
            self._bar.start()

    def planned(self, epochs: int) -> None:
        self._outlook = replace(self._outlook, epochs=epochs)
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], total=epochs)

    def epoch(self, record: Record) -> None:
        score = -record.loss if record.score is None else record.score
        if score > self._best[0]:
            self._best = score, record.epoch
        self._last = self._said(record)
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=record.epoch, description=self._last)
        elif time.perf_counter() - self._shown >= APART:
            self._print(self._last)

    def end(self, reason: str) -> None:
        if self._bar is not None:
            self._bar.stop()
        elif self._last:
            self._print(self._last)
        self._print(f"{self._outlook.name}: {reason}, {time.perf_counter() - self._started:.1f} s")

    def _print(self, line: str) -> None:
        if line:
            print(line, file=self._stream, flush=True)
            self._shown, self._last = time.perf_counter(), ""

    def _said(self, record: Record) -> str:
        parts = [f"epoch {record.epoch}/{self._outlook.epochs}", f"loss {record.loss:.4g}"]
        if record.validation_loss is not None:
            parts.append(f"validation loss {record.validation_loss:.4g}")
        parts += [f"{name} {value:.4g}" for name, value in self._outlook.told(record).items()]
        parts.append(f"best {self._best[1]}")
        if self._bar is None:
            gone = record.epoch - self._outlook.done
            left = (time.perf_counter() - self._started) / gone * (self._outlook.epochs - record.epoch)
            parts.append(f"{left:.0f} s left at most")
        return "  ".join(parts)


def _bar(outlook: Outlook, stream: TextIO) -> Any:
    """Rich's live bar, or None where there is no terminal or no Rich."""
    if not stream.isatty():
        return None
    try:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    except ImportError:
        return None
    columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
    bar = Progress(*columns, console=Console(file=stream))
    bar.add_task(outlook.name, total=outlook.epochs, completed=outlook.done)
    return bar
