"""`cluster()`: fits and predictions inside of the block take their work to the machines of a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from chainrule.checks import BELOW_1, COUNT, POSITIVE
from chainrule.clusters import on_ray
from chainrule.errors import unknown_name
from chainrule.training.divided import Division
from chainrule.training.elsewhere import Cluster, using

ENGINES = ("ray",)
DIVIDE = ("large", "always")


@contextmanager
def cluster(
    engine: str = "ray",
    address: str | None = None,
    workers: int | None = None,
    divide: Literal["large", "always"] = "large",
    threads: int | None = None,
    steps: int = Division.steps,
    outer_rate: float = Division.rate,
    outer_momentum: float | None = None,
) -> Iterator[Cluster]:
    """A cluster for the fits and predictions inside of the block.

    A table that fits into memory is not divided: each network of an ensemble, of each kind and each fold, is trained by
    tasks of its own, and ends with the bits that it has without a cluster. A table that is read from its source by
    parts is divided among workers, who train in rounds (DiLoCo, arXiv 2311.08105): each makes some steps on its rows,
    then their networks are averaged. With the same `workers`, `threads` and `steps` the weights have the same bits on
    fewer machines, on more, and after some of them were lost, given processors of one kind. `partial_fit`, L-BFGS and
    warm starts stay in this process. Searches and cross-validation of scikit-learn inside of the block give their fits
    to the cluster, too.

    Parameters
    ----------
    engine : 'ray', for which `pip install 'chainrule[ray]'`
    address : of the cluster's head, such as '10.0.0.1:6379'; 'auto' finds the one that this machine is part of; None
        is what the variable RAY_ADDRESS names, else starts one of this machine alone, which ends with the block. A
        connection that there is already, as inside of another block, is used and stays
    workers : parts that rows are divided into; None is one for each machine that is there. A fit that goes on from a
        checkpoint needs as many, and the same threads and steps
    divide : 'large' divides tables that do not fit into the estimator's `memory`, 'always' all tables; rows of the
        other estimators are never divided
    threads : of a worker; None is all processors of the smallest machine. Where no machine has as many, workers take
        one that has fewer, with as many threads
    steps : of a round, about, of each worker
    outer_rate, outer_momentum : of the step that the average takes; None is 0.8, or 0.9 of more than four workers

    Yields
    ------
    Cluster

    Raises
    ------
    MissingExtraError
        An `ImportError`: Ray is not installed.
    ClusterError
        A `RuntimeError`: no cluster answers, it refuses the token, or machines have other versions.
    InputError, InputTypeError
        A parameter out of range.

    Examples
    --------
    >>> import chainrule
    >>> model = chainrule.TableClassifier()
    >>> with chainrule.cluster("ray", address="auto", workers=8):  # doctest: +SKIP
    ...     model.fit("s3://bucket/train/", "y", X_val="s3://bucket/val/")
    """
    for name, value, known in (("engine", engine, ENGINES), ("divide", divide, DIVIDE)):
        if value not in known:
            raise unknown_name(f"cluster({name}=)", value, known)
    for name, count in (("workers", workers), ("threads", threads)):
        if count is not None:
            COUNT(f"cluster({name}=)", count)
    COUNT("cluster(steps=)", steps)
    POSITIVE("cluster(outer_rate=)", outer_rate)
    if outer_momentum is not None:
        BELOW_1("cluster(outer_momentum=)", outer_momentum)
    with on_ray.connected(address) as tasks:
        machines = on_ray.machines()
        division = Division(
            len(machines) if workers is None else int(workers), int(steps), outer_rate, outer_momentum,
            min(machines) if threads is None else int(threads),
        )  # fmt: skip
        made = Cluster(tasks, division, divide)
        with on_ray.searches(sum(machines)), using(made):
            yield made
