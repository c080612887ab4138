"""From rows as a person gives them to a trained estimator inside: coded, held out in part, in memory or streamed."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError
from chainrule.estimators.inputs import check_weight
from chainrule.estimators.table import presets, rows, streaming
from chainrule.estimators.table.held_out import split
from chainrule.estimators.table.inside import Stream
from chainrule.estimators.table.presets import Preset
from chainrule.estimators.table.streaming import FileSource
from chainrule.tables import encoder, files, survey
from chainrule.tables.encoder import Encoder
from chainrule.tables.files import TableFile
from chainrule.tables.table import Table

if TYPE_CHECKING:
    from chainrule.estimators.table.base import BaseTable

Array = NDArray[Any]

#: Parameters that the preset chooses where they are None.
FROM_PRESET = {field.name for field in fields(Preset)} - {"cycles"}


class Part(NamedTuple):
    """Rows in the form of the estimator inside."""

    X: Any
    y: Array
    weight: Array | None

    def take(self, chosen: Any) -> Part:
        return Part(self.X[chosen], self.y[chosen], None if self.weight is None else self.weight[chosen])


def fit(estimator: BaseTable, X: Any, y: Any, weight: Any, held_out: tuple[Any, Any, Any]) -> None:
    """Learn encoder, target and network; `held_out` are X, y and weights of rows to validate on, or None each."""
    if isinstance(X, (str, os.PathLike)):
        X = files.open_file(X)
    if isinstance(X, TableFile) and X.raw_bytes() > streaming.budget(estimator.memory):
        _fit_large(estimator, X, y, weight, held_out)
        return
    where = rows.where(estimator, X)
    whole = rows.table(X, where)
    table, y, estimator.target_name_ = rows.split_target(whole, y, where)
    table, weight = rows.split_weight(table, weight, where)
    rows.learn_names(estimator, X if table is whole else table, table)
    _check_size(where, table)
    target = estimator._learn_target(y)
    if len(target) != len(table):
        raise InputError(
            f"{type(estimator).__name__}: y", f"a value per row, {len(table)}", len(target),
            "Found inconsistent numbers of samples.",
        )  # fmt: skip
    made = _encoder(estimator, table, where, len(table))
    training = Part(made.code(table, where), target, _weights(estimator, weight, len(table)))
    if held_out[0] is None:
        training, validation = _divided(estimator, training)
    else:
        validation = unseen(estimator, made, *held_out)
    _train(estimator, made, len(training.y), training, validation, estimator._extra())


def _fit_large(estimator: BaseTable, file: TableFile, y: Any, weight: Any, held_out: tuple[Any, Any, Any]) -> None:
    """`fit` on a file that is too large to hold as a table."""
    if not isinstance(y, str) or not isinstance(weight, str | None) or held_out[0] is not None:
        raise InputError(
            f"{type(estimator).__name__}.fit",
            "a path, and the names of its target and its weights, of a file that is too large",
            "y, weights, or rows to validate on, in memory", "Raise memory=, or leave them out.",
        )  # fmt: skip
    made, source, training, validation = _surveyed(estimator, file, y, weight)
    extra = {name: value for name, value in estimator._extra().items() if name != "class_weight"}  # now of the rows
    _train(estimator, made, source.rows, training, validation, extra)


def _surveyed(
    estimator: BaseTable, file: TableFile, y: str, weight: str | None
) -> tuple[Encoder, FileSource, Part, Part]:
    """What one pass learns: the encoder, the rows to train on as a source and for `fit`, the rows held out."""
    where, seed = str(file.path), presets.seed(estimator.random_state)
    found = survey.survey(file, y, seed)
    table, target, estimator.target_name_ = rows.split_target(found.sample, y, where)
    table, _ = rows.split_weight(table, weight, where)
    rows.learn_names(estimator, table, table)
    _check_size(where, table)
    estimator._learn_target(np.concatenate([target, rows.values(found.distinct)]))
    made = _encoder(estimator, table, where, found.rows)

    def prepare(whole: Table) -> tuple[Table, Array, Array | None]:
        table, target, _ = rows.split_target(whole, y, where)
        table, weights = rows.split_weight(table, weight, where)
        return table, *estimator._prepared(target, weights)

    sample = Part(made.code(table, where), *prepare(found.sample)[1:])
    share = preset_of(estimator, found.rows).validation_fraction
    others, held_out = streaming.divided(found, share, seed, sample.y if estimator._stratifies else None)
    source = FileSource(file, made, prepare, found, held_out)
    if source.bytes <= streaming.budget(estimator.memory):
        training = Part(*streaming.held(source))
    else:
        few = sample.take(others)
        training = Part(Stream(source, few.X), few.y, few.weight)
    return made, source, training, sample.take(held_out)


def preset_of(estimator: BaseTable, count: int) -> Preset:
    """The estimator's preset for this many rows, with what was said in its place."""
    said = {name: getattr(estimator, name) for name in FROM_PRESET if getattr(estimator, name) is not None}
    if "hidden_layer_sizes" in said:
        said["hidden_layer_sizes"] = tuple(np.atleast_1d(said["hidden_layer_sizes"]).tolist())
    return replace(presets.PRESETS[estimator.preset](count), **said)


def _check_size(where: str, table: Table) -> None:
    if not table.names:
        raise InputError(
            where, "columns to learn from", "none",
            f"Found array with 0 feature(s) (shape=({len(table)}, 0)) while a minimum of 1 is required.",
        )  # fmt: skip
    if len(table) < 2:
        raise InputError(where, "at least 2 rows", f"{len(table)} sample", "n_samples = 1 teaches nothing.")


def _encoder(estimator: BaseTable, table: Table, where: str, count: int) -> Encoder:
    """The encoder that suits a table, or a sample of one with so many rows."""
    return encoder.fit(table, where, estimator.columns, estimator.numbers, preset_of(estimator, count).bins)


def _weights(estimator: BaseTable, weight: Any, count: int, suffix: str = "") -> Array | None:
    return check_weight(type(estimator).__name__, weight, count, np.dtype(np.float32), suffix)


def _divided(estimator: BaseTable, whole: Part) -> tuple[Part, Part]:
    """Rows to train on, and rows held out; those of weight zero are neither."""
    share = preset_of(estimator, len(whole.y)).validation_fraction
    if whole.weight is not None:
        whole = whole.take(whole.weight > 0)
        if len(whole.y) < 2:
            raise InputError(
                f"{type(estimator).__name__}: sample_weight", "at least 2 rows of a weight above zero", len(whole.y),
                "One is to train on, one to validate on.",
            )  # fmt: skip
    training, validation = map(whole.take, split(whole.y, share, estimator.random_state, estimator._stratifies))
    return training, validation


def unseen(estimator: BaseTable, made: Encoder, X: Any, y: Any, weight: Any) -> Part:
    """Rows to validate on that were given."""
    where = rows.where(estimator, X, "X_val")
    table = rows.table(X, where)
    if estimator.target_name_ in table.names and (y is None or isinstance(y, str)):
        table, y, _ = rows.split_target(table, estimator.target_name_, where)
    return Part(made.code(table, where), estimator._target(y), _weights(estimator, weight, len(table), "_val"))


def _train(
    estimator: BaseTable, made: Encoder, count: int, training: Part, validation: Part, extra: Mapping[str, Any]
) -> None:
    """Train the estimator inside on `count` rows."""
    preset = preset_of(estimator, count + len(validation.y))
    model = estimator._inside(
        layers=presets.layers(preset, made),
        random_state=estimator.random_state,
        n_threads=estimator.n_threads,
        verbose=estimator.verbose,
        callbacks=estimator.callbacks,
        probes=estimator.probes,
        **presets.training(preset, count),
        **extra,
    )
    try:
        model.fit(*training, *validation)
    finally:  # also where a callback has raised: the best weights so far are kept
        if model.__sklearn_is_fitted__():
            model._session.rest()
            estimator.encoder_, estimator.model_ = made, model


def has_learned(estimator: BaseTable) -> bool:
    """Whether an epoch has made the weights of a fitted estimator."""
    best = estimator.model_.best_validation_score_
    return best is not None and best > -math.inf
