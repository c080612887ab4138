"""The presets: what a network for a table is and how it learns, as a function of how many rows there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from chainrule.engine.blocks import Waved
from chainrule.engine.network import Network
from chainrule.errors import InputError
from chainrule.estimators.recipes import scoring_of
from chainrule.models.answers import Answer
from chainrule.models.recipe import Recipe
from chainrule.network import activations
from chainrule.network.initialisers import VarianceScaling
from chainrule.network.layers import Activation, Dense, Dropout, Embedding, Layer, Periodic
from chainrule.network.layers.norms import BatchNorm, LayerNorm, Norm
from chainrule.tables.encoder import Encoder
from chainrule.tables.encodings import embeddings
from chainrule.training.averaging import EMA
from chainrule.training.batches import Data
from chainrule.training.divided import Divided
from chainrule.training.optimisers import Adam
from chainrule.training.penalty import Penalty
from chainrule.training.schedules import Repeat
from chainrule.training.step_options import StepOptions

#: Weights uniform within 1 / sqrt(inputs).
INIT = VarianceScaling(1 / 3, "in", "uniform")


#: From this many rows on a table is large: the rules below no longer depend on their number.
LARGE = 12_000
#: Below this many rows, and from `ENOUGH` on, the default holds them out fold by fold.
FOLDED = 5_000
#: Bins of all numbers together, at most, but one of each: else 20,000 columns would be 800,000 inputs.
MOST_BINS = 32_768
#: From this many rows on the encoding of numbers is chosen by pilots, and a loss tells what is learned by heart.
ENOUGH = 1000
#: Bins of a pilot with few, and what is tried beside bins.
FEW_BINS, SCALED = 16, ("robust", "periodic")
#: Another encoding than the first is taken from this share of its error on. Pilots learn from fewer rows than the fit,
#: and favour what is coarse: by less than this, the better pilot was the worse fit as often as not.
CLEARLY = 0.95
#: Of networks that differ, some read each encoding whose pilot has no more than so many times the best error; the
#: first has more, as few rows favour what is coarse.
NEAR, NEAR_OF_FIRST = 1.08, 1.3
#: Scale of the waves of networks that have others beside them.
FINE_WAVES = 4.0
#: Epochs without improvement, and how many times the best the loss is then, from where no fit of any table came back.
OVERFIT = ((4, 1.2), (10, 1.1))


@dataclass(frozen=True)
class Preset:
    """What can be chosen of a table's network and of its training.

    Parameters
    ----------
    hidden_layer_sizes : units of each hidden layer: a Dense, a LayerNorm, the activation, dropout
    activation : name
    dropout : share of the units dropped in training
    n_members : networks trained side by side, whose predictions are averaged
    learning_rate_init : the peak of each cycle
    weight_decay : decoupled
    batch_size : rows
    max_iter : epochs
    cycles : lengths of the one-cycle schedules that follow each other, in proportion; the best epoch of all is kept.
        Whether the end of the first is the best depends on how noisy the target is
    n_iter_no_change : epochs without improvement on held-out rows that are waited for
    validation_fraction : share of the rows that is held out
    bins : of a number, at most
    n_folds : times that networks are trained, each time with other rows held out, until each row was
    wave_scale : of the frequencies of a `Periodic` layer, where numbers are encoded for one
    """

    hidden_layer_sizes: tuple[int, ...] = (64, 64)
    activation: str = "relu"
    dropout: float = 0.0
    n_members: int = 8
    learning_rate_init: float = 5e-3
    weight_decay: float = 0.0
    batch_size: int = 256
    max_iter: int = 36
    cycles: tuple[float, ...] = (1, 2)
    n_iter_no_change: int = 24
    validation_fraction: float = 0.1
    bins: int = 128
    n_folds: int = 1
    wave_scale: float = 1.0


def fast(rows: int) -> Preset:
    """Seconds: one network, one cycle."""
    epochs = int(np.clip(1200 * 256 / rows, 14, 36))
    return replace(
        default(rows), hidden_layer_sizes=(128, 128), n_members=1, learning_rate_init=8e-3,
        max_iter=epochs, cycles=(1,), n_iter_no_change=epochs, n_folds=1,
    )  # fmt: skip


def default(rows: int) -> Preset:
    """Eight narrow networks, two cycles. Few rows fill few bins, and want smaller batches; very few are held out in
    turns, as one tenth of them tells little."""
    if rows >= LARGE:
        return Preset(max_iter=int(np.clip(36 * 1e6 / rows, 6, 36)))
    return Preset(
        batch_size=64 if rows < 2000 else 128,
        bins=int(np.clip(rows // 50, 8, 128)),
        n_folds=5 if rows < FOLDED else 1,
    )


def best(rows: int) -> Preset:
    """The same fold by fold, so that all rows are learned from; where there are no folds, four times the networks."""
    return replace(default(rows), n_members=32, n_folds=10 if rows < FOLDED else 5)


PRESETS = {"fast": fast, "default": default, "best": best}


def variants(preset: Preset, ranked: Sequence[Encoder], small: bool) -> list[tuple[Preset, Encoder]]:
    """The networks of an ensemble that differ, each kind with the encoder that it reads by.

    They are wide, and few: an eighth of the preset's narrow networks, as one more that is alike adds little; where rows
    are few, twice as many by the best encoding.
    Of few bins it is one hidden layer, as what differs in shape errs elsewhere. Waves come in two scales, the finer
    ones in narrow networks, whose weights decay: they could learn rows by heart.

    Parameters
    ----------
    preset : of networks that are alike
    ranked : what they may read by, the best first
    small : whether the rows are few, and narrow networks cost little more: there are some of each encoding, too
    """
    narrow = replace(preset, n_members=max(1, preset.n_members // 2))
    some = narrow if small else replace(preset, n_members=max(1, preset.n_members // 4))
    found = []
    for place, made in enumerate(ranked):
        few = max(1, preset.n_members // (4 if small and not place else 8))
        wide = replace(preset, n_members=few, hidden_layer_sizes=(192, 192), learning_rate_init=3e-3)
        if made.how == "piecewise" and made.bins <= FEW_BINS:
            wide = replace(wide, hidden_layer_sizes=(256,), learning_rate_init=preset.learning_rate_init)
        if made.how == "periodic":
            wide = replace(wide, activation="silu", weight_decay=0.1)
            fine = replace(some, activation="silu", weight_decay=0.3, wave_scale=FINE_WAVES)
            found.append((fine, made))
        found.append((wide, made))
        if small:
            found.append((narrow, made))
    return found


def bins(estimator: Any, preset: Preset, numbers: int) -> int:
    """Bins of each of so many numbers."""
    return preset.bins if estimator.bins is not None else int(np.clip(MOST_BINS // max(numbers, 1), 1, preset.bins))


def encodings(estimator: Any, most: int, rows: int) -> list[tuple[str, int]]:
    """How numbers may be encoded, and in how many bins: the first of several unless a pilot finds another better.

    Bins suit what jumps, such as prices and counts; a scaled number what is smooth, such as the signal of a sensor.
    """
    if estimator.numbers is not None or estimator.bins is not None or rows < ENOUGH:
        return [(estimator.numbers or "piecewise", most)]
    binned = sorted({most, min(most, FEW_BINS)}, reverse=True)
    return [*(("piecewise", count) for count in binned), *((how, most) for how in SCALED)]


def seed(random_state: Any) -> int:
    """A whole number of 32 bits from what scikit-learn takes for a random_state."""
    if isinstance(random_state, (int, np.integer)):
        return int(random_state) % 2**32
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31))
    return int(check_random_state(random_state).randint(2**31 - 1))


def layers(preset: Preset, encoder: Encoder, outputs: int) -> tuple[Layer, ...]:
    """The layers behind an encoder; the last is a linear `Dense`."""
    found: list[Layer] = []
    embedded = embeddings(encoder.encodings)
    if embedded:
        found.append(Embedding(*zip(*embedded, strict=True)))
    waved = sum(isinstance(block, Waved) for block in encoder.expansion.blocks)
    if waved:
        found.append(Periodic(waved, scale=preset.wave_scale))
    norm: Norm = LayerNorm()
    activation = preset.activation
    if encoder.monotone:  # each row's own norm would mix directions
        norm, activation = BatchNorm(), activation if activations.get(activation).rises else Preset.activation
    for width in preset.hidden_layer_sizes:
        found += [Dense(width, init=INIT), norm, Activation(activation)]
        if preset.dropout:
            found.append(Dropout(preset.dropout))
    return (*found, Dense(outputs, init=INIT))


def network(preset: Preset, encoder: Encoder, answer: Answer, where: str) -> Network:
    """The network behind an encoder, whose directions it keeps.

    Raises
    ------
    InputError
        Where columns have directions and there is not one output that could have them.
    """
    if encoder.monotone and answer.outputs != 1:
        raise InputError(
            f"{where}(monotone=)", "one output: two classes, or one number for each row",
            f"{answer.outputs}, of the loss {answer.loss.name}", "Leave it out, or take loss='auto' of two classes.",
        )  # fmt: skip
    return Network(layers(preset, encoder, answer.outputs), encoder.expansion.width, encoder.directions())


#: What of a preset its layers follow from.
OF_LAYERS = ("hidden_layer_sizes", "activation", "dropout")


def as_in(network: Network, preset: Preset) -> Preset:
    """The preset with what a network's layers show of the one that they follow from."""
    flat = network.layers
    waves = next((layer.scale for layer in flat if isinstance(layer, Periodic)), preset.wave_scale)
    dropout = next((layer.rate for layer in flat if isinstance(layer, Dropout)), 0.0)
    return replace(
        preset,
        hidden_layer_sizes=tuple(layer.units for layer in flat if isinstance(layer, Dense))[:-1],
        activation=next((str(layer.name) for layer in flat if isinstance(layer, Activation)), preset.activation),
        dropout=dropout,
        wave_scale=waves,
    )


def recipe(estimator: Any, preset: Preset, data: Data, incremental: bool = False) -> Recipe:
    """How a table estimator learns on these rows; part after part, without a schedule, whose end nobody knows."""
    rows, workers, size = len(data), 1, int(np.clip(preset.batch_size, 1, len(data)))
    if isinstance(data, Divided):
        workers, size = data.division.workers, data.division.batch(size)
    steps = max(1, rows // (size * workers))
    watched: Any = "loss" if estimator.scoring is None else scoring_of(estimator)
    return Recipe(
        name=type(estimator).__name__,
        optimiser=Adam(preset.learning_rate_init, preset.weight_decay),
        penalty=Penalty(alpha=1e-4),  # scikit-learn's
        options=StepOptions(averaging=EMA(1 - 1 / steps if steps > 1 else 0.5)),
        schedule=None if incremental else Repeat(preset.cycles),
        batch_size=size,
        epochs=preset.max_iter,
        tol=0.0,
        patience=preset.n_iter_no_change,
        overfit=() if estimator.n_iter_no_change is not None or rows < ENOUGH or watched != "loss" else OVERFIT,
        n_members=preset.n_members,
        n_threads=estimator.n_threads,
        scoring=watched,
        score_training=estimator.score_training,
        probes=estimator.probes and not isinstance(data, Divided),  # whose steps are done elsewhere
    )
