"""
Sets: sum and maximum
=====================

A network that sees each number alone, and a pool over the set.

Trains on sets of 1 to 12 numbers and prints the errors on held-out sets of each size, and on larger ones than it has
ever seen. Where the pool is the operation that is asked for, the network carries over to any size.
"""

from __future__ import annotations

import numpy as np

from chainrule import SequenceRegressor, schedules

SIZES, LARGER = range(1, 13), (20, 50)
ASKED = {"sum": np.sum, "max": np.max}


def draw(generator: np.random.Generator, sizes: np.ndarray) -> list[np.ndarray]:
    """Sets of numbers between -1 and 1, one per size, as arrays (size, 1)."""
    return [generator.uniform(-1, 1, (n, 1)).astype(np.float32) for n in sizes]


def main() -> None:
    generator = np.random.default_rng(0)
    sets = draw(generator, generator.integers(1, 13, 4000))
    table = {}
    for name, asked in ASKED.items():
        y = np.array([asked(s) for s in sets], np.float32)
        model = SequenceRegressor(
            hidden_layer_sizes=(32, 32), pool=name, head_layer_sizes=(32,), learning_rate_init=0.003, batch_size=64,
            learning_rate=schedules.Cosine(), max_iter=150, early_stopping=True, n_iter_no_change=np.inf,
            random_state=0,
        ).fit(sets, y)  # fmt: skip
        for size in (*SIZES, *LARGER):
            held_out = draw(generator, np.full(500, size))
            error = model.predict(held_out) - np.array([asked(s) for s in held_out])
            table[name, size] = np.sqrt(np.mean(error**2))
    print("size   " + "   ".join(f"rmse of {name}" for name in ASKED))
    for size in (*SIZES, *LARGER):
        print(f"{size:4}   " + "   ".join(f"{table[name, size]:11.4f}" for name in ASKED))


if __name__ == "__main__":
    main()
