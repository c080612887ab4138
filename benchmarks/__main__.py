"""Everything that `make bench` measures, one table after another. A quiet machine gives the best figures."""

from __future__ import annotations

from benchmarks import (
    backward,
    busy,
    explanations,
    growth,
    members,
    memory,
    predicting,
    products,
    scaling,
    serving,
    several,
    startup,
    steps,
    streaming,
    updates,
    watching,
)
from benchmarks.faults import run as faults
from benchmarks.tables import command as tables

PARTS = (
    ("A training step: ReLU, cross-entropy, AdamW", lambda: steps.main([])),
    ("A training step with batch norm, GELU and dropout 0.1 in every layer", lambda: steps.main(["--rich"])),
    ("Backward over forward", backward.main),
    ("Behind the gradient: clipping, averages, schedules, optimisers", updates.main),
    ("Around an epoch: callbacks and checkpoints", watching.main),
    ("Members of an ensemble at once", members.main),
    ("Several fits at once", several.main),
    ("Beside other work", lambda: busy.main([])),
    ("Two threads, and where a step's time goes", scaling.main),
    ("Products of our own beside the BLAS", products.main),
    ("Growth", growth.main),
    ("Prediction", predicting.main),
    ("Serving", lambda: serving.main([])),
    ("Explanations, beside shap", explanations.main),
    ("Start", startup.main),
    ("Memory", memory.main),
    ("Raw tables, beside scikit-learn's MLP and gradient boosting", tables.main),
    ("Larger than memory, and Parquet to CSV", streaming.main),
    ("Planted faults and healthy networks, diagnosed", lambda: faults.main(["--half", "reported", "--mend"])),
)


def main() -> None:
    """Run every part."""
    for title, part in PARTS:
        print(f"\n## {title}\n", flush=True)
        part()


if __name__ == "__main__":
    main()
