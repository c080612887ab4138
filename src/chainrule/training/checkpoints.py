"""Checkpoints: all that training goes on from, bit for bit, in one file an epoch, or a part of one.

A file is in the safetensors form: arrays, and plain data as JSON beside them, with a digest of both. There is no pickle
in it, and reading it imports nothing. It has its name when it is whole, on a disk and behind a URL, so a process that
dies while it writes leaves the files before untouched; see `chainrule.remote`.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from chainrule.checks import Checked, at_least
from chainrule.errors import CheckpointError, InputError, InputTypeError
from chainrule.files import digest, packed
from chainrule.remote import Given, Place, at, is_url

SUFFIX = ".checkpoint"
FORMAT = 1

#: Names of files: of an epoch, and of so many rounds of it.
_NAME = re.compile(rf"epoch-(\d+)(?:-(\d+))?{re.escape(SUFFIX)}")


class State(NamedTuple):
    """Arrays by name, and plain data that JSON can hold."""

    arrays: Mapping[str, NDArray[Any]]
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Checkpoints(Checked):
    """Where and how often to write.

    Parameters
    ----------
    folder : a path, or a URL of a file system that pyarrow knows, such as s3://bucket/run; made where it is missing;
        one run's files, named by epoch
    every : epochs from one file to the next
    keep : files that remain, the last ones
    rounds : rounds of an epoch from one file to the next, where it is trained in rounds, on a cluster; None writes none
        within an epoch

    Raises
    ------
    InputError, InputTypeError
        For a number out of its range, what is no path, and a URL in a `pathlib.Path`.

    Examples
    --------
    >>> from chainrule import Checkpoints, MLPClassifier
    >>> model = MLPClassifier(checkpoints=Checkpoints("run-1", every=10, keep=2))

    `model.fit(X, y, resume_from="run-1")` goes on from the newest.
    """

    folder: str | Path
    every: int = 1
    keep: int = 3
    rounds: int | None = None

    bounds = {  # noqa: RUF012
        "every": at_least(1, "1 writes after each epoch."),
        "keep": at_least(1, "3 is the default."),
        "rounds": at_least(1, "None writes after epochs only."),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.folder, (str, os.PathLike)):
            raise InputTypeError("Checkpoints(folder=)", "a path", repr(self.folder), "For example 'run-1'.")
        is_url(self.folder)

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

    def due_in(self, epoch: int, round: int) -> bool:
        """Whether a file is written within an epoch, after this round of it.

        Parameters
        ----------
        epoch : the one under way, counted from 1
        round : rounds of it that have ended

        Examples
        --------
        >>> from chainrule import Checkpoints
        >>> [Checkpoints("run-1", rounds=50).due_in(3, round) for round in (49, 50, 100)]
        [False, True, True]
        """
        return self.rounds is not None and round % self.rounds == 0

    def begin(self) -> None:
        """Refuse a folder that holds another run's files: the oldest of all would be removed, the newest gone on from.

        Raises
        ------
        InputError
            For such a folder, and for one that files cannot be written to: better now than after the first epochs.
        MissingExtraError
            For a URL, where pyarrow is not installed.
        """
        folder = at(self.folder)
        files = found_in(folder)
        if files:
            raise InputError(
                "Checkpoints(folder=)", "a folder without checkpoints", f"{folder}, which has {len(files)}",
                "Go on from them with fit(..., resume_from=folder), or name another folder.",
            )  # fmt: skip
        folder.try_out()

    def write(self, epoch: int, state: State, round: int | None = None) -> Path | str:
        """Write a checkpoint, and remove those that are older than the last `keep`.

        Parameters
        ----------
        epoch : that has ended, or is under way, counted from 1
        state : State of the training
        round : rounds of the epoch that have ended, where it is under way

        Returns
        -------
        Path of the file, or its URL

        Raises
        ------
        InputError
            For a URL whose file system refuses the file.
        OSError
            For a path that cannot be written.
        """
        folder = at(self.folder)
        folder.make()
        within = "" if round is None else f"-{round:06d}"
        place = folder.below(f"epoch-{epoch:06d}{within}{SUFFIX}")
        place.write_whole(_content(state))
        for old in found_in(folder)[: -self.keep]:
            old.remove()
        return place.given


def found_in(folder: Place) -> list[Place]:
    """The checkpoints of a folder, oldest first: those within an epoch before that of its end."""
    matches = filter(None, map(_NAME.fullmatch, folder.names()))
    ordered = sorted((int(match[1]), int(match[2] or 0) or math.inf, match[0]) for match in matches)
    return [folder.below(name) for *_, name in ordered]


def write(place: Given, state: State) -> None:
    """Write a file, by a path or a URL, that is there whole or not at all."""
    at(place).write_whole(_content(state))


def _content(state: State) -> bytes:
    text = json.dumps(state.data)
    about = {"format": str(FORMAT), "data": text, "digest": digest(state.arrays, text)}
    return packed(state.arrays, about)


def read(place: Given) -> State:
    """The state in a file, or in the newest file of a folder, by a path or a URL.

    Parameters
    ----------
    place : of the file or the folder

    Raises
    ------
    InputError
        Where there is no such file, or none in the folder; where a URL's file system does not answer.
    CheckpointError
        Where the file is no checkpoint, not whole, or changed since it was written.
    MissingExtraError
        For a URL, where pyarrow is not installed.
    """
    from safetensors import SafetensorError, safe_open

    there = at(place)
    kind = there.kind()
    if kind == "folder":
        files = found_in(there)
        if not files:
            raise InputError("resume_from", f"a folder with *{SUFFIX} files", f"{there}, which has none", _MEND)
        there = files[-1]
    elif kind != "file":
        raise InputError("resume_from", "a checkpoint, or a folder of them", f"{there}, which is not there", _MEND)
    with there.fetched() as path:
        try:
            with safe_open(path, "np") as file:
                about = file.metadata() or {}
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (no mapping)
        except (SafetensorError, ValueError, TypeError, OSError) as error:
            raise CheckpointError(
                str(there), "a whole checkpoint", f"a file that cannot be read: {error}", _OLDER
            ) from error
    if about.get("format") != str(FORMAT) or "data" not in about:
        raise CheckpointError(str(there), f"a checkpoint of form {FORMAT}", f"form {about.get('format')}", _OLDER)
    if about.get("digest") != digest(arrays, about["data"]):
        raise CheckpointError(str(there), "a checkpoint as it was written", "one that was changed since", _OLDER)
    return State(arrays, json.loads(about["data"]))


_MEND = "Train with checkpoints=Checkpoints(folder) first."
_OLDER = "Name an older file of the folder, or train anew."
