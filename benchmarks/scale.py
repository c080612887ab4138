"""Training in rounds on more machines: what a round costs beside its steps, measured, modelled and simulated.

`measure` trains the network of `fast` for UCI Adult on emulated nodes of one processor each. `simulate` replays rounds
of that size for up to 1,000 machines, of which some are slow now and then, and some are lost.

    python -m benchmarks.scale              both; needs Ray, and measures as many nodes as there are processors
    python -m benchmarks.scale --simulate   the simulation alone
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

#: Links by name: bytes a second that a machine sends or takes, and seconds until the first of them is there.
LINKS = {"1 Gb/s": (0.11e9, 5e-4), "10 Gb/s": (1.1e9, 2e-4), "100 Gb/s": (11e9, 5e-5)}
MACHINES = (1, 2, 4, 8, 16, 64, 256, 1000)
#: Arrays of a state that are as long as the parameters: these, two moments, their running mean; float32.
ARRAYS, BYTES = 4, 4
#: Multiplications of a step, of each parameter and row, forward and backward; two operations each.
PASSES = 3


@dataclass(frozen=True)
class Job:
    """A fit, and machines.

    Attributes
    ----------
    parameters : of all networks together
    rows, batch, steps : of the table, of a worker's batch, of a round
    speed : multiplications and additions a second of a machine
    begin, task : seconds of the driver for each round, and for each task: to submit it, to average what it returns
    slow : deviation of the logarithm of a round's time on a machine
    hours : between two losses of a machine, on the average
    lost : seconds until a loss is noticed
    """

    parameters: int = 200_000
    rows: int = 100_000_000
    batch: int = 32
    steps: int = 32
    speed: float = 2e10
    begin: float = 15e-3
    task: float = 3e-3
    slow: float = 0.1
    hours: float = 24 * 30.0
    lost: float = 15.0

    @property
    def state(self) -> int:
        """Bytes of a state."""
        return ARRAYS * BYTES * self.parameters

    @property
    def computing(self) -> float:
        """Seconds of a worker's steps in a round."""
        return 2 * PASSES * self.parameters * self.batch * self.steps / self.speed

    def talking(self, machines: int, link: str) -> float:
        """Seconds of a round beside its steps: the state goes out by those who have it, averages come in."""
        speed, delay = LINKS[link]
        if machines == 1:
            return self.begin + self.task
        levels = math.ceil(math.log2(machines))
        tree = machines * self.state >= 1 << 28
        out = levels * (self.state / speed + delay)
        back = (levels if tree else machines) * (self.state / speed + delay)
        return self.begin + out + back + machines * self.task

    def ratio(self, link: str) -> float:
        """Communication over computation of a worker: what it sends and takes, over its operations."""
        speed, _ = LINKS[link]
        return 2 * ARRAYS * BYTES * self.speed / (2 * PASSES * self.batch * self.steps * speed)


def simulated(job: Job, machines: int, link: str, rounds: int = 400, seed: int = 0) -> dict[str, float]:
    """Rounds of so many machines: seconds of one, speedup over one machine, its share of the best, losses an hour."""
    drawn, total, lost = np.random.default_rng(seed), 0.0, 0
    each = job.computing * math.exp(job.slow**2 / 2)
    for _ in range(rounds):
        times = job.computing * np.exp(job.slow * drawn.standard_normal(machines))
        length = float(times.max())
        failing = int((drawn.random(machines) < length / (job.hours * 3600)).sum())
        if failing:  # noticed, then done again by those who are left
            length += job.lost + job.computing * math.ceil(failing / max(1, machines - failing))
            lost += failing
        total += length + job.talking(machines, link)
    alone = each * machines
    return {
        "round": total / rounds,
        "speedup": alone / (total / rounds),
        "efficiency": each / (total / rounds),
        "lost an hour": machines / job.hours,
    }


def table(job: Job) -> None:
    """Print the simulation."""
    print(f"state {job.state / 1e6:.1f} MB, steps of a round {job.computing * 1e3:.1f} ms on a machine")
    print(
        "communication over computation, of a worker: "
        + ", ".join(f"{job.ratio(link):.2g} at {link}" for link in LINKS)
    )
    print(f"{'machines':>8}  " + "  ".join(f"{link:>22}" for link in LINKS) + "   (speedup, efficiency)")
    for machines in MACHINES:
        found = [simulated(job, machines, link) for link in LINKS]
        said = "  ".join(f"{one['speedup']:>12.1f}  {one['efficiency']:>7.0%} " for one in found)
        print(f"{machines:>8}  {said}")


def measured(nodes: int, steps: int, epochs: int = 6) -> dict[str, float]:
    """Rounds of as many workers as nodes, on Adult: seconds of a round, and of its steps in one process."""
    import ray
    from ray.cluster_utils import Cluster as Nodes

    import chainrule
    from chainrule.datasets import load_adult
    from chainrule.tasks import Here
    from chainrule.training.divided import Division
    from chainrule.training.elsewhere import Cluster, using

    adult = load_adult()
    rows = {name: column[adult.train] for name, column in adult.columns.items()}
    y = adult.target[adult.train]

    def fit() -> Any:
        return chainrule.TableClassifier(
            preset="fast", numbers="piecewise", bins=64, max_iter=epochs, random_state=0, n_threads=1, probes=False
        ).fit(rows, y)

    division = Division(nodes, steps, threads=1)
    with using(Cluster(Here(), division, "always")):
        fit()
        home = fit()
    made = Nodes(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    for _ in range(nodes - 1):
        made.add_node(num_cpus=1)
    try:
        with chainrule.cluster("ray", made.address, nodes, "always", 1, steps):
            fit()
            there = fit()
    finally:
        ray.shutdown()
        made.shutdown()
    assert np.array_equal(home.model_.predictor.parameters.vector, there.model_.predictor.parameters.vector)
    per_epoch = [np.median([record.seconds for record in model.history_[1:]]) for model in (home, there)]
    size = division.batch(256)
    count = max(1, round(len(y) * 0.9 / nodes / (size * steps)))
    alone, together = (seconds / count for seconds in per_epoch)
    return {"rounds": count, "steps alone": alone / nodes, "round": together, "overhead": together - alone / nodes}


def main(arguments: list[str] | None = None) -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulate", action="store_true", help="the simulation alone")
    given = parser.parse_args(arguments)
    job = Job()
    if not given.simulate and importlib.util.find_spec("ray") is None:
        print("Ray is not installed: pip install 'chainrule[ray]' measures rounds; the simulation goes on without.")
    elif not given.simulate:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        print(
            "Adult, the network of `fast`, steps of 256 rows of all workers together, emulated nodes of one processor"
        )
        print(f"{'nodes':>5}  {'steps':>5}  {'rounds':>15}  {'steps, ms':>9}  {'round, ms':>9}  {'over, ms':>11}")
        for nodes in (1, 2, 4):
            for steps in (8, 32):
                found = measured(nodes, steps)
                print(
                    f"{nodes:>5}  {steps:>5}  {found['rounds']:>15.0f}  {found['steps alone'] * 1e3:>9.1f}  "
                    f"{found['round'] * 1e3:>9.1f}  {found['overhead'] * 1e3:>11.1f}", flush=True,
                )  # fmt: skip
    for rows in (job, replace(job, parameters=5_000_000, batch=64, steps=128)):
        print()
        table(rows)


if __name__ == "__main__":
    main()
