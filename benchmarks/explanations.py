"""Shapley values of Adult's test rows: ours beside shap's explainers of the same model, time and nearness to the truth.

    python -m benchmarks.explanations

All explain 100 rows against the same 100 of training. shap's explainers call the model's prediction through codes, as
ours does: a cell that they change is looked up, not read anew. The truth is ours with many more orders.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.timing import seconds

ROWS = 100
#: Of shap's KernelExplainer, whose time is told of all: it takes the same for each row.
OF_KERNEL = 10
#: Orders of the truth, of each row and each of the background.
MANY = 40


def fitted() -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """The default model of Adult, rows to explain and their background."""
    from chainrule import TableClassifier
    from chainrule.datasets import load_adult

    adult = load_adult()
    train, test = ({name: v[some] for name, v in adult.columns.items()} for some in (adult.train, adult.test))
    model = TableClassifier(random_state=0).fit(train, adult.target[adult.train])
    return model, {name: v[:ROWS] for name, v in test.items()}, {name: v[:ROWS] for name, v in train.items()}


def of_places(model: Any, rows: Any, background: Any) -> tuple[Callable[[Any], Any], Any, Any]:
    """The model as a function of where each cell is from, for explainers of numbers: it, its rows, its background."""
    from chainrule.engine.expansion import Coded

    learned = model.model_
    encoder = learned.input.encoder
    codes = np.vstack([learned.read(rows).values, learned.read(background).values])
    mine = [encoder.compact_columns(name) for name in encoder.names]
    owners = np.empty(codes.shape[1], np.intp)
    for place, some in enumerate(mine):
        owners[some] = place

    def predict(places: Any) -> Any:
        taken = places.astype(np.intp)[:, owners]
        return learned.raw(Coded(codes[taken, np.arange(codes.shape[1])], encoder.expansion))[:, 0].astype(float)

    every = np.repeat(np.arange(2 * ROWS, dtype=float)[:, None], len(mine), axis=1)
    return predict, every[:ROWS], every[ROWS:]


def main() -> None:
    """Print a table."""
    import shap

    model, rows, background = fitted()
    many = model.explain(rows, background, permutations=MANY, random_state=1).values
    predict, theirs, others = of_places(model, rows, background)
    masker = shap.maskers.Independent(others, max_samples=ROWS)
    found: dict[str, tuple[Any, float]] = {}

    def timed(name: str, run: Callable[[], Any], factor: int = 1) -> None:
        kept: list[Any] = []
        found[name] = (kept, factor * seconds(lambda: kept.append(run())))

    model.explain(rows, background)
    timed("chainrule", lambda: model.explain(rows, background).values)
    columns = theirs.shape[1]
    for orders in (1, 10):
        name = f"shap Permutation, {orders} order{'s' * (orders > 1)} and reverse"
        explainer = shap.explainers.Permutation(predict, masker, seed=0)
        timed(name, lambda e=explainer, n=orders: e(theirs, max_evals=n * (2 * columns + 1), silent=True).values)
    kernel = shap.KernelExplainer(predict, others)
    timed("shap Kernel", lambda: kernel.shap_values(theirs[:OF_KERNEL], silent=True), ROWS // OF_KERNEL)
    print(f"{'':38}{'seconds':>9}{'correlation':>13}{'RMS error':>12}")
    for name, ((values,), took) in found.items():
        truth = many[: len(values)]
        near, off = np.corrcoef(values.ravel(), truth.ravel())[0, 1], np.sqrt(np.mean((values - truth) ** 2))
        print(f"{name:38}{took:9.2f}{near:13.5f}{off:12.5f}")


if __name__ == "__main__":
    main()
