"""Rows from a source: every one once in every epoch, mixed across pieces, read ahead by a thread that ends."""

import threading

import numpy as np
import pytest

from chainrule import Dense, Network, Trainer
from chainrule.engine.blocks import Clip
from chainrule.engine.expansion import Expansion
from chainrule.errors import InputError
from chainrule.training.optimisers import Adam
from chainrule.training.prefetch import ahead
from chainrule.training.streamed import Piece, Streamed

LINE = Expansion([Clip(0, (0.0,), (1.0,), (-1e9,), (1e9,))], [0.0])


class Numbers:
    """The numbers from 0 on, in pieces of 10."""

    def __init__(self, rows=95, weight=None, fails=False):
        self.rows, self.expansion, self.fails, self.weight = rows, LINE, fails, weight

    def pieces(self, generator):
        starts = range(0, self.rows, 10)
        for start in starts if generator is None else generator.permutation(list(starts)):
            if self.fails and start == 50:
                raise InputError("piece 5", "a piece", "none", "Mend it.")
            values = np.arange(start, min(start + 10, self.rows), dtype=np.float32)[:, None]
            yield Piece(values, values / 100, None if self.weight is None else np.full(len(values), self.weight, "f4"))


def streamed(pool=30, **settings):
    source = Numbers(**settings)
    return Streamed(source, next(source.pieces(None)), pool)


def order(data, size=8, seed=0):
    generator = None if seed is None else np.random.default_rng(seed)
    return [chosen.pool.values[chosen.rows, 0].tolist() for chosen in data.batches(size, generator)]


@pytest.mark.parametrize("pool", [1, 30, 1000])
@pytest.mark.parametrize("seed", [None, 0])
def test_every_row_comes_once(pool, seed):
    batches = order(streamed(pool), seed=seed)
    assert sorted(v for batch in batches for v in batch) == list(range(95))
    assert all(len(batch) == 8 for batch in batches[:-1] if pool > 1)


def test_rows_are_mixed_across_pieces_and_anew_in_every_epoch():
    first = order(streamed())
    assert first == order(streamed()) != order(streamed(), seed=1)
    assert all(len({int(v) // 10 for v in batch}) > 1 for batch in first)
    assert order(streamed(), seed=None)[0] == list(range(8))
    assert any(np.diff(batch).min() < 0 for batch in order(streamed(1000)))  # a pool that holds them all is mixed, too
    assert all(len({int(v) // 10 for v in batch}) > 2 for batch in order(streamed(1000)))


def test_training_learns_from_what_the_source_gives():
    trainer = Trainer(Network([Dense(1)], 1), "squared_error", Adam(0.05), seed=0)
    records = [trainer.epoch(streamed(weight=2.0), 8) for _ in range(30)]
    assert records[-1].loss < records[0].loss / 10
    again = Trainer(Network([Dense(1)], 1), "squared_error", Adam(0.05), seed=0)
    assert [again.epoch(streamed(weight=2.0), 8).loss for _ in range(3)] == [record.loss for record in records[:3]]


def running():
    return [thread for thread in threading.enumerate() if thread.name == "chainrule ahead"]


def test_an_error_of_the_source_is_the_epochs_and_leaves_no_thread():
    trainer = Trainer(Network([Dense(1)], 1), "squared_error", seed=0)
    with pytest.raises(InputError, match="piece 5"):
        trainer.epoch(streamed(fails=True), 8)
    assert running() == []


def test_whoever_stops_early_leaves_no_thread():
    batches = streamed().batches(8, None)
    next(batches)
    assert len(running()) == 1
    batches.close()
    assert running() == []


def test_ahead_is_the_iterator_itself():
    assert list(ahead(lambda: iter(range(100)), depth=3)) == list(range(100))


def test_without_a_thread_nothing_is_done_ahead(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert list(ahead(lambda: iter(range(100)))) == list(range(100))


def test_a_choice_of_rows_is_refused():
    with pytest.raises(InputError, match="held out by the source"):
        streamed().part(np.arange(3))
