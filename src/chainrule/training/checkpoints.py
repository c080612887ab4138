"""Checkpoints: all that training goes on from, bit for bit, in one file an epoch.

A file is in the safetensors form: arrays, and plain data as JSON beside them, with a digest of both. There is no pickle
in it, and reading it imports nothing. It is written under another name first and takes its own when it is whole, so a
process that dies while it writes leaves the files before untouched.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from chainrule.checks import Checked, at_least
from chainrule.errors import CheckpointError, InputError, InputTypeError
from chainrule.files import digest, packed, write_whole

SUFFIX = ".checkpoint"
FORMAT = 1


class State(NamedTuple):
    """Arrays by name, and plain data that JSON can hold."""

    arrays: Mapping[str, NDArray[Any]]
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Checkpoints(Checked):
    """Where and how often to write.

    Parameters
    ----------
    folder : made where it is missing; one run's files, named by epoch
    every : epochs from one file to the next
    keep : files that remain, the last ones

    Raises
    ------
    InputError, InputTypeError
        For a number out of its range, or what is no path.

    Examples
    --------
    >>> from chainrule import Checkpoints, MLPClassifier
    >>> model = MLPClassifier(checkpoints=Checkpoints("run-1", every=10, keep=2))

    `model.fit(X, y, resume_from="run-1")` goes on from the newest.
    """

    folder: str | Path
    every: int = 1
    keep: int = 3

    bounds = {"every": at_least(1, "1 writes after each epoch."), "keep": at_least(1, "3 is the default.")}  # noqa: RUF012

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.folder, (str, os.PathLike)):
            raise InputTypeError("Checkpoints(folder=)", "a path", repr(self.folder), "For example 'run-1'.")

    def due(self, epoch: int) -> bool:
        """Whether a file is written after this epoch.

        Parameters
        ----------
        epoch : its number, counted from 1

        Examples
        --------
        >>> from chainrule import Checkpoints
        >>> [Checkpoints("run-1", every=5).due(epoch) for epoch in (1, 5, 10)]
        [False, True, True]
        """
        return epoch % self.every == 0

    def begin(self) -> None:
        """Refuse a folder that holds another run's files: the oldest of all would be removed, the newest gone on from.

        Raises
        ------
        InputError
        """
        files = found_in(Path(self.folder))
        if files:
            raise InputError(
                "Checkpoints(folder=)", "a folder without checkpoints", f"{self.folder}, which has {len(files)}",
                "Go on from them with fit(..., resume_from=folder), or name another folder.",
            )  # fmt: skip

    def write(self, epoch: int, state: State) -> Path:
        """Write a checkpoint, and remove those that are older than the last `keep`.

        Parameters
        ----------
        epoch : that has ended, counted from 1
        state : State of the training

        Returns
        -------
        Path of the file
        """
        folder = Path(self.folder)
        folder.mkdir(parents=True, exist_ok=True)
        place = folder / f"epoch-{epoch:06d}{SUFFIX}"
        write(place, state)
        for old in found_in(folder)[: -self.keep]:
            old.unlink(missing_ok=True)
        return place


def found_in(folder: Path) -> list[Path]:
    """The checkpoints of a folder, oldest first."""
    return sorted(folder.glob(f"epoch-*{SUFFIX}"))


def write(place: Path, state: State) -> None:
    """Write a file that is there whole or not at all."""
    text = json.dumps(state.data)
    about = {"format": str(FORMAT), "data": text, "digest": digest(state.arrays, text)}
    write_whole(place, packed(state.arrays, about))


def read(place: str | os.PathLike[str]) -> State:
    """The state in a file, or in the newest file of a folder.

    Raises
    ------
    InputError
        Where there is no such file, or none in the folder.
    CheckpointError
        Where the file is no checkpoint, not whole, or changed since it was written.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(place)
    if path.is_dir():
        files = found_in(path)
        if not files:
            raise InputError("resume_from", f"a folder with *{SUFFIX} files", f"{path}, which has none", _MEND)
        path = files[-1]
    if not path.is_file():
        raise InputError("resume_from", "a checkpoint, or a folder of them", f"{path}, which is not there", _MEND)
    try:
        with safe_open(path, "np") as file:
            about = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (no mapping)
    except (SafetensorError, ValueError, TypeError, OSError) as error:
        raise CheckpointError(
            str(path), "a whole checkpoint", f"a file that cannot be read: {error}", _OLDER
        ) from error
    if about.get("format") != str(FORMAT) or "data" not in about:
        raise CheckpointError(str(path), f"a checkpoint of form {FORMAT}", f"form {about.get('format')}", _OLDER)
    if about.get("digest") != digest(arrays, about["data"]):
        raise CheckpointError(str(path), "a checkpoint as it was written", "one that was changed since", _OLDER)
    return State(arrays, json.loads(about["data"]))


_MEND = "Train with checkpoints=Checkpoints(folder) first."
_OLDER = "Name an older file of the folder, or train anew."
