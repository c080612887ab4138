"""Streams: reproducible, apart from one another, and apart from NumPy's global state."""

import json

import numpy as np
import pytest

from chainrule.training.streams import streams


def first_draws(found):
    """Eight numbers of each stream, by name."""
    seeds = {"init": found.init, "split": found.split, "dropout": found.dropout}
    drawn = {name: np.random.default_rng(seed).integers(2**32, size=8) for name, seed in seeds.items()}
    generators = {"shuffle": found.shuffle, "mixup": found.mixup}
    return drawn | {name: generator.integers(2**32, size=8) for name, generator in generators.items()}


def same(a, b):
    return {name: bool((a[name] == b[name]).all()) for name in a}


@pytest.mark.parametrize("seed", [0, 42, 2**32 - 1])
def test_the_same_seed_gives_the_same_streams(seed):
    one, other = (first_draws(streams(seed)) for _ in range(2))
    assert all(same(one, other).values())


def test_a_seed_and_its_sequence_are_one():
    assert all(same(first_draws(streams(5)), first_draws(streams(np.random.SeedSequence(5)))).values())


@pytest.mark.parametrize("other", [1, None])
def test_another_seed_gives_other_streams(other):
    assert not any(same(first_draws(streams(0)), first_draws(streams(other))).values())


def test_no_seed_is_fresh_entropy():
    assert not any(same(first_draws(streams(None)), first_draws(streams(None))).values())


def test_streams_are_independent_of_one_another():
    drawn = list(first_draws(streams(0)).values())
    for place, one in enumerate(drawn):
        for other in drawn[place + 1 :]:
            assert (one != other).all()


def test_one_streams_draws_do_not_move_another():
    used, fresh = streams(0), streams(0)
    used.shuffle.random(1000)
    np.random.default_rng(used.init).random(1000)
    one, other = first_draws(used), first_draws(fresh)
    assert same(one, other) == {"init": True, "split": True, "dropout": True, "shuffle": False, "mixup": True}


def test_seeds_fit_where_they_go():
    """`split` is a random_state of scikit-learn, below 2**31; `dropout` a column of uint32."""
    for seed in range(50):
        found = streams(seed)
        assert 0 <= found.split < 2**31
        assert 0 <= found.dropout < 2**32


def test_the_global_state_is_neither_read_nor_moved():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    one = first_draws(streams(0))
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    assert all(same(one, first_draws(streams(0))).values())


def test_streams_go_on_from_where_they_stood():
    used, other = streams(0), streams(1)
    used.shuffle.random(3)
    other.load(json.loads(json.dumps(used.state())))
    assert all(same(first_draws(used) | {"init": np.zeros(1)}, first_draws(other) | {"init": np.zeros(1)}).values())
