"""Every optimiser under every schedule, with losses, layer stacks and step options in turn, trains and outlives a kill.

A process dies by SIGKILL within an epoch, and its newest checkpoint leads, bit for bit, to the weights of a run that
nobody interrupted.
"""

import os
import pickle
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from chainrule import (
    GLU,
    Activation,
    AlphaDropout,
    BatchNorm,
    Dense,
    Dropout,
    GaussianNoise,
    LayerNorm,
    Mixup,
    Residual,
    RMSNorm,
    StepOptions,
    train,
)
from chainrule.network.losses import LOSSES
from chainrule.training import checkpoints
from chainrule.training.averaging import EMA, SWA
from chainrule.training.optimisers import (
    LAMB,
    SGD,
    AdaBelief,
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    Lion,
    Muon,
    Nadam,
    Optimiser,
    RAdam,
    RMSprop,
)
from chainrule.training.schedules import (
    Cosine,
    CosineRestarts,
    Exponential,
    InverseScaling,
    Linear,
    OfStep,
    OneCycle,
    ReduceOnPlateau,
    Repeat,
    Schedule,
    StepDecay,
    WarmUp,
)
from chainrule.training.validation import Evaluator

OPTIMISERS = {
    "sgd": SGD(0.02),
    "momentum": SGD(0.01, momentum=0.9),
    "nesterov": SGD(0.004, momentum=0.9, nesterov=True),
    "adam": Adam(0.01),
    "adamw": AdamW(0.01),
    "nadam": Nadam(0.01),
    "radam": RAdam(0.01),
    "adabelief": AdaBelief(0.01),
    "rmsprop": RMSprop(0.003),
    "adagrad": Adagrad(0.03),
    "adadelta": Adadelta(3.0),
    "lion": Lion(0.003),
    "lamb": LAMB(0.02),
    "muon": Muon(0.01),
}
#: epochs of 4 batches; ReduceOnPlateau lowers the rate behind the third epoch, where the runs go on
SCHEDULES = {
    "none": None,
    "step": StepDecay(5, 0.7),
    "exponential": Exponential(5, 0.7),
    "inverse scaling": InverseScaling(0.2),
    "linear": Linear(),
    "cosine": Cosine(),
    "restarts": CosineRestarts(6),
    "warm-up": WarmUp(6),
    "one cycle": OneCycle(),
    "repeat": Repeat((1, 2)),
    "your own": OfStep(partial(pow, 0.95)),
    "plateau": WarmUp(2, ReduceOnPlateau(0.5, patience=1, tol=1e9)),
}
STACKS = {
    "plain": (Dense(16, "tanh"), Dense(12, "relu")),
    "batch norm, dropout": (Dense(16), BatchNorm(), Activation("relu"), Dropout(0.1), Dense(12, "tanh")),
    "rms norm, gate": (Dense(16), RMSNorm(), GLU(16, "silu"), Dense(12, "tanh")),
    "layer norm, residual": (Dense(16), LayerNorm(), Residual([Dense(16, "gelu")]), Dense(12, "tanh")),
    "alpha dropout": (Dense(16, "selu", init="lecun_normal"), AlphaDropout(0.05), Dense(12, "selu")),
    "noise": (GaussianNoise(0.1), Dense(16, "silu"), GaussianNoise(0.05), Dense(12, "tanh")),
}
OPTIONS = {
    "plain": StepOptions(),
    "clipped": StepOptions(clip_norm=2.0, clip_value=1.0),
    "EMA": StepOptions(averaging=EMA(0.9)),
    "bounded": StepOptions(max_norm=3.0),
    "SWA": StepOptions(averaging=SWA(start=9, every=3)),
    "factors": StepOptions(rate_factors={"bias": 2.0, "last": 0.5}),
}
EPOCHS, BATCH, ROWS = 5, 16, 60
#: the batch in which the process dies: the second or the third of the fourth epoch
DEADLY = 14, 15

KILLED = """if True:
    import os, pickle, signal, sys, traceback
    from chainrule import Checkpoints, train
    from chainrule.training import loading
    from chainrule.training.batches import Rows
    from chainrule.training.checkpoints import State

    loading.MOST_STEPS = 1  # a call for each batch
    weigh = Rows.weigh

    def run(trainer, data, batch, epochs, folder, deadly):
        batches = []

        def counted(self, chosen, arrays):
            batches.append(chosen)
            if len(batches) == deadly:
                os.kill(os.getpid(), signal.SIGKILL)
            return weigh(self, chosen, arrays)

        Rows.weigh = counted
        for record in train(trainer, data, batch, epochs):
            Checkpoints(folder).write(record.epoch, State(*trainer.state()))

    for case in pickle.load(sys.stdin.buffer):
        child = os.fork()
        if not child:
            try:
                run(*case)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def cases(optimiser):
    """Every schedule with this optimiser; losses, stacks and options turn, in tables of 17, 5 and 6, and so meet."""
    place = list(OPTIMISERS).index(optimiser)
    for number, schedule in enumerate(SCHEDULES, start=place * len(SCHEDULES)):
        loss, stack, options = (list(table)[number % len(table)] for table in (LOSSES, STACKS, OPTIONS))
        mixed = number % 2 == 0 and LOSSES[loss].target == "values"
        yield optimiser, schedule, loss, stack, options, mixed


def test_every_member_of_every_table_takes_its_turns():
    assert {type(one) for one in OPTIMISERS.values()} == concrete(Optimiser)
    assert {type(one) for one in SCHEDULES.values()} | {ReduceOnPlateau} == concrete(Schedule) | {type(None)}
    found = [case for optimiser in OPTIMISERS for case in cases(optimiser)]
    for column, table in enumerate((OPTIMISERS, SCHEDULES, LOSSES, STACKS, OPTIONS)):
        turns = [case[column] for case in found]
        assert min(map(turns.count, table)) >= 8
    assert len({case[2:4] for case in found}) == len(LOSSES) * len(STACKS)
    assert sum(case[5] for case in found) > 40


def concrete(kind):
    below = kind.__subclasses__()
    return {one for one in below if not one.__abstractmethods__}.union(*map(concrete, below))


@pytest.fixture
def outlives_kills(trainer, problem, tmp_path):
    """A function that takes cases through all three runs; one process runs the killed ones, each in a fork of it."""

    def check(chosen, kernels):
        made, orders = {}, []
        for number, case in enumerate(chosen):
            optimiser, schedule, loss, stack, options, mixed = case
            mixup = Mixup(0.3) if mixed else None
            one = trainer(
                loss, OPTIMISERS[optimiser], layers=(*STACKS[stack], Dense(LOSSES[loss].outputs(3))),
                n_threads=1, schedule=SCHEDULES[schedule], options=OPTIONS[options], mixup=mixup,
            )  # fmt: skip
            one.planned = EPOCHS * -(-ROWS // BATCH)
            made[case] = one, problem(loss, ROWS), tmp_path / str(number)
            orders.append((*made[case][:2], BATCH, EPOCHS, tmp_path / str(number), DEADLY[number % 2]))
        places = os.pathsep.join(filter(None, sys.path))
        environment = os.environ | {"CHAINRULE_KERNELS": kernels, "PYTHONPATH": places}
        dead = subprocess.run(
            [sys.executable, "-c", KILLED],
            input=pickle.dumps(orders),
            env=environment,
            capture_output=True,
            timeout=600,
        )
        assert dead.stdout.split() == [b"-9"] * len(orders), dead.stderr.decode()
        failed = {case: wrong for case, order in made.items() if (wrong := what_is_wrong(*order))}
        assert not failed

    return check


def what_is_wrong(fresh, data, folder):
    """In which way a run that goes on from a folder differs from a whole one, or the whole one does not train."""
    whole, again = (pickle.loads(pickle.dumps(fresh)) for _ in range(2))
    measure = Evaluator(whole.network, whole.model, whole.loss)
    before = measure(data, 1)
    list(train(whole, data, BATCH, EPOCHS))
    after = measure(data, 1)
    again.load(*checkpoints.read(folder))
    if again.epochs != 3:
        return f"the newest checkpoint is that of epoch {again.epochs}"
    list(train(again, data, BATCH, EPOCHS - again.epochs))
    wrong = [] if after < before else [f"loss {before} -> {after}"]
    for name in ("parameters", "model"):
        if not np.array_equal(getattr(whole, name).vector, getattr(again, name).vector):
            wrong.append(f"other {name}")
    return ", ".join(wrong)


#: One without memory, one with two moments, and one whose steps are those of whole matrices.
FEW = {"sgd", "adamw", "muon"}


@pytest.mark.parametrize(
    "optimiser", [pytest.param(name, marks=[pytest.mark.slow] * (name not in FEW)) for name in OPTIMISERS]
)
@pytest.mark.one_in(3)
def test_all_train_and_all_outlive_a_kill(optimiser, numpy_kernels, outlives_kills):
    outlives_kills(list(cases(optimiser)), "numpy")


def test_a_diagonal_with_compiled_kernels(numba_kernels, outlives_kills):
    outlives_kills(
        [list(cases(name))[place] for place, name in enumerate(OPTIMISERS) if place % 2 and place < 11], "numba"
    )
