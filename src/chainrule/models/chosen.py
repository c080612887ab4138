"""What predicts from several fits whose networks differ: members that held-out rows choose, fold by fold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.mixture import AnyPredictor, Mixture, Part
from chainrule.engine.network import Network
from chainrule.engine.parameters import Members, Parameters
from chainrule.engine.predictor import Predictor
from chainrule.models.continuation import Continuation
from chainrule.models.fit import Fit
from chainrule.models.inputs import ColumnInput
from chainrule.models.model import Model
from chainrule.models.selection import by_loss, of_mixed, selected, unlinked
from chainrule.network.losses import Loss
from chainrule.tables.encoder import together
from chainrule.training.batches import Data, Rows

Array = NDArray[Any]


class Judged(NamedTuple):
    """What was chosen in a fold, as it reads rows in training, and the rows held out there."""

    predictor: AnyPredictor
    rows: Data

    def prediction(self, n_threads: int | None) -> Array:
        return self.predictor(self.rows.X, n_threads, self.rows.subset)


class Chosen(NamedTuple):
    """What predicts from now on.

    Attributes
    ----------
    lead : the fit whose networks count most
    model : of all that were chosen
    folds : what was chosen in each; none of networks that go on by the shares that they had
    """

    lead: Fit
    model: Model
    folds: tuple[Judged, ...] = ()


def chosen(
    fits: Sequence[Fit], folds: Sequence[int], until: float | None = None, known: Mapping[Fit, Array] | None = None
) -> Chosen:
    """The members that score best on the rows held out in each fold, folds alike.

    Parameters
    ----------
    fits : that have learned, of networks of tables
    folds : by fit, the number of its fold: all of one hold out the same rows
    until : from when on no more is tried, as `time.perf_counter()` tells it
    known : by fit of a fold whose members were chosen before, their shares in it
    """
    shares, judged, known = dict[Fit, Array](), [], known or {}
    for fold in dict.fromkeys(folds):
        those = [fit for fit, number in zip(fits, folds, strict=True) if number == fold]
        found = [known[fit] for fit in those] if known.keys() >= {*those} else _of_fold(those, until)
        judged.append(_judged(those, found))
        shares |= {fit: one / len(set(folds)) for fit, one in zip(those, found, strict=True)}
    counted = _most_first((fit, shares[fit]) for fit in fits)
    lead = counted[0][0]
    model = lead.model()
    model.progress.mixed = None
    if len(counted) == 1 and _alike(counted[0][1]):
        return Chosen(lead, model, tuple(judged))
    encoder, views = together([_encoder(fit) for fit, _ in counted])
    kinds: dict[tuple[int, Network], list[tuple[Predictor, Array]]] = {}
    for (fit, share), view in zip(counted, views, strict=True):
        one = fit.model().predictor
        assert isinstance(one, Predictor)
        kinds.setdefault((view, one.network), []).append((one, share))
    # Networks of one kind from several folds stand together.
    parts = [_part(same, encoder.expansions[view], view) for (view, _), same in kinds.items()]
    parts.sort(key=lambda part: -part.share)
    assert isinstance(model.input, ColumnInput)
    given = replace(model.input, encoder=encoder)
    predictor = parts[0].predictor if len(parts) == 1 and _alike(np.array(parts[0].shares)) else Mixture(parts)
    rows = np.array([len(one.rows) for one in judged])
    threads = lead.recipe.n_threads
    losses = [-by_loss(lead.answer, one.rows, threads)(one.prediction(threads)) for one in judged]
    model.progress.mixed = float(np.average(losses, weights=rows))
    return Chosen(lead, replace(model, input=given, predictor=predictor, continuation=Continuation()), tuple(judged))


def of_one_fold(fits: Sequence[Fit], until: float | None) -> dict[Fit, Array]:
    """By fit of one fold, of those that have learned, the shares of its members that are chosen together."""
    learned = [fit for fit in fits if fit.learned]
    return dict(zip(learned, _of_fold(learned, until), strict=True)) if learned else {}


def going_on(fits: Sequence[Fit], shares: Array) -> Chosen:
    """All members by the shares that they had.

    Parameters
    ----------
    fits : further training of all parts of a mixture, in their order
    shares : by member
    """
    by_fit = np.split(shares, np.cumsum([fit.training.predictor.members for fit in fits])[:-1])
    encoder, views = together([_encoder(fit) for fit in fits])
    parts = []
    for fit, mine, view in zip(fits, by_fit, views, strict=True):
        predictor = fit.model().predictor
        assert isinstance(predictor, Predictor)
        parts.append(Part(predictor, encoder.expansions[view], tuple(mine.tolist()), view))
    model, trained = fits[0].model(), [fit.training for fit in fits]
    model.progress.mixed = None  # it was of the weights before
    assert isinstance(model.input, ColumnInput)
    later = Continuation(parts=[Continuation(one.trainer, one.stopping) for one in trained])
    given = replace(model.input, encoder=encoder)
    return Chosen(fits[0], replace(model, input=given, predictor=Mixture(parts), continuation=later))


def calibrated(found: Chosen, n_threads: int | None, where: str) -> Model:
    """The model that was chosen with what held-out rows tell: of several folds, each by what did not train on it."""
    model, folds = found.model, found.folds
    if len(folds) == 1:
        predictor, rows = folds[0]
    else:
        told, counted = [one.prediction(n_threads) for one in folds], [one.rows.counted() for one in folds]
        weights = [np.ones(len(y), np.float32) if weight is None else weight for y, weight in counted]
        predictor = _told(np.concatenate(told), model.loss)
        rows = Rows(np.concatenate(told), np.concatenate([y for y, _ in counted]), np.concatenate(weights))
    with_temperature, answer = model.answer.calibrated(predictor, rows, n_threads, where)
    return replace(model, predictor=model.predictor.at(with_temperature.temperature), answer=answer)


def _of_fold(fits: Sequence[Fit], until: float | None) -> list[Array]:
    """By fit, the shares of its members that were chosen together on the rows that all of them held out."""
    groups = [fit.training.predictor.members for fit in fits]
    ends = np.cumsum(groups)[:-1]
    first, scoring = fits[0], fits[0].recipe.scoring
    answer, rows, threads = first.answer, first.validation, first.recipe.n_threads
    assert rows is not None
    y, weight = rows.counted()
    if scoring is None or scoring == "loss":
        each = np.concatenate([fit.training.predictor.each(_held_out(fit), threads, rows.subset) for fit in fits])
        by_prediction = by_loss(answer, rows, threads) if scoring else lambda p: answer.score(p, y, weight)
        return np.split(selected(groups, of_mixed(each, answer.loss, by_prediction), until), ends)
    model, true, X = first.so_far(), answer.back(y), rows.X if rows.subset is None else rows.X[rows.subset]

    def score(shares: Array) -> float:
        judged = _judged(fits, np.split(shares, ends))
        return float(scoring(replace(model, predictor=judged.predictor), X, true, weight))

    return np.split(selected(groups, score, until), ends)


def _judged(fits: Sequence[Fit], shares: Sequence[Array]) -> Judged:
    """What was chosen of one fold, which reads rows as they were coded for all that was tried."""
    counted = _most_first(zip(fits, shares, strict=True))
    rows = counted[0][0].validation
    assert rows is not None
    if len(counted) == 1 and _alike(counted[0][1]):
        return Judged(counted[0][0].training.predictor, rows)
    parts = [_part([(fit.training.predictor, mine)], fit.rows.X.expansion) for fit, mine in counted]
    return Judged(Mixture(parts), rows)


def _most_first(pairs: Iterable[tuple[Fit, Array]]) -> list[tuple[Fit, Array]]:
    """Fits of which something was chosen, those that count most first."""
    return sorted((pair for pair in pairs if pair[1].any()), key=lambda pair: -pair[1].sum())


def _alike(shares: Array) -> bool:
    return bool((shares == shares[0]).all())


def _part(same: Sequence[tuple[Any, Array]], expansion: Any, view: int = 0) -> Part:
    """Those networks of the same layers that count."""
    members: list[Parameters] = []
    shares: list[float] = []
    for predictor, mine in same:
        members += [one for one, share in zip(predictor.parameters.members, mine, strict=True) if share]
        shares += mine[mine > 0].tolist()
    first = same[0][0]
    if len(same) == 1 and len(members) == first.members:
        return Part(first, expansion, tuple(shares), view)
    parameters = members[0].copy() if len(members) == 1 else Members.of(members)
    return Part(Predictor(first.network, parameters, first.loss), expansion, tuple(shares), view)


def _encoder(fit: Fit) -> Any:
    assert isinstance(fit.input, ColumnInput)
    return fit.input.encoder


def _held_out(fit: Fit) -> Any:
    """The held-out rows as the networks of a fit read them."""
    assert fit.validation is not None
    return fit.validation.X


class Told:
    """A predictor of rows whose prediction is known.

    Parameters
    ----------
    prediction : array of shape (rows, outputs), through the link of the loss
    loss : Loss
    temperature : that z was divided by
    """

    members, shares = 1, np.ones(1)

    def __init__(self, prediction: Array, loss: Loss, temperature: float = 1.0) -> None:
        self._prediction, self.loss, self.temperature = prediction, loss, temperature

    def __call__(self, X: Any, n_threads: int | None = None, chosen: Any = None) -> Array:
        return self._prediction

    def before_link(self, X: Any, n_threads: int | None = None, chosen: Any = None) -> Array:
        return unlinked(self._prediction, self.loss)[None]

    def at(self, temperature: float) -> Told:
        return Told(self._prediction, self.loss, temperature)


def _told(prediction: Array, loss: Loss) -> Any:
    """What stands for a predictor of these rows."""
    return Told(prediction, loss)
