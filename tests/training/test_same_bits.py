"""Same seed, same bits: twice, in a fresh process, through a pickle, and whatever the batch sizes before."""

import hashlib
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from chainrule import Activation, BatchNorm, Dense, Dropout, Network
from chainrule.training.batches import Rows
from chainrule.training.optimisers import SGD, Adam
from chainrule.training.penalty import Penalty
from chainrule.training.streams import streams
from chainrule.training.trainer import Trainer

LAYERS = (Dense(16), BatchNorm(), Activation("relu"), Dropout(0.3), Dense(3))


def fingerprint(seed=7):
    """A hash of the parameters behind three epochs with dropout and batch normalisation."""
    generator, random = np.random.default_rng(0), streams(seed)
    data = Rows(generator.normal(size=(103, 5)).astype(np.float32), generator.integers(0, 3, 103))
    network = Network(LAYERS, 5)
    parameters = network.init(random.init)
    made = Trainer(network, "cross_entropy", Adam(0.01), parameters, Penalty(l1=1e-4), random)
    for _ in range(3):
        made.epoch(data, 24)  # no power of 2, whose reciprocal would be exact whatever the order of factors
    return hashlib.sha256(parameters.vector.tobytes()).hexdigest()


def test_the_same_seed_gives_the_same_bits(kernels):
    assert fingerprint() == fingerprint()
    assert fingerprint() != fingerprint(8)


def in_a_fresh_process(**variables):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **variables}
    found = subprocess.run(
        [sys.executable, __file__], env=environment, capture_output=True, text=True, timeout=600, check=True
    )
    return found.stdout.strip()


def test_a_fresh_process_gives_the_same_bits(kernels):
    assert in_a_fresh_process() == fingerprint()


@pytest.mark.slow
def test_kernels_just_compiled_give_the_bits_of_those_kept_on_disk(tmp_path):
    """Once a kernel called its own first copy while it was fresh, and another, rounded otherwise, from the disk."""
    fresh = in_a_fresh_process(CHAINRULE_KERNELS="numba", NUMBA_CACHE_DIR=str(tmp_path))
    kept = in_a_fresh_process(CHAINRULE_KERNELS="numba", NUMBA_CACHE_DIR=str(tmp_path))
    assert fresh == kept


@pytest.mark.parametrize("optimiser", [SGD(0.01, momentum=0.9, nesterov=True), Adam(0.01)], ids=["sgd", "adam"])
def test_a_pickled_trainer_goes_on_bit_for_bit(optimiser, kernels, trainer, problem):
    data, made = problem(), trainer(optimiser=optimiser)
    for _ in range(2):
        made.epoch(data, 16)
    made.rate = 0.02
    again = pickle.loads(pickle.dumps(made))
    assert again.parameters.vector is not made.parameters.vector
    for _ in range(2):
        one, other = made.epoch(data, 16), again.epoch(data, 16)
        assert (one.epoch, one.loss, one.rate) == (other.epoch, other.loss, other.rate)
    np.testing.assert_array_equal(made.parameters.vector, again.parameters.vector)


@pytest.mark.parametrize("sizes", [(32, 8), (8, 32), (16, 1000), (60, 1, 60)], ids=str)
def test_batch_sizes_may_change_between_epochs(sizes, kernels, trainer, problem):
    """A trainer with buffers of other sizes does what one does that makes them afresh for each epoch."""
    data = problem()
    kept, fresh = trainer(), trainer()
    for size in sizes:
        kept.epoch(data, size)
        fresh = pickle.loads(pickle.dumps(fresh))
        fresh.epoch(data, size)
    np.testing.assert_array_equal(kept.parameters.vector, fresh.parameters.vector)


def test_data_of_another_length_may_follow(kernels, trainer, problem):
    """Weights of one data set do not linger in the buffers of the next."""
    kept, fresh = trainer(), trainer()
    for data in (problem(rows=60, weighted=True), problem(rows=90), problem(rows=7)):
        kept.epoch(data, 16)
        fresh = pickle.loads(pickle.dumps(fresh))
        fresh.epoch(data, 16)
    np.testing.assert_array_equal(kept.parameters.vector, fresh.parameters.vector)


def test_without_shuffling_the_stream_is_left_alone(kernels, trainer, problem):
    made = trainer(shuffle=False)
    state = made.streams.shuffle.bit_generator.state
    made.epoch(problem(), 16)
    assert made.streams.shuffle.bit_generator.state == state


def test_dropout_draws_anew_each_step(kernels, trainer, problem):
    """With steps too small to move anything, only the masks can make one epoch's loss differ from the next's."""
    losses_with, losses_without = (
        {made.epoch(problem(dtype=np.float64), 60).loss for _ in range(3)}
        for made in (
            trainer(optimiser=SGD(1e-30), layers=(Dropout(rate), Dense(3)), dtype=np.float64, shuffle=False)
            for rate in (0.5, 0.0)
        )
    )
    assert len(losses_with) == 3
    assert len(losses_without) == 1


if __name__ == "__main__":
    print(fingerprint())
