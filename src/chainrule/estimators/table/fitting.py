"""From rows as a user gives them to a fit: coded, held out in part, in memory or streamed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.expansion import F32, Expansion
from chainrule.engine.mixture import Mixture
from chainrule.errors import InputError, InputTypeError, unknown_name
from chainrule.estimators.held_out import Indices, by_splitter
from chainrule.estimators.prepare import Call, Start, check_same, in_form, ready
from chainrule.estimators.table import directions, dividing, pilot, presets, rows, streaming
from chainrule.estimators.table.candidates import Candidate, candidates, differ
from chainrule.estimators.table.clock import Clock
from chainrule.estimators.table.coming import Coming
from chainrule.estimators.table.held_out import folds, split
from chainrule.estimators.table.pilot import Best, Suited
from chainrule.estimators.table.presets import Preset
from chainrule.estimators.table.streaming import FileSource
from chainrule.estimators.table.weights import mean_of, of_mean_1, weights_of
from chainrule.models import resume, sizes
from chainrule.models.answers import Answer, Classes
from chainrule.models.inputs import ColumnInput
from chainrule.models.model import Model, in_words
from chainrule.models.several import AnyFit
from chainrule.models.training import Training
from chainrule.models.truth import Truth, truth_in
from chainrule.models.validation import Parts
from chainrule.tables import encoder, files, learn
from chainrule.tables.column import Column
from chainrule.tables.encoder import Encoder, together
from chainrule.tables.files import TableFile
from chainrule.tables.learn import Said, Seen
from chainrule.tables.reading import field_of, split_column, target_field
from chainrule.tables.schema import Nothing
from chainrule.tables.table import Table
from chainrule.training.batches import Data, Rows
from chainrule.training.callbacks.base import Audience, Callback
from chainrule.training.checkpoints import State
from chainrule.training.divided import Divided
from chainrule.training.elsewhere import in_use
from chainrule.training.streamed import Piece, Streamed

Array = NDArray[Any]

#: Parameters that the preset chooses where they are None.
FROM_PRESET = {field.name for field in fields(Preset)} - {"cycles", "wave_scale"}


def begun(
    estimator: Any,
    given: rows.GivenTable,
    held_out: rows.GivenTable,
    call: Call,
    before: Model | None,
    resumed: State | None,
    told: Sequence[Callback],
    best: Best,
) -> AnyFit:
    """A call of fit or partial_fit that is ready to run; `best` is told of the pilots that it took."""
    if estimator.time_limit is not None and (resumed is not None or estimator.checkpoints):
        raise InputError(
            f"{type(estimator).__name__}(time_limit=)", "no checkpoints, and none to go on from", "some",
            "How many networks there are depends on the time, and has to be the same there: leave time_limit out.",
        )  # fmt: skip
    source = files.source(given.X, f"{type(estimator).__name__}: X")
    coming = None
    if source is None:
        coming = _coming(estimator, given, call, before)
    elif source.raw_bytes() <= (budget := streaming.budget(estimator.memory)):
        coming = _coming(estimator, replace(given, X=source), call, before, budget)
    _check_folds(estimator, not held_out.nothing, coming is None)
    if coming is None:
        assert source is not None
        return _streamed(estimator, source, given, held_out, call, before, resumed, told, best)
    seed, clock = _seed(estimator, resumed, before), Clock(call.began, estimator.time_limit)
    weighed = partial(_weighed, estimator, call.incremental)
    count, apart, cuts = len(coming.y), None, list[tuple[Indices, Indices]]()
    preset = preset_of(estimator, count)
    suited = partial(pilot.suited, estimator, preset, weighed, seed, clock, Audience(told).trying, best)
    if not held_out.nothing:
        apart = estimator._others(held_out, coming.input, coming.answer, "_val")
        count += len(apart.y)
        found = suited((coming, coming.all()), (apart, apart.all()))
    elif call.incremental:
        found = [Suited(coming.input.encoder)]
    else:
        cuts = _cuts(estimator, coming, preset, seed, clock)
        count = sum(map(len, cuts[0]))
        found = suited(*((coming, part) for part in cuts[0]))
    preset = preset_of(estimator, count, len(cuts))
    tried, whole, views = list[Candidate](), coming.input.encoder, list[int]()
    if before is None:
        tried = candidates(estimator, preset, asked(estimator), found, count, clock, call.incremental)
        whole, views = together([one.encoder for one in tried])
    coming = coming.by(whole)
    if cuts:
        by_fold = [weighed(coming.take(first), coming.take(second) if len(second) else None) for first, second in cuts]
    else:
        by_fold = [weighed(coming, None if apart is None else apart.by(whole))]
    if before is not None:
        return _further(estimator, preset, before, coming, by_fold[0], call, told)
    by_fold = [_divided(parts, preset, seed) for parts in by_fold]
    fresh = partial(_fresh, estimator, tried, views, coming.input, coming.answer, seed=seed, n_folds=len(by_fold))
    fits = [
        start for fold, parts in enumerate(by_fold) for start in fresh(parts, incremental=call.incremental, fold=fold)
    ]
    return ready(estimator, fits, coming.answer, call, resumed, told)


def _further(
    estimator: Any, preset: Preset, before: Model, coming: Coming, parts: Parts, call: Call, told: Sequence[Callback]
) -> AnyFit:
    """The networks of a model, in further training."""
    name, fits = type(estimator).__name__, []
    check_same(name, before, before.network, coming.answer, estimator.n_members)
    directions.check_same(estimator, coming.input.encoder)
    for one, expansion in before.apart():
        mine = presets.as_in(one.network, preset)
        wanted = {name: value for name, value in asked(estimator).items() if name in presets.OF_LAYERS}
        assert isinstance(one.input, ColumnInput)
        network = presets.network(replace(mine, **wanted), one.input.encoder, coming.answer, name)
        check_same(name, one, network, coming.answer)
        recipe = presets.recipe(estimator, mine, parts.training, call.incremental)
        if call.incremental and one.continuation.trainer is not None:
            recipe = replace(recipe, options=one.continuation.trainer.update.options)  # however many rows come now
        said = in_words(one.input.encoder, one.network)
        fits.append(Start(recipe, one, one.input, read_by(parts, expansion), said))
    mixed = call.incremental and isinstance(before.predictor, Mixture)
    shares = before.predictor.shares if mixed else None
    return ready(estimator, fits, coming.answer, call, None, told, shares)


def _unweighed(training: Coming, apart: Coming | None) -> Parts:
    """Both parts as they are."""
    return Parts(training.rows(), None if apart is None else apart.rows())


def _weighed(estimator: Any, incremental: bool, training: Coming, apart: Coming | None) -> Parts:
    """Both parts with the weights of their classes, of mean 1."""
    y, classes = _labels(training.y, training.answer)
    weigh = estimator._weigher(y, classes, incremental)
    chosen = training._replace(weight=of_mean_1(weigh(y, training.weight)))
    if apart is not None:
        y, _ = _labels(apart.y, training.answer)
        apart = apart._replace(weight=of_mean_1(weigh(y, apart.weight)))
    return _unweighed(chosen, apart)


def _coming(
    estimator: Any, given: rows.GivenTable, call: Call, before: Model | None, budget: float = math.inf
) -> Coming | None:
    """Rows in memory, by an encoding and an answer that are learned here, or by those of the model before.

    None where they take more bytes than `budget` once they are coded.
    """
    where, name = rows.where(estimator, given.X), type(estimator).__name__
    source, known = (None, None) if before is None else (_columns_of(before, given.y, where), before.answer)
    said = said_of(estimator)
    table, y, weight, groups, field = rows.split(given, where, source or said, call.groups)
    if source is None:
        names = rows.names_of(estimator, given.X, table)
        _check_size(where, table)
        _check_missing(estimator, said, [*table.names, given.y, given.weight, call.groups])
    true = Truth.of(y, f"{name}: y")
    answer, values = estimator._answer(true, known, call.incremental, call.classes)
    if len(values) != len(table):
        raise InputError(
            true.where, f"a value per row, {len(table)}", len(values), "Found inconsistent numbers of samples."
        )
    others: Sequence[Encoder] | None = None
    if source is None:
        seen = Seen(said)
        seen.add(table)
        made, others, columns = _encoders(estimator, seen, table, where, len(table), true.name, call.incremental)
        target = None if field is None else field.name
        field = field or field_of(answer.classes if isinstance(answer, Classes) else None)
        source = ColumnInput(made, len(table.names), names, target, field)
    else:
        made = source.encoder
        columns = made.told(table, where)
    if streaming.coded_bytes(made, len(table)) > budget:
        return None
    coded = made.coded(columns, len(table))
    weights = weights_of(name, weight, len(table))
    answer.loss.check_y(in_form(answer.loss, values, F32), answer.outputs, weights, true.where)
    return Coming(coded, values, weights, source, answer, groups, columns, others)


def _columns_of(before: Model, y: Any, where: str) -> ColumnInput:
    """The columns of the model to go on with, whose target has to be that of before."""
    source = before.input
    assert isinstance(source, ColumnInput)
    if isinstance(y, str) and source.target not in (None, y):
        raise InputError(
            f"{where}, target", f"{source.target!r}, which is learned so far", repr(y),
            "Rename the column, or use fit with warm_start=False.",
        )  # fmt: skip
    return source


def read_by(parts: Parts, expansion: Expansion) -> Parts:
    """Coded rows as a network reads them that has this expansion of them."""
    training, validation = parts
    return Parts(training.read_by(expansion), None if validation is None else validation.read_by(expansion))


def _seed(estimator: Any, resumed: State | None, before: Model | None = None) -> int:
    """Of what holds rows out, and of pilots: that of the checkpoint or of the model to go on with, which has seen all
    rows but those; else the estimator's, or drawn."""
    if resumed is not None:
        return resume.split_of(resumed)
    if before is not None:
        return before.streams.split
    if estimator.random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    return presets.seed(estimator.random_state)


def _divided(parts: Parts, preset: Preset, seed: int) -> Parts:
    """Rows in memory, divided among workers where a cluster is to divide rows of every table."""
    cluster = in_use()
    if cluster is None or cluster.divide != "always":
        return parts
    assert isinstance(parts.training, Rows)
    size = cluster.division.batch(preset.batch_size)
    return parts._replace(training=dividing.divided_rows(parts.training, size, cluster, seed))


def _fresh(
    estimator: Any,
    tried: Sequence[Candidate],
    views: Sequence[int],
    source: ColumnInput,
    answer: Answer,
    parts: Parts,
    seed: int,
    incremental: bool = False,
    fold: int = 0,
    n_folds: int = 1,
) -> list[Start]:
    """What a fit of each candidate begins with: fresh networks, each of another seed, and rows as they read them."""
    name, starts = type(estimator).__name__, []
    if estimator.score_training and isinstance(parts.training, Divided):
        raise InputError(f"{name}(score_training=)", "False for rows that are divided", True, "They are on machines.")
    for place, ((preset, made), view) in enumerate(zip(tried, views, strict=True)):
        network = presets.network(preset, made, answer, name)
        sizes.check(f"{name}.fit", network, preset.batch_size, F32, preset.n_members)
        own = [seed, place, fold] if fold else [seed, place]
        state = np.random.SeedSequence(own).generate_state(1)[0] if place or fold else estimator.random_state
        training = Training.begin(network, answer.loss, F32, state, preset.n_members)
        training.streams.split = seed  # of what holds rows out
        recipe = presets.recipe(estimator, preset, parts.training, incremental)
        said = in_words(made, network) + (f", fold {fold + 1}" if n_folds > 1 else "")
        mine = replace(source, encoder=made)
        starts.append(Start(recipe, training, mine, read_by(parts, source.encoder.expansions[view]), said, fold))
    return starts


def _weighing(estimator: Any, whole: Coming) -> Indices:
    """Rows that weigh something: the others are neither trained on nor held out."""
    if whole.weight is None:
        return np.arange(len(whole.y))
    found = np.flatnonzero(whole.weight)
    if len(found) < 2:
        raise InputError(
            f"{type(estimator).__name__}: sample_weight", "at least 2 rows of a weight above zero", len(found),
            "One is to train on, one to validate on.",
        )  # fmt: skip
    return found


def _cuts(estimator: Any, whole: Coming, preset: Preset, seed: int, clock: Clock) -> list[tuple[Indices, Indices]]:
    """Which rows to train on and which to hold out, once for each fold.

    A preset's folds are one where something else says what is held out, where rows are few, or time is short; and those
    of the default where the estimator's parameters say what its networks are.
    """
    weighing = _weighing(estimator, whole)
    said = estimator.validation_split is not None or estimator.validation_fraction is not None
    alone = said or estimator.warm_start or clock.limit is not None
    alike = estimator.preset == "default" and not differ(estimator)
    count = preset.n_folds
    if estimator.n_folds is None and (alone or alike or len(weighing) < presets.ENOUGH):
        count = 1
    if count == 1:
        return [_cut(estimator, whole, preset.validation_fraction, seed)]
    if len(weighing) < 2 * count:
        raise InputError(
            f"{type(estimator).__name__}(n_folds=)", f"at most {len(weighing) // 2}, of so few rows", count,
            "Each fold holds out two rows or more.",
        )  # fmt: skip
    target = whole.y[weighing]
    codes = whole.answer.codes(target) if isinstance(whole.answer, Classes) else target
    cut = folds(codes, count, seed, isinstance(whole.answer, Classes))
    return [(weighing[one], weighing[other]) for one, other in cut]


def _check_folds(estimator: Any, held_out: bool, streamed: bool) -> None:
    """Refuse folds beside what else says which rows are held out, and of rows that are not in memory."""
    others = {
        "X_val": held_out, "validation_split": estimator.validation_split is not None,
        "validation_fraction": estimator.validation_fraction is not None,
        "warm_start": estimator.warm_start, "a file that is read in parts": streamed,
    }  # fmt: skip
    found = [name for name, there in others.items() if there]
    if found and (estimator.n_folds or 1) > 1:
        raise InputError(
            f"{type(estimator).__name__}(n_folds=)", f"1 beside {found[0]}", estimator.n_folds,
            "Folds hold out rows of those that are in memory: leave one of them out.",
        )  # fmt: skip


def _cut(estimator: Any, whole: Coming, share: float, seed: int) -> tuple[Indices, Indices]:
    """Which rows to train on, and which to hold out, of those that weigh something; a splitter sees the others, too.

    Pilots and the fit share one cut: a splitter may draw another one each time that it is asked.
    """
    weighing = _weighing(estimator, whole)
    if estimator.validation_split is not None:
        parts = by_splitter(estimator, whole.rows(), whole.groups)
        training, validation = (np.sort(part[np.isin(part, weighing)]) for part in parts)
        if not (len(training) and len(validation) > 1):
            raise InputError(
                f"{type(estimator).__name__}(validation_split=)", "rows to train on, and at least 2 to validate on",
                f"{len(training)} and {len(validation)} of a weight above 0", "Choose another splitter.",
            )  # fmt: skip
    else:
        target = whole.y[weighing]
        codes = whole.answer.codes(target) if isinstance(whole.answer, Classes) else target
        parts = split(codes, share, seed, isinstance(whole.answer, Classes))
        training, validation = (weighing[part] for part in parts)
    return training, validation


def _labels(y: Array, answer: Answer) -> tuple[Array, Array | None]:
    """y as it was given, and all classes that there are, where classes weigh differently."""
    return (answer.back(y), answer.classes) if isinstance(answer, Classes) else (y, None)


def _streamed(
    estimator: Any,
    file: TableFile,
    given: rows.GivenTable,
    held_out: rows.GivenTable,
    call: Call,
    before: Model | None,
    resumed: State | None,
    told: Sequence[Callback],
    best: Best,
) -> AnyFit:
    """`begun` of a file that is too large to hold as a table."""
    name, y, weight = type(estimator).__name__, given.y, given.weight
    if not isinstance(y, str) or not isinstance(weight, str | None):
        raise InputError(
            f"{name}.fit", "a path, and the names of its target and its weights, of a file that is too large",
            "y or weights in memory", "Raise memory=, or leave them out.",
        )  # fmt: skip
    refused = {
        "partial_fit": call.incremental,
        "warm_start": estimator.warm_start,
        "validation_split": estimator.validation_split is not None,
    }
    for what in (name for name, there in refused.items() if there):
        raise InputError(
            f"{name}({what})", "rows in memory", f"{file.path}, which is read in parts", "Raise memory=, or use fit."
        )
    if isinstance(getattr(estimator, "class_weight", None), str):
        raise InputError(
            f"{name}(class_weight=)", "a dict of weights, of a file that is too large for memory",
            repr(estimator.class_weight), "For example {'no': 1.0, 'yes': 5.0}.",
        )  # fmt: skip
    where, seed = str(file.path), _seed(estimator, resumed)
    said = said_of(estimator)
    if y not in file.names:
        raise unknown_name(f"{where}, target", y, file.names)
    cluster, stamps = in_use(), file.stamps()
    tell = Audience(told).trying
    if cluster is not None:
        tell(f"survey of {where}, by tasks of the cluster")
    found = dividing.surveyed(file, y, said, seed, cluster)
    nothing = said.nothing
    field = target_field(y, found.seen.columns[y], nothing.of(y), where, said.of_target(y), said.decimal)

    def true_of(column: Column) -> Truth:
        return truth_in(column, field, nothing.of(y), where)

    _check_missing(estimator, said, file.names)
    table, column = split_column(found.sample, y, where, "target")
    table, _ = rows.split_weight(table, weight, where, nothing)
    names = rows.names_of(estimator, table, table)
    _check_size(where, table)
    answer = _answer_of(estimator, file, true_of, column, found.distinct, y)
    made, others, columns = _encoders(estimator, found.seen, table, where, found.rows, y)
    coded = made.coded(columns, len(table))
    source = ColumnInput(made, len(table.names), names, y, field)
    plain = _plain(estimator)
    weigh = plain._weigher(*_labels_of(answer), True)

    def read(whole: Table) -> tuple[Table, Array, Array | None]:
        table, column = split_column(whole, y, where, "target")
        table, weights = rows.split_weight(table, weight, where, nothing)
        _, values = plain._answer(true_of(column), answer, True, loss=answer.loss)
        return table, in_form(answer.loss, values, F32), weigh(_labels(values, answer)[0], weights)

    sampled = read(found.sample)
    unit = 1.0 if sampled[2] is None else mean_of(sampled[2])

    def prepare(whole: Table) -> tuple[Table, Array, Array | None]:
        table, values, weights = read(whole)
        return table, values, None if weights is None else (weights / unit).astype(F32)

    sample = Coming(coded, sampled[1], of_mean_1(sampled[2]), source, answer, None, columns, others)
    clock = Clock(call.began, estimator.time_limit)
    preset = preset_of(estimator, found.rows)
    taught, apart, judges = sample.all(), np.empty(0, np.intp), None
    if held_out.nothing:
        codes = answer.codes(sample.y) if isinstance(answer, Classes) else None
        taught, apart = streaming.divided(found, preset.validation_fraction, seed, codes)
        judged = sample, apart
    else:
        judges = _judges(estimator, held_out, source, answer, weigh)
        judged = judges, judges.all()
    suited = pilot.suited(estimator, preset, _unweighed, seed, clock, tell, best, (sample, taught), judged)
    tried = candidates(estimator, preset, asked(estimator), suited, found.rows, clock)
    whole, views = together([one.encoder for one in tried])
    sample = sample.by(whole)
    reads = FileSource(file, whole, prepare, found, apart, stamps)
    seen = sample.take(taught)
    few = Piece(seen.X.values, seen.y, seen.weight)
    data: Data
    if cluster is not None:
        tell(f"{reads.rows:,} rows, coded by tasks for {cluster.division.workers} workers")
        data = dividing.divided(reads, few, cluster.division.batch(preset.batch_size), cluster, seed)
    elif reads.bytes <= streaming.budget(estimator.memory):
        data = Rows(*streaming.held(reads))
    else:
        data = Streamed(reads, few)
    validation: Rows | None = None
    if judges is not None:
        validation = judges.by(whole).rows()
    elif len(apart):
        validation = sample.take(apart).rows()
    parts = Parts(data, validation)
    fits = _fresh(estimator, tried, views, replace(source, encoder=whole), answer, parts, seed)
    return ready(estimator, fits, answer, call, resumed, told)


def _plain(estimator: Any) -> Any:
    """One that answers as this one does, without what belongs to its fit: it goes with rows to wherever they are."""
    made = estimator._unfitted()
    made.callbacks = made.checkpoints = made.scoring = made.validation_split = None
    for name in ("_skl_callbacks", "_parent_callback_ctx"):  # of scikit-learn
        vars(made).pop(name, None)
    return made


def _judges(
    estimator: Any, held_out: rows.GivenTable, source: ColumnInput, answer: Answer, weigh: Callable[..., Any]
) -> Coming:
    """Rows to validate on, which have to fit into memory; with the weights of their classes, of mean 1."""
    X = files.source(held_out.X, f"{type(estimator).__name__}: X_val")
    budget = streaming.budget(estimator.memory)
    if X is not None and X.raw_bytes() > budget:
        raise InputError(
            f"{type(estimator).__name__}: X_val", f"rows to validate on that fit into memory, {budget:,} bytes",
            f"about {X.raw_bytes():,}", "Give fewer of them, or raise memory=.",
        )  # fmt: skip
    found = estimator._others(held_out if X is None else replace(held_out, X=X), source, answer, "_val")
    return found._replace(weight=of_mean_1(weigh(_labels(found.y, answer)[0], found.weight)))


def _answer_of(
    estimator: Any, file: TableFile, true_of: Callable[[Column], Truth], sample: Column, distinct: Column, name: str
) -> Answer:
    """What the target of a file means; a value that it cannot have is told by its row."""
    true = true_of(sample)
    every = Truth(np.concatenate([true.values, true_of(distinct).values]), true.where, true.name)
    try:
        answer: Answer = estimator._answer(every, None, False)[0]
    except (InputError, InputTypeError) as error:
        for part in file.parts([name]):
            estimator._answer(true_of(part[name]), None, False)
        raise type(error)(true.where, *error.args[1:]) from error  # whose row is that of a sample
    return answer


def _labels_of(answer: Answer) -> tuple[Array, Array | None]:
    return (answer.classes, answer.classes) if isinstance(answer, Classes) else (np.empty(0), None)


def preset_of(estimator: Any, count: int, n_folds: int = 1) -> Preset:
    """The estimator's preset for this many rows and folds, with what was said in its place."""
    preset = presets.PRESETS[estimator.preset](count)
    if n_folds > 1:
        preset = replace(preset, n_members=min(preset.n_members, presets.default(count).n_members))
    return replace(preset, **asked(estimator))


def asked(estimator: Any) -> dict[str, Any]:
    """What an estimator's parameters say in place of its preset."""
    found = {name: getattr(estimator, name) for name in FROM_PRESET if getattr(estimator, name) is not None}
    if "hidden_layer_sizes" in found:
        found["hidden_layer_sizes"] = tuple(np.atleast_1d(found["hidden_layer_sizes"]).tolist())
    return found


def _check_size(where: str, table: Table) -> None:
    if not table.names:
        raise InputError(
            where, "columns to learn from", "none",
            f"Found array with 0 feature(s) (shape=({len(table)}, 0)) while a minimum of 1 is required.",
        )  # fmt: skip
    if len(table) < 2:
        raise InputError(where, "at least 2 rows", f"{len(table)} sample", "n_samples = 1 teaches nothing.")


def said_of(estimator: Any) -> Said:
    """What the estimator's parameters say of its tables."""
    nothing = Nothing.said(f"{type(estimator).__name__}(missing=)", estimator.missing)
    return Said(dict(estimator.columns or {}), nothing, estimator.decimal)


def _check_missing(estimator: Any, said: Said, names: Sequence[Any]) -> None:
    """Refuse words of a column that is not there."""
    known = [name for name in names if isinstance(name, str)]
    for name, _ in said.nothing.columns:
        if name not in known:
            raise unknown_name(f"{type(estimator).__name__}(missing=)", name, known)


def _encoders(
    estimator: Any, seen: Seen, table: Table, where: str, count: int, target: str | None, incremental: bool = False
) -> tuple[Encoder, list[Encoder] | None, Mapping[str, Column]]:
    """The encoder of a table of so many rows, or of a sample of it, and its columns, as they are read.

    And others, which may suit better: None where nothing is to be chosen, for a partial_fit or few rows, none where no
    numbers are.
    """
    learned = learn.schema(seen, table.names, where, target)
    columns, _ = learned.schema.read(table, learned.used, where)
    said = seen.said.columns
    in_bins = encoder.binned(learned.schema, columns, said, estimator.numbers or "piecewise")
    most = presets.bins(estimator, preset_of(estimator, count), in_bins)
    usual, *more = presets.encodings(estimator, most, count)
    monotone = directions.of_columns(estimator, learned.schema, table.names, columns)
    first = encoder.fit(columns, learned.schema, said, *usual, where, learned.left_out, monotone)
    if incremental or count < presets.ENOUGH:
        return first, None, columns
    return first, [encoder.other_numbers(first, columns, said, *how, where) for how in more if in_bins], columns
